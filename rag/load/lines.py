"""The lines of a file of any size, as text, in bounded memory."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from rag.errors import Unreadable
from rag.load import encoding
from rag.load.original import opened, source_of

__all__ = ["Line", "numbered"]

LONGEST = 64 * 1024 * 1024
"""Bytes (in UTF-16, code points); a longer line is left out, and never held in memory."""

_STEP = 64 * 1024  # bytes after which it is told where in the file this is
_PREFIX = 256 * 1024  # bytes by which the encoding is judged
_DAMAGED = (OSError, EOFError, zlib.error)  # what reading a gzip file raises that is none, cut off or flipped


class Line(NamedTuple):
    """`number` counts from 1; `errors` as in `encoding.Guess`; where there is `trouble`, there is no `text`."""

    number: int
    text: str
    errors: int = 0
    trouble: str = ""


def numbered(path: Path, on_read: Callable[[int], None] | None = None) -> Iterator[Line]:
    """All lines of a file, unpacked if its name ends in `.gz`, without byte order mark, with their line ends.

    `on_read` is told from time to time how many bytes of the file have been read, packed as they are.
    The encoding is judged by the beginning, and again for a line that is in UTF-8 where that is not, or the reverse.
    Raises NotFound, and Unreadable for what is no gzip file in spite of its name; one that breaks off ends with
    a line of trouble.
    """
    with opened(path) as raw:
        zipped = path.name.lower().endswith(".gz")
        file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if zipped else raw
        try:
            prefix = file.read(_PREFIX)
            file.seek(0)
        except _DAMAGED as problem:
            if not zipped:
                raise
            raise Unreadable(f"{source_of(path)}: damaged, or not gzip", "unpack it, or fetch it again") from problem
        name = encoding.detect(prefix[: prefix.rfind(b"\n") + 1] or prefix).encoding
        number = told = 0
        try:
            for line in _wide(file, name) if name.startswith(("utf-16", "utf-32")) else _narrow(file, name):
                number = line.number
                yield line
                if on_read and (at := raw.tell()) - told >= _STEP:
                    on_read(told := at)
        except _DAMAGED:
            if not zipped:
                raise
            yield Line(number + 1, "", 0, "the gzip file is damaged or breaks off here")


def _narrow(file: IO[bytes], name: str) -> Iterator[Line]:
    """Lines of an encoding in which the byte of a line feed is never part of another character."""
    number = 0
    while data := file.readline(LONGEST):
        number += 1
        if len(data) == LONGEST and not data.endswith(b"\n"):
            while data and not data.endswith(b"\n"):
                data = file.readline(LONGEST)
            yield Line(number, "", 0, "longer than any article")
        else:
            yield _decoded(data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data, number, name)


def _decoded(data: bytes, number: int, name: str) -> Line:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        name = encoding.detect(data).encoding if name.startswith("utf-8") else name
    else:  # valid by chance is a line of a few characters only
        if name.startswith("utf-8") or text.isascii() or encoding.detect(data).encoding == "utf-8":
            return Line(number, text)
    text = data.decode(name, errors="replace")
    return Line(number, text, encoding.errors(data, name) if "\ufffd" in text else 0)


def _wide(file: IO[bytes], name: str) -> Iterator[Line]:
    text = io.TextIOWrapper(file, encoding=name, errors="replace", newline="\n")
    try:
        number = 0
        while line := text.readline(LONGEST):
            number += 1
            if len(line) == LONGEST and not line.endswith("\n"):
                while line and not line.endswith("\n"):
                    line = text.readline(LONGEST)
                yield Line(number, "", 0, "longer than any article")
            else:
                yield Line(number, line, line.count("\ufffd"))
    finally:
        text.detach()
