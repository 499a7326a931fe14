"""Adding: whatever is in a folder, the rest of it is indexed, and nothing is lost without a word."""

import gzip
import json
import os
import random
from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.library import Library
from rag.library.passages import prepare
from rag.testing import HashedTerms
from rag.types import Document


def test_an_id_that_repeats_is_reported_and_the_first_stays(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text('{"_id": "x", "text": "first one"}\n{"_id": "x", "text": "second two"}\n', encoding="utf-8")
    report = library.add(file)
    assert report.added == 1 and "repeats the id 'x'" in report.skipped[0][1]
    with file.open("a", encoding="utf-8") as out:
        out.write('{"_id": "y", "text": "third three"}\n')
    report = library.add(file)
    assert (report.added, report.changed, report.unchanged) == (1, 0, 1)
    assert {hit.text for hit in library.search("one two three")} == {"first one", "third three"}


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX systems alone")
def test_a_file_name_that_is_no_utf8_is_indexed_and_cited(library: Library, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xce\xc4.txt"))
    odd.parent.mkdir()
    odd.write_text("Jasper\nJasper lost users.", encoding="utf-8")
    (odd.parent / "商汤[1] :x.txt").write_text("商汤\n商汤亏损了。", encoding="utf-8")
    assert library.add(tmp_path / "in").added == 2
    assert not library.ask("why did Jasper lose users").refused
    assert library.ask("商汤亏损").citations[0].source.endswith("商汤[1] :x.txt")
    odd.unlink()
    assert library.add(tmp_path / "in").removed == 1


def test_a_file_that_vanishes_on_the_way_is_reported(library: Library, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"{name} says something.", encoding="utf-8")
    report = library.add(
        tmp_path / "a.txt", tmp_path / "b.txt", on_progress=lambda *_: (tmp_path / "b.txt").unlink(True)
    )
    assert report.added == 1 and "b.txt" in report.skipped[0][0]


def test_a_file_that_became_unreadable_leaves_the_index(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jasper lost users.", encoding="utf-8")
    (tmp_path / "b.txt").write_text("Sora came.", encoding="utf-8")
    library.add(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    report = library.add(tmp_path)
    assert report.removed == 1 and len(report.skipped) == 1
    assert [hit.text for hit in library.search("Jasper Sora")] == ["Sora came."]


def test_a_model_that_fails_stops_the_run(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jasper lost users.", encoding="utf-8")

    class Away(HashedTerms):
        def embed_passages(self, texts: object) -> None:  # type: ignore[override]
            raise ModelError("http://x answered 503", "try again")

    with Library(library.path, embedder=Away()) as away, pytest.raises(ModelError):
        away.add(tmp_path / "a.txt")


def test_a_folder_that_cannot_be_entered_is_not_an_empty_one(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("Jasper lost users.", encoding="utf-8")
    (tmp_path / "b.txt").write_text("Sora came.", encoding="utf-8")
    library.add(tmp_path)
    listing = os.scandir

    def closed(path: Path) -> object:
        if path.name == "sub":
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", closed)
    report = library.add(tmp_path)
    assert (report.removed, report.unchanged, len(report.skipped)) == (0, 1, 1)


def test_an_article_that_is_all_title_is_still_found() -> None:
    assert [p.text for p in prepare(Document("x", "s", "只有标题", "0", title="只有标题"))[1]] == ["只有标题"]


def test_the_same_article_twice_is_one_hit(library: Library, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("Jasper lost users because large firms entered.", encoding="utf-8")
    assert library.add(tmp_path).added == 2
    assert len(library.search("Jasper")) == 1


def test_progress_counts_files(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jasper lost users.", encoding="utf-8")
    seen: list[tuple[int, int]] = []
    library.add(tmp_path, on_progress=lambda done, total, what: seen.append((done, total)))
    assert seen == [(0, 1), (1, 1)]


@pytest.mark.parametrize("name", ["c.jsonl", "c.jsonl.gz"])
def test_progress_goes_on_inside_of_a_large_file(library: Library, tmp_path: Path, name: str) -> None:
    draw, opened = random.Random(1), gzip.open if name.endswith("gz") else open
    (tmp_path / "in").mkdir()
    with opened(tmp_path / "in" / name, "wt", encoding="utf-8") as file:
        for number in range(40):
            file.write(
                json.dumps({"_id": str(number), "text": f"{draw.randbytes(8000).hex()} is number {number}."}) + "\n"
            )
    seen: list[float] = []
    library.add(tmp_path / "in", on_progress=lambda done, total, what: seen.append(done))
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1
    assert len(seen) > 4 and 0 < seen[1] < 0.5 < seen[-2] <= 1
