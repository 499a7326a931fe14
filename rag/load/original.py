"""The bytes of a file: opened, counted, and read as text, each with an error that says what to do."""

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from rag.errors import NotFound, RagError, Unreadable
from rag.load import encoding

__all__ = [
    "Fingerprint",
    "Original",
    "fingerprint",
    "opened",
    "original",
    "read_bytes",
    "source_of",
    "trouble",
]

LARGEST = 256 * 1024 * 1024
"""Bytes; a larger file is not taken as one article, as it would be held in memory several times over."""

_CONTROL = re.compile("[\\0-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f]")
_CONTROLS_BELOW = 0.02  # of the characters: more than any dirty page, less than any program or picture
_ERRORS_BELOW = 0.1
_CONFIDENT = 0.15  # with so little for an encoding, and _ENOUGH characters, the text is none of those known
_ENOUGH = 50
_SIGNATURES = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"GIF8": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a database",
}


_RENAME = {
    b"%PDF-": "give it the ending .pdf",
    b"PK\x03\x04": "give it the ending .docx or .epub if it is one, else save its text",
    b"\xd0\xcf\x11\xe0": "save it as .docx or .txt",
}


class Fingerprint(NamedTuple):
    """A file as it was: bytes, nanoseconds since 1970, and the SHA-256 of its bytes in hexadecimal."""

    size: int
    mtime_ns: int
    sha256: str


class Original(NamedTuple):
    """A file's text, which is `data.decode(encoding, errors="replace")`; `metadata` tells if that lost anything."""

    text: str
    encoding: str
    sha256: str
    metadata: dict[str, Any]


def source_of(path: Path) -> str:
    """How a document names its file: with slashes on every system; bytes that are no UTF-8 as `\\xce`."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="backslashreplace")


def fingerprint(path: str | Path) -> Fingerprint:
    """Size, time of change and SHA-256 of a file, read in parts. Raises NotFound or Unreadable."""
    digest = hashlib.sha256()
    size = 0
    with opened(Path(path)) as file:
        while part := file.read(1 << 20):
            digest.update(part)
            size += len(part)
        changed = os.fstat(file.fileno()).st_mtime_ns
    return Fingerprint(size, changed, digest.hexdigest())


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file at `path`, for reading bytes; what the system has against it is NotFound or Unreadable."""
    try:
        file = path.open("rb")
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        raise trouble(path, problem) from problem
    with file:
        try:
            if file.seekable():
                yield file
            else:  # a pipe can be read but once, and its readers look at the beginning first
                with tempfile.TemporaryFile() as whole:
                    shutil.copyfileobj(file, whole)
                    whole.seek(0)
                    yield whole
        except OSError as problem:
            raise trouble(path, problem) from problem


def trouble(path: Path, problem: OSError | ValueError) -> RagError:
    """The error of this project for one of the system's."""
    source = source_of(path)
    code = problem.errno if isinstance(problem, OSError) else errno.ENOENT
    if code in (errno.ENOENT, errno.ENOTDIR):
        return NotFound(f"{source}: no such file", "check the path")
    if code == errno.EISDIR:
        return Unreadable(f"{source}: a folder, not a file", "name the files in it, or index the folder")
    if code in (errno.EACCES, errno.EPERM):
        return Unreadable(f"{source}: no permission to read it", "change its permissions, or leave it out")
    return Unreadable(f"{source}: the system cannot read it ({problem})", "check the file and its disk")


def read_bytes(path: Path) -> bytes:
    """All bytes of a file. Raises NotFound, or Unreadable where there are more than `LARGEST`."""
    with opened(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        megabytes = LARGEST // 1024 // 1024
        raise Unreadable(f"{source_of(path)}: larger than {megabytes} MB", "split it, or make it JSON lines")
    return data


def original(data: bytes, source: str, hint: str = "") -> Original:
    """The bytes of `source` as text, in the encoding in which they read best; `hint` is a declared encoding.

    Raises Unreadable where there is nothing in them, or nothing that reads as text.
    """
    if not data.strip():
        raise Unreadable(f"{source}: empty", "leave it out, or fill it")
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise Unreadable(
                f"{source}: {what}, not text", _RENAME.get(signature, "save its text as .txt, .md or .html")
            )
    guess = encoding.detect(data, hint)
    text = data.decode(guess.encoding, errors="replace")
    if not text.strip("\ufeff \t\r\n\u3000"):
        raise Unreadable(f"{source}: empty", "leave it out, or fill it")
    if len(_CONTROL.findall(text)) > _CONTROLS_BELOW * len(text):
        raise Unreadable(f"{source}: binary, full of control characters", "leave it out, or save its text")
    outside = len(text) - len(text.encode("ascii", "ignore"))
    strange = guess.confidence < _CONFIDENT and outside >= _ENOUGH
    if strange or guess.errors > _ERRORS_BELOW * max(outside, 10):
        raise Unreadable(
            f"{source}: not text in any encoding known here (UTF-8, UTF-16, GB18030, Big5, Western)",
            "save it as UTF-8, or leave it out",
        )
    metadata = {"decoding_errors": guess.errors} if guess.errors else {}
    return Original(text, guess.encoding, hashlib.sha256(data).hexdigest(), metadata)
