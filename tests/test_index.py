"""The index: SQLite is the truth, everything else can be lost."""

import contextlib
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexUnusable, ModelError, NotFound
from rag.index import Index
from rag.index.stamp import matches, stamp
from rag.index.vectors import FlatVectors
from rag.library import Library
from rag.testing import HashedTerms

ARTICLES = {
    "a.txt": "商湯的虧損\n商湯科技2022年虧損60億元。研發費用很高。",
    "b.txt": "Sora发布\nSora能生成一分钟的视频。大厂没有跟进。",
    "c.txt": "Jasper\nJasper lost users after large firms entered the market.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "articles"
    made.mkdir()
    for name, text in ARTICLES.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def state(library: Library) -> list[tuple[str, str]]:
    return sorted(
        (hit.source.rsplit("/")[-1], hit.text) for hit in library.search("商湯 Sora Jasper", 50, mode="dense")
    )


def test_vectors_score_by_cosine_higher_is_nearer(tmp_path: Path) -> None:
    store = FlatVectors(3)
    store.add(np.array([5, 6, 7]), np.array([[1, 0, 0], [0.6, 0.8, 0], [-1, 0, 0]], dtype=np.float32))
    scores, ids = store.search(np.array([[1, 0, 0]], dtype=np.float32), 3)
    assert ids.tolist() == [[5, 6, 7]]
    assert scores[0] == pytest.approx([1.0, 0.6, -1.0], abs=1e-3)  # float16
    scores, ids = store.search(np.array([[1, 0, 0]], dtype=np.float32), 2, among=np.array([6, 7]))
    assert ids.tolist() == [[6, 7]]
    store.remove([6])
    store.save(tmp_path / "v")
    assert len(FlatVectors.load(tmp_path / "v", 3)) == 2
    with pytest.raises(OSError, match="width 16"):
        FlatVectors.load(tmp_path / "v", 17)
    (tmp_path / "v").write_bytes(b"torn")
    with pytest.raises(OSError):
        FlatVectors.load(tmp_path / "v", 3)


def test_in_step_added_changed_removed_unchanged(library: Library, folder: Path) -> None:
    first = library.add(folder)
    assert (first.added, first.changed, first.removed, first.unchanged) == (3, 0, 0, 0)
    again = library.add(folder)
    assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 3)
    assert again.passages == 0
    (folder / "a.txt").write_text("商湯的虧損\n商湯科技扭虧為盈。", encoding="utf-8")
    (folder / "b.txt").unlink()
    (folder / "d.txt").write_text("新文章\n今天下雨。", encoding="utf-8")
    third = library.add(folder)
    assert (third.added, third.changed, third.removed, third.unchanged) == (1, 1, 1, 1)
    assert {source for source, _ in state(library)} == {"a.txt", "c.txt", "d.txt"}
    assert all("60億" not in text for _, text in state(library))
    sources, documents, passages = library.index.truth.counts()
    assert (sources, documents) == (3, 3)
    assert len(library.index.vectors) == len(library.index.terms) == passages


def test_a_named_file_that_is_gone_leaves_the_index_and_others_stay(library: Library, folder: Path) -> None:
    library.add(folder)
    (folder / "b.txt").unlink()
    assert library.add(folder / "b.txt").removed == 1
    assert {source for source, _ in state(library)} == {"a.txt", "c.txt"}
    with pytest.raises(NotFound, match="never-there"):
        library.add(folder / "never-there.txt")


def test_a_call_that_is_wrong_makes_no_index(tmp_path: Path) -> None:
    with Library(tmp_path / "new", embedder=HashedTerms()) as library, pytest.raises(NotFound, match="never-there"):
        library.add(tmp_path / "never-there.txt")
    with Library(tmp_path / "new", embedder=str(tmp_path / "no-model")) as library, pytest.raises(ModelError):
        library.add(tmp_path)
    assert not (tmp_path / "new").exists()
    (tmp_path / "empty").mkdir()
    with Library(tmp_path / "new", embedder=HashedTerms()) as library:
        with pytest.raises(NotFound, match="no articles in"):
            library.add(tmp_path / "empty")
        with pytest.raises(NotFound, match="holds no articles"):
            library.search("商湯")


@pytest.mark.parametrize("loss", ["vectors", "terms", "both", "torn", "stale"])
def test_what_is_derived_is_made_again_from_the_truth(library: Library, folder: Path, loss: str) -> None:
    library.add(folder)
    before = state(library), [hit.text for hit in library.search("商湯虧損", mode="lexical")]
    vectors = next(library.path.glob("vectors-*.faiss"))
    library.close()
    if loss in ("vectors", "both"):
        vectors.unlink()
    if loss in ("terms", "both"):
        shutil.rmtree(next(library.path.glob("terms-*/")))
    if loss == "torn":
        vectors.write_bytes(vectors.read_bytes()[:100])
        next(library.path.glob("terms-*.json")).write_text("{", encoding="utf-8")
    if loss == "stale":
        with contextlib.closing(Index(library.path)) as index, index.writing() as staging:
            staging.note(generation=str(index.truth.generation + 1))
    with Library(library.path, embedder=HashedTerms()) as again:
        assert (state(again), [hit.text for hit in again.search("商湯虧損", mode="lexical")]) == before


