"""An index: a folder in which SQLite is the truth, and vectors and terms are derived from it; or one in Milvus."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from rag.errors import IndexUnusable, NotFound
from rag.index.address import Address, address
from rag.index.filters import Filters
from rag.index.lock import Busy, writing
from rag.index.rows import NewPassage, Source, Stored, packed_look
from rag.index.stamp import matches, stamp
from rag.index.store import Store
from rag.index.terms import TermIndex
from rag.index.truth import Terms, Truth, Vectors
from rag.index.vectors import FlatVectors
from rag.protocols import Embedder, Floats, Ids

__all__ = [
    "Address",
    "Changes",
    "Filters",
    "Index",
    "NewPassage",
    "Source",
    "Stored",
    "Truth",
    "embedding_text",
    "is_at",
    "open_index",
    "packed_look",
    "place",
]

T = TypeVar("T")

_TRUTH = "rag.sqlite"
_BATCH = 4096


def embedding_text(title: str, text: str) -> str:
    """What is embedded and searched for a passage: its title gives the context that a stretch alone may lack."""
    return f"{title}\n{text}" if title and not text.startswith(title) else text


def place(name: str) -> Path | Address:
    """Where an index of this name is: a folder, or an address as `rag.index.address` has it."""
    return address(name) or Path(name)


def is_at(at: Path | Address) -> bool:
    """Whether there is an index."""
    if isinstance(at, Path):
        return (at / _TRUTH).exists()
    from rag.index.milvus import exists  # pymilvus takes a second to import

    return exists(at)


def open_index(at: Path | Address, *, create: bool = False) -> "Index":
    """The index there; `create` makes it if it is not there. Raises NotFound, IndexUnusable."""
    if isinstance(at, Path):
        return Index(at, create=create)
    from rag.index.milvus import MilvusIndex

    return MilvusIndex(at, create=create)


class Index:
    """The folder at `path`, opened; `create` makes it if it is not there."""

    path: Path | Address
    truth: Truth
    travels = False
    """Whether it is asked on other machines than those that its files are on; its own originals are proof there."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = self._folder = path
        if create:
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise IndexUnusable(
                    f"cannot make the folder {path}: {problem}", "choose another with --index"
                ) from problem
        elif not is_at(path):
            raise NotFound(f"no index at {path}", "build one with: rag index PATH, or ask with --source PATH")
        self.truth = Store(path / _TRUTH, create=create)
        self._kept: dict[str, tuple[int, Any]] = {}  # what was derived, with its generation
        self._loading = threading.RLock()

    def close(self) -> None:
        """Let go of the files."""
        self._kept.clear()
        self.truth.close()

    # -- the model

    @property
    def embedder_name(self) -> str:
        """Name of the model that made the vectors; empty in a new index."""
        return self.truth.meta.get("embedder", "")

    def bind(self, embedder: Embedder) -> None:
        """Note the model in a new index, or check that it is the one that made the vectors; else IndexUnusable."""
        if not self.truth.meta.get("fingerprint"):
            with self.truth.transaction():
                if not self.truth.meta.get("fingerprint"):  # else another process was quicker
                    self.truth.note(
                        embedder=embedder.name, fingerprint=embedder.fingerprint, dimensions=str(embedder.dimensions)
                    )
        meta = self.truth.meta
        if meta["fingerprint"] != embedder.fingerprint:
            which = f"another version of {embedder.name}" if meta["embedder"] == embedder.name else meta["embedder"]
            raise IndexUnusable(
                f"the index {self.path} was built with {which}, not with {embedder.name}",
                f"delete {self.path} and index again"
                if meta["embedder"] == embedder.name
                else f"use --embedder {meta['embedder']}, or build a new one with --index OTHER",
            )

    @property
    def dimensions(self) -> int:
        """Width of the vectors; 0 in a new index."""
        return int(self.truth.meta.get("dimensions", "0"))

    # -- what is derived

    @property
    def vectors(self) -> Vectors:
        """The vectors of the committed state; made again from the truth where the file is missing or damaged."""
        return self._fresh("vectors", self._load_vectors, self._make_vectors)

    @property
    def terms(self) -> Terms:
        """The terms of the committed state; made again from the truth where they are missing, damaged or behind."""
        return self._fresh("terms", self._load_terms, self._make_terms)

    def within(self, filters: Filters) -> tuple[Vectors, Terms, Ids | None]:
        """Both sides of a search, and the ids that it is restricted to, or None where it is not."""
        return self.vectors, self.terms, self.truth.among(filters) if filters else None

    def _fresh(
        self, name: str, load: Callable[[int], T | None], make: Callable[[int, bool], T], *, holding: bool = False
    ) -> T:
        """What was kept; or, if the truth has moved on since, what lies in the files; or it is made again.

        Files are written by who holds the lock: this object if `holding`, else if nobody does. While another writes,
        a reader goes on with what it has, for the files to come, and one that has nothing makes its own in memory.
        """
        with self._loading, self.truth.snapshot():
            generation = self.truth.generation
            kept: tuple[int, T] | None = self._kept.get(name)
            if kept and kept[0] == generation:
                return kept[1]
            made = load(generation)
            if made is None and holding:
                made = make(generation, True)
            elif made is None:
                try:
                    with writing(self._lock):
                        made = make(generation, True)
                except Busy:
                    if kept:
                        return kept[1]
                    made = make(generation, False)
                except OSError:  # the folder may not be written
                    made = make(generation, False)
            self._kept[name] = generation, made
            return made

    @property
    def _lock(self) -> Path:
        return self._folder / "lock"

    def _vector_file(self, generation: int) -> Path:
        return self._folder / f"vectors-{generation}.faiss"

    def _load_vectors(self, generation: int) -> FlatVectors | None:
        file = self._vector_file(generation)
        with suppress(OSError):
            if matches(self._folder / "vectors.json", generation, FlatVectors.files(file)):
                store = FlatVectors.load(file, self.dimensions)
                return store if store.totals() == self.truth.totals() else None
        return None

    def _make_vectors(self, generation: int, on_disk: bool) -> FlatVectors:
        store = FlatVectors(self.dimensions)
        _fill(store, self.truth.each_passage(self.dimensions))
        if on_disk:
            self._write_vectors(store, generation)
        return store

    def _write_vectors(self, store: FlatVectors, generation: int) -> None:
        file = self._vector_file(generation)
        with suppress(OSError, RuntimeError):  # a full disk: they live on in memory, and the stamp stays behind
            files = store.save(file)
            stamp(self._folder / "vectors.json", generation, files)
            for old in self._folder.glob("vectors-*"):
                if old not in files:
                    old.unlink(missing_ok=True)

    def _load_terms(self, generation: int) -> TermIndex | None:
        folder = self._folder / "terms"
        with suppress(OSError):
            if matches(self._folder / "terms.json", generation, TermIndex.files(folder)):
                index = TermIndex.for_reading(folder)
                return index if index.totals() == self.truth.totals() else None
        return None

    def _make_terms(self, generation: int, on_disk: bool) -> TermIndex:
        if on_disk:
            with suppress(OSError):
                (self._folder / "terms.json").unlink(missing_ok=True)
                index = TermIndex.empty(self._folder / "terms")
                index.change(self._texts(), ())
                stamp(self._folder / "terms.json", generation, TermIndex.files(self._folder / "terms"))
                return index
        index = TermIndex.empty(None)
        index.change(self._texts(), ())
        return index

    def _texts(self) -> Iterator[tuple[int, str]]:
        for key, title, text, _ in self.truth.each_passage(self.dimensions):
            yield key, embedding_text(title, text)

    @contextmanager
    def derived(self) -> Iterator["Changes"]:
        """Collects ids that a run of transactions added and removed, then brings vectors and terms up to date.

        Only one such block at a time can be open on a folder: IndexUnusable tells the second one. If the block is
        interrupted, the derived files fall behind the truth and are made again when next opened.
        """
        with self._alone():
            self._both()
            others = self.truth.generation - self.truth.raised
            changes = Changes()
            try:
                yield changes
                if changes.added or changes.removed:
                    with self._loading, self.truth.snapshot():
                        if self.truth.generation - self.truth.raised == others:
                            self._advance(changes.added - changes.removed, changes.removed - changes.added)
                        self._both()
            except BaseException:
                self._kept.clear()  # it may be changed by half
                raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with ExitStack() as held:
            try:
                held.enter_context(writing(self._lock))
            except Busy:
                raise IndexUnusable(
                    f"another process is writing the index {self.path}", "wait until it has finished"
                ) from None
            except OSError as problem:
                raise IndexUnusable(
                    f"the index {self.path} cannot be written: {problem}", "check that the folder may be written"
                ) from problem
            yield

    def _both(self) -> None:
        self._fresh("vectors", self._load_vectors, self._make_vectors, holding=True)
        self._fresh("terms", self._load_terms, self._make_terms, holding=True)

    def _advance(self, added: set[int], removed: set[int]) -> None:
        """Change what is kept by this much; what does not come out as the truth has it is left to be made again."""
        generation, totals = self.truth.generation, self.truth.totals()

        def fresh() -> Iterator[tuple[int, str, str, Floats]]:
            if added:
                rows = self.truth.each_passage(self.dimensions, min(added) - 1)
                yield from (row for row in rows if row[0] in added)

        vectors: FlatVectors = self._kept["vectors"][1]
        vectors.remove(removed)
        _fill(vectors, fresh())
        if vectors.totals() == totals:
            self._write_vectors(vectors, generation)
            self._kept["vectors"] = generation, vectors
        terms: TermIndex = self._kept["terms"][1]
        if terms.folder is None or terms.outworn(len(removed)):
            return
        with suppress(OSError):
            terms.change(((key, embedding_text(title, text)) for key, title, text, _ in fresh()), removed)
            if terms.totals() == totals:
                stamp(self._folder / "terms.json", generation, TermIndex.files(terms.folder))
                self._kept["terms"] = generation, terms


def _fill(store: FlatVectors, rows: Iterator[tuple[int, str, str, Floats]]) -> None:
    while some := list(islice(rows, _BATCH)):
        store.add(np.array([row[0] for row in some]), np.stack([row[3] for row in some]))


class Changes:
    """Ids of the passages that came and went."""

    def __init__(self) -> None:
        self.added: set[int] = set()
        self.removed: set[int] = set()
