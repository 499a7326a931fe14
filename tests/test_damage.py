"""An index under kill -9, full disks, and files that are torn, cut short or changed; and its check and repair."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.cli import app
from rag.errors import IndexUnusable
from rag.library import Library
from rag.testing import HashedTerms

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="the trials fork and kill")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The folder of an index of two files and a few records."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("First\nThe kiwi is green.", encoding="utf-8")
    (folder / "b.txt").write_text("Second\nThe plum is blue.", encoding="utf-8")
    lines = (json.dumps({"_id": f"r{n}", "text": f"The pear number {n} is yellow."}) for n in range(5))
    (folder / "c.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with opened(tmp_path / "index") as library:
        library.add(folder)
    return tmp_path / "index"


def opened(path: Path) -> Library:
    return Library(path, embedder=HashedTerms())


def found(library: Library) -> list[tuple[str, str]]:
    return [(hit.doc_id, hit.text) for hit in library.search("kiwi plum pear", 20)]


def truth(index: Path) -> sqlite3.Connection:
    return sqlite3.connect(index / "rag.sqlite")


# -- trials in small; the module of each says how to run it in full


def trial(name: str, tmp_path: Path, *options: str) -> str:
    """The last line of a trial, in a process of its own: it forks, and threads and forks do not mix."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        f"rag.measure.safety.{name}",
        *options,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout


@posix
def test_a_killed_run_leaves_the_former_state_and_is_resumed(tmp_path: Path) -> None:
    assert "runs=12" in trial("kills", tmp_path, "--trials", "12")


@posix
def test_a_changed_byte_is_harmless_or_an_error(tmp_path: Path) -> None:
    assert "wrong 0" in trial("flips", tmp_path, "--trials", "12")


@posix
def test_readers_see_one_generation_while_another_process_writes(tmp_path: Path) -> None:
    told = trial("readers", tmp_path, "--readers", "2", "--files", "12", "--seconds", "3")
    assert "'wrong': []" in told


# -- files of each kind

DERIVED = [
    "vectors-*.faiss",
    "vectors-*.json",
    "terms-*.json",
    "terms-*/meta.json",
    "terms-*/*.term",
    "terms-*/*.store",
]


def put(file: Path, data: bytes) -> None:
    """Other bytes under the name of a file. Cut short in place it would pull the memory from under who has it open."""
    beside = file.with_name("beside")
    beside.write_bytes(data)
    beside.replace(file)


@pytest.mark.parametrize("pattern", ["vectors-*.faiss", "terms-*/*.term"])
def test_two_words_of_a_derived_file_that_change_places_are_noticed(built: Path, pattern: str) -> None:
    with opened(built) as library:
        before = found(library)
    file = next(built.glob(pattern))
    words = [file.read_bytes()[at : at + 8] for at in range(0, file.stat().st_size, 8)]
    one = len(words) // 2
    other = next(at for at in range(one + 1, len(words) - 1) if words[at] != words[one])
    assert one // 512 == other // 512, "in one page"
    words[one], words[other] = words[other], words[one]
    put(file, b"".join(words))
    with opened(built) as library:
        assert {one.what for one in library.check()} == {pattern.partition("-")[0]}
        assert found(library) == before
        assert library.check() == []


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "noise"])
@pytest.mark.parametrize("pattern", DERIVED)
def test_a_derived_file_that_is_damaged_is_found_and_made_again(built: Path, pattern: str, damage: str) -> None:
    with opened(built) as library:
        before = found(library)
    file = next(built.glob(pattern))
    data = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        put(file, {"cut": data[: len(data) // 2], "empty": b"", "noise": os.urandom(len(data))}[damage])
    with opened(built) as library:
        assert {one.what for one in library.check()} == {pattern.partition("-")[0]}
        assert found(library) == before, "reading repairs it"
        assert library.check() == []


@pytest.mark.parametrize("keep", [0, 50, 100, 4096, 0.5, -1])
def test_a_truth_that_is_cut_short_is_an_error_that_says_what_to_do(built: Path, keep: float) -> None:
    file = built / "rag.sqlite"
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep) if 0 < keep < 1 else int(keep)])
    with pytest.raises(IndexUnusable) as problem, opened(built) as library:
        found(library)
        if library.check():
            raise IndexUnusable("found by the check", "delete")
    assert "delete" in problem.value.next_step


