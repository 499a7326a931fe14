"""`rag bench serve`: a server under load and under attack, in small."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from conftest import SEEDS
from serving import Running, running

from rag.errors import BadInput, ModelError, NotFound
from rag.library import Library
from rag.measure.serving import Clients, Target, attack, cost, load, load_in_process, table, target
from rag.measure.serving import hostile as attacks
from rag.measure.serving.clients import Call, figures
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


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of processes, which take long to start."""
    module = import_module("rag.measure.serving.load")
    monkeypatch.setattr(module, "ProcessPoolExecutor", lambda number, _: ThreadPoolExecutor(number))


@pytest.mark.usefixtures("threads")
def test_a_load_is_counted_over_http_and_in_process(server: Running, tmp_path: Path) -> None:
    where = target(server.url, TOKEN)
    busy = Clients(3, 1.0, 0.05, 0.5, where.questions(10))
    with Library(tmp_path / "own") as library:
        library.add(SEEDS / "sora-and-startups.txt")
    over_http, inside = load(where, busy), load_in_process(str(tmp_path / "own"), busy)
    for record in (over_http, inside):
        assert record["search"]["requests"] + record["ask"]["requests"] == record["requests"] > 3
        assert record["search"]["errors"] == record["ask"]["errors"] == 0
        assert 0 < record["search"]["p50_ms"] <= record["search"]["p95_ms"] <= record["search"]["p99_ms"]
        assert record["requests_per_second"] == record["requests"]
        assert record["cpu_ms_per_request"] > 0
    shown = table.tables({"load": over_http, "in_process": inside, "cost": None})[0]
    assert [row.name for row in shown.rows] == [
        f"{kind}, {way}" for kind in ("search", "ask") for way in ("HTTP", "in process")
    ]
    assert shown.rows[1].cells[3].text == f"{inside['search']['p95_ms']:,}"
    assert f"in process: {inside['requests_per_second']} requests a second" in shown.note


def test_clients_ask_the_same_whichever_way_they_ask() -> None:
    busy = Clients(3, 0.2, 0.02, 0.3, [str(number) for number in range(100)])

    def heard(seconds: float) -> list[list[tuple[str, str]]]:
        heard: list[list[tuple[str, str]]] = []

        @contextmanager
        def opened() -> Iterator[Call]:
            own: list[tuple[str, str]] = []
            heard.append(own)
            yield lambda kind, text: own.append((kind, text)) or time.sleep(seconds) or 200

        busy.ask(range(3), opened)
        return sorted(own[:3] for own in heard)

    assert heard(0.0) == heard(0.01) and len(set(map(str, heard(0.0)))) == 3


@pytest.mark.usefixtures("threads")
def test_an_engine_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no index at"):
        load_in_process(str(tmp_path / "nowhere"), Clients(1, 0.1, 0.0, 0.0, ["hens"]))


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
    made = figures([("ask", 0.1, 200), ("ask", 0.3, 200), ("ask", 9.0, 503), ("ask", 9.0, 0)], 2.0, 0.04)
    assert (made["requests"], made["requests_per_second"], made["cpu_ms_per_request"]) == (4, 2.0, 10.0)
    assert (made["ask"]["requests"], made["ask"]["errors"], made["ask"]["p50_ms"]) == (4, 2, 200.0)
    assert made["ask"]["statuses"] == {"200": 2, "503": 1, "0": 1}
    assert made["search"]["p50_ms"] is None


@pytest.mark.usefixtures("threads")
def test_an_error_of_the_library_is_counted_and_a_late_look_at_the_memory_left_out(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library(tmp_path / "own") as library:
        library.add(SEEDS / "sora-and-startups.txt")
    inside = load_in_process(str(tmp_path / "own"), Clients(1, 0.5, 0.05, 0.0, ["startups", " ", " "]))
    assert inside["search"]["errors"] == inside["search"]["statuses"]["0"] > 0

    looks: list[float] = []

    def late(where: Target) -> float:
        looks.append(0.0)
        if len(looks) == 2:
            raise ModelError("no answer", "start it")
        return 1.0

    monkeypatch.setattr(import_module("rag.measure.serving.load"), "_EVERY", 0.1)
    monkeypatch.setattr(Target, "megabytes", late)
    made = load(target(server.url, TOKEN), Clients(1, 1.0, 0.1, 0.0, ["hens"]))
    assert len(made["memory_mb"]["over_time"]) == len(looks) - 3 > 1


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
        load(target(server.url, "wrong"), Clients(1, 1.0, 1.0, 0.0, ["hens"]))
    with pytest.raises(ModelError, match="no answer"):
        load(target("http://127.0.0.1:9", ""), Clients(1, 1.0, 1.0, 0.0, ["hens"]))
