"""What is brought in step is only what changed: files renamed, copied, moved about, and records that shift."""

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from rag.library import Library
from rag.testing import HashedTerms


class Counting(HashedTerms):
    """Notes the texts that it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_passages(self, texts: Any) -> Any:
        self.texts += texts
        return super().embed_passages(texts)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def counted(tmp_path: Path, embedder: Counting) -> Any:
    with Library(tmp_path / "index", embedder=embedder) as made:
        yield made


def keys(library: Library) -> list[int]:
    return [key for key, *_ in library.index.truth.each_passage(library.index.dimensions)]


def paragraphs(*last: str) -> str:
    body = [f"Paragraph {n} tells that the {word} was counted. " + f"It is about the {word}. " * 30
            for n, word in enumerate(("kiwi", "plum", "pear"))]  # fmt: skip
    return "\n\n".join(["A report on fruit", *body, *last])


def test_a_renamed_file_keeps_its_passages(counted: Library, embedder: Counting, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(paragraphs(), encoding="utf-8")
    counted.add(folder)
    held, embedder.texts = keys(counted), []
    generation = counted.index.truth.generation
    (folder / "a.txt").rename(folder / "b.txt")
    report = counted.add(folder)
    assert (report.added, report.changed, report.removed, report.unchanged, report.moved) == (0, 0, 0, 1, 1)
    assert keys(counted) == held and embedder.texts == [] and counted.index.truth.generation == generation
    assert [Path(hit.source).name for hit in counted.search("plum")] == ["b.txt"] * len(counted.search("plum"))
    folder.rename(tmp_path / "out")
    assert counted.add(tmp_path / "out").unchanged == 1
    assert keys(counted) == held and embedder.texts == []
    answer = counted.ask("what was counted of the plum")
    assert not answer.refused and Path(answer.citations[0].source) == tmp_path / "out" / "b.txt"
    assert counted.index.truth.counts()[:2] == (1, 1) and counted.check() == []


def test_a_copied_file_is_stored_once_with_both_sources(counted: Library, embedder: Counting, tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / f"{name}.md").write_text("# Fruit\n\nThe kiwi is green.", encoding="utf-8")
    other = tmp_path / "in" / "records.jsonl"
    other.write_text('{"_id": "r1", "text": "The plum is blue."}\n{"_id": "r2", "text": "The plum is blue."}\n')
    assert counted.add(tmp_path / "in").added == 4
    truth = counted.index.truth
    assert truth.counts() == (3, 4, 2) and len(counted.index.vectors) == len(counted.index.terms) == 2
    assert len(embedder.texts) == 2
    hit = counted.search("plum")[0]
    assert (hit.doc_id, hit.also) == ("r1", ("r2",))
    for name in ("x", "y"):
        [hit] = counted.search("kiwi", under=(tmp_path / "in" / name).as_posix())
        assert Path(hit.source).name == f"{name}.md"
    (tmp_path / "in" / "x" / "x.md").unlink()
    assert counted.add(tmp_path / "in").removed == 1
    assert truth.counts() == (2, 3, 2) and counted.ask("what colour is the kiwi").citations[0].source.endswith("y.md")
    (tmp_path / "in" / "y" / "y.md").unlink()
    counted.add(tmp_path / "in")
    assert truth.counts() == (1, 2, 1) and len(counted.index.vectors) == len(counted.index.terms) == 1
    assert truth.database.one("SELECT count(*) FROM contents") == (1,) and counted.check() == []


def test_a_changed_article_embeds_only_changed_passages(counted: Library, embedder: Counting, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(paragraphs(), encoding="utf-8")
    first = counted.add(file).passages
    assert len(embedder.texts) == first > 2
    embedder.texts = []
    file.write_text(paragraphs("A grape was added in the end. " * 20), encoding="utf-8")
    assert counted.add(file).changed == 1
    assert 0 < len(embedder.texts) < first and all("grape" in text for text in embedder.texts)
    assert counted.search("grape") and counted.check() == []


def records(file: Path, *fields: dict[str, str]) -> None:
    file.write_text("".join(json.dumps(one) + "\n" for one in fields), encoding="utf-8")


def test_a_record_that_shifts_is_not_worked_on(counted: Library, embedder: Counting, tmp_path: Path) -> None:
    file, one = tmp_path / "many.jsonl", {"_id": "1", "text": "The kiwi is green."}
    records(file, one, {"_id": "2", "text": "The plum is blue."})
    counted.add(file)
    held, embedder.texts = keys(counted), []
    records(file, {"_id": "0", "text": "A pear."}, {"_id": "2", "text": "The plum is blue."}, one)
    report = counted.add(file)
    assert (report.added, report.unchanged, report.removed, embedder.texts) == (1, 2, 0, ["A pear."])
    assert [hit.line for hit in counted.search("kiwi", 1)] == [3] and set(held) < set(keys(counted))
    assert counted.check() == []


@pytest.mark.parametrize("name", ["url", "topic", "author", "date"])
def test_a_record_of_which_only_a_field_changed_is_noticed(
    counted: Library, embedder: Counting, tmp_path: Path, name: str
) -> None:
    file, one = tmp_path / "many.jsonl", {"_id": "1", "text": "The kiwi is green.", "title": "Fruit"}
    records(file, one | {name: "http://a.example/2023"})
    counted.add(file)
    embedder.texts = []
    for value in ("2024-05-06", ""):
        records(file, one | ({name: value} if value else {}))
        report = counted.add(file)
        assert (report.changed, report.unchanged, embedder.texts) == (1, 0, [])
        [stored] = counted.index.truth.documents("doc_id", "1")
        document = stored.document
        assert (document.metadata.get(name) or getattr(document, name, "")) == value
    assert counted.check() == []


def test_what_is_replaced_and_put_back_before_it_is_shown_stays(counted: Library, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    old, new = {"_id": "1", "text": "The kiwi is green."}, {"_id": "1", "text": "The kiwi is brown."}
    records(file, old)
    counted.add(file)
    held = keys(counted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(counted.index), "publish", lambda _: None)  # as if it were killed just before
        records(file, new)
        counted.add(file)
        assert counted.index.truth.staged() and keys(counted) == held
    records(file, old)
    assert counted.add(file).unchanged == 1
    assert keys(counted) == held and not counted.index.truth.staged() and counted.check() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
@pytest.mark.parametrize("name", ["pipe.txt", "pipe.jsonl"])
def test_a_named_pipe_is_read_once(counted: Library, tmp_path: Path, name: str) -> None:
    pipe = tmp_path / name
    os.mkfifo(pipe)
    text = "The kiwi is green." if name.endswith("txt") else '{"text": "The kiwi is green."}'
    writer = threading.Thread(target=pipe.write_text, args=(text,), daemon=True)
    writer.start()
    assert counted.add(pipe).added == 1
    writer.join(10)
    assert not counted.ask("what colour is the kiwi").refused, "the pipe is not waited for"


def test_two_folders_of_the_same_files_teach_a_site_each(counted: Library, tmp_path: Path) -> None:
    """Same bytes, cleaned otherwise where the folder repeats a line: two contents."""
    for folder, number in (("a", 5), ("b", 1)):
        (tmp_path / folder).mkdir()
        for n in range(number):
            page = f"Example Daily, the paper\n\nReport {n}\n\n{'The kiwi was counted. ' * 9}{n}\n\nMore of {n}"
            (tmp_path / folder / f"{n}.txt").write_text(page, encoding="utf-8")
    counted.add(tmp_path / "a", tmp_path / "b")
    found = {Path(s.document.source).parent.name: s.edits for n in "ab" for s in
             counted.index.truth.documents("path", (tmp_path / n / "0.txt").as_posix())}  # fmt: skip
    assert found["a"] and not found["b"]
    assert counted.check() == []


def test_nothing_to_do_writes_nothing(counted: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The kiwi is green.", encoding="utf-8")
    counted.add(tmp_path / "a.txt")
    with contextlib.closing(counted.index):
        files = {path: path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file()}
        assert counted.add(tmp_path / "a.txt").unchanged == 1
    for path, data in files.items():
        if path.suffix in (".faiss", ".json", ".term", ".idx"):
            assert path.read_bytes() == data
