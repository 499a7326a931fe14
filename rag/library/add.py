"""Adding: files to documents to passages to vectors, in batches, each committed whole."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from rag.clean import GUESSED
from rag.errors import NotFound, Unreadable
from rag.index import AnyIndex, NewPassage, Source, Staged, Stored, Truth
from rag.index.truth import Held
from rag.library.embedded import Models, digest, vectors_and_looks
from rag.library.passages import prepare
from rag.library.report import Report
from rag.library.sites import Sites, clean_again, location_of, site_of
from rag.load import blame, find, fingerprint, read, source_of
from rag.protocols import Progress
from rag.types import Document

__all__ = ["bring_in_step", "take_out"]

BATCH = 1024
"""Passages that are embedded and committed together."""

UNPUBLISHED = 50_000  # passages; a run with more is shown to readers in parts, each as large as all before it

OnProblem = Callable[[str, str], None]


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
        if self._unpublished > UNPUBLISHED and self._unpublished > self._index.truth.totals()[0]:
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
            told = partial(_told, on_progress, number, len(files)) if on_progress else None
            try:
                run.one_file(path, location, known.get(location), pages, told)
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
        clean_again(index.truth, staging, models, batch.seen)
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

    def one_file(
        self, path: Path, location: str, before: Source | None, pages: Sites, told: Callable[[Source, int], None] | None
    ) -> None:
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
            self._read(path, source, before, pages, told and partial(told, source))

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
            self.report.moved += len(numbers)
            return True
        return False

    def _read(
        self, path: Path, source: Source, before: Source | None, pages: Sites, on_read: Callable[[int], None] | None
    ) -> None:
        for document in read(path, source.path, self.on_problem, on_read):
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


def _told(on_progress: Progress, number: int, files: int, source: Source, read_to: int) -> None:
    """So many bytes of the file of this number have been read."""
    on_progress(number + min(read_to / source.size, 1) if source.size else number, files, source.path)


def _named_by_file(document: Document) -> bool:
    title = document.provenance.get("title")
    return title is not None and title.where == GUESSED[1]


def _where(document: Document) -> str:
    return f"{document.source}:{document.line}" if document.kind == "record" else document.source


def _under(place: str, known: Iterable[str]) -> list[str]:
    inside = place.rstrip(os.sep) + os.sep
    return [one for one in known if one == place or one.startswith(inside)]


def _under_any(places: Iterable[tuple[str | Path, str]], known: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one for _, place in places for one in _under(place, known) if one != "-"))
