"""Adding: files to documents to passages to vectors, in batches, each committed whole."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from rag.chunk import chunk
from rag.clean import GUESSED, REPAIRED, TracedText, breaks, clean, common, described, without
from rag.clean import edges as edges_of
from rag.errors import NotFound, RagError, Unreadable
from rag.index import Changes, Index, NewPassage, Source, Stored
from rag.library.embedded import embedded
from rag.library.report import Report
from rag.library.sites import Sites, location_of, site_of
from rag.load import STDIN, blame, find, fingerprint, read, source_of
from rag.protocols import Embedder, Progress, WordEmbedder
from rag.types import Document, Kind, Span

__all__ = ["bring_in_step", "is_current", "prepare", "take_out"]

BATCH = 1024
"""Passages that are embedded and committed together."""

_TOGETHER = 64  # documents that are cleaned again in one transaction

OnProblem = Callable[[str, str], None]
Models = tuple[Embedder, WordEmbedder]  # for vectors, and for the second look


def prepare(document: Document, site: str = "", known: frozenset[int] = frozenset()) -> tuple[Stored, list[NewPassage]]:
    """Clean and chunk one document. Each passage obeys both rules of a citation, or is cut until it does.

    `known` are keys of the lines that its `site` repeats; without a site nothing of it is remembered.
    """
    page = clean(document.text, document.kind)
    edges = edges_of(page.text) if site else None
    if edges:
        edges = replace(edges, dropped=edges.keys & known)
        page = without(page, edges.dropped)
    document = described(document, page)
    stored = Stored(document, page.edits, site, edges)
    passages: list[NewPassage] = []
    line, counted = document.line, 0
    pieces = chunk(page.text, breaks(page))
    for piece in pieces:
        if len(pieces) > 1 and piece.span.of(page.text) == document.title:
            continue  # it is part of every other passage as its title
        for passage in _proven(page, document.kind, piece.span, piece.sentences):
            if document.kind != "record":
                line += page.raw.count("\n", counted, passage.start)
                counted = passage.start
            place = document.place(Span(passage.start, passage.end))
            passages.append(replace(passage, line=line, place=place))
    return stored, passages


def _proven(page: TracedText, kind: Kind, span: Span, sentences: Sequence[Span]) -> Iterator[NewPassage]:
    wide = page.widen(span)
    raw = page.to_raw(wide)
    text = wide.of(page.text)
    if clean(raw.of(page.raw), kind).text == text:
        if any(REPAIRED in edit.why for edit in page.edits if raw.start <= edit.start < raw.end):
            sentences = _standing_alone(page, kind, sentences)
        inside = tuple(Span(max(s.start, wide.start) - wide.start, s.end - wide.start) for s in sentences)
        yield NewPassage(raw.start, raw.end, 0, text, inside)
    elif len(sentences) > 1:  # cleaned out of its context, a line of it reads as furniture: each sentence by itself
        for sentence in sentences:
            yield from _proven(page, kind, sentence, (sentence,))


def _standing_alone(page: TracedText, kind: Kind, sentences: Sequence[Span]) -> list[Span]:
    """`sentences`, joined where one that was repaired is cleaned otherwise when it is taken out of its context."""
    alone: list[Span] = []
    begin = -1
    for sentence in sentences:
        begin = sentence.start if begin < 0 else begin
        wide = page.widen(Span(begin, sentence.end))
        if clean(page.to_raw(wide).of(page.raw), kind).text == wide.of(page.text):
            alone.append(Span(begin, sentence.end))
            begin = -1
    return alone if begin < 0 else [Span(sentences[0].start, sentences[-1].end)]  # which were proven together


class _Batch:
    """Work that waits for its transaction, in order: documents to store or to keep, sources that are finished."""

    def __init__(self, index: Index, models: Models, changes: Changes, report: Report) -> None:
        self._index, self._models, self._changes, self._report = index, models, changes, report
        self._waiting: list[tuple[Source, Stored | str | Literal[True], list[NewPassage]]] = []
        self._room = BATCH
        self._seen = int(index.truth.meta.get("passes", "0")) + 1
        index.truth.note(passes=str(self._seen))

    def put(self, source: Source, what: Stored | str | Literal[True], passages: list[NewPassage]) -> None:
        """`what`: a document; the id of one to keep; or True when the source is finished."""
        self._waiting.append((source, what, passages))
        self._room -= len(passages) or 1
        if self._room <= 0:
            self.flush()

    def flush(self) -> None:
        """Embed what waits and commit it in one transaction."""
        if not self._waiting:
            return
        work = [
            (what.document.title, passage)
            for _, what, passages in self._waiting
            if isinstance(what, Stored)
            for passage in passages
        ]
        vectors, looks = embedded(work, *self._models)
        at = 0
        truth = self._index.truth
        with truth.transaction():
            for source, what, passages in self._waiting:
                key = truth.put_source(replace(source, complete=what is True))
                if isinstance(what, Stored):
                    own = slice(at, at + len(passages))
                    at += len(passages)
                    fresh, gone = truth.put_document(key, what, passages, vectors[own], looks[own], self._seen)
                    self._changes.added.update(fresh)
                    self._changes.removed.update(gone)
                elif isinstance(what, str):
                    truth.keep(key, what, self._seen)
                else:
                    gone, documents = truth.remove_unseen(key, self._seen)
                    self._changes.removed.update(gone)
                    # an article that was replaced by the file's new content is not one that was removed
                    self._report.removed += documents if source.path.endswith((".jsonl", ".jsonl.gz")) else 0
        self._report.passages += len(work)
        self._waiting, self._room = [], BATCH


def bring_in_step(
    index: Index,
    models: Models,
    paths: Sequence[str | Path],
    on_progress: Progress | None = None,
    *,
    confined: bool = False,
) -> Report:
    """Bring `index` in step with files and folders; see `Library.add`."""
    report = Report()
    problems: dict[str, str] = {}

    def on_problem(where: str, why: str) -> None:
        problems.setdefault(where, why)

    before = index.truth.sources()
    places = [(path, location_of(Path(path))) for path in paths]
    there = [path for path, place in places if str(path) == "-" or os.path.lexists(path) or not _under(place, before)]
    files = list(find(there, on_problem))
    if confined:
        files = list(_confined(files, there, on_problem))
    with index.derived() as changes:
        known = index.truth.sources()  # now that nobody else writes
        batch = _Batch(index, models, changes, report)
        pages = Sites(index.truth, (path for path in files if location_of(path) not in known))
        found = set()
        for number, path in enumerate(files):
            if on_progress:
                on_progress(number, len(files), source_of(path))
            location = location_of(path)
            found.add(location)
            try:
                _one_file(path, location, known.get(location), batch, index, pages, report, on_problem)
            except (Unreadable, NotFound) as error:
                on_problem(*blame(error, source_of(path)))
                found.discard(location)  # what it held before can no longer be proven
        batch.flush()
        unseen = [location_of(Path(where)) for where in problems if Path(where).is_dir()]  # folders not entered
        kept = {place for folder in unseen for place in _under(folder, known)}
        vanished = [place for place in _under_any(places, known) if place not in found and place not in kept]
        if vanished:
            with index.truth.transaction():
                for place in vanished:
                    gone, documents = index.truth.remove_source(place)
                    changes.removed.update(gone)
                    report.removed += documents
        _clean_again(index, models, changes)
    if on_progress:
        on_progress(len(files), len(files), "")
    report.skipped = list(problems.items())
    if not files and not vanished:
        raise NotFound(
            f"no articles in {', '.join(map(str, paths))}",
            "put .txt, .md, .html, .pdf, .docx, .epub or .jsonl files there, or name a file",
        )
    return report


def take_out(index: Index, doc_id: str) -> int:
    """Remove the documents of this id, without a look at their files; see `Library.remove`."""
    with index.derived() as changes, index.truth.transaction():
        count = len(index.truth.locations(doc_id))
        changes.removed.update(index.truth.remove_documents("doc_id = ?", (doc_id,)))
    if not count:
        raise NotFound(f"no such document: {doc_id}", "ask again; it may have been removed")
    return count


def _confined(files: Iterable[Path], paths: Sequence[str | Path], on_problem: OnProblem) -> Iterator[Path]:
    """`files` without those that a link places outside of `paths`."""
    roots = [Path(path).resolve() for path in paths]
    for file in files:
        real = file.resolve()
        if any(real == root or root in real.parents for root in roots):
            yield file
        else:
            on_problem(source_of(file), "a link that leads out of the folders that are served")


def _clean_again(index: Index, models: Models, changes: Changes) -> None:
    """Clean anew the articles of which their site is now known to repeat more lines, or fewer.

    So the state of an index depends on the articles in it and not on the order in which they came.
    """
    truth = index.truth
    if truth.meta.get("sites") == str(truth.generation):
        return
    seen = int(truth.meta["passes"])
    for site in truth.sites():
        pages = truth.edges(site)
        known = common(pages.values())
        others = [key for key, page in pages.items() if page.keys & known != page.dropped]
        for at in range(0, len(others), _TOGETHER):
            work = []
            for key in others[at : at + _TOGETHER]:
                old, source = truth.document(key)
                work.append((source, *prepare(_as_found(old), site, known)))
            found = [(new.document.title, one) for _, new, passages in work for one in passages]
            vectors, looks = embedded(found, *models)
            with truth.transaction():
                done = 0
                for source, new, passages in work:
                    own = slice(done, done + len(passages))
                    done += len(passages)
                    fresh, gone = truth.put_document(source, new, passages, vectors[own], looks[own], seen)
                    changes.added.update(fresh)
                    changes.removed.update(gone)
    truth.note(sites=str(truth.generation))


def _as_found(old: Stored) -> Document:
    """A stored document, without the title that cleaning found: another line may be its title now."""
    document = old.document
    origin = document.provenance.get("title")
    if not origin or origin.where not in GUESSED:
        return document
    provenance = {name: one for name, one in document.provenance.items() if name != "title"}
    return replace(document, title="", provenance=provenance)


def _one_file(
    path: Path,
    location: str,
    before: Source | None,
    batch: _Batch,
    index: Index,
    pages: Sites,
    report: Report,
    on_problem: OnProblem,
) -> None:
    try:
        status = None if path == STDIN else path.stat()
    except OSError as problem:
        raise Unreadable(f"{source_of(path)}: {problem.strerror}", "check the file") from problem
    if before and before.complete and status and (before.size, before.mtime_ns) == (status.st_size, status.st_mtime_ns):
        report.unchanged += index.truth.count_documents(location)
        return
    size, mtime_ns, sha256 = (0, 0, "") if path == STDIN else fingerprint(path)
    source = Source(source_of(path), location, size, mtime_ns, sha256, True)
    if before and before.complete and sha256 and before.sha256 == sha256:
        report.unchanged += index.truth.count_documents(location)
        with index.truth.transaction():
            index.truth.put_source(source)
        return
    met: set[int] = set()
    for document in read(path, source.path, on_problem):
        if hash(document.doc_id) in met:
            on_problem(_where(document), f"repeats the id {document.doc_id!r}; the first one is kept")
            continue
        met.add(hash(document.doc_id))
        there, same = index.truth.holds(location, document)
        if same:
            report.unchanged += 1
            batch.put(source, document.doc_id, [])
            continue
        site = site_of(document, location)
        stored, passages = prepare(document, site, pages.known(site))
        replaces = there or (before is not None and document.kind != "record")
        if not passages:
            on_problem(_where(document), "nothing is left of it after cleaning")
        elif replaces:
            report.changed += 1
        else:
            report.added += 1
        batch.put(source, stored, passages)
    batch.put(source, True, [])


def _where(document: Document) -> str:
    return f"{document.source}:{document.line}" if document.kind == "record" else document.source


def is_current(source: Source) -> bool:
    """Whether a source still is as it was indexed, by size and time, else by its content. Standard input always is.

    It is looked for where it was, and else under its name as shown, for an index may move along with its articles.
    """
    if source.location == "-":
        return True
    for path in (Path(os.fsdecode(source.location.encode("latin-1"))), Path(source.path)):
        try:
            status = path.stat()
            same = (status.st_size, status.st_mtime_ns) == (source.size, source.mtime_ns)
            return same or fingerprint(path).sha256 == source.sha256
        except (OSError, RagError):
            continue
    return False


def _under(place: str, known: Iterable[str]) -> list[str]:
    return [one for one in known if one == place or one.startswith(place.rstrip(os.sep) + os.sep)]


def _under_any(places: Iterable[tuple[str | Path, str]], known: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one for _, place in places for one in _under(place, known) if one != "-"))
