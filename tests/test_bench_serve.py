"""`rag bench serve`: a server under load and under attack, in small."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
from conftest import SEEDS
from serving import Running, running

from rag.errors import BadInput, ModelError
from rag.library import Library
from rag.measure.serving import Target, attack, cost, load, table, target
from rag.measure.serving import hostile as attacks
from rag.serve.collection import Collection
from rag.serve.options import Options
from rag.testing import HashedTerms

TOKEN = "a-token-of-some-length"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "a.md").write_text("# Hens\n\nHens lay eggs in the morning.", encoding="utf-8")
    library = Library(tmp_path / "index", embedder=HashedTerms())
    library.add(tmp_path / "a.md")
    with running(Collection(library), options=Options(token=TOKEN)) as made:
        yield made


@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning")  # starlette, of half an upload
def test_hostile_requests_do_not_get_in(server: Running) -> None:
    record = attack(target(server.url, TOKEN), 150)
    assert (record["got_in"], record["failures"], record["silent"], record["alive"]) == ([], [], 0, True)
    assert sum(number for counts in record["statuses"].values() for number in counts.values()) == 150
    assert set(record["statuses"]["wrong_token"]) == {"401"}
    assert "150 hostile requests" in table.tables({"hostile": record})[0].title


def test_what_gets_in_is_noticed(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def invited(where: Target, _: object) -> tuple[bytes, bool]:
        return attacks._request(where, "GET", "/api/status"), False

    monkeypatch.setattr(attacks, "_KINDS", (invited,))
    assert len(attack(target(server.url, TOKEN), 3)["got_in"]) == 3


def test_a_load_is_counted(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("rag.measure.serving.load")
    monkeypatch.setattr(module, "ProcessPoolExecutor", lambda number, _: ThreadPoolExecutor(number))
    record = load(target(server.url, TOKEN), clients=3, seconds=1, think=0.05, asks=0.5)
    assert record["search"]["requests"] + record["ask"]["requests"] == record["requests"] > 3
    assert record["search"]["errors"] == record["ask"]["errors"] == 0
    assert record["search"]["p50_ms"] <= record["search"]["p95_ms"] <= record["search"]["p99_ms"]


def test_articles_without_titles_are_searched_by_how_they_begin(server: Running, tmp_path: Path) -> None:
    records = [
        {"_id": "a/b", "text": "Trains  leave at noon " + "and later " * 20},
        {"_id": "c", "text": "Bells ring."},
    ]
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    with Library(tmp_path / "index", embedder=HashedTerms()) as library:
        library.add(tmp_path / "b.jsonl")
    asked = target(server.url, TOKEN).questions(10)
    assert {"Hens", "Bells ring."} < set(asked)
    assert next(one for one in asked if "Trains" in one).startswith("Trains leave at noon and later")
    assert max(map(len, asked)) <= 60


def test_a_connection_that_the_server_closed_is_opened_once_more(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.serve.start.PATIENCE", 0.1)
    where = target(server.url, TOKEN)
    with closing(where.connection()) as connection:
        for _ in range(2):
            assert where.post(connection, "/api/search", b'{"query": "hens"}') == 200
            time.sleep(1)  # longer than the server waits


def test_errors_of_a_load_are_counted() -> None:
    figures = import_module("rag.measure.serving.load")._figures(
        [("ask", 0.1, 200), ("ask", 0.3, 200), ("ask", 9.0, 503), ("ask", 9.0, 0)]
    )
    assert (figures["requests"], figures["errors"], figures["p50_ms"]) == (4, 2, 200.0)
    assert figures["statuses"] == {"200": 2, "503": 1, "0": 1}


def test_the_cost_of_the_door_is_that_of_http_less_that_of_the_library(tmp_path: Path) -> None:
    library = Library(tmp_path / "index")
    library.add(SEEDS / "sora-and-startups.txt")
    with running(Collection(library)) as server:
        record = cost(target(server.url, ""), str(tmp_path / "index"), rounds=2, count=2)
    assert record["searches"] == 4
    assert record["door_ms"] == pytest.approx(record["http_ms"] - record["library_ms"], abs=0.02)


@pytest.mark.parametrize(
    "url", ["http://192.168.1.7:8000", "https://127.0.0.1:8000", "http://127.0.0.1", "example.com"]
)
def test_other_machines_are_not_put_under_load(url: str) -> None:
    with pytest.raises(BadInput, match="on this machine"):
        target(url, "")


def test_a_server_that_does_not_answer_is_named(server: Running) -> None:
    with pytest.raises(ModelError, match="answered 401"):
        load(target(server.url, "wrong"))
    with pytest.raises(ModelError, match="no answer"):
        load(target("http://127.0.0.1:9", ""))
