"""An index in Milvus, against the real gRPC server of milvus-lite; `rag.measure.finding.parity` asks 500 questions."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SEEDS
from milvus_server import Server, articles
from serving import running

from rag.errors import BadInput, IndexUnusable, NotFound
from rag.index import place
from rag.index.milvus import SEALED, statistics
from rag.index.milvus.client import Client
from rag.index.milvus.statistics import Statistics
from rag.index.milvus.weighing import counted, dimension, saturated
from rag.index.terms import TermIndex
from rag.library import Library
from rag.measure.finding.parity import agreement, asked_of
from rag.script import terms
from rag.serve.collection import Collection
from rag.testing import HashedTerms


@pytest.fixture(scope="module")
def seeds_there(milvus: Server) -> Iterator[Library]:
    with Library(milvus.address("seeds")) as made:
        made.add(SEEDS)
        yield made


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


def test_the_same_articles_are_ranked_as_in_a_folder(milvus: Server, seeds_there: Library, seeded: Library) -> None:
    assert seeds_there.index.truth.counts() == seeded.index.truth.counts()
    questions = asked_of(seeded, 30)
    assert len(questions) == 30
    assert agreement(seeded, seeds_there, questions) >= 0.98


def test_a_search_asks_for_few_things_and_for_each_once(seeds_there: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds_there.search("why did Jasper decline", 5)  # what is counted of its terms is known from here on
    asked: list[tuple[str, str]] = []
    once = Client._asked

    def noted(client: Client, what: str, *arguments: Any, **named: Any) -> Any:
        asked.append((what, arguments[0]))
        return once(client, what, *arguments, **named)

    monkeypatch.setattr(Client, "_asked", noted)
    assert len(seeds_there.search("why did Jasper decline", 5)) == 5
    assert asked.count(("search", "seeds")) == 3  # vectors, the question's terms, those in the other language
    assert asked.count(("get", "seeds_records")) == 2  # what the index says of itself, heads of documents
    assert {what for what, _ in asked} == {"get", "search"}
    assert len(asked) <= 7


def test_what_is_forgotten_of_many_passages_is_read_again(
    seeds_there: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = seeds_there.index.truth
    keys = [key for key, *_ in truth.each_passage(0)][:4]
    monkeypatch.setattr("rag.index.milvus.store._HELD", 2)
    with truth.once():
        assert list(truth.passages(keys[:3])) == keys[:3]
        assert list(truth.passages(keys)) == keys


def test_a_large_run_is_searched_by_the_index_of_the_server_and_as_exactly(milvus: Server, tmp_path: Path) -> None:
    lines = [json.dumps({"_id": f"n{n}", "text": f"Boat {n} of {n * 7919 % 1009} sails."}) for n in range(SEALED + 100)]
    file = tmp_path / "all.jsonl"
    file.write_text("\n".join(lines[:9]), encoding="utf-8")
    with Library(milvus.address("large"), embedder=HashedTerms(64)) as made:
        made.add(file)
        assert not list(milvus.data.rglob("large/**/data_*.parquet"))  # a small run waits for more
        file.write_text("\n".join(lines), encoding="utf-8")
        made.add(file)
        assert list(milvus.data.rglob("large/**/data_*.parquet"))
        keys, _, _, rows = zip(*made.index.truth.each_passage(64), strict=True)
        assert len(keys) == len(lines)
        for question in ("boat 12 sails", "7919", "of 5 and 77"):
            vector = made.embedder.embed_queries([question])
            scores, ids = made.index.vectors.search(vector, 200)
            expected = np.sort(np.stack(rows) @ vector[0])[::-1][:200]
            assert scores[0] == pytest.approx(expected, abs=1e-5)
            assert len(set(ids[0].tolist())) == 200


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
    milvus: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    for name in ("jasper-lost-its-lead.txt", "vision-company-losses.txt"):
        (folder / name).write_bytes((SEEDS / name).read_bytes())
    with Library(milvus.address("moved")) as made:
        made.add(folder)
    original = (folder / "jasper-lost-its-lead.txt").read_bytes().decode()
    for path in folder.iterdir():
        path.unlink()
    monkeypatch.chdir(tmp_path)
    with Library(milvus.address("moved")) as other:
        answer = other.ask("why did Jasper decline")
        assert answer.citations
        for citation in answer.citations:
            assert citation.verified
            assert original[citation.start : citation.end] == citation.quote
        assert other.pages(answer.citations[0].source)[0][1].raw == original


def test_documents_are_listed_and_removed(milvus: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    lines = [json.dumps({"_id": f"n{n}", "title": f"Lake {n}", "text": f"It is {n} deep."}) for n in range(4)]
    file.write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "z.txt").write_text("A lake.", encoding="utf-8")
    with Library(milvus.address("listed"), embedder=HashedTerms(64)) as made:
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


def test_it_is_served_over_http(milvus: Server, tmp_path: Path) -> None:
    articles(tmp_path, range(3))
    library = Library(milvus.address("served"), embedder=HashedTerms(64))
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


def test_what_is_wrong_is_said(milvus: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="rag index PATH --index milvus://"), Library(milvus.address("nothing")) as made:
        made.search("x")
    with (
        pytest.raises(IndexUnusable, match=r"127\.0\.0\.1:1/c does not answer.*start it"),
        Library("milvus://127.0.0.1:1/c") as away,
    ):
        away.search("x")
    articles(tmp_path, range(1))
    with Library(milvus.address("bound"), embedder=HashedTerms(64)) as made:
        made.add(tmp_path)
    with (
        Library(milvus.address("bound"), embedder=HashedTerms(32, "other")) as other,
        pytest.raises(IndexUnusable, match="was built with hashed-terms"),
    ):
        other.search("x")
    with Library(milvus.address("bound")) as made:
        made.index.staging().note(format="1")
    with pytest.raises(IndexUnusable, match=r"has format 1, .*name another collection"):
        Library(milvus.address("bound")).search("x")


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
    after = Statistics(1, 2000, tally.passages, tally.tokens, bits)
    made = after.packed(tally, Statistics(0))
    assert len(made) == 16
    tally.touched[:] = False
    tally.add({dimension("7 7")}, 1)
    [changed] = after.packed(tally, after)
    assert changed["key"] == after.row_of(dimension("7 7")) and changed not in made
    found = [statistics.unpacked_counts(row["data"]) for row in made]
    assert sum(int(counts.sum()) for _, counts in found) == 2000 * 20 - 1
    assert all(len(row["data"]) < 65_535 for row in made)
