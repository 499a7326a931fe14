"""A cross-encoder by name, in place of the order by the second look."""

import shutil
from pathlib import Path

import pytest
from tiny import cross_encoder, no_sockets

from rag.errors import ModelError
from rag.library import Library
from rag.rank import Ranked
from rag.rerank import by_reranker
from rag.rerank.cross_encoder import CrossEncoderReranker
from rag.testing import HashedTerms

TEXTS = {
    "a.txt": "The cat sleeps on the warm roof.",
    "b.txt": "Prices rose and the company lost its users.",
    "c.txt": "Why did the company lose its users?",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_encoder(tmp_path_factory.mktemp("cross") / "model")


def test_the_order_is_that_of_the_models_scores(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Library(tmp_path / "index", embedder=HashedTerms()) as library:
        library.add(folder)
        without = library.search("why did the company lose users")
    assert all("reranker" not in hit.found_by for hit in without)
    with (
        no_sockets(monkeypatch),
        Library(tmp_path / "index", embedder=HashedTerms(), reranker=str(model)) as library,
    ):
        hits = library.search("why did the company lose users")
    scores = CrossEncoderReranker(str(model)).scores("why did the company lose users", [hit.text for hit in hits])
    assert len(hits) == len(without) == 3
    assert [hit.score for hit in hits] == pytest.approx(scores.tolist(), abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert [hit.found_by["reranker"].rank for hit in hits] == [1, 2, 3]


def test_what_was_not_scored_stays_behind() -> None:
    import numpy as np

    found = [Ranked(key, score, {}) for key, score in ((1, 5.0), (2, 4.0), (3, 3.0), (4, 2.5))]
    again = by_reranker(found, np.array([-2.0, -1.0], dtype=np.float32))
    assert [one.key for one in again] == [2, 1, 3, 4]
    assert [one.score for one in again] == [-1.0, -2.0, -2.0, -2.5]


def test_what_is_no_cross_encoder_is_said(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="not on this machine"):
        CrossEncoderReranker("someone/some-model")
    with pytest.raises(ModelError, match="there is no cross-encoder"):
        CrossEncoderReranker("./nothing-here")
    broken = shutil.copytree(model, tmp_path / "broken")
    (broken / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoderReranker(str(broken))
