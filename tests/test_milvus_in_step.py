"""An index in Milvus as files come, change and go, and as the server is killed meanwhile."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from milvus_server import Acknowledged, Server, articles, dangling

from rag.errors import IndexUnusable
from rag.index.milvus.weighing import DRIFT, counted, saturated
from rag.library import Library
from rag.measure.finding.parity import agreement
from rag.testing import HashedTerms


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


def test_it_is_brought_in_step_and_leaves_nothing_behind(milvus: Server, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(12))
    address = milvus.address("step")
    with Library(address, embedder=HashedTerms(64)) as made, Library(tmp_path / "a", embedder=HashedTerms(64)) as local:
        assert made.add(folder).added == 12
        written = made.index.truth.generation
        again = made.add(folder)
        assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 12)
        assert made.index.truth.generation == written
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
        assert dangling(made) == []


def test_lines_of_one_file_come_and_go(milvus: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    lines = [json.dumps({"_id": f"n{n}", "text": f"Line {n} tells of lake {n}. It is deep."}) for n in range(6)]
    file.write_text("\n".join(lines), encoding="utf-8")
    with Library(milvus.address("lines"), embedder=HashedTerms(64)) as made:
        assert made.add(file).added == 6
        file.write_text("\n".join([*lines[:2], lines[3].replace("deep", "shallow")]), encoding="utf-8")
        report = made.add(file)
        assert (report.changed, report.removed, report.unchanged) == (1, 3, 2)
        assert {hit.doc_id for hit in made.search("lake", 10)} == {"n0", "n1", "n3"}
        assert made.add(file).unchanged == 3
        assert dangling(made) == []


def test_what_is_the_same_is_not_embedded_again(milvus: Server, tmp_path: Path, embedder: Counting) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(3))
    text = "\n\n".join(f"The {word} was counted. " + f"It is about the {word}. " * 30 for word in ("kiwi", "plum"))
    (folder / "a.txt").write_text(f"A report on fruit\n\n{text}", encoding="utf-8")
    (folder / "b.txt").write_bytes((folder / "a.txt").read_bytes())
    with Library(milvus.address("same"), embedder=embedder) as made:
        assert made.add(folder).added == 5
        assert len(embedder.texts) == len(set(embedder.texts)) < made.index.truth.counts()[2]
        twice = [hit.text for hit in made.search("kiwi counted", 9)]
        assert len(twice) == len(set(twice)) and any("kiwi" in text for text in twice)
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
        assert dangling(made) == []
        for path in list(folder.iterdir())[:-1]:
            path.unlink()
        assert made.add(folder).removed == 4
        assert made.index.truth.counts()[:2] == (1, 1) and made.status()["sound"] and dangling(made) == []


def test_exact_duplicates_count_once_and_are_shown_once_with_all_their_ids(milvus: Server, tmp_path: Path) -> None:
    lines = [
        json.dumps({"_id": f"n{n}", "text": f"Lake {n} is {n * 37 % 11} deep. Boats cross it."}) for n in range(40)
    ]
    copies = [line.replace('"_id": "n', f'"_id": "{name}') for name in ("b", "c") for line in lines[:30]]
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text("\n".join(lines), encoding="utf-8")
    two.write_text("\n".join(copies), encoding="utf-8")
    questions = [f"lake {n} deep boats" for n in range(20)]
    with (
        Library(milvus.address("copies"), embedder=HashedTerms(64)) as made,
        Library(tmp_path / "a", embedder=HashedTerms(64)) as local,
    ):
        for change in (lambda: None, lambda: two.write_text("\n".join(copies[20:]), encoding="utf-8"), one.unlink):
            change()
            for library in (made, local):
                library.add(tmp_path)
            assert agreement(local, made, questions) == 1.0
            assert len(made.index.terms) == len(local.index.terms)
            for term in ("lake", "boats", "5", "37"):
                assert made.index.terms.frequency(term) == local.index.terms.frequency(term), term
            assert made.status()["sound"] and dangling(made) == []
            for question in questions:
                for hit, other in zip(made.search(question, 9), local.search(question, 9), strict=True):
                    assert {hit.doc_id, *hit.also} == {other.doc_id, *other.also}


def test_a_shifted_line_is_shown_and_nothing_embedded(milvus: Server, tmp_path: Path, embedder: Counting) -> None:
    file = tmp_path / "all.jsonl"
    lines = [json.dumps({"_id": f"n{n}", "text": f"Line {n} tells of lake {n}."}) for n in range(3)]
    file.write_text("\n".join(lines), encoding="utf-8")
    with Library(milvus.address("shifted"), embedder=embedder) as made:
        made.add(file)
        embedder.texts = []
        file.write_text("\n".join(["", "", *lines]), encoding="utf-8")
        assert made.add(file).unchanged == 3 and embedder.texts == []
        assert {hit.doc_id: hit.line for hit in made.search("lake", 3)} == {"n0": 3, "n1": 4, "n2": 5}
        assert made.index.truth.documents("doc_id", "n1")[0].document.line == 4


def test_weights_follow_the_mean_length(milvus: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.library.add.BATCH", 2)
    folder = tmp_path / "articles"
    folder.mkdir()
    articles(folder, range(4))
    with Library(milvus.address("drift"), embedder=HashedTerms(64)) as made:
        made.add(folder)
        before = made.index.truth.statistics.mean
        for number in range(4):
            (folder / f"long{number}.txt").write_text(f"Cranes stand in harbour {number}. " * 12, encoding="utf-8")
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
        assert known.shortest <= min(used) <= max(used) <= known.longest
        for path in folder.glob("long*.txt"):
            path.unlink()
        made.add(folder)
        known = made.index.truth.statistics
        assert known.mean == pytest.approx(before)
        assert known.mean * (1 - DRIFT) <= known.shortest <= known.mean <= known.longest <= known.mean * (1 + DRIFT)


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
            assert acknowledged.lost(made.index._client) == dangling(made) == []
            with Library(tmp_path / "a", embedder=HashedTerms(64)) as local:
                local.add(folder)
                assert made.index.truth.counts() == local.index.truth.counts()
                assert made.status()["sound"]
                assert made.index.terms.frequency("harbour") == local.index.terms.frequency("harbour") == 23
                assert agreement(made, local, [f"cranes of report {n}" for n in range(20)], 5) == 1.0
            assert made.add(folder).unchanged == 23
    finally:
        own.kill()


def test_several_write_at_once_each_its_own_files(milvus: Server, tmp_path: Path) -> None:
    for name, numbers in (("one", range(5)), ("two", range(5, 12))):
        (tmp_path / name).mkdir()
        articles(tmp_path / name, numbers)
    address = milvus.address("several")
    with Library(address, embedder=HashedTerms(64)) as one, Library(address, embedder=HashedTerms(64)) as two:
        one.add(tmp_path / "one" / "0.txt")
        with one.index.writing() as staging:
            two.add(tmp_path / "two")
            with staging.transaction():
                staging.remove_source(next(iter(one.index.truth.sources())))
        assert one.index.terms.frequency("harbour") == len(one.index.terms) == one.index.truth.counts()[2]
        assert one.status()["sound"]
