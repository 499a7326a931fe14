"""An index: a folder in which SQLite is the truth, and vectors and terms are derived from it; or one in Milvus."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import IndexUnusable, NotFound
from rag.index.address import Address, address
from rag.index.derived import Derived
from rag.index.filters import Filters
from rag.index.lock import Busy, writing
from rag.index.rows import NewPassage, Source, Stored, embedding_text, packed_look
from rag.index.staging import Staging
from rag.index.store import Store
from rag.index.terms import TermIndex
from rag.index.truth import AnyIndex, Staged, Terms, Truth, Vectors
from rag.index.vectors import FlatVectors
from rag.protocols import Ids

__all__ = [
    "Address",
    "AnyIndex",
    "Filters",
    "Index",
    "NewPassage",
    "Source",
    "Staged",
    "Stored",
    "Terms",
    "Truth",
    "Vectors",
    "called",
    "embedding_text",
    "is_at",
    "open_index",
    "packed_look",
    "place",
]

T = TypeVar("T")

_TRUTH = "rag.sqlite"
_TRIES = 20


def place(name: str) -> Path | Address:
    """Where an index of this name is: a folder, or an address as `rag.index.address` has it."""
    return address(name) or Path(name)


def called(at: Path | Address) -> str:
    """The name of the index there, among others that are served beside it."""
    return at.absolute().name if isinstance(at, Path) else at.collection


def is_at(at: Path | Address) -> bool:
    """Whether there is an index."""
    if isinstance(at, Path):
        return (at / _TRUTH).exists()
    from rag.index.milvus import exists  # pymilvus takes a second to import

    return exists(at)


def open_index(at: Path | Address, *, create: bool = False) -> AnyIndex:
    """The index there; `create` makes it if it is not there. Raises NotFound, IndexUnusable."""
    if isinstance(at, Path):
        return Index(at, create=create)
    from rag.index.milvus import MilvusIndex

    return MilvusIndex(at, create=create)


class _Superseded(Exception):
    """A newer generation was published since the snapshot was taken, and the files of the older one are gone."""


class Index(Derived):
    """The folder at `path`, opened; `create` makes it if it is not there."""

    travels = False

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
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
        self._writer = 0  # the thread that holds the lock through this object

    def another(self) -> "Index":
        """The same folder with a connection of its own, for another thread that reads; what is derived is shared."""
        made = Index(self.path)
        made._kept, made._loading = self._kept, self._loading
        return made

    def close(self) -> None:
        """Let go of the files."""
        self._kept.clear()
        self.truth.close()

    def reopen(self) -> None:
        """Let go of the files, and read what is there now."""
        self.close()
        self.truth = Store(self.truth.path, create=False)

    def staging(self) -> Staging:
        """See `rag.index.model.Bound`."""
        return Staging(self.truth)

    # -- reading

    def read(self, work: Callable[[], T]) -> T:
        """What `work` gives when all that it reads here, in this thread, is of one generation, whoever writes."""
        if self.truth.database.in_transaction:
            return work()
        for _ in range(_TRIES):
            with suppress(_Superseded), self.truth.snapshot():
                return work()
        raise IndexUnusable(f"the index {self.path} changes more often than it can be opened", "try again")

    @property
    def vectors(self) -> FlatVectors:
        """The vectors of the published state; made again from the truth where the file is missing or damaged."""
        return self.read(lambda: self._fresh("vectors", self._load_vectors, self._make_vectors))

    @property
    def terms(self) -> TermIndex:
        """The terms of the published state; made again from the truth where they are missing or damaged."""
        return self.read(lambda: self._fresh("terms", self._load_terms, self._make_terms))

    def within(self, filters: Filters | None) -> tuple[FlatVectors, TermIndex, Ids | None]:
        """Both sides of a search, and the ids that it is restricted to, or None where it is not."""
        return self.vectors, self.terms, self.truth.among(filters) if filters else None

    def _fresh(self, name: str, load: Callable[[int], T | None], make: Callable[[int, bool], T]) -> T:
        """What was kept, if it is of this snapshot's generation; or what lies in the files; or it is made again.

        Files are written by who holds the lock: this thread, else who can take it. Where another holds it or the folder
        may not be written, it is made in memory.
        """
        with self._loading:
            generation = self.truth.generation
            kept: tuple[int, T] | None = self._kept.get(name)
            if kept and kept[0] == generation:
                return kept[1]
            made = load(generation)
            if made is None:
                self._check_still(generation)
                with ExitStack() as held:
                    on_disk = self._writer == threading.get_ident()
                    if not on_disk:
                        with suppress(Busy, OSError):
                            held.enter_context(writing(self._lock))
                            on_disk = True
                    self._check_still(generation)
                    made = make(generation, on_disk)
            self._kept[name] = generation, made
            return made

    def _check_still(self, generation: int) -> None:
        if self.truth.latest() != generation:
            raise _Superseded

    @property
    def _lock(self) -> Path:
        return self.path / "lock"

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[Staging]:
        """Stage changes of the truth, and publish them at the end, also where the block fails: what was committed is
        never lost.

        Only one such block at a time can be open on a folder: IndexUnusable tells the second one who has the first. If
        the process is killed, readers stay with what was published, and the next block goes on from what was staged.
        """
        with self.alone():
            self._writer = threading.get_ident()
            try:
                self._sweep(self.truth.generation)
                try:
                    yield self.staging()
                except BaseException:
                    with suppress(IndexUnusable):
                        self.publish()
                    raise
                self.publish()
            finally:
                self._writer = 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of the folder; IndexUnusable tells who has it, or why it cannot be had."""
        with ExitStack() as held:
            try:
                held.enter_context(writing(self._lock))
            except Busy as holder:
                raise IndexUnusable(
                    f"{holder} is writing the index {self.path}", "wait until it has finished"
                ) from None
            except OSError as problem:
                raise IndexUnusable(
                    f"the index {self.path} cannot be written: {problem}", "check that the folder may be written"
                ) from problem
            yield

    def publish(self) -> None:
        """Inside of `writing`: show readers what is staged. The files of the new generation are there before it is."""
        truth = self.truth
        if not truth.staged():
            return
        added, removed = truth.coming(), truth.leaving()
        generation, (count, total) = truth.generation, truth.totals()
        staging = self.staging()
        if not added and not removed:
            staging.publish(generation, (count, total))
            return
        totals = (count + len(added) - len(removed), total + sum(added) - sum(removed))
        generation += 1
        try:
            vectors, terms = self._next(generation, added, removed, totals)
        except (OSError, RuntimeError) as problem:
            self._sweep(generation - 1)
            raise IndexUnusable(
                f"cannot write the index {self.path}: {problem}",
                "free some space, then run the same `rag index` again: it goes on from here, and nothing is lost",
            ) from problem
        staging.publish(generation, totals)
        self._kept |= {"vectors": (generation, vectors), "terms": (generation, terms)}
        self._sweep(generation)

    def make_again(self) -> None:
        """Inside of `writing`: make the derived files of the published generation again."""
        generation = self.truth.generation
        with self.truth.snapshot():
            vectors, terms = self._make_vectors(generation, True), self._make_terms(generation, True)
        self._kept |= {"vectors": (generation, vectors), "terms": (generation, terms)}
