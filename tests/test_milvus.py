"""An index in Milvus, against the real gRPC server of milvus-lite; `rag.measure.finding.parity` asks 500 questions."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS
from serving import running

from rag.errors import BadInput, IndexUnusable, NotFound
from rag.index import Address, place
from rag.index.milvus import exists, statistics
from rag.index.milvus.client import Client
from rag.index.milvus.statistics import Statistics
from rag.index.milvus.weighing import DRIFT, counted, dimension, saturated
from rag.index.terms import TermIndex
from rag.library import Library
from rag.measure.finding.parity import agreement, asked_of
from rag.script import terms
from rag.serve.collection import Collection
from rag.testing import HashedTerms


class Server:
    """A server of its own process, over the folder `data`; `kill` is kill -9, and `start` starts it again."""

    def __init__(self, data: Path) -> None:
        self.data, self.process = data, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(self.data)]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            with suppress(IndexUnusable):
                exists(Address("", f"http://127.0.0.1:{self.port}", "none"))
                return
            assert self.process.poll() is None
            time.sleep(0.1)
        raise TimeoutError

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def address(self, collection: str) -> str:
        return f"milvus://127.0.0.1:{self.port}/{collection}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("milvus"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def seeds_there(server: Server) -> Iterator[Library]:
    with Library(server.address("seeds")) as made:
        made.add(SEEDS)
        yield made


class Counting(HashedTerms):
    """Notes the texts that it embeds."""

    def __init__(self) -> None:
        super().__init__(64)
        self.texts: list[str] = []

    def embed_passages(self, texts: Any) -> Any:
        self.texts += texts
        return super().embed_passages(texts)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


def articles(folder: Path, numbers: range, about: str = "harbour") -> None:
    for number in numbers:
        text = f"Report {number} on the {about}.\n\nIt has {number} cranes. Ships of line {number * 7} call."
        (folder / f"{number}.txt").write_text(text + "\n", encoding="utf-8")


def test_an_address_is_told_from_a_folder() -> None:
    assert place("indexes/milvus") == Path("indexes/milvus")
    assert str(place("milvus://h:1/c")) == "milvus://h:1/c"
    for wrong in ("milvus://h/c", "milvus://h:1", "milvus:articles", "milvus://h:1/a-b"):
        with pytest.raises(BadInput, match="milvus://HOST:PORT/COLLECTION"):
            place(wrong)


def test_weights_give_the_scores_of_the_local_index() -> None:
    texts = ["the cat", "a cat and a dog " * 9, "dogs " * 50 + "cat", "商汤为什么亏损，亏损多少", "x y z " * 400]
    lengths = [len(terms(text)) for text in texts]
    local = TermIndex.empty(None)
    local.change(enumerate(texts, 1), ())
    asked = {"cat": 1.3, "dog": 0.4, "亏损": 2.0}
    expected = dict(local.search(asked, 9))
    for key, text in enumerate(texts, 1):
        counts, length = counted(text)
        sparse = saturated(counts, length, sum(lengths) / len(lengths))
        own = sum(weight * sparse.get(dimension(term), 0.0) for term, weight in asked.items())
        assert own == pytest.approx(expected.get(key, 0.0), rel=1e-5)
        assert length == lengths[key - 1]
    assert len(expected) == 4


def test_the_same_articles_are_ranked_as_in_a_folder(server: Server, seeds_there: Library, seeded: Library) -> None:
    assert seeds_there.index.truth.counts() == seeded.index.truth.counts()
    questions = asked_of(seeded, 30)
    assert len(questions) == 30
    assert agreement(seeded, seeds_there, questions) >= 0.98


def test_filters_restrict_the_search_itself(seeds_there: Library, seeded: Library) -> None:
    for filters in (
        {"since": "2023-08"},
        {"until": "2023-08"},
        {"since": "2024-02-19", "until": "2024"},
        {"under": "seeds/jasper-lost-its-lead.txt"},
        {"under": "seeds"},
        {"under": "*sora*"},
        {"under": "elsewhere"},
        {"under": ["seeds/jasper-lost-its-lead.txt", "*sora*"]},
        {"site": "example.com"},
    ):
        here, there = (
            [(hit.source, hit.start, hit.date) for hit in one.search("AI 公司 users", 30, **filters)]
            for one in (seeded, seeds_there)
        )
        assert sorted(here) == sorted(there), filters


def test_another_machine_needs_the_address_alone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    for name in ("jasper-lost-its-lead.txt", "vision-company-losses.txt"):
        (folder / name).write_bytes((SEEDS / name).read_bytes())
    with Library(server.address("moved")) as made:
        made.add(folder)
    original = (folder / "jasper-lost-its-lead.txt").read_bytes().decode()
    for path in folder.iterdir():
        path.unlink()
    monkeypatch.chdir(tmp_path)
    with Library(server.address("moved")) as other:
        answer = other.ask("why did Jasper decline")
        assert answer.citations
        for citation in answer.citations:
            assert citation.verified
            assert original[citation.start : citation.end] == citation.quote
        assert other.pages(answer.citations[0].source)[0][1].raw == original


def test_it_is_brought_in_step_and_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(12))
    address = server.address("step")
    with Library(address, embedder=HashedTerms(64)) as made, Library(tmp_path / "a", embedder=HashedTerms(64)) as local:
        assert made.add(folder).added == 12
        again = made.add(folder)
        assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 12)
        (folder / "3.txt").unlink()
        articles(folder, range(5, 7), "airfield")
        report = made.add(folder)
        assert (report.added, report.changed, report.removed, report.unchanged) == (0, 2, 1, 9)
        local.add(folder)
        assert made.index.truth.counts() == local.index.truth.counts()
        assert made.status()["sound"]
        for term in ("harbour", "airfield", "crane", "nowhere"):
            assert made.index.terms.frequency(term) == local.index.terms.frequency(term), term
        assert not [hit for hit in made.search("harbour crane", 20) if hit.source.endswith("3.txt")]
        bodies = list(made.index._client.each(made.index._client.records, 'kind == "body"', ["key"]))
        assert len(bodies) == 11


def test_lines_of_one_file_come_and_go(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    lines = [json.dumps({"_id": f"n{n}", "text": f"Line {n} tells of lake {n}. It is deep."}) for n in range(6)]
    file.write_text("\n".join(lines), encoding="utf-8")
    with Library(server.address("lines"), embedder=HashedTerms(64)) as made:
        assert made.add(file).added == 6
        file.write_text("\n".join([*lines[:2], lines[3].replace("deep", "shallow")]), encoding="utf-8")
        report = made.add(file)
        assert (report.changed, report.removed, report.unchanged) == (1, 3, 2)
        assert {hit.doc_id for hit in made.search("lake", 10)} == {"n0", "n1", "n3"}
        assert made.add(file).unchanged == 3


def test_what_is_the_same_is_not_embedded_again(server: Server, tmp_path: Path, embedder: Counting) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(3))
    text = "\n\n".join(f"The {word} was counted. " + f"It is about the {word}. " * 30 for word in ("kiwi", "plum"))
    (folder / "a.txt").write_text(f"A report on fruit\n\n{text}", encoding="utf-8")
    (folder / "b.txt").write_bytes((folder / "a.txt").read_bytes())
    with Library(server.address("same"), embedder=embedder) as made:
        assert made.add(folder).added == 5
        assert len(embedder.texts) == len(set(embedder.texts)) < made.index.truth.counts()[2]
        embedder.texts = []
        (folder / "b.txt").rename(folder / "9.txt")
        assert made.add(folder).unchanged == 5
        assert embedder.texts == []
        named = {Path(one.path).name: one.path for one in made.index.truth.sources().values()}
        assert list(named) == ["0.txt", "1.txt", "2.txt", "9.txt", "a.txt"]
        moved = made.index.truth.documents("path", named["9.txt"])[0].document
        assert moved.source == named["9.txt"] and "kiwi" in moved.text
        assert {Path(hit.source).name for hit in made.search("kiwi counted", 4, under=named["9.txt"])} == {"9.txt"}
        (folder / "a.txt").write_text(f"A report on fruit\n\n{text}\n\nThe pear is yellow.", encoding="utf-8")
        assert made.add(folder).changed == 1
        assert len(embedder.texts) == 1 and "pear" in embedder.texts[0]
        assert made.index.terms.frequency("pear") == 1 and made.status()["sound"]


def test_a_shifted_line_is_shown_and_nothing_embedded(server: Server, tmp_path: Path, embedder: Counting) -> None:
    file = tmp_path / "all.jsonl"
    lines = [json.dumps({"_id": f"n{n}", "text": f"Line {n} tells of lake {n}."}) for n in range(3)]
    file.write_text("\n".join(lines), encoding="utf-8")
    with Library(server.address("shifted"), embedder=embedder) as made:
        made.add(file)
        embedder.texts = []
        file.write_text("\n".join(["", "", *lines]), encoding="utf-8")
        assert made.add(file).unchanged == 3 and embedder.texts == []
        assert {hit.doc_id: hit.line for hit in made.search("lake", 3)} == {"n0": 3, "n1": 4, "n2": 5}
        assert made.index.truth.documents("doc_id", "n1")[0].document.line == 4


def test_documents_are_listed_and_removed(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    lines = [json.dumps({"_id": f"n{n}", "title": f"Lake {n}", "text": f"It is {n} deep."}) for n in range(4)]
    file.write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "z.txt").write_text("A lake.", encoding="utf-8")
    with Library(server.address("listed"), embedder=HashedTerms(64)) as made:
        made.add(tmp_path)
        assert [one["doc_id"] for one in made.documents(1, 2)] == ["n1", "n2"]
        assert [Path(one["source"]).name for one in made.documents(3)] == ["all.jsonl", "z.txt"]
        assert made.documents()[2]["title"] == "Lake 2"
        assert made.index.truth.locations("n1") == [str(file)]
        assert made.remove("n1") == 1
        assert made.index.truth.counts() == (2, 4, 4) and made.status()["sound"]
        assert [one["doc_id"] for one in made.documents(0, 3)] == ["n0", "n2", "n3"]
        assert "n1" not in {hit.doc_id for hit in made.search("1 deep", 9)}
        with pytest.raises(NotFound):
            made.remove("n1")
        with pytest.raises(BadInput, match="is in Milvus"):
            made.check()
        with pytest.raises(BadInput, match="is in Milvus"):
            made.repair()


def test_a_thread_asks_through_a_connection_of_its_own(seeds_there: Library) -> None:
    found: list[list[str]] = []
    other = seeds_there.another()

    def ask() -> None:
        with other:
            found.append([hit.text for hit in other.search("why did Jasper decline", 3)])

    thread = threading.Thread(target=ask)
    thread.start()
    expected = [hit.text for hit in seeds_there.search("why did Jasper decline", 3)]
    thread.join()
    assert found == [expected] == [[hit.text for hit in seeds_there.search("why did Jasper decline", 3)]]


def test_it_is_served_over_http(server: Server, tmp_path: Path) -> None:
    articles(tmp_path, range(3))
    library = Library(server.address("served"), embedder=HashedTerms(64))
    with running(Collection(library, [str(tmp_path)])) as served:
        job = served("POST", "/api/refresh").json["job"]
        assert served.ended(job)["state"] == "done"
        assert served("GET", "/api/indexes").json["indexes"] == [{"name": "served", "documents": 3, "passages": 3}]
        hits = served("POST", "/api/search", {"query": "2 cranes", "k": 3}).json["hits"]
        assert len(hits) == 3
        listed = served("GET", "/api/documents").json
        assert listed["total"] == 3
        assert served("GET", "/api/status").json["vectors"].startswith("3 vectors in Milvus")
        refused = served.upload(("a.txt", b"A boat."))
        assert refused.status == 409 and "is in Milvus" in refused.json["error"]["message"]
        job = served("DELETE", f"/api/documents/{hits[0]['doc_id']}").json["job"]
        assert served.ended(job)["report"]["removed"] == 1
        assert len(served("POST", "/api/search", {"query": "2 cranes", "k": 3}).json["hits"]) == 2


def test_weights_follow_the_mean_length(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.library.add.BATCH", 2)
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(4))
    with Library(server.address("drift"), embedder=HashedTerms(64)) as made:
        made.add(folder)
        before = made.index.truth.statistics.mean
        for number in range(4):
            (folder / f"long{number}.txt").write_text("Cranes stand in the harbour of the town. " * 9, encoding="utf-8")
        made.add(folder)
        mean = made.index.truth.statistics.mean
        assert mean > before * (1 + DRIFT)
        lengths, used = [], set()
        for row in made.index._client.each(made.index._client.passages, "id >= 0", ["*"]):
            shown = made.index.truth.shown(row)
            text = shown.text if shown.text.startswith(shown.title) else f"{shown.title}\n{shown.text}"
            counts, length = counted(text)
            assert row["terms"] == pytest.approx(saturated(counts, length, row["mean"]))
            assert abs(row["mean"] / mean - 1) <= DRIFT
            lengths.append(length)
            used.add(row["mean"])
        assert mean == pytest.approx(sum(lengths) / len(lengths))
        known = made.index.truth.statistics
        assert known.shortest <= min(used) and max(used) <= known.longest


class Acknowledged:
    """Notes each row that the server has said to have, until it is asked to change it; `before` comes before that."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: dict[str, dict[Any, str]] = {}
        self.before: Callable[[str], None] = lambda _: None
        put, delete = Client.put, Client.delete

        def noted_put(client: Client, collection: str, rows: list[Any]) -> None:
            kept = self.rows.setdefault(collection, {})
            for row in rows:
                kept.pop(self.key(row), None)  # in doubt from here on
            if rows:
                self.before(rows[0].get("kind", "passage"))
            put(client, collection, rows)
            kept.update({self.key(row): row["data"] for row in rows})

        def noted_delete(client: Client, collection: str, keys: list[Any]) -> None:
            for key in keys:
                self.rows.setdefault(collection, {}).pop(key, None)
            delete(client, collection, keys)

        monkeypatch.setattr(Client, "put", noted_put)
        monkeypatch.setattr(Client, "delete", noted_delete)

    @staticmethod
    def key(row: dict[str, Any]) -> Any:
        return row["key"] if "key" in row else row["id"]

    def lost(self, client: Client) -> list[Any]:
        """Keys of those that are not there, or not as they were sent."""
        missing = []
        for collection, rows in self.rows.items():
            name = "id" if collection == client.passages else "key"
            there = {row[name]: row["data"] for row in client.get(collection, list(rows), [name, "data"])}
            missing += [key for key, data in rows.items() if there.get(key) != data]
        return missing


