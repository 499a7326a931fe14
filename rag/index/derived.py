"""What is derived from the truth of an index in a folder: vectors and terms, in files of one generation."""

import shutil
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np

from rag.index.model import Bound
from rag.index.rows import embedding_text
from rag.index.stamp import matches, stamp
from rag.index.store import Store
from rag.index.terms import TermIndex
from rag.index.vectors import FlatVectors
from rag.protocols import Floats

__all__ = ["Derived"]

_BATCH = 4096

Row = tuple[int, str, str, Floats]  # id, title, text and vector of a passage


class Derived(Bound[Path, Store]):
    """Makes, reads and removes these files; `vectors` and `terms` are those that readers see."""

    @property
    @abstractmethod
    def vectors(self) -> FlatVectors: ...

    @property
    @abstractmethod
    def terms(self) -> TermIndex: ...

    # -- vectors

    def vector_file(self, generation: int) -> Path:
        """Where the vectors of a generation are; what goes with them has other endings."""
        return self.path / f"vectors-{generation}.faiss"

    def _load_vectors(self, generation: int) -> FlatVectors | None:
        file = self.vector_file(generation)
        with suppress(OSError):
            if matches(file.with_suffix(".json"), generation, FlatVectors.files(file)):
                store = FlatVectors.load(file, self.dimensions)
                return store if store.totals() == self.truth.totals() else None
        return None

    def _make_vectors(self, generation: int, on_disk: bool) -> FlatVectors:
        store = self._filled(self.truth.each_passage(self.dimensions))
        if on_disk:
            with suppress(OSError, RuntimeError):  # a full disk: they live on in memory
                self._write_vectors(store, generation)
        return store

    def _filled(self, rows: Iterable[Row]) -> FlatVectors:
        store = FlatVectors(self.dimensions)
        deque(self._filling(store, rows), maxlen=0)
        return store

    def _filling(self, store: FlatVectors, rows: Iterable[Row]) -> Iterator[Row]:
        """`rows` as they pass into the store."""
        rows = iter(rows)
        while some := list(islice(rows, _BATCH)):
            store.add(np.array([row[0] for row in some]), np.stack([row[3] for row in some]))
            yield from some

    def _write_vectors(self, store: FlatVectors, generation: int) -> None:
        file = self.vector_file(generation)
        stamp(file.with_suffix(".json"), generation, store.save(file))

    # -- terms

    def term_folder(self, generation: int) -> Path:
        """Where the terms of a generation are."""
        return self.path / f"terms-{generation}"

    def _load_terms(self, generation: int) -> TermIndex | None:
        folder = self.term_folder(generation)
        with suppress(OSError):
            if matches(folder.with_suffix(".json"), generation, TermIndex.files(folder)):
                index = TermIndex.for_reading(folder)
                return index if index.totals() == self.truth.totals() else None
        return None

    def _make_terms(self, generation: int, on_disk: bool) -> TermIndex:
        rows = self.truth.each_passage(self.dimensions)
        if on_disk:
            with suppress(OSError):
                return self._write_terms(generation, rows)
            rows = self.truth.each_passage(self.dimensions)
        index = TermIndex.empty(None)
        index.change(_texts(rows), ())
        return index

    def _write_terms(self, generation: int, rows: Iterable[Row]) -> TermIndex:
        folder = self.term_folder(generation)
        index = TermIndex.empty(folder)
        index.change(_texts(rows), ())
        stamp(folder.with_suffix(".json"), generation, TermIndex.files(folder))
        return index

    # -- both

    def _next(
        self, generation: int, added: list[int], removed: list[int], totals: tuple[int, int]
    ) -> tuple[FlatVectors, TermIndex]:
        """Those of the coming generation, written. What is kept is not touched: another thread may be reading it."""
        vectors, before = self.vectors.copy(), self.terms
        vectors.remove(removed)
        rows = self._filling(vectors, self.truth.these_passages(added, self.dimensions))
        terms = None
        if before.folder is not None and not before.outworn(len(removed)):
            folder = self.term_folder(generation)  # of its own, which shares what has not changed
            terms = TermIndex.successor(before.folder, folder)
            terms.change(_texts(rows), removed)
        deque(rows, maxlen=0)
        if vectors.totals() != totals:
            vectors = self._filled(self.truth.each_passage(self.dimensions, coming=True))
        self._write_vectors(vectors, generation)
        if terms is None or terms.totals() != totals:
            return vectors, self._write_terms(generation, self.truth.each_passage(self.dimensions, coming=True))
        stamp(folder.with_suffix(".json"), generation, TermIndex.files(folder))
        return vectors, terms

    def _sweep(self, generation: int) -> None:
        """Remove derived files of other generations, and what an interrupted run has left of its own."""
        own = {*FlatVectors.files(self.vector_file(generation)), self.term_folder(generation)}
        own |= {path.with_suffix(".json") for path in own}
        for pattern in ("vectors*", "terms*"):
            for path in set(self.path.glob(pattern)) - own:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    with suppress(OSError):
                        path.unlink()


def _texts(rows: Iterable[Row]) -> Iterator[tuple[int, str]]:
    for key, title, text, _ in rows:
        yield key, embedding_text(title, text)
