"""SQLite as the truth uses it: opened as the folder allows, with errors that say what to do."""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from rag.errors import IndexUnusable
from rag.index import rows

__all__ = ["Database"]

_SOME = 256  # rows
# the others: a damaged length, and a damaged name in the message of an error, which Python cannot decode
_DAMAGED = (sqlite3.DatabaseError, OverflowError, MemoryError, UnicodeDecodeError)


class _Connection:
    """One to SQLite. `uses`: what one thread does with it that has not ended. `seen`: state of an immutable file."""

    __slots__ = ("db", "seen", "uses")

    def __init__(self, db: sqlite3.Connection, seen: tuple[int, int] | None) -> None:
        self.db, self.seen, self.uses = db, seen, 0


class Database:
    """The file at `path`; `create` makes it with its tables. Where it may not be written it is opened for reading.

    A thread has a connection to itself while it reads or writes, and so its own snapshot while another one writes, and
    gives it back then: each holds memory, and threads come and go.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        self._taken_by: dict[int, _Connection] = {}  # of threads
        self._idle: list[_Connection] = []
        self._all: list[_Connection] = []
        try:
            self._idle.append(self._connect(create))
            with self._taken() as db:
                if create:
                    db.execute("PRAGMA journal_mode = WAL")
                if not _tables(db):
                    if not create:
                        raise sqlite3.DatabaseError("it holds no tables")
                    _make_tables(db)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as problem:
            raise IndexUnusable(
                f"cannot read the index {path}: {problem}", "check the folder, or delete it and index again"
            ) from problem

    @contextmanager
    def _taken(self) -> Iterator[sqlite3.Connection]:
        """The connection that this thread has, else one that is idle, else a new one; idle again after the block."""
        thread = threading.get_ident()
        one = self._taken_by.get(thread)
        if one is None:
            one = self._taken_by[thread] = self._next()
        one.uses += 1
        try:
            yield one.db
        finally:
            one.uses -= 1
            if not one.uses and self._taken_by.get(thread) is one:  # else it was closed
                del self._taken_by[thread]
                self._idle.append(one)

    def _next(self) -> _Connection:
        with self._explained():
            try:
                one = self._idle.pop()
            except IndexError:
                return self._connect()
            if one.seen and one.seen != self._state():  # SQLite does not watch a file that it was told is immutable
                one.db.close()
                self._all.remove(one)
                return self._connect()
            return one

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction or a snapshot open."""
        one = self._taken_by.get(threading.get_ident())
        return one is not None and one.db.in_transaction

    def _connect(self, create: bool = False) -> _Connection:
        seen, there = None, self.path.exists()
        if not there and not create:
            folder = self.path.parent
            raise IndexUnusable(f"no index at {folder}", f"build it with: rag index PATH --index {folder}")
        if writable(self.path) or not there:
            # a file that goes away while it is in use is not made anew, empty, by the next thread
            place = f"{self.path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
            db = sqlite3.connect(place, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
            db.execute("PRAGMA foreign_keys = ON")
            # not NORMAL: a power cut could take back a transaction whose derived files are already on the disk
            db.execute("PRAGMA synchronous = FULL")
        else:
            db, seen = self._for_reading()
        db.execute("PRAGMA cell_size_check = ON")  # else some damage is met as wild values
        one = _Connection(db, seen)
        self._all.append(one)
        return one

    def close(self) -> None:
        """Let go of the file."""
        self._taken_by.clear()
        self._idle.clear()
        while self._all:
            self._all.pop().db.close()

    def _for_reading(self) -> tuple[sqlite3.Connection, tuple[int, int] | None]:
        place = self.path.absolute().as_uri() + "?mode=ro"
        db = sqlite3.connect(place, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            _tables(db)
            return db, None
        except sqlite3.OperationalError:
            db.close()
            # Even a reader needs the files of the write-ahead log, and here it cannot make them. Without a log the
            # file is complete as it is and nobody writes; with one, leaving it out would show a wrong state.
            log = self.path.with_name(self.path.name + "-wal")
            if log.exists() and log.stat().st_size:
                raise
        seen = self._state()
        place += "&immutable=1"
        return sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False), seen

    def _state(self) -> tuple[int, int]:
        status = self.path.stat()
        return status.st_mtime_ns, status.st_size

    # -- statements

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run one statement."""
        with self._explained(), self._taken() as db:
            db.execute(sql, values)

    def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of `values`."""
        with self._explained(), self._taken() as db:
            db.executemany(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """The rows that a statement gives."""
        # closed before the next thread has the connection, for a statement that has not ended keeps its snapshot open
        with self._explained(), self._taken() as db:
            cursor = db.execute(sql, values)
            try:
                while some := cursor.fetchmany(_SOME):
                    yield from some
            finally:
                with suppress(sqlite3.ProgrammingError):  # the database was closed before who reads has ended
                    cursor.close()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        with self._explained(), self._taken() as db, closing(db.execute(sql, values)) as cursor:
            return cursor.fetchone()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it."""
        with self._taken() as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except _DAMAGED as problem:
                raise IndexUnusable(
                    f"the index {self.path.parent} cannot be written: {problem}",
                    "wait until the other `rag index` has finished, or check that the folder may be written",
                ) from problem
            try:
                yield
                self.execute("COMMIT")
            finally:
                if db.in_transaction:
                    with self._explained():
                        db.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read in the block is of one state."""
        with self._taken() as db:
            if db.in_transaction:
                yield
                return
            self.execute("BEGIN")
            try:
                yield
            finally:
                if db.in_transaction:
                    db.rollback()  # nothing was written

    def _explained(self) -> "_Explained":
        return _Explained(self.path)


class _Explained:
    """Around every statement, so without the cost of a generator: an error of SQLite says what to do."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, sqlite3.ProgrammingError):
            return  # a mistake in this program
        if isinstance(problem, _DAMAGED):
            raise IndexUnusable(
                f"cannot read or write the index {self.path}: {problem}",
                "check the folder and the space left; if the file is damaged, run `rag repair`, "
                "or delete the folder and index again",
            ) from problem


def _tables(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _make_tables(db: sqlite3.Connection) -> None:
    """All or nothing, so that no crash leaves tables without the note of their format."""
    db.execute("BEGIN IMMEDIATE")
    try:
        if not _tables(db):  # else another process has just made them
            for statement in rows.SCHEMA.split(";"):
                db.execute(statement)
            for key, value in (("format", str(rows.FORMAT)), ("generation", "0")):
                db.execute("INSERT INTO meta VALUES (?,?,?)", (key, value, rows.checksum(key, value)))
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def writable(path: Path) -> bool:
    """Whether SQLite may write the file and make others beside it."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in (path, path.parent))
