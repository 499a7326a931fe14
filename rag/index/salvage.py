"""What can still be read of a damaged database, row by row, in a new one that takes its place."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.errors import IndexUnusable
from rag.index import Index, rows
from rag.index.rows import COMING, DOCUMENT, LEAVING, LIVE
from rag.index.staging import Staging
from rag.index.store import CONTENT, PASSAGE, SOURCE, Store
from rag.protocols import Traced
from rag.types import Span

__all__ = ["PageOf", "salvage"]

Made = Callable[[Sequence[Any]], Sequence[Any]]

PageOf = Callable[[rows.Stored], Traced]
"""A stored document as cleaned, by the edits that are stored with it."""

_ELSE = "delete the index folder and index again"
_SOME = 256  # rows
_LARGEST = 10**9  # a larger key is taken for damage
_INDEXES = {  # of each table: its key, and an index of all its rows
    "sources": ("id", "sqlite_autoindex_sources_1"),
    "contents": ("id", "sqlite_autoindex_contents_1"),
    "documents": ("id", "documents_by_content"),
    "passages": ("id", "passages_by_content"),
    "edges": ("document_id", "edges_by_site"),
}
_NOTES = ("generation", "embedder", "fingerprint", "dimensions")  # without them nobody knows whose vectors they are

_PRUNED = (
    # each page of a site has its edges remembered, and would never be given them again
    "DELETE FROM documents WHERE kind <> 'record' AND id NOT IN (SELECT document_id FROM edges) "
    "AND source_id NOT IN (SELECT id FROM sources WHERE location = '-')",
    "DELETE FROM documents WHERE source_id NOT IN (SELECT id FROM sources)",
    "DELETE FROM documents WHERE content_id NOT IN (SELECT id FROM contents)",
    "DELETE FROM contents WHERE id NOT IN (SELECT content_id FROM documents)",
    "DELETE FROM passages WHERE content_id NOT IN (SELECT id FROM contents)",
    "DELETE FROM edges WHERE document_id NOT IN (SELECT id FROM documents)",
)


def salvage(index: Index, page_of: PageOf) -> tuple[list[str], Path]:
    """Put a new database with all articles whose rows are whole in place of a damaged one, which is kept beside it.

    Returns the files that are known to have lost an article, and where the damaged one is now. All files are noted as
    unfinished, so the next `rag index` looks into each, and what was lost in silence comes back too. What was staged is
    left out, for it is indexed again. Raises IndexUnusable where nothing can be saved, or another program reads.
    """
    path = index.truth.path
    fresh = path.with_name(path.name + ".new")
    with index.alone():
        aside = _free(path.with_name(path.name + ".damaged"))
        _unshared(index.truth)
        try:
            lost = _saved(index.truth, fresh, page_of)
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            _keep(path, aside)
        except BaseException as problem:
            _remove(fresh)
            if isinstance(problem, OSError):
                raise IndexUnusable(
                    f"cannot write into {path.parent}: {problem}", "free some space, then repair"
                ) from problem
            raise
        index.truth.close()
        fresh.replace(path)
        index.reopen()
    return lost, aside


def _free(name: Path) -> Path:
    """The name, with a number where there is a file of it: it may have articles that no other file has."""
    free, number = name, 1
    while free.exists():
        number += 1
        free = name.with_name(f"{name.name}.{number}")
    return free


def _keep(path: Path, aside: Path) -> None:
    try:
        os.link(path, aside)
    except OSError:
        try:
            shutil.copyfile(path, aside)
        except OSError:
            aside.unlink(missing_ok=True)
            raise


def _remove(database: Path) -> None:
    for end in ("", "-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)


def _saved(old: Store, fresh: Path, page_of: PageOf) -> list[str]:
    """Make the new database; returns the files that are known to have lost an article."""
    _remove(fresh)  # what an interrupted repair has left
    saved = Store(fresh, create=True)
    try:
        _copy(old, saved)
        with saved.database.transaction():
            _prune(saved, page_of)
            _note(old, saved)
        return _lost(old, saved)
    finally:
        saved.close()  # which empties its log


def _unshared(old: Store) -> None:
    """Take the log into the database, and be the only one who has it open: who else reads would mix old and new."""
    try:
        mode = old.database.one("PRAGMA journal_mode = DELETE")[0]
    except IndexUnusable as problem:
        raise IndexUnusable(problem.what, f"end the other programs that read it, or {_ELSE}") from problem
    if mode != "delete":
        raise IndexUnusable(f"the log of {old.path} cannot be taken in", _ELSE)


def _copy(old: Store, saved: Store) -> None:
    """Each row that can be read and has its checksum, whether what it belongs to is there or not."""
    saved.database.execute("PRAGMA foreign_keys = OFF")

    def put(table: str, select: str, made: Made) -> None:
        with saved.database.transaction():
            for new in _readable(old, table, select, made):
                saved.database.execute(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(new))})", new)

    put("sources", SOURCE.replace("crc", "crc, state"), _source)
    put("contents", f"SELECT {CONTENT} FROM contents c", _sound)
    put("documents", f"SELECT {DOCUMENT}, d.seen FROM documents d", _document)
    put("passages", PASSAGE, _sound)
    put("edges", "SELECT document_id, site, body, keys, dropped, crc FROM edges", _sound)


def _keys(old: Store, table: str) -> tuple[set[int], bool]:
    """The keys that an index of the table names, and whether that index ends without an error."""
    key, index = _INDEXES[table]
    known: set[int] = set()
    with suppress(IndexUnusable):
        for (one,) in old.database.rows(f"SELECT {key} FROM {table} INDEXED BY {index}"):
            if 0 < one <= _LARGEST:
                known.add(one)
        return known, True
    return known, False


def _last(old: Store, table: str, known: set[int], complete: bool) -> int:
    """The largest key of the table, as far as that is known: 0 where it is not."""
    found = [max(known, default=0)]
    queries = [f"SELECT max({_INDEXES[table][0]}) FROM {table}"]
    if not complete:  # the largest that it ever had, which may be far from those that it has, or damaged itself
        queries.append(f"SELECT seq FROM sqlite_sequence WHERE name = '{table.replace('edges', 'documents')}'")
    for query in queries:
        with suppress(IndexUnusable):
            found += [one for (one,) in old.database.rows(query) if isinstance(one, int) and one <= _LARGEST]
    return max(found)


def _readable(old: Store, table: str, select: str, made: Made) -> Iterator[Sequence[Any]]:
    """What `made` makes of each row of a table; it raises where the row is not as it was written.

    Damage may end a stretch of the table without an error, so keys that are not met there are looked for one by one:
    those that an index names, or all where the stretch or the index is damaged, for keys have wide gaps.
    """
    known, complete = _keys(old, table)
    last = _last(old, table, known, complete)
    key = _INDEXES[table][0]
    several, single = f"{select} WHERE {key} BETWEEN ? AND ?", f"{select} WHERE {key} = ?"
    for first in range(1, last + 1, _SOME):
        stretch = range(first, min(first + _SOME, last + 1))
        whole, ended = _whole(old, several, (stretch[0], stretch[-1]), made)
        yield from whole
        met = {new[0] for new in whole}
        for one in stretch:
            if one not in met and (one in known or not (complete and ended)):
                yield from _whole(old, single, (one,), made)[0]


def _whole(old: Store, query: str, values: Sequence[int], made: Made) -> tuple[list[Sequence[Any]], bool]:
    """What is made of the rows, and whether they end without an error."""
    whole: list[Sequence[Any]] = []
    with suppress(IndexUnusable):
        for row in old.database.rows(query, values):
            with suppress(IndexUnusable, ValueError, TypeError):
                whole.append(made(row))
        return whole, True
    return whole, False


def _sound(row: Sequence[Any]) -> Sequence[Any]:
    rows.sound("a row", row[-1], *row[:-1])
    return row


def _source(row: Sequence[Any]) -> Sequence[Any]:
    """Unfinished, and without what it was to become."""
    *row, state = row
    source, _ = rows.source(row)
    values = (row[0], source.path, source.location, source.size, source.mtime_ns, source.sha256, 0, "")
    return *values, _published(state), rows.checksum(*values)


def _document(row: Sequence[Any]) -> Sequence[Any]:
    *row, seen = row
    rows.document_is_sound(row)
    *values, state, crc = row
    return *values, seen if isinstance(seen, int) else 0, _published(state), crc - state


def _published(state: Any) -> int:
    if state not in (LIVE, LEAVING):
        raise ValueError("it was never published")
    return LIVE


def _prune(saved: Store, page_of: PageOf) -> None:
    """Take out what belongs to nothing that was saved, and the articles of which a passage is lost."""
    run = saved.database.execute
    for statement in _PRUNED:
        run(statement)
    broken = list(_broken(saved, page_of))
    saved.database.many("DELETE FROM documents WHERE content_id = ?", ((one,) for one in broken))
    for statement in _PRUNED:
        run(statement)


def _broken(saved: Store, page_of: PageOf) -> Iterator[int]:
    """The contents that do not surely have all their passages.

    These have numbers from 0 on, and ids without a gap. The last one is there if another content begins with the next
    id, or if it is the end of the text.
    """
    begins = {row[0] for row in saved.database.rows("SELECT id FROM passages WHERE number = 0")}
    grouped = saved.database.rows(
        "SELECT c.id, (SELECT min(d.id) FROM documents d WHERE d.content_id = c.id), coalesce(min(p.number), 0), "
        "coalesce(max(p.number), -1), count(p.id), max(p.id) FROM contents c "
        "LEFT JOIN passages p ON p.content_id = c.id GROUP BY c.id"
    )
    for content, document, least, most, count, last in list(grouped):
        if (least, most) != (0, count - 1):
            yield content
        elif not count or last + 1 not in begins:
            page = page_of(saved.document(document)[0])
            end = 0
            for start, stop, text in saved.database.rows(
                'SELECT start, "end", text FROM passages WHERE id = ?', (last,)
            ):
                end = page.to_text(Span(start, stop)).start + len(text)
            if page.text[end:].strip():
                yield content


def _note(old: Store, saved: Store) -> None:
    known: dict[str, str] = {}
    for name in _NOTES:
        try:
            row = old.database.one("SELECT value, crc FROM meta WHERE key = ?", (name,))
            if not row:
                raise IndexUnusable(f"the note {name!r} is no longer in {old.path}")
            rows.sound(f"the note {name!r}", row[1], name, row[0])
        except IndexUnusable as problem:
            raise IndexUnusable(problem.what, _ELSE) from problem
        known[name] = row[0]
    count, total = saved.counted()
    numbers = {"generation": int(known["generation"]) + 1, "passages": count, "sum": total}
    numbers["passes"] = saved.database.one("SELECT coalesce(max(seen), 0) FROM documents")[0]
    Staging(saved).note(**known | {name: str(number) for name, number in numbers.items()})


def _lost(old: Store, saved: Store) -> list[str]:
    """The files that an index of the damaged database still names, with articles that were not saved."""
    lost: list[str] = []
    for key, path in saved.database.rows("SELECT id, path FROM sources ORDER BY path"):
        try:
            listed = old.database.rows(
                "SELECT id FROM documents INDEXED BY sqlite_autoindex_documents_1 WHERE source_id = ? AND state <> ?",
                (key, COMING),
            )
            before = {row[0] for row in listed}
        except IndexUnusable:
            before = {0}
        if before - {row[0] for row in saved.database.rows("SELECT id FROM documents WHERE source_id = ?", (key,))}:
            lost.append(path)
    there = {row[0] for row in saved.database.rows("SELECT location FROM sources")}
    with suppress(IndexUnusable):
        for (location,) in old.database.rows("SELECT location FROM sources INDEXED BY sqlite_autoindex_sources_1"):
            if isinstance(location, str) and location not in there:
                with suppress(UnicodeError):
                    lost.append(os.fsdecode(location.encode("latin-1")))
    return lost