def test_a_batch_that_fails_leaves_the_committed_state(library: Library, folder: Path) -> None:
    library.add(folder)
    before = state(library)
    (folder / "a.txt").write_text("别的", encoding="utf-8")

    class Broken(HashedTerms):
        def embed_passages(self, texts: object) -> None:  # type: ignore[override]
            raise RuntimeError("out of memory")

    with Library(library.path, embedder=Broken()) as broken, pytest.raises(RuntimeError):
        broken.add(folder)
    assert state(library) == before


def test_another_model_is_an_error_that_says_what_to_do(library: Library, folder: Path) -> None:
    library.add(folder)
    with Library(library.path, embedder=HashedTerms(64, "other")) as other:
        with pytest.raises(IndexUnusable, match="built with hashed-terms, not with other; use --embedder hashed-terms"):
            other.search("商湯")
        with pytest.raises(IndexUnusable):
            other.add(folder)


def test_unreadable_indexes_say_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no index at"):
        Index(tmp_path / "nothing")
    (tmp_path / "rag.sqlite").write_bytes(b"this is not a database, however long it goes on" * 50)
    with pytest.raises(IndexUnusable, match="cannot read the index"):
        Index(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(IndexUnusable, match="cannot make the folder"):
        Index(blocked / "below", create=True)


def test_json_lines_change_by_record(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(
        '{"_id": "x", "text": "商汤亏损。", "title": "甲"}\n{"_id": "y", "text": "Sora发布。"}\n{"no": 1}\n',
        encoding="utf-8",
    )
    report = library.add(file)
    assert (report.added, len(report.skipped)) == (2, 1)
    hit = library.search("商汤")[0]
    assert (hit.doc_id, hit.title, hit.line) == ("x", "甲", 1)
    file.write_text(
        '{"_id": "x", "text": "商汤盈利。", "title": "甲"}\n{"_id": "z", "text": "天气。"}\n', encoding="utf-8"
    )
    report = library.add(file)
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 1, 0)


def test_one_bad_file_does_not_stop_the_rest(library: Library, folder: Path) -> None:
    (folder / "bad.txt").write_bytes(bytes(range(256)) * 8)
    (folder / "empty.txt").write_text("", encoding="utf-8")
    report = library.add(folder)
    assert report.added == 3
    assert sorted(where.rsplit("/")[-1] for where, _ in report.skipped) == ["bad.txt", "empty.txt"]


def test_dates_filter_inside_the_search(library: Library, tmp_path: Path) -> None:
    rows = [f'{{"_id": "{day}", "text": "商汤第{day}天亏损。", "date": "2024-03-{day:02}"}}' for day in range(1, 29)]
    (tmp_path / "dated.jsonl").write_text("\n".join(rows), encoding="utf-8")
    library.add(tmp_path / "dated.jsonl")
    for mode in ("hybrid", "dense", "lexical"):
        found = library.search("商汤亏损", 50, mode=mode, since="2024-03-10", until="2024-03-12")  # type: ignore[arg-type]
        assert {hit.doc_id for hit in found} == {"10", "11", "12"}
    assert len(library.search("商汤亏损", 50, until="2024-03")) == 28


@pytest.mark.parametrize("unit", [1, 8, 512, 4096, 1 << 20])
def test_a_stamp_notices_what_has_changed_places(tmp_path: Path, unit: int) -> None:
    file, note = tmp_path / "terms", tmp_path / "stamp.json"
    data = np.random.default_rng(unit).bytes((3 << 20) + 5000)
    file.write_bytes(data)
    stamp(note, 7, [file])
    units = [data[at : at + unit] for at in range(0, len(data), unit)]
    for one, other in ((0, 1), (1, 2), (0, len(units) - 2)):
        moved = units.copy()
        moved[one], moved[other] = moved[other], moved[one]
        assert moved != units
        file.write_bytes(b"".join(moved))
        assert not matches(note, 7, [file])


def test_a_stamp_notices_what_the_disk_has_changed(tmp_path: Path) -> None:
    file, note = tmp_path / "vectors", tmp_path / "vectors.json"
    data = random.Random(1).randbytes(3 * 4096 + 100) + bytes(50)
    swapped = data[4096:8192] + data[:4096] + data[8192:]
    flipped = [data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :] for at in (0, 4095, 4096, len(data) - 1)]
    file.write_bytes(data)
    stamp(note, 7, [file])
    assert matches(note, 7, [file]) and not matches(note, 8, [file])
    for other in (*flipped, swapped, data[:-1], data + b"\0", b""):
        file.write_bytes(other)
        assert not matches(note, 7, [file])
    file.write_bytes(data)
    assert matches(note, 7, [file])
    assert not matches(note, 7, [file.rename(tmp_path / "terms")])
