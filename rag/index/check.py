"""Verifying an index, all of it, and mending what can be mended."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rag.errors import IndexUnusable
from rag.index import Index, rows
from rag.index.salvage import PageOf, salvage
from rag.index.stamp import matches
from rag.index.store import CONTENT, PASSAGE, SOURCE, Store
from rag.index.terms import TermIndex
from rag.index.vectors import FlatVectors
from rag.types import Span

__all__ = ["Problem", "Repaired", "problems", "repair"]

_EDGES = "SELECT document_id, site, body, keys, dropped, crc FROM edges"
_DOCUMENTS = (
    f"SELECT {rows.DOCUMENT}, s.path, {CONTENT} FROM documents d LEFT JOIN sources s ON s.id = d.source_id "
    "LEFT JOIN contents c ON c.id = d.content_id ORDER BY d.id"
)
_READ = (("files", SOURCE), ("documents", _DOCUMENTS), ("documents", _EDGES))
"""What a repair reads whole. A row with bytes that are no text ends it, and its key is not known then."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`what`: sqlite, notes, files, documents, passages, counts, vectors or terms; `why`: what is wrong with it.

    `key` is the number of the row, where it is one.
    """

    what: str
    why: str
    key: int = 0


@dataclass(slots=True)
class Repaired:
    """What a repair did. `rebuilt`: sqlite, vectors, terms; `again`: files to be indexed again.

    `aside`: where a damaged database was put; then all files are looked into when they are indexed again.
    """

    found: list[Problem] = field(default_factory=list)
    published: bool = False
    rebuilt: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    aside: str = ""
    left: list[Problem] = field(default_factory=list)


def problems(index: Index, page_of: PageOf) -> list[Problem]:
    """All that is wrong, in one snapshot; changes nothing."""
    found: list[Problem] = []
    truth = index.truth
    with truth.snapshot():
        for check in (_sqlite, _notes, _files):
            with _noted(check.__name__.strip("_"), found):
                found += check(truth)
        with _noted("documents", found):
            found += _documents(truth, page_of)
        with _noted("counts", found):
            if truth.counted() != truth.totals():
                found.append(Problem("counts", f"the database has {_unlike(truth.counted(), truth.totals())} noted"))
        with _noted("vectors", found):
            found += _vectors(index)
        with _noted("terms", found):
            found += _terms(index)
    return found


@contextmanager
def _noted(what: str, found: list[Problem]) -> Iterator[None]:
    try:
        yield
    except (IndexUnusable, ValueError, TypeError) as problem:
        found.append(Problem(what, problem.what if isinstance(problem, IndexUnusable) else str(problem)))


def _sqlite(truth: Store) -> Iterator[Problem]:
    for (line,) in truth.database.rows("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield Problem("sqlite", line)
    for table, key, other, _ in truth.database.rows("PRAGMA foreign_key_check"):
        yield Problem("sqlite", f"row {key} of {table} belongs to a row of {other} that is not there", key or 0)


def _notes(truth: Store) -> Iterator[Problem]:
    if not {"format", "generation"} <= truth.meta.keys():
        yield Problem("notes", "format or generation is missing")


def _files(truth: Store) -> Iterator[Problem]:
    for row in truth.database.rows(SOURCE):
        found: list[Problem] = []
        with _noted("files", found):
            rows.source(row)
        yield from (Problem("files", one.why, row[0]) for one in found)


def _documents(truth: Store, page_of: PageOf) -> Iterator[Problem]:
    """Documents, their contents, what is remembered of their edges, and passages against the text of their document."""
    for row in truth.database.rows(_DOCUMENTS):
        found: list[Problem] = []
        with _noted("documents", found):
            stored = rows.stored(row)
            document = stored.document
            own = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
            if document.kind == "record" and own != document.sha256:
                raise IndexUnusable(f"the text of document {document.doc_id} has another checksum")
            page = page_of(stored)
            for passage in truth.database.rows(f"{PASSAGE} WHERE p.content_id = ? ORDER BY p.number", (row[2],)):
                shown = rows.passage(passage, row[:19], row[19], ())
                if not page.text.startswith(shown.text, page.to_text(Span(shown.start, shown.end)).start):
                    raise IndexUnusable(f"passage {shown.passage_id} is not in the text of its document")
        for (*values,) in truth.database.rows(f"{_EDGES} WHERE document_id = ?", (row[0],)):
            with _noted("documents", found):
                rows.edges(values)
        yield from (Problem("documents", one.why, row[0]) for one in found)
    for key, content in truth.database.rows(
        "SELECT id, content_id FROM passages WHERE content_id NOT IN (SELECT content_id FROM documents)"
    ):
        yield Problem("passages", f"passage {key} is of content {content}, which no document has", key)


def _vectors(index: Index) -> Iterator[Problem]:
    truth = index.truth
    if truth.empty:
        return
    generation, dimensions = truth.generation, index.dimensions
    file = index.vector_file(generation)
    yield from _stamped("vectors", file, FlatVectors.files(file), generation)
    try:
        store = FlatVectors.load(file, dimensions)
    except OSError as problem:
        yield Problem("vectors", f"{file.name} cannot be read: {problem}")
        return
    if store.totals() != truth.totals():
        yield Problem("vectors", f"{file.name} has {_unlike(store.totals(), truth.totals())} in the database")
        return
    for key, _, _, vector in truth.each_passage(dimensions):
        held = store.rows(np.array([key]))
        if len(held) != 1 or not np.array_equal(held[0], vector):
            yield Problem("vectors", f"{file.name} has another vector of passage {key}")
            return


def _terms(index: Index) -> Iterator[Problem]:
    truth = index.truth
    if truth.empty:
        return
    folder = index.term_folder(truth.generation)
    files = TermIndex.files(folder) if folder.is_dir() else []
    yield from _stamped("terms", folder, files, truth.generation)
    try:
        if not files:
            raise OSError("it is not there")
        totals = TermIndex.for_reading(folder).totals()
    except OSError as problem:
        yield Problem("terms", f"{folder.name} cannot be read: {problem}")
        return
    if totals != truth.totals():
        yield Problem("terms", f"{folder.name} has {_unlike(totals, truth.totals())} in the database")


def _unlike(own: tuple[int, int], other: tuple[int, int]) -> str:
    """How two numbers of passages, each with the sum of their ids, differ."""
    if own[0] == other[0]:
        return f"{own[0]:,} passages, but not those that are"
    return f"{own[0]:,} passages, but {other[0]:,} are"


def _stamped(what: str, path: Path, files: list[Path], generation: int) -> Iterator[Problem]:
    note = path.with_suffix(".json")
    if not matches(note, generation, files):
        yield Problem(what, f"{path.name} is not as it was written, says {note.name}, or that is damaged")


def repair(index: Index, page_of: PageOf) -> Repaired:
    """Save what can be read of a database that is damaged, or has rows or notes that cannot be read, publish what an
    interrupted run has left, drop rows that are damaged, and rebuild what is derived.

    Files with damaged rows are noted as unfinished, so that the next `rag index` reads them anew. Raises IndexUnusable
    where the database is beyond that.
    """
    done = Repaired()
    for check in (_sqlite, _notes):
        with _noted(check.__name__.strip("_"), done.found):
            done.found += check(index.truth)
    for what, query in _READ:
        with _noted(what, done.found):
            for _ in index.truth.database.rows(query):
                pass
    if done.found:
        done.again, aside = salvage(index, page_of)
        done.aside = str(aside)
        done.rebuilt.append("sqlite")
    with index.writing() as staging:
        done.found += (found := problems(index, page_of))
        done.published = index.truth.staged()
        wrong = {one.what for one in found}
        if wrong & {"files", "documents", "passages", "counts"}:
            damaged = {what: [one.key for one in found if one.what == what] for what in ("files", "documents")}
            done.again += staging.drop(damaged["files"], damaged["documents"])
        if wrong:
            index.make_again()
            done.rebuilt += ["vectors", "terms"]
    done.left = problems(index, page_of)
    return done
