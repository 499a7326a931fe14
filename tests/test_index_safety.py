"""The index under updates, interruptions, damage, and several at once."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from rag.errors import IndexUnusable
from rag.index import Index
from rag.index import terms as term_module
from rag.index.database import Database
from rag.index.rows import FORMAT, SCHEMA
from rag.index.stamp import matches
from rag.index.terms import TermIndex
from rag.index.vectors import FlatVectors
from rag.library import Library
from rag.library import add as adding
from rag.testing import HashedTerms


def opened(path: Path) -> Library:
    return Library(path, embedder=HashedTerms())


def found(library: Library, question: str, mode: str = "lexical") -> list[str]:
    return [Path(hit.source).name for hit in library.search(question, 20, mode=mode)]  # type: ignore[arg-type]


def both(library: Library) -> tuple[set[str], set[str]]:
    return set(found(library, "kiwi plum", "dense")), set(found(library, "kiwi plum"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "articles"
    made.mkdir()
    (made / "a.txt").write_text("First\nThe kiwi is green.", encoding="utf-8")
    (made / "b.txt").write_text("Second\nThe plum is blue.", encoding="utf-8")
    return made


# -- term statistics


def test_scores_after_updates_are_those_of_a_fresh_index(tmp_path: Path, folder: Path, library: Library) -> None:
    weights = {"kiwi": 2.0, "plum": 1.0, "pear": 3.0, "grape": 1.5}
    (folder / "b.txt").write_text("Second\nThe plum, and a grape, is blue and sour.", encoding="utf-8")
    for turn in range(7):
        text = f"First\nThe kiwi {'kiwi ' * turn} is green; pear number {turn} is not." + " More words." * turn
        (folder / "a.txt").write_text(text, encoding="utf-8")
        library.add(folder)
    with opened(tmp_path / "fresh") as fresh:
        fresh.add(folder)
        expected = fresh.index.terms.search(weights, 10)
        got = library.index.terms.search(weights, 10)
        assert [score for _, score in got] == pytest.approx([score for _, score in expected], abs=1e-3)
        assert len(got) == 2 and all(score > 0 for _, score in got)
        for term in weights:
            assert library.index.terms.frequency(term) == fresh.index.terms.frequency(term)
        assert found(library, "grape sour") == found(fresh, "grape sour")
        assert [hit.score for hit in library.search("pear kiwi")] == pytest.approx(
            [hit.score for hit in fresh.search("pear kiwi")], abs=1e-3
        )


def test_large_indexes_keep_removed_passages_for_a_while_and_still_weigh_rightly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, fresh = TermIndex(tmp_path / "t"), TermIndex(None)
    texts = {key: f"common word{key % 5} text" for key in range(1, 101)}
    index.change(texts.items(), ())
    index.change([], range(1, 5))
    fresh.change([(key, text) for key, text in texts.items() if key > 4], ())
    assert index.totals() == fresh.totals() == (96, sum(range(5, 101)))
    for term in ("common", "word1", "word0"):
        assert index.frequency(term) == fresh.frequency(term)
        assert index.search({term: 1.0}, 1)[0][1] == pytest.approx(fresh.search({term: 1.0}, 1)[0][1], abs=1e-3)
    assert index.outworn(0), "small: always made again"
    monkeypatch.setattr(term_module, "_EXACT", 10)
    assert not index.outworn(1) and index.outworn(2) and not fresh.outworn(0)


# -- what is kept in memory


def test_two_libraries_see_each_others_changes(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as one, opened(tmp_path / "index") as two:
        one.add(folder)
        assert both(two) == ({"a.txt", "b.txt"}, {"a.txt", "b.txt"})
        (folder / "a.txt").write_text("First\nThe mango is yellow.", encoding="utf-8")
        one.add(folder)
        assert found(two, "mango") == ["a.txt"], "a reader that has been open all along"
        assert found(two, "mango", "dense")[0] == "a.txt" and found(two, "kiwi") == []
        (folder / "a.txt").write_text("First\nThe papaya is orange.", encoding="utf-8")
        one.add(folder / "a.txt")
        (folder / "b.txt").write_text("Second\nThe quince is hard.", encoding="utf-8")
        two.add(folder / "b.txt")
        for library in (one, two):
            assert found(library, "papaya") == ["a.txt"] and found(library, "quince") == ["b.txt"]
            assert found(library, "papaya", "dense")[0] == "a.txt" and found(library, "mango") == []
    with opened(tmp_path / "index") as third:
        assert third.status()["sound"] and found(third, "papaya", "dense")[0] == "a.txt"


class FailsAt(HashedTerms):
    """Breaks down in its n-th batch."""

    left = 10**9

    def embed_passages(self, texts: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("out of memory")
        return super().embed_passages(texts)


def test_after_a_failed_batch_the_same_object_searches_the_truth(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "BATCH", 1)
    embedder = FailsAt()
    with Library(tmp_path / "index", embedder=embedder) as library:
        library.add(folder)
        assert found(library, "kiwi") == ["a.txt"]
        (folder / "a.txt").write_text("First\nThe mango is yellow.", encoding="utf-8")
        (folder / "b.txt").write_text("Second\nThe quince is hard.", encoding="utf-8")
        embedder.left = 1
        with pytest.raises(RuntimeError):
            library.add(folder)
        assert found(library, "mango") == ["a.txt"] and found(library, "mango", "dense")[0] == "a.txt"
        assert found(library, "plum") == ["b.txt"] and found(library, "quince") == []
        assert library.index.vectors.totals() == library.index.terms.totals() == library.index.truth.totals()
        embedder.left = 10**9
        library.add(folder)
        assert found(library, "quince") == ["b.txt"]


def location(library: Library, name: str) -> str:
    return next(place for place in library.index.truth.sources() if place.endswith(name))


def test_files_that_do_not_come_out_as_the_truth_are_made_again(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "index") as library:
        library.add(folder)
        monkeypatch.setattr(FlatVectors, "remove", lambda *_: None)
        usual = TermIndex.change
        monkeypatch.setattr(TermIndex, "change", lambda self, added, removed: usual(self, added, ()))
        monkeypatch.setattr(TermIndex, "outworn", lambda *_: False)
        with library.index.writing() as staging, staging.transaction():
            staging.remove_source(location(library, "b.txt"))
        held = library.index.vectors.totals(), library.index.terms.totals()
        assert held == (library.index.truth.counted(),) * 2 == (library.index.truth.totals(),) * 2
        assert held[0][0] == 1


# -- one writer


def test_a_second_writer_is_told_who_writes(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as one, opened(tmp_path / "index") as two:
        one.add(folder)
        assert found(two, "kiwi") == ["a.txt"]
        with one.index.writing():
            who = rf"process {os.getpid()} on .*, since 20\d\d-.* is writing the index .*; wait until it has"
            with pytest.raises(IndexUnusable, match=who):
                two.add(folder)
            assert found(two, "kiwi") == ["a.txt"], "reading goes on"
        two.add(folder)


def test_readers_stay_with_one_generation_while_another_writes(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as one, opened(tmp_path / "index") as two, opened(tmp_path / "index") as late:
        one.add(folder)
        assert found(two, "plum") == ["b.txt"]
        with one.index.writing() as staging:
            with staging.transaction():
                staging.remove_source(location(one, "b.txt"))
            for reader in (one, two, late):
                assert both(reader) == ({"a.txt", "b.txt"}, {"a.txt", "b.txt"}), "nothing is published yet"
                assert reader.ask("what colour is the plum").citations and reader.status()["documents"] == 2
        for reader in (one, two, late):
            assert both(reader) == ({"a.txt"}, {"a.txt"}) and reader.status()["documents"] == 1
        (folder / "b.txt").write_text("Second\nThe quince is hard.", encoding="utf-8")
        late.add(folder)
    with opened(tmp_path / "index") as again:
        assert found(again, "quince") == ["b.txt"] and again.index.terms.folder is not None


def test_a_thread_reads_what_is_published_while_another_writes(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as library, ThreadPoolExecutor(1) as other:
        library.add(folder)
        vectors = library.index.vectors
        with library.index.writing() as staging, staging.transaction():
            staging.remove_source(location(library, "b.txt"))
            assert other.submit(both, library).result() == ({"a.txt", "b.txt"}, {"a.txt", "b.txt"})
        assert other.submit(both, library).result() == ({"a.txt"}, {"a.txt"})
        assert len(vectors) == 2, "who still reads the former vectors finds them as they were"


def test_threads_that_come_and_go_leave_no_connection_behind(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    connect = sqlite3.connect
    with opened(tmp_path / "index") as library:
        library.add(folder)
        monkeypatch.setattr("rag.index.database.sqlite3.connect", lambda *a, **b: made.append(a) or connect(*a, **b))
        for _ in range(5):
            thread = Thread(target=both, args=(library,))
            thread.start()
            thread.join()
        assert not made, "the next thread takes the connection of the last"
        with ThreadPoolExecutor(4) as pool:
            assert set(map(str, pool.map(lambda _: both(library), range(40)))) == {str(both(library))}
        assert len(made) < 4, "and no two have the same at once"


def test_a_connection_is_kept_while_rows_are_read(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as library, ThreadPoolExecutor(1) as other:
        library.add(folder)
        database = library.index.truth.database
        with database._taken() as first:
            pass
        paths = database.rows("SELECT path FROM sources ORDER BY path")
        assert str(next(paths)[0]).endswith("a.txt")
        with database._taken() as mine:
            assert mine is first
        assert other.submit(lambda: database.one("SELECT count(*) FROM sources")).result() == (2,)
        assert len(database._all) == 2 and [row[0][-5:] for row in paths] == ["b.txt"]
        assert not database._taken_by and len(database._idle) == 2


def test_a_reader_whose_generation_has_gone_takes_the_next(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "index") as writer, opened(tmp_path / "index") as reader:
        writer.add(folder)
        usual = reader.index._load_vectors

        def late(generation: int) -> Any:
            monkeypatch.setattr(reader.index, "_load_vectors", usual)
            (folder / "a.txt").write_text("First\nThe mango is yellow.", encoding="utf-8")
            writer.add(folder)  # between the reader's snapshot and its look at the files
            return usual(generation)

        monkeypatch.setattr(reader.index, "_load_vectors", late)
        monkeypatch.setattr(reader.index, "_make_vectors", lambda *_: pytest.fail("not made in memory"))
        assert found(reader, "mango", "dense")[0] == "a.txt"


def test_the_lock_of_a_process_that_died_is_free(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as library:
        library.add(folder)
        program = textwrap.dedent("""
            import os, sys
            from pathlib import Path
            from rag.index import Index
            with Index(Path(sys.argv[1])).writing():
                print("writing", flush=True)
                sys.stdin.read()
                os._exit(9)
        """)
        command = [sys.executable, "-c", program, str(library.path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout and other.stdout.readline() == "writing\n"
            with pytest.raises(IndexUnusable, match=f"process {other.pid} on .* is writing"):
                library.add(folder)
            other.communicate()
        assert library.add(folder).unchanged == 2


# -- generations


def test_only_passages_raise_the_generation(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as library:
        library.add(folder)
        before = library.index.truth.generation
        vectors, terms = library.index.vectors, library.index.terms
        later = (folder / "a.txt").stat().st_mtime_ns + 10**9
        os.utime(folder / "a.txt", ns=(later, later))
        library.add(folder)
        truth = library.index.truth
        assert truth.generation == before
        assert library.index.vectors is vectors and library.index.terms is terms
        assert truth.sources()[next(p for p in truth.sources() if p.endswith("a.txt"))].mtime_ns == later
        (folder / "a.txt").unlink()
        library.add(folder)
        assert truth.generation == before + 1


# -- damage


def test_random_bytes_in_derived_files_are_noticed(tmp_path: Path, folder: Path) -> None:
    with opened(tmp_path / "index") as library:
        library.add(folder)
        before = library.search("kiwi plum")
    vectors = next((tmp_path / "index").glob("vectors-*.faiss"))
    original = vectors.read_bytes()
    damaged = bytearray(original)
    damaged[-1000:-600] = np.random.default_rng(1).bytes(400)
    replaced = vectors.with_name("beside")
    replaced.write_bytes(damaged)  # not in place: this process has the file open
    replaced.replace(vectors)
    store = max((tmp_path / "index").glob("terms-*/*.idx"))
    replaced.write_bytes(b"\xff" * store.stat().st_size)
    replaced.replace(store)
    with opened(tmp_path / "index") as library:
        assert library.search("kiwi plum") == before
    assert vectors.read_bytes() == original
    stamped = vectors.with_suffix(".json")
    generation = int(vectors.stem.rsplit("-", 1)[1])
    assert matches(stamped, generation, [vectors]) and not matches(stamped, generation + 1, [vectors])
    stamped.write_text("[]", encoding="utf-8")
    assert not matches(stamped, generation, [vectors])


def test_a_damaged_truth_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    lines = (f'{{"_id": "{n}", "text": "The kiwi number {n} is green. {"Filler words. " * 20}"}}' for n in range(300))
    many.write_text("\n".join(lines), encoding="utf-8")
    with opened(tmp_path / "index") as library:
        library.add(many)
    shutil.copytree(tmp_path / "index", tmp_path / "blob")
    truth = tmp_path / "index" / "rag.sqlite"
    whole = bytearray(truth.read_bytes())
    noise = np.random.default_rng(2)
    for page in range(2, len(whole) // 4096, 2):  # the schema stays readable
        whole[page * 4096 : (page + 1) * 4096] = noise.bytes(4096)
    truth.write_bytes(whole)
    with pytest.raises(IndexUnusable, match="delete"), opened(tmp_path / "index") as library:
        library.search("kiwi number 7")
    db = sqlite3.connect(tmp_path / "blob" / "rag.sqlite")
    db.execute("UPDATE contents SET original = x'00ff'")
    db.execute("UPDATE passages SET sentences = '[['")
    db.commit()
    db.close()
    with opened(tmp_path / "blob") as library:
        with pytest.raises(IndexUnusable, match="document 7 is damaged"):
            library.pages("7")
        with pytest.raises(IndexUnusable, match="is damaged"):
            library.search("kiwi number 7")


def test_tables_and_format_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.rows.SCHEMA", SCHEMA + "CREATE TABLE broken (;")
    with pytest.raises(IndexUnusable):
        Index(tmp_path, create=True)
    monkeypatch.undo()
    with sqlite3.connect(tmp_path / "rag.sqlite") as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    db.close()
    index = Index(tmp_path, create=True)
    assert index.truth.meta == {"format": str(FORMAT), "generation": "0"}
    statements: list[str] = []
    with index.truth.database._taken() as db:
        db.set_trace_callback(statements.append)
        index.bind(HashedTerms())
    assert sum(one.startswith(("BEGIN", "COMMIT")) for one in statements) == 2, "all notes in one transaction"
    assert index.embedder_name == "hashed-terms" and index.dimensions == 256
    index.close()


# -- a folder that may not be written


@contextmanager
def not_writable(folder: Path) -> Iterator[None]:
    """As a user to whom modes apply."""
    if not hasattr(os, "geteuid"):
        pytest.skip("modes of folders are POSIX's")
    paths = [folder, *folder.rglob("*")]
    root = os.geteuid() == 0
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        if root:
            os.seteuid(65534)
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another user can reach, unlike pytest's."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("lost", [False, True])
def test_a_folder_that_may_not_be_written_can_be_searched(
    public: Path, folder: Path, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(public / "index") as library:
        library.add(folder)
        before = library.search("kiwi plum")
    if lost:
        shutil.rmtree(next((public / "index").glob("terms-*/")))
        next((public / "index").glob("vectors-*.faiss")).unlink()
    (public / "index" / "lock").unlink()
    there = sorted((public / "index").rglob("*"))
    made: list[str] = []
    for name in ("_make_vectors", "_make_terms"):
        usual = getattr(Index, name)
        monkeypatch.setattr(Index, name, lambda *values, usual=usual, name=name: made.append(name) or usual(*values))
    with not_writable(public / "index"), opened(public / "index") as library:
        assert library.search("kiwi plum") == before
        assert library.status()["sound"]
        assert sorted(made) == (["_make_terms", "_make_vectors"] if lost else [])
        with pytest.raises(IndexUnusable, match="cannot be written"), library.index.writing():
            pass
    assert sorted((public / "index").rglob("*")) == there


def test_a_reader_without_rights_sees_what_the_owner_changed(public: Path, folder: Path) -> None:
    with opened(public / "index") as owner:
        owner.add(folder)
    with opened(public / "index") as reader:
        with not_writable(public / "index"):
            assert found(reader, "kiwi") == ["a.txt"]
        (folder / "a.txt").write_text("First\nThe mango is yellow.", encoding="utf-8")
        with opened(public / "index") as owner:
            owner.add(folder)
        with not_writable(public / "index"):
            assert found(reader, "mango") == ["a.txt"] and found(reader, "kiwi") == []


def test_a_log_that_cannot_be_read_is_not_left_out(public: Path) -> None:
    Database(public / "rag.sqlite", create=True).close()
    (public / "rag.sqlite-wal").write_bytes(b"x" * 4096)
    with not_writable(public):
        if os.access(public, os.W_OK, effective_ids=True):
            pytest.skip("modes do not apply here")
        with pytest.raises(IndexUnusable, match="cannot read the index"):
            Database(public / "rag.sqlite", create=False)