def test_kill_9_in_the_middle_of_indexing_loses_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Counting
) -> None:
    monkeypatch.setattr("rag.library.add.BATCH", 8)
    monkeypatch.setattr("rag.index.milvus.client.PAUSES", (0.1,))
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(24))
    own = Server(tmp_path / "data")
    own.start()
    acknowledged = Acknowledged(monkeypatch)
    finished: set[str] = set()
    try:
        with Library(own.address("killed"), embedder=embedder) as made:
            # between passages and heads; inside of a request; between heads and finished sources; before any passage
            for kind, which, inside in (
                ("document", 2, False),
                ("passage", 1, True),
                ("body", 1, True),
                ("source", 4, False),
                ("passage", 1, False),
            ):
                calls: list[str] = []
                killer = threading.Timer(0.003 if inside else 0.0, own.kill)

                def fatal(
                    now: str,
                    at: tuple[Any, ...] = (kind, which, inside),
                    calls: list[str] = calls,
                    killer: threading.Timer = killer,
                ) -> None:
                    calls.append(now)
                    if calls.count(at[0]) == at[1] and now == at[0]:
                        killer.start()
                        if not at[2]:
                            killer.join()

                acknowledged.before = fatal
                embedder.texts = []
                with pytest.raises(IndexUnusable, match="does not answer"):
                    made.add(folder)
                killer.join()
                acknowledged.before = lambda _: None
                assert not {text.split("\n")[0] for text in embedder.texts} & finished  # it went on from there
                own.start()
                with Library(own.address("killed"), embedder=HashedTerms(64)) as reader:
                    assert acknowledged.lost(reader.index._client) == []
                    sources = reader.index.truth.sources().values()
                    finished = {f"Report {Path(one.path).stem} on the harbour." for one in sources if one.complete}
                    shown = reader.search("harbour cranes ships", 50)
                    assert len({hit.doc_id for hit in shown}) >= len(finished) > 0
                    for hit in shown:
                        original = reader.index.truth.documents_of(hit.key)[0][0].document.text
                        assert original[hit.start : hit.end].strip() == hit.text
            (folder / "1.txt").unlink()
            report = made.add(folder)
            assert report.added + report.changed + report.unchanged == 23
            assert acknowledged.lost(made.index._client) == []
            with Library(tmp_path / "a", embedder=HashedTerms(64)) as local:
                local.add(folder)
                assert made.index.truth.counts() == local.index.truth.counts()
                assert made.status()["sound"]
                assert made.index.terms.frequency("harbour") == local.index.terms.frequency("harbour") == 23
                assert agreement(made, local, [f"cranes of report {n}" for n in range(20)], 5) == 1.0
            assert made.add(folder).unchanged == 23
    finally:
        own.kill()


