"""`rag repair` of a database of which pages are damaged: what can be read is saved, what is lost comes back."""

import contextlib
import errno
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rag.errors import IndexUnusable
from rag.index import Index
from rag.index.database import Database
from rag.library import Library
from rag.measure.safety.material import article
from rag.testing import HashedTerms

PAGE = 4096
TABLES = {"sources": "id", "contents": "id", "documents": "id", "passages": "id", "edges": "document_id"}


def opened(path: Path) -> Library:
    return Library(path, embedder=HashedTerms(), writer="extract")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of 60 files and 60 records, some of which were changed and some removed."""
    folder = tmp_path_factory.mktemp("salvage") / "articles"
    folder.mkdir()
    index = folder.with_name("index")

    def written(version: int) -> None:
        for number in range(60):
            if (number + version) % 9:
                (folder / f"a{number}.txt").write_text(article(f"a{number}", version * (number % 3)), encoding="utf-8")
            else:
                (folder / f"a{number}.txt").unlink(missing_ok=True)
        lines = (json.dumps({"_id": f"r{n}", "text": article(f"r{n}", version * (n % 2))}) for n in range(60))
        (folder / "records.jsonl").write_text("\n".join(lines), encoding="utf-8")

    for version in range(3):
        written(version)
        with opened(index) as library:
            library.add(folder)
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return index


def copied(built: Path, to: Path) -> Path:
    """Its articles are those of `built`."""
    shutil.copytree(built, to)
    return to


def articles(index: Index) -> dict[str, str]:
    """Of each article, by source and id, all that the index holds of it."""
    truth, held = index.truth, {}
    for source in truth.sources().values():
        for stored in truth.documents("path", source.path):
            passages = truth.database.rows(
                'SELECT p.number, p.start, p."end", p.line, p.text, p.sentences, p.vector FROM passages p '
                "JOIN documents d ON d.content_id = p.content_id JOIN sources s ON s.id = d.source_id "
                "WHERE d.doc_id = ? AND s.path = ? ORDER BY p.number",
                (stored.document.doc_id, source.path),
            )
            held[f"{source.path} {stored.document.doc_id}"] = repr((stored.document, stored.edits, list(passages)))
    return held


def rows(database: Path) -> dict[str, dict[int, Any]]:
    """Each row that can be read, one by one, by a reader of its own."""
    found: dict[str, dict[int, Any]] = {}
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA cell_size_check = ON")
        for table, key in TABLES.items():
            found[table] = {}
            for number in range(1, 1500):
                with contextlib.suppress(sqlite3.DatabaseError, OverflowError, MemoryError, UnicodeDecodeError):
                    if row := db.execute(f"SELECT * FROM {table} WHERE {key} = ?", (number,)).fetchone():
                        found[table][number] = row
    return found


def readable(before: dict[str, dict[int, Any]], now: dict[str, dict[int, Any]]) -> Iterator[str]:
    """The articles all of whose rows can still be read, and are what they were."""
    for document in before["documents"].values():
        source, content = document[1], document[2]
        passages = [key for key, row in before["passages"].items() if row[1] == content]
        needed = [("documents", document[0]), ("sources", source), ("contents", content)]
        needed += [("passages", key) for key in passages]
        needed += [("edges", document[0])] if document[0] in before["edges"] else []
        if all(now[table].get(key) == before[table][key] for table, key in needed):
            yield f"{before['sources'][source][1]} {document[3]}"


def damage(file: Path, draw: random.Random) -> None:
    """Of one to four pages, but not of the first."""
    data = bytearray(file.read_bytes())
    pages = len(data) // PAGE
    for page in draw.sample(range(1, pages), draw.randint(1, 4)):
        at = page * PAGE
        kind = draw.choice(["noise", "zero", "other", "flip", "header"])
        if kind == "noise":
            data[at : at + PAGE] = draw.randbytes(PAGE)
        elif kind == "zero":
            data[at : at + PAGE] = bytes(PAGE)
        elif kind == "other":
            other = draw.randrange(1, pages) * PAGE
            data[at : at + PAGE] = data[other : other + PAGE]
        elif kind == "flip":
            data[at + draw.randrange(PAGE)] ^= 1 << draw.randrange(8)
        else:  # cells that are gone without an error
            data[at + 3 : at + 5] = (int.from_bytes(data[at + 3 : at + 5], "big") // 2).to_bytes(2, "big")
    file.write_bytes(data)


@pytest.mark.parametrize("seed", range(24))
def test_what_can_be_read_is_saved_and_the_rest_comes_back(built: Path, tmp_path: Path, seed: int) -> None:
    index = copied(built, tmp_path / "index")
    with opened(index) as library:
        assert isinstance(library.index, Index)
        before = articles(library.index)
    rows_before = rows(index / "rag.sqlite")
    damage(index / "rag.sqlite", random.Random(seed))
    still = set(readable(rows_before, rows(index / "rag.sqlite")))
    try:
        with opened(index) as library:
            found = library.check()
            done = library.repair()
            assert done.left == [] and library.check() == []
            saved = articles(library.index)
            assert all(before.get(name) == held for name, held in saved.items()), "nothing is other than it was"
            assert still <= saved.keys(), "all that can be read is saved"
            assert found or len(saved) == len(before)
            named = [path for name in before.keys() - saved.keys() if (path := name.split(" ")[0]) not in done.again]
            assert not named or done.aside
            for name in ("a1", "a20", "r7") if saved else ():
                for cited in library.ask(f"What is the code of {name}?").citations:
                    text = Path(cited.source).read_text(encoding="utf-8")
                    if cited.source.endswith(".jsonl"):
                        text = next(t["text"] for t in map(json.loads, text.splitlines()) if t["_id"] == cited.doc_id)
                    assert cited.verified and text[cited.start : cited.end] == cited.quote
            library.add(built.with_name("articles"))
            assert articles(library.index) == before and library.check() == []
    except IndexUnusable as error:  # the page of the notes, or of the tables' names
        assert "delete" in error.next_step


def test_the_damaged_database_is_kept_and_named(built: Path, tmp_path: Path) -> None:
    index = copied(built, tmp_path / "index")
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'documents'").fetchone()
    data = bytearray((index / "rag.sqlite").read_bytes())
    data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    (index / "rag.sqlite").write_bytes(data)
    with opened(index) as library:
        done = library.repair()
        assert Path(done.aside).read_bytes()[100:] == bytes(data)[100:], "but for what says that it has no log"
        assert {Path(path).name for path in done.again} == {path.name for path in built.with_name("articles").iterdir()}
        assert library.add(built.with_name("articles")).passages and library.check() == []
    kept = Path(done.aside).read_bytes()
    (index / "rag.sqlite").write_bytes(data)
    with opened(index) as library:
        assert library.repair().aside == done.aside + ".2" and Path(done.aside).read_bytes() == kept


def without_a_page(built: Path, folder: Path) -> Path:
    """The database of a copy of an index, which has lost a page."""
    file = copied(built, folder) / "rag.sqlite"
    data = bytearray(file.read_bytes())
    data[5 * PAGE : 6 * PAGE] = bytes(PAGE)
    file.write_bytes(data)
    return file


def test_a_damaged_database_that_cannot_be_kept_stays(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = without_a_page(built, tmp_path / "index")
    index, data = file.parent, file.read_bytes()

    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def full(_: Path, to: Path) -> None:
        to.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(index) as library:
        with monkeypatch.context() as patch:
            patch.setattr("os.link", refused)
            patch.setattr("shutil.copyfile", full)
            with pytest.raises(IndexUnusable, match="No space left"):
                library.repair()
        assert not list(index.glob("rag.sqlite.*")) and file.read_bytes()[100:] == data[100:]
        assert library.repair().left == []


def test_a_repair_of_what_others_read_says_so(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = without_a_page(built, tmp_path / "index")
    index = file.parent
    with contextlib.closing(sqlite3.connect(file)) as other, opened(index) as library:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM meta").fetchone()
        library.index.truth.database.execute("PRAGMA busy_timeout = 100")
        with pytest.raises(IndexUnusable, match="locked") as problem:
            library.repair()
        assert "end the other programs" in problem.value.next_step
    assert file.read_bytes()[5 * PAGE : 6 * PAGE] == bytes(PAGE) and not Path(f"{file}.damaged").exists()


def test_a_name_of_a_file_that_is_no_longer_text_is_passed_over(built: Path, tmp_path: Path) -> None:
    index = copied(built, tmp_path / "index")
    file = index / "rag.sqlite"
    data = bytearray(file.read_bytes())
    with contextlib.closing(sqlite3.connect(file)) as db:
        (location,) = db.execute("SELECT location FROM sources ORDER BY id LIMIT 1").fetchone()
    name = location.encode()
    kind = (2 * len(name) + 13) & 0x7F  # of the index, where the type of the location and of the key come before it
    at = next(at for at in range(len(data)) if data.startswith(name, at) and data[at - 2] == kind)
    data[at - 2] ^= 1  # text becomes bytes
    file.write_bytes(data)
    with opened(index) as library:
        done = library.repair()
        assert done.rebuilt[0] == "sqlite" and done.left == [] and done.again == []


def test_a_repair_that_fails_leaves_no_half_made_database(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = without_a_page(built, tmp_path / "index")
    index = file.parent

    def fails(*_: object) -> None:
        raise AttributeError("a mistake in this program")

    monkeypatch.setattr("rag.index.salvage._lost", fails)
    with opened(index) as library, pytest.raises(AttributeError):
        library.repair()
    assert not list(index.glob("rag.sqlite.*"))


@pytest.mark.parametrize("column", ["sources.path", "sources.sha256", "documents.sha256", "documents.title"])
def test_text_that_is_no_longer_utf8_is_mended(built: Path, tmp_path: Path, column: str) -> None:
    index = copied(built, tmp_path / "index")
    table, name = column.split(".")
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        where = f"FROM {table} ORDER BY id DESC LIMIT 1"
        (value,) = db.execute(f"SELECT CAST({name} AS BLOB) {where}").fetchone()
        broken = value[:3] + bytes([value[3] ^ 0x80]) + value[4:]
        db.execute(f"UPDATE {table} SET {name} = CAST(? AS TEXT) WHERE id = (SELECT id {where})", (broken,))
        db.commit()
    with opened(index) as library:
        done = library.repair()
        assert done.rebuilt[0] == "sqlite" and done.left == [] and len(done.again) == 1
        assert library.check() == [] and library.add(built.with_name("articles")).passages


@pytest.mark.parametrize("note", ["fingerprint", "passes"])
def test_a_damaged_note_is_counted_anew_or_says_what_else_to_do(built: Path, tmp_path: Path, note: str) -> None:
    index = copied(built, tmp_path / "index")
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        db.execute("UPDATE meta SET value = value || '0' WHERE key = ?", (note,))
        db.commit()
    with opened(index) as library:
        if note == "passes":
            done = library.repair()
            assert done.left == [] and done.again == [] and library.check() == []
        else:
            with pytest.raises(IndexUnusable, match="the note 'fingerprint' is damaged") as problem:
                library.repair()
            assert problem.value.next_step == "delete the index folder and index again"


def test_rows_that_are_given_up_after_their_database_was_closed_make_no_noise(built: Path) -> None:
    with opened(built) as library:
        given = library.index.truth.database.rows("SELECT id FROM passages")
        next(given)
    given.close()


def test_a_wide_gap_in_the_keys_is_not_walked_key_by_key(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = copied(built, tmp_path / "index")
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        db.execute("UPDATE sqlite_sequence SET seq = 100000 WHERE name = 'documents'")
        db.commit()
    (tmp_path / "late.txt").write_text("The mango is orange.", encoding="utf-8")
    with opened(index) as library:
        library.add(tmp_path / "late.txt")
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        db.execute("UPDATE sqlite_sequence SET seq = 900000000 WHERE name = 'contents'")  # damaged
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'documents_by_host'").fetchone()
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray((index / "rag.sqlite").read_bytes())
    data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    (index / "rag.sqlite").write_bytes(data)
    run, asked = Database.rows, 0

    def counted(self: Database, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        nonlocal asked
        asked += 1
        assert asked < 10_000
        return run(self, sql, values)

    monkeypatch.setattr(Database, "rows", counted)
    with opened(index) as library:
        before = articles(library.index)
        done = library.repair()
        assert done.aside and done.left == [] and done.again == []
        assert articles(library.index) == before and len(before) > 100
