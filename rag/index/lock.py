"""One writer at a time, kept by a lock that the system lets go of when the process ends, however it ends."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Busy", "writing"]


class Busy(Exception):
    """Someone else holds the lock; the message says who, as far as that is known."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the lock on the file at `path`; raises Busy at once if it is taken, OSError if it cannot be made here.

    The file stays: were it removed, one process could lock the old file and another the new one.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _take(descriptor)
        except Busy as problem:
            raise Busy(_holder(descriptor)) from problem
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)  # which also lets go


def _sign(descriptor: int) -> None:
    """Note who holds the lock, behind the byte that is locked: Windows lets nobody read that one."""
    own = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    with suppress(OSError):  # a full disk
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b"\n" + json.dumps(own).encode())


def _holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 1, os.SEEK_SET)
        found = json.loads(os.read(descriptor, 1000))
        return f"process {found['pid']} on {found['host']}, since {found['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"


if sys.platform == "win32":
    import errno
    import msvcrt

    def _take(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as problem:
            if problem.errno in (errno.EACCES, errno.EDEADLK):
                raise Busy from problem
            raise

else:
    with suppress(ImportError):  # where there is none, SQLite's own lock is what remains
        import fcntl

    def _take(descriptor: int) -> None:
        if "fcntl" not in globals():
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise Busy from problem