def test_several_write_at_once_each_its_own_files(server: Server, tmp_path: Path) -> None:
    for name, numbers in (("one", range(5)), ("two", range(5, 12))):
        (tmp_path / name).mkdir()
        articles(tmp_path / name, numbers)
    address = server.address("several")
    with Library(address, embedder=HashedTerms(64)) as one, Library(address, embedder=HashedTerms(64)) as two:
        one.add(tmp_path / "one" / "0.txt")
        with one.index.writing() as staging:
            two.add(tmp_path / "two")
            with staging.transaction():
                staging.remove_source(next(iter(one.index.truth.sources())))
        assert one.index.terms.frequency("harbour") == len(one.index.terms) == one.index.truth.counts()[2]
        assert one.status()["sound"]


def test_what_is_wrong_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="rag index PATH --index milvus://"), Library(server.address("nothing")) as made:
        made.search("x")
    with (
        pytest.raises(IndexUnusable, match=r"127\.0\.0\.1:1/c does not answer.*start it"),
        Library("milvus://127.0.0.1:1/c") as away,
    ):
        away.search("x")
    articles(tmp_path, range(1))
    with Library(server.address("bound"), embedder=HashedTerms(64)) as made:
        made.add(tmp_path)
    with (
        Library(server.address("bound"), embedder=HashedTerms(32, "other")) as other,
        pytest.raises(IndexUnusable, match="was built with hashed-terms"),
    ):
        other.search("x")


def test_a_file_of_milvus_lite_is_an_index_too(tmp_path: Path) -> None:
    articles(tmp_path, range(3))
    with Library(f"milvus:{tmp_path}/own.db", embedder=HashedTerms(64)) as made:
        assert made.add(tmp_path).added == 3
        assert len(made.search("cranes", 3)) == 3


def test_counts_are_spread_over_rows_and_read_back() -> None:
    tally = statistics.Tally()
    for passage in range(2000):
        tally.add({dimension(f"{passage} {at}") for at in range(20)}, 20)
    tally.add({dimension("7 7")}, 1, -1)
    bits = statistics.bits_for(tally)
    assert bits == 4
    made = Statistics(1, tally.passages, tally.tokens, bits).rows(tally)
    assert len(made) == 16
    found = [statistics.unpacked_counts(row["data"]) for row in made]
    assert sum(int(counts.sum()) for _, counts in found) == 2000 * 20 - 1
    assert all(len(row["data"]) < 65_535 for row in made)