def test_a_log_that_is_torn_loses_only_what_was_not_committed(built: Path) -> None:
    """SQLite's own promise, with this program's files beside it."""
    with opened(built) as library:
        before = found(library)
        library.index.truth.database.execute("UPDATE documents SET seen = seen + 1")
        shutil.copytree(built, built.with_name("copy"))  # with its log, as a crash would leave it
    log = built.with_name("copy") / "rag.sqlite-wal"
    log.write_bytes(log.read_bytes()[:-1000] + os.urandom(1000))
    with opened(built.with_name("copy")) as library:
        assert found(library) == before and library.check() == []


DAMAGE = {
    "passages": "UPDATE passages SET text = replace(text, 'kiwi', 'kiwa')",
    "titles": "UPDATE documents SET title = 'Forged' WHERE title = 'First'",
    "paths": "UPDATE sources SET path = replace(path, 'a.txt', 'b.txt')",
    "spans": "UPDATE passages SET start = start + 1",
    "texts": "UPDATE contents SET original = (SELECT original FROM contents WHERE id = 2) WHERE id = 1",
    "vectors": "UPDATE passages SET vector = zeroblob(512) WHERE id = 1",
    "types": "UPDATE passages SET sentences = 5",
    "notes": "UPDATE meta SET value = '7' WHERE key = 'sum'",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_changed_row_is_found_by_the_check(built: Path, name: str) -> None:
    with contextlib.closing(truth(built)) as db:
        assert db.execute(DAMAGE[name]).rowcount > 0
        db.commit()
    with opened(built) as library:
        assert library.check()


@pytest.mark.parametrize("name", ["passages", "titles", "texts", "spans"])
def test_rows_that_are_damaged_are_dropped_and_their_files_indexed_again(built: Path, name: str) -> None:
    with opened(built) as library:
        before = found(library)
    with contextlib.closing(truth(built)) as db:
        db.execute(DAMAGE[name])
        db.commit()
    with opened(built) as library:
        with pytest.raises(IndexUnusable, match="damaged in the index"):
            library.search("kiwi green", 20)
            library.ask("what colour is the kiwi")
            library.pages("r1")
            library.index.truth.documents("path", (built.parent / "articles" / "a.txt").as_posix())
        done = library.repair()
        assert done.found and done.left == [] and any(path.endswith("a.txt") for path in done.again)
        library.add(built.parent / "articles")
        assert sorted(found(library)) == sorted(before) and library.check() == []


def test_an_index_of_sqlite_that_is_out_of_step_is_made_again(built: Path) -> None:
    with contextlib.closing(truth(built)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(doc_id)', '(title)') WHERE name = 'documents_by_doc_id'"
        )
        db.commit()
    with opened(built) as library:
        assert {one.what for one in library.check()} == {"sqlite"}
        assert library.repair().left == [] and library.check() == []


def test_a_repair_shows_what_an_interrupted_run_has_left(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(built) as library, monkeypatch.context() as patch:
        patch.setattr(type(library.index), "publish", lambda _: None)
        (built.parent / "articles" / "a.txt").write_text("First\nThe mango is yellow.", encoding="utf-8")
        library.add(built.parent / "articles")
    with opened(built) as library:
        assert not any("mango" in text for _, text in found(library)) and library.check() == []
        done = library.repair()
        assert done.published and not done.found and not done.rebuilt
        assert any("mango" in text for _, text in found(library))
        assert not library.repair().published


def test_a_database_that_goes_away_while_it_is_read_is_not_made_anew(built: Path) -> None:
    with opened(built) as library, ThreadPoolExecutor(1) as other, library.index.truth.snapshot():
        (built / "rag.sqlite").rename(built / "aside")
        with pytest.raises(IndexUnusable, match="no index at"):
            other.submit(library.index.truth.counts).result()
    assert not (built / "rag.sqlite").exists()


# -- the commands


def call(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words])
    return done.exit_code, done.stdout


def test_the_commands_check_and_repair(built: Path) -> None:
    at = ("--index", str(built))
    assert call("status", "--check", *at) == (0, f"{built} is sound.\n")
    put(next(built.glob("vectors-*.faiss")), b"torn")
    status, told = call("status", "--check", "--json", *at)
    record = json.loads(told)
    assert (status, record["sound"], {one["what"] for one in record["problems"]}) == (1, False, {"vectors"})
    status, told = call("status", "--check", *at)
    assert status == 1 and "rag repair --index" in told
    status, told = call("repair", "--json", *at)
    record = json.loads(told)
    assert (status, record["sound"], record["rebuilt"], record["again"]) == (0, True, ["vectors", "terms"], [])
    assert "nothing to do" in call("repair", *at)[1] and call("status", "--check", *at)[0] == 0


def test_a_damaged_name_in_the_schema_is_an_error_that_says_what_to_do(built: Path) -> None:
    with contextlib.closing(sqlite3.connect(built / "rag.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = (built / "rag.sqlite").read_bytes()
    errors = 0
    for at in range(100, 4096, 37):
        put(built / "rag.sqlite", whole[:at] + bytes([whole[at] ^ 0x84]) + whole[at + 1 :])
        try:
            with opened(built) as library:
                library.search("kiwi")
        except IndexUnusable as error:
            assert error.next_step
            errors += 1
    assert errors > 10


def test_a_check_says_in_words_what_differs(built: Path) -> None:
    with contextlib.closing(sqlite3.connect(built / "rag.sqlite")) as database:
        (count,) = database.execute("SELECT count(*) FROM passages").fetchone()
        database.execute("DELETE FROM passages WHERE id = 1")
        database.commit()
    status, told = call("status", "--check", "--index", str(built))
    assert status == 1 and f"counts: the database has {count - 1} passages, but {count} are noted\n" in told


# -- no space


def full_disk(index: Path, articles: Path, limit: int) -> subprocess.CompletedProcess[str]:
    """`Library.add` in a process that may write no file larger than `limit` bytes."""
    program = textwrap.dedent("""
        import resource, signal, sys
        from pathlib import Path
        from rag.errors import RagError
        from rag.library import Library
        from rag.testing import HashedTerms
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with Library(sys.argv[1], embedder=HashedTerms()) as library:
            limit = int(sys.argv[3])
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            try:
                library.add(sys.argv[2])
            except RagError as error:
                print(error)
    """)
    command = [sys.executable, "-W", "ignore", "-c", program, str(index), str(articles), str(limit)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@posix
@pytest.mark.parametrize("where", ["log", "vectors"])
def test_a_full_disk_is_an_error_and_nothing_is_lost(built: Path, where: str) -> None:
    with opened(built) as library:
        before = found(library)
    articles = built.parent / "articles"
    lines = (json.dumps({"_id": f"n{n}", "text": f"The mango number {n} is orange."}) for n in range(200))
    (articles / "d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    limit = (built / "rag.sqlite").stat().st_size // 2 if where == "log" else 5000
    if where == "vectors":  # the log is written, and then the vectors do not fit
        with opened(built) as library, pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(library.index), "publish", lambda _: None)
            library.add(articles)
    done = full_disk(built, articles, limit)
    assert done.returncode == 0 and ("space" in done.stdout or "disk" in done.stdout), done.stdout + done.stderr
    with opened(built) as library:
        assert found(library) == before and library.check() == []
        library.add(articles)
        assert library.index.truth.counts()[1] == 207 and library.check() == []


def test_each_message_says_what_to_do(built: Path) -> None:
    (built / "rag.sqlite").write_bytes(b"\0" * 8192)
    with pytest.raises(IndexUnusable, match=r"cannot read the index .*rag.sqlite: .*; check the folder, or delete it"):
        opened(built).check()
