"""Adding: files to documents to passages to vectors, in batches, each committed whole."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from rag.chunk import chunk
from rag.clean import GUESSED, REPAIRED, TracedText, breaks, clean, common, described, without
from rag.clean import edges as edges_of
from rag.errors import NotFound, RagError, Unreadable
from rag.index import AnyIndex, NewPassage, Source, Staged, Stored, Truth
from rag.index.truth import Held
from rag.library.embedded import digest, vectors_and_looks
from rag.library.report import Report
from rag.library.sites import SETTLED, Sites, location_of, site_of
from rag.load import blame, find, fingerprint, read, source_of
from rag.protocols import Embedder, Progress, WordEmbedder
from rag.types import Document, Kind, Span

__all__ = ["bring_in_step", "is_current", "prepare", "take_out"]

BATCH = 1024
"""Passages that are embedded and committed together."""

_TOGETHER = 64  # documents that are cleaned again in one transaction
UNPUBLISHED = 50_000  # passages; a run with more is shown to readers in parts, each as large as all before it

OnProblem = Callable[[str, str], None]
Models = tuple[Embedder, WordEmbedder]  # for vectors, and for the second look


def prepare(document: Document, site: str = "", known: frozenset[int] = frozenset()) -> tuple[Stored, list[NewPassage]]:
    """Clean and chunk one document. Each passage obeys both rules of a citation, or is cut until it does.

    `known` are keys of the lines that its `site` repeats; without a site nothing of it is remembered.
    """
    found = digest(document)
    page = clean(document.text, document.kind)
    edges = edges_of(page.text) if site else None
    if edges:
        edges = replace(edges, dropped=edges.keys & known)
        page = without(page, edges.dropped)
    document = described(document, page)
    stored = Stored(document, page.edits, site, edges, found)
    passages: list[NewPassage] = []
    line, counted = 0, 0
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

    def __init__(self, index: AnyIndex, staging: Staged, models: Models, report: Report) -> None:
        self._index, self._staging, self._models, self._report = index, staging, models, report
        self._waiting: list[tuple[Source, Stored | Held | Literal[True], list[NewPassage]]] = []
        self._met: set[tuple[str, str]] = set()
        self._room = BATCH
        self._unpublished = 0
        self.seen = int(index.truth.meta.get("passes", "0")) + 1
        staging.note(passes=str(self.seen))

    def put(self, source: Source, what: Stored | Held | Literal[True], passages: list[NewPassage]) -> None:
        """`what`: a document; one to keep; or True when the source is finished."""
        self._waiting.append((source, what, passages))
        self._room -= len(passages) or 1
        if self._room <= 0:
            self.flush()

    def repeats(self, source: Source, doc_id: str, held: Held | None) -> bool:
        """Whether this pass has met a document of this id in this source before; from now on it has."""
        met = (source.location, doc_id) in self._met or (held is not None and held.seen == self.seen)
        self._met.add((source.location, doc_id))
        return met

    def flush(self) -> None:
        """Embed what waits and commit it in one transaction."""
        if not self._waiting:
            return
        staging = self._staging
        with staging.transaction():
            ready = vectors_and_looks(
                staging, [(source, what, own) for source, what, own in self._waiting if isinstance(what, Stored)],
                self._models,
            )  # fmt: skip
            noted, key, at = None, 0, 0
            for source, what, passages in self._waiting:
                source = replace(source, complete=what is True)
                if source != noted:
                    noted, key = source, staging.put_source(source)
                if isinstance(what, Stored):
                    staging.put_document(key, what, passages, ready[at], self.seen)
                    at += 1
                elif isinstance(what, Held):
                    staging.keep(what.number, what.line, self.seen)
                else:
                    documents = staging.remove_unseen(key, self.seen)
                    # an article that was replaced by the file's new content is not one that was removed
                    self._report.removed += documents if source.path.endswith((".jsonl", ".jsonl.gz")) else 0
            if at:
                staging.note(sites="")  # what they repeat may be other lines now
        fresh = sum(len(own) for own in ready)
        self._report.passages += fresh
        self._unpublished += fresh
        self._waiting, self._room = [], BATCH
        self._met.clear()
        if self._unpublished > max(UNPUBLISHED, self._index.truth.totals()[0]):
            self._index.publish()
            self._unpublished = 0


def bring_in_step(
    index: AnyIndex,
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

    places = [(path, location_of(Path(path))) for path in paths]
    before = index.truth.sources(coming=True) if any(not _exists(path) for path in paths) else {}
    there = [path for path, place in places if _exists(path) or not _under(place, before)]
    files = list(find(there, on_problem))
    if confined:
        files = list(_confined(files, there, on_problem))
    with index.writing() as staging:
        known = index.truth.sources(coming=True)  # now that nobody else writes
        batch = _Batch(index, staging, models, report)
        run = _Run(index.truth, staging, batch, report, on_problem, index.truth.documents_by_source())
        located = [(path, location_of(path)) for path in files]
        pages = Sites(index.truth, (path for path, location in located if location not in known))
        found = {location for _, location in located}
        for number, (path, location) in enumerate(located):
            if on_progress:
                on_progress(number, len(files), source_of(path))
            try:
                run.one_file(path, location, known.get(location), pages)
            except (Unreadable, NotFound) as error:
                on_problem(*blame(error, source_of(path)))
                found.discard(location)  # what it held before can no longer be proven
        batch.flush()
        unseen = [location_of(Path(where)) for where in problems if Path(where).is_dir()]  # folders not entered
        kept = {place for folder in unseen for place in _under(folder, known)} | run.moved
        vanished = [place for place in _under_any(places, known) if place not in found and place not in kept]
        if vanished:
            with staging.transaction():
                for place in vanished:
                    report.removed += staging.remove_source(place)
                staging.note(sites="")
        _clean_again(index.truth, staging, models, batch.seen)
    if on_progress:
        on_progress(len(files), len(files), "")
    report.skipped = list(problems.items())
    if not files and not vanished:
        raise NotFound(
            f"no articles in {', '.join(map(str, paths))}",
            "put .txt, .md, .html, .pdf, .docx, .epub or .jsonl files there, or name a file",
        )
    return report


def take_out(index: AnyIndex, doc_id: str) -> int:
    """Remove the documents of this id, without a look at their files; see `Library.remove`."""
    with index.writing() as staging, staging.transaction():
        count = staging.remove_document(doc_id)
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


def _exists(path: str | Path) -> bool:
    return str(path) == "-" or os.path.lexists(path)


def _clean_again(truth: Truth, staging: Staged, models: Models, seen: int) -> None:
    """Clean anew the articles of which their site is now known to repeat more lines, or fewer.

    So the state of an index depends on the articles in it and not on the order in which they came.
    """
    if truth.meta.get("sites") == SETTLED:
        return
    for site in truth.sites():
        pages = truth.edges(site)
        known = common(pages.values())
        others = [key for key, page in pages.items() if page.keys & known != page.dropped]
        for at in range(0, len(others), _TOGETHER):
            with staging.transaction():
                work = []
                for number in others[at : at + _TOGETHER]:
                    old, source_key, source = truth.document(number)
                    new, passages = prepare(_as_found(old), site, known)
                    work.append((source_key, source, replace(new, found=old.found), passages))
                ready = vectors_and_looks(staging, [(source, new, own) for _, source, new, own in work], models)
                for (source_key, _, new, passages), own in zip(work, ready, strict=True):
                    staging.put_document(source_key, new, passages, own, seen)
    staging.note(sites=SETTLED)


def _as_found(old: Stored) -> Document:
    """A stored document, without the title that cleaning found: another line may be its title now."""
    document = old.document
    origin = document.provenance.get("title")
    if not origin or origin.where not in GUESSED:
        return document
    provenance = {name: one for name, one in document.provenance.items() if name != "title"}
    return replace(document, title="", provenance=provenance)


@dataclass(slots=True)
class _Run:
    """What one call of `bring_in_step` works with; `documents` by location, `moved` are former places of files."""

    truth: Truth
    staging: Staged
    batch: _Batch
    report: Report
    on_problem: OnProblem
    documents: dict[str, int]
    moved: set[str] = field(default_factory=set)

    def one_file(self, path: Path, location: str, before: Source | None, pages: Sites) -> None:
        """Bring one file in step. Raises Unreadable or NotFound."""
        regular, status = location != "-", None
        if regular:
            try:
                status = path.stat()
            except OSError as problem:
                raise Unreadable(f"{source_of(path)}: {problem.strerror}", "check the file") from problem
            regular = stat.S_ISREG(status.st_mode)  # a pipe can be read but once
        whole = before is not None and before.complete and regular
        if whole and before and status and (before.size, before.mtime_ns) == (status.st_size, status.st_mtime_ns):
            self.report.unchanged += self.documents.get(location, 0)
            return
        source = Source(source_of(path), location, *(fingerprint(path) if regular else (0, 0, "")), True)
        if whole and before and before.sha256 == source.sha256:
            self.report.unchanged += self.documents.get(location, 0)
            with self.staging.transaction():
                self.staging.put_source(source)
        elif before is not None or not regular or not self._moved_here(source):
            self._read(path, source, before, pages)

    def _moved_here(self, source: Source) -> bool:
        """Whether this is a file that was elsewhere and is no longer there; then its articles have moved along."""
        for old in self.staging.sources_of(source.sha256):
            if old in ("-", source.location) or os.path.lexists(os.fsdecode(old.encode("latin-1"))):
                continue
            self.batch.flush()  # it may hold what is on its way to this place
            numbers = self.staging.of_source(old)
            found = [self.truth.document(number)[0] for number in numbers]
            if any(_named_by_file(one.document) for one in found):
                continue
            with self.staging.transaction():
                key = self.staging.put_source(source)
                for number, one in zip(numbers, found, strict=True):
                    site = site_of(one.document, source.location)
                    self.staging.copy(number, key, self.batch.seen, site=site)
                self.staging.remove_source(old)
                self.staging.note(sites="")
            self.moved.add(old)
            self.report.unchanged += len(numbers)
            return True
        return False

    def _read(self, path: Path, source: Source, before: Source | None, pages: Sites) -> None:
        for document in read(path, source.path, self.on_problem):
            held = self.staging.holds(source.location, document.doc_id, digest(document))
            if self.batch.repeats(source, document.doc_id, held):
                self.on_problem(_where(document), f"repeats the id {document.doc_id!r}; the first one is kept")
                continue
            if held and held.same:
                self.report.unchanged += 1
                self.batch.put(source, replace(held, line=document.line), [])
                continue
            site = site_of(document, source.location)
            stored, passages = prepare(document, site, pages.known(site))
            replaces = held is not None or (before is not None and document.kind != "record")
            if not passages:
                self.on_problem(_where(document), "nothing is left of it after cleaning")
            elif replaces:
                self.report.changed += 1
            else:
                self.report.added += 1
            self.batch.put(source, stored, passages)
        self.batch.put(source, True, [])


def _named_by_file(document: Document) -> bool:
    title = document.provenance.get("title")
    return title is not None and title.where == GUESSED[1]


def _where(document: Document) -> str:
    return f"{document.source}:{document.line}" if document.kind == "record" else document.source


def is_current(source: Source) -> bool:
    """Whether a source still is as it was indexed, by size and time, else by its content.

    What came through a pipe always is. It is looked for where it was, and else under its name as shown, for an index
    may move along with its articles.
    """
    if not source.sha256:  # it came through a pipe
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
