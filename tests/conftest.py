"""What many tests share."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from milvus_server import Server

from rag.library import Library
from rag.testing import HashedTerms

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds"
SHARED_SEEDS = ROOT.parent / "shared" / "seeds"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library whose embedder is a stand-in: no weights, no network."""
    with Library(tmp_path / "index", embedder=HashedTerms()) as made:
        yield made


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The seed articles under the built-in models."""
    with Library(tmp_path_factory.mktemp("seeded")) as made:
        made.add(SEEDS)
        yield made


@pytest.fixture(scope="session")
def questions() -> list[dict[str, str | bool | None]]:
    """The questions on the seed articles."""
    lines = (SEEDS / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server of milvus-lite."""
    made = Server(tmp_path_factory.mktemp("milvus"))
    made.start()
    yield made
    made.kill()
