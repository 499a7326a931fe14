"""SQLite as the truth uses it: opened as the folder allows, with errors that say what to do."""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import IndexUnusable
from rag.index import rows

__all__ = ["Database"]

_SOME = 256  # rows
# the others: a damaged length, and a damaged name in the message of an error, which Python cannot decode
_DAMAGED = (sqlite3.DatabaseError, OverflowError, MemoryError, UnicodeDecodeError)


class Database:
    """The file at `path`; `create` makes it with its tables. Where it may not be written it is opened for reading.

    Each thread has a connection of its own, and so its own snapshot while another one writes.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        self._immutable: tuple[int, int] | None = None
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []
        try:
            if create:
                self._db.execute("PRAGMA journal_mode = WAL")
            if not self._tables():
                if not create:
                    raise sqlite3.DatabaseError("it holds no tables")
                self._make_tables()
        except (sqlite3.Error, OSError, UnicodeDecodeError) as problem:
            raise IndexUnusable(
                f"cannot read the index {path}: {problem}", "check the folder, or delete it and index again"
            ) from problem

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._own, "db", None)
        return db or self._connect()

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction or a snapshot open."""
        return self._db.in_transaction

    def _connect(self) -> sqlite3.Connection:
        if writable(self.path) or not self.path.exists():
            db = sqlite3.connect(self.path, isolation_level=None, timeout=10, check_same_thread=False)
            db.execute("PRAGMA foreign_keys = ON")
            # not NORMAL: a power cut could take back a transaction whose derived files are already on the disk
            db.execute("PRAGMA synchronous = FULL")
        else:
            db = self._for_reading()
        db.execute("PRAGMA cell_size_check = ON")  # else some damage is met as wild values
        self._own.db = db
        self._all.append(db)
        return db

    def close(self) -> None:
        """Let go of the file."""
        while self._all:
            self._all.pop().close()
        self._own = threading.local()

    def _tables(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])

    def _make_tables(self) -> None:
        """All or nothing, so that no crash leaves tables without the note of their format."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if not self._tables():  # else another process has just made them
                for statement in rows.SCHEMA.split(";"):
                    self._db.execute(statement)
                for key, value in (("format", str(rows.FORMAT)), ("generation", "0")):
                    self._db.execute("INSERT INTO meta VALUES (?,?,?)", (key, value, rows.checksum(key, value)))
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _for_reading(self) -> sqlite3.Connection:
        place = self.path.absolute().as_uri() + "?mode=ro"
        db = sqlite3.connect(place, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return db
        except sqlite3.OperationalError:
            db.close()
            # Even a reader needs the files of the write-ahead log, and here it cannot make them. Without a log the
            # file is complete as it is and nobody writes; with one, leaving it out would show a wrong state.
            log = self.path.with_name(self.path.name + "-wal")
            if log.exists() and log.stat().st_size:
                raise
        self._immutable = self._state()
        place += "&immutable=1"
        return sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False)

    def _state(self) -> tuple[int, int]:
        status = self.path.stat()
        return status.st_mtime_ns, status.st_size

    # -- statements

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        with self._explained():
            # SQLite watches for no changes in a file that it was told is immutable
            if self._immutable and not self._db.in_transaction and self._immutable != self._state():
                self._db.close()
                self._immutable = None
                self._connect()
            return self._db.execute(sql, values)

    def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of `values`."""
        with self._explained():
            self._db.executemany(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """The rows that a statement gives."""
        cursor = self.execute(sql, values)
        while True:
            with self._explained():
                some = cursor.fetchmany(_SOME)
            yield from some
            if len(some) < _SOME:
                return

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        with self._explained():
            cursor = self.execute(sql, values)
            row = cursor.fetchone()
            cursor.close()
            return row

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except _DAMAGED as problem:
            raise IndexUnusable(
                f"the index {self.path.parent} cannot be written: {problem}",
                "wait until the other `rag index` has finished, or check that the folder may be written",
            ) from problem
        try:
            yield
            self.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                with self._explained():
                    self._db.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read in the block is of one state."""
        if self._db.in_transaction:
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.rollback()  # nothing was written

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


def writable(path: Path) -> bool:
    """Whether SQLite may write the file and make others beside it."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in (path, path.parent))
