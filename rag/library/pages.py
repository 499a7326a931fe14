"""Articles as cleaned, straight from their files: no index, no model."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rag.clean import TracedText, clean, described
from rag.errors import NotFound, Unreadable
from rag.load import blame, find, read, source_of
from rag.types import Document

__all__ = ["pages_of"]


def pages_of(
    paths: Iterable[str | Path], on_problem: Callable[[str, str], None]
) -> Iterator[tuple[Document, TracedText]]:
    """The articles of files and folders with their cleaned text, one after the other.

    A file that cannot be read goes to `on_problem(where, why)`. Raises NotFound for a path that is not there.
    """
    for path in find(paths, on_problem):
        try:
            for document in read(path, source_of(path), on_problem):
                page = clean(document.text, document.kind)
                yield described(document, page), page
        except (Unreadable, NotFound) as error:
            on_problem(*blame(error, source_of(path)))
