"""Articles as cleaned: straight from their files, or from an index. No model."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rag.clean import TracedText, clean, common, described, edges, without
from rag.errors import NotFound, RagError, Unreadable
from rag.index import Truth
from rag.library.sites import location_of, site_of
from rag.load import blame, find, read, source_of
from rag.types import Document

__all__ = ["page_of", "pages_at", "pages_of"]


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


def pages_at(source: str, line: int, truth: Callable[[], Truth]) -> list[tuple[Document, TracedText]]:
    """The documents of a file, or the one of this `doc_id`; see `Library.pages`. Without an index `truth` raises."""
    if _is_file(source):
        documents = list(_of_line(read(Path(source), Path(source).as_posix(), lambda *_: None), line))
        if not documents:
            raise NotFound(f"{source} has no article on line {line}", f"rag show {source} shows all of them")
        cleaned = [(document, _page(document, Path(source), truth)) for document in documents]
        return [(described(document, page), page) for document, page in cleaned]
    try:
        known = truth()
    except NotFound:
        raise NotFound(f"no such file: {source}", "check the path") from None
    stored = known.documents("path", source) or known.documents("doc_id", source)
    if not stored:
        raise NotFound(f"no such file or document: {source}", f"`rag status --index {known.at}` names all files")
    pages = [(one.document, TracedText(one.document.text, one.edits)) for one in stored]
    return [one for one in pages if not line or one[0].kind != "record" or one[0].line == line] or pages


def _of_line(documents: Iterable[Document], line: int) -> Iterator[Document]:
    """All documents; if `line` is not 0, of JSON lines only the one there, and what is behind it is not read."""
    for one in documents:
        if not line or one.kind != "record" or one.line == line:
            yield one
        if line and one.kind == "record" and one.line >= line:
            return


def page_of(doc_id: str, truth: Truth) -> tuple[Document, TracedText]:
    """The document of this `doc_id` as it is in the index; no file is looked at. Raises NotFound."""
    stored = truth.documents("doc_id", doc_id)
    if not stored:
        raise NotFound(f"no such document: {doc_id}", "ask again; it may have been removed")
    return stored[0].document, TracedText(stored[0].document.text, stored[0].edits)


def _page(document: Document, path: Path, truth: Callable[[], Truth]) -> TracedText:
    page = clean(document.text, document.kind)
    site = site_of(document, location_of(path))
    try:
        known = common(truth().edges(site).values()) if site else frozenset()
    except RagError:  # a file can be shown without an index
        return page
    return without(page, edges(page.text).keys & known)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long for the system, or with a NUL
        return False
