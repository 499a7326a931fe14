"""Files become documents; the original bytes are never touched again.

>>> article = read_text("為什麼".encode("big5"), source="question.txt")
>>> article.text, article.encoding
('為什麼', 'big5')
"""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

from rag.load import folder, plain
from rag.load.folder import blame
from rag.load.original import Fingerprint, fingerprint, read_bytes, source_of
from rag.types import Document

__all__ = ["STDIN", "Fingerprint", "blame", "find", "fingerprint", "read", "read_text", "source_of"]

STDIN = folder.STDIN

_FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
}
"""By ending, the module here that reads such files; it is imported when there is one."""


def _log(where: str, why: str) -> None:
    logging.getLogger("rag").warning("%s: %s", where, why)


def find(paths: Iterable[str | Path], on_problem: Callable[[str, str], None] = _log) -> Iterator[Path]:
    """The files behind `paths`, each once: in the order given, and inside of folders in order of name.

    Folders are walked to the bottom; hidden files and folders and files of unknown kind in them are left out.
    A file that is named is taken whatever its kind; `-` is standard input. Raises NotFound, before any file is
    found, and Unreadable for a folder that is named and cannot be entered; one inside of a folder goes to
    `on_problem(where, why)`.
    """
    return folder.find(paths, on_problem)


def read(
    path: str | Path,
    source: str = "",
    on_problem: Callable[[str, str], None] = _log,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[Document]:
    """The articles of one file: one, or with JSON lines one for each line, never held together.

    `source` is how the documents name the file, by default `path` with slashes. Lines that are no articles go
    to `on_problem("source:line", why)` when the file is through, and stop nothing. `on_read` is told from time to time
    how many bytes of JSON lines have been read. Raises, when iterated,
    NotFound, and Unreadable for a file that is empty, binary, damaged, locked, too large, or may not be read.
    """
    path = Path(path)
    source = source or source_of(path)
    suffix = folder.suffix_of(path)
    if path == STDIN:
        yield read_text(sys.stdin.buffer.read(), source)
    elif suffix in (".jsonl", ".jsonl.gz"):
        from rag.load import jsonl

        yield from jsonl.records(path, source, on_problem, on_read)
    else:
        reader = import_module(f"rag.load.{_FORMATS[suffix]}") if suffix in _FORMATS else plain
        yield reader.document(read_bytes(path), source)


def read_text(data: bytes, source: str = "-") -> Document:
    """Bytes that are in no file, such as those of standard input, as plain text. Raises Unreadable."""
    return plain.document(data, source)
