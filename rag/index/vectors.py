"""Nearest neighbours with FAISS, in files that can be made again from the truth at any time."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from rag.index.lists import Lists
from rag.index.sketch import LEAST, Sketch
from rag.protocols import Floats, Ids

__all__ = ["FlatVectors"]

LARGE = 30_000
"""Vectors from which a sketch chooses those that are compared."""

VERY_LARGE = 2_000_000
"""Vectors from which the sketch is in lists, of which some are looked at. Below, to look at all of it is as quick.

Measured on one thread: all of it 9 ms a million, and of 500,000 in lists 6 ms, most of it for comparing at the end.
"""

_ABREAST = 16
"""Numbers that FAISS takes together. Rows are filled up with zeros to a multiple: 300 wide takes nine times as long."""

_MAPPED = getattr(faiss, "IO_FLAG_MMAP_IFC", 0)  # from FAISS 1.11 on

_WIDER = 25  # times as many as wanted are looked at before all that a filter lets through
_FEW = 4096  # rows that are quicker gathered than passed over


class FlatVectors:
    """Search by inner product over L2-normalised vectors: the score is the cosine, higher is nearer.

    Vectors are kept as float16, as the truth has them, so nothing is lost here. Scores are exact. In a large store a
    sketch chooses which vectors are looked at; it has let the best ten through in every one of 250 trials. In a very
    large one the sketch is in lists. What was read from a file is the file itself, mapped, until it is changed.

    >>> store = FlatVectors(2)
    >>> store.add(np.array([7, 9]), np.array([[1, 0], [0, 1]], dtype=np.float32))
    >>> scores, ids = store.search(np.array([[0.6, 0.8]], dtype=np.float32), 3)
    >>> ids.tolist(), [f"{score:.1f}" for score in scores[0]]
    ([[9, 7, -1]], ['0.8', '0.6', '-inf'])
    """

    def __init__(
        self, dimensions: int, index: Any = None, sketch: Sketch | Lists | None = None, mapped: Path | None = None
    ) -> None:
        self._index = index if index is not None else faiss.IndexIDMap(_halves(_width(dimensions)))
        self._sketch = sketch
        self._mapped = mapped
        self._places: tuple[Ids, Ids] | None = None
        self.dimensions = dimensions

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def totals(self) -> tuple[int, int]:
        """Number and sum of the ids."""
        return len(self), int(faiss.vector_to_array(self._index.id_map).sum())

    def copy(self) -> "FlatVectors":
        """The same again, so that a change of one is not seen in the other."""
        index = faiss.read_index(str(self._mapped)) if self._mapped else faiss.clone_index(self._index)
        return FlatVectors(self.dimensions, index, self._sketch and self._sketch.copy())

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows under new ids."""
        if not len(ids):
            return
        self._own()
        vectors = self._filled_up(vectors)
        self._index.add_with_ids(vectors, np.asarray(ids, dtype=np.int64))
        if self._sketch:
            self._sketch.add(ids, vectors)
        if new := self._better():
            self._sketch = new
            held = faiss.vector_to_array(self._index.id_map)
            for first in range(0, len(self), LARGE):
                new.add(held[first : first + LARGE], self._rows()[first : first + LARGE].astype(np.float32))
            if isinstance(new, Lists):
                new.tune(*self._trial(), LEAST)

    def _better(self) -> Sketch | Lists | None:
        """A new and empty sketch, where one is wanted that is not there: at `LARGE`, `VERY_LARGE`, four times that."""
        if len(self) < LARGE:
            return None
        if len(self) < VERY_LARGE:
            return None if self._sketch else Sketch(self._index.d)
        if isinstance(self._sketch, Lists) and self._sketch.index.nlist >= Lists.number(len(self)) / 2:
            return None
        some = np.sort(np.random.default_rng(0).permutation(len(self))[: Lists.sample_size(len(self))])
        return Lists.learned(self._rows()[some].astype(np.float32), len(self))

    def _trial(self) -> tuple[Floats, Ids]:
        """Questions to measure recall by, and the ids of the ten nearest of each, compared with all."""
        questions = Lists.trial(self._rows())
        best: list[tuple[Floats, Ids]] = []
        for first in range(0, len(self), LARGE):
            scores = questions @ self._rows()[first : first + LARGE].astype(np.float32).T
            at = np.argpartition(-scores, 10, axis=1)[:, :10] if scores.shape[1] > 10 else np.argsort(-scores, axis=1)
            best.append((np.take_along_axis(scores, at, axis=1), at + first))
        scores, places = (np.concatenate(parts, axis=1) for parts in zip(*best, strict=True))
        nearest = np.take_along_axis(places, np.argsort(-scores, axis=1)[:, :10], axis=1)
        return questions, self._order()[0][nearest]

    def exact(self) -> "FlatVectors":
        """The same vectors, for searches that compare all of them."""
        return FlatVectors(self.dimensions, self._index, mapped=self._mapped)

    def described(self) -> str:
        """How a search goes about, and why, for `rag status`; measures recall anew where that is less than all."""
        size = f"{len(self):,} vectors, {2 * self._index.d * len(self) / 1e6:,.0f} MB of float16"
        if isinstance(self._sketch, Lists):
            looked, lists = self._sketch.index.nprobe, self._sketch.index.nlist
            recall = self._sketch.recall(*self._trial(), LEAST)
            why = f"from {VERY_LARGE:,} on the sketch is in lists, {looked} of {lists} looked at"
            return f"{size}; {why}: recall@10 {recall:.3f} of exact in {len(Lists.trial(self._rows()))} trials"
        if self._sketch:
            return f"{size}; from {LARGE:,} on a sketch of 2 bits a dimension chooses which are compared"
        return f"{size}; all are compared, for they are fewer than {LARGE:,}"

    def _own(self) -> None:
        """Before a change: what is mapped is read, for the file is not to be changed."""
        self._places = None
        if self._mapped:
            self._index, self._mapped = faiss.read_index(str(self._mapped)), None

    def remove(self, ids: Iterable[int]) -> None:
        """Remove ids; those that are not there do not matter."""
        gone = np.fromiter(ids, dtype=np.int64)
        if len(gone):
            self._own()
            self._index.remove_ids(faiss.IDSelectorBatch(gone))
            if self._sketch:
                self._sketch.remove(gone)

    def rows(self, ids: Ids) -> Floats:
        """The vectors of ids that are there, shape (len(ids), dimensions)."""
        return self._rows()[self._at(ids), : self.dimensions].astype(np.float32)

    def search(self, vectors: Floats, k: int, among: Ids | None = None) -> tuple[Floats, Ids]:
        """See `rag.protocols.VectorStore.search`; a missing neighbour has id -1 and score -inf."""
        vectors = self._filled_up(vectors)
        if among is not None and len(among) <= _FEW:
            return self._compared(vectors, k, among)
        faiss.omp_set_num_threads(1)  # more would save little time for much work
        if isinstance(self._sketch, Lists):
            wanted = max(LEAST, 2 * k)
            parts = [self._compared(one[None], k, self._sketch.candidates(one, wanted, among)) for one in vectors]
            return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        chosen = None
        if among is not None:
            chosen = np.zeros(len(self), dtype=np.bool_)
            chosen[self._at(among)] = True
        scores, places = self._nearest(vectors, k, chosen)
        ids = np.where(places < 0, -1, self._order()[0][places])
        return np.where(ids < 0, -np.inf, scores).astype(np.float32), ids

    def _nearest(self, vectors: Floats, k: int, chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]] | None") -> Any:
        """Scores and places; `chosen` says of each place whether it may be found."""
        exact, sketch = self._index.index, self._sketch if isinstance(self._sketch, Sketch) else None
        if chosen is None:
            return sketch.search(exact, vectors, k) if sketch and k <= len(self) else exact.search(vectors, k)
        wider = 2 * k * len(self) // max(1, int(chosen.sum()))
        if sketch and wider <= min(_WIDER * k, len(self)):  # many are allowed: these are likely among the nearest
            scores, places = sketch.search(exact, vectors, wider)
            allowed = chosen[places] & (places >= 0)
            if (allowed.sum(axis=1) >= k).all():
                first = np.argsort(~allowed, axis=1, kind="stable")[:, :k]
                return np.take_along_axis(scores, first, axis=1), np.take_along_axis(places, first, axis=1)
        bits = np.packbits(chosen, bitorder="little")
        return exact.search(vectors, k, params=faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits)))

    def _compared(self, vectors: Floats, k: int, some: Ids) -> tuple[Floats, Ids]:
        scores = np.full((len(vectors), k), -np.inf, dtype=np.float32)
        ids = np.full((len(vectors), k), -1, dtype=np.int64)
        at = self._at(some)
        found = vectors @ self._rows()[at].astype(np.float32).T
        best = np.argsort(-found, axis=1, kind="stable")[:, :k]
        scores[:, : best.shape[1]] = np.take_along_axis(found, best, axis=1)
        ids[:, : best.shape[1]] = self._order()[0][at[best]]
        return scores, ids

    def _filled_up(self, vectors: Floats) -> Floats:
        filled = np.zeros((len(vectors), self._index.d), dtype=np.float32)
        filled[:, : self.dimensions] = vectors
        return filled

    def _rows(self) -> "np.ndarray[tuple[int, int], np.dtype[np.float16]]":
        """The index's own memory, which moves when it changes."""
        codes = faiss.downcast_index(self._index.index).codes
        flat = faiss.rev_swig_ptr(codes.data(), codes.size()) if len(self) else np.zeros(0, dtype=np.uint8)
        return np.asarray(flat.view(np.float16).reshape(len(self), self._index.d))

    def _order(self) -> tuple[Ids, Ids]:
        """The ids by place, and the places in order of id."""
        if self._places is None:
            held = faiss.vector_to_array(self._index.id_map)
            self._places = held, np.argsort(held, kind="stable")
        return self._places

    def _at(self, ids: Ids) -> Ids:
        """Places of those of `ids` that are there."""
        held, order = self._order()
        if not len(held):
            return np.zeros(0, dtype=np.int64)
        found = order[np.minimum(np.searchsorted(held, ids, sorter=order), len(held) - 1)]
        return np.asarray(found[held[found] == ids])

    def save(self, path: Path) -> list[Path]:
        """Write beside, sync, rename: a reader sees the old file or the new one and nothing between. Returns files."""
        parts = [(path, self._index), *([(_sketch_of(path), self._sketch.index)] if self._sketch else [])]
        for file, index in parts:
            beside = file.with_name(file.name + ".new")
            faiss.write_index(index, str(beside))
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            beside.replace(file)
        return [file for file, _ in parts]

    @staticmethod
    def files(path: Path) -> list[Path]:
        """What was saved under `path`."""
        return [path, *([_sketch_of(path)] if _sketch_of(path).exists() else [])]

    @classmethod
    def load(cls, path: Path, dimensions: int) -> "FlatVectors":
        """Raises OSError when a file is missing, damaged or of another width."""
        try:
            index = faiss.read_index(str(path), _MAPPED)
            others = [faiss.read_index(str(file)) for file in cls.files(path)[1:]]
        except RuntimeError as problem:
            raise OSError(str(problem)) from problem
        if index.d != _width(dimensions):
            raise OSError(f"{path} holds vectors of width {index.d}, not {_width(dimensions)}")
        sketch = None
        if others:
            sketch = Lists(others[0]) if isinstance(others[0], faiss.IndexIVF) else Sketch(index.d, others[0])
        return cls(dimensions, index, sketch, path if _MAPPED else None)


def _width(dimensions: int) -> int:
    return -(-dimensions // _ABREAST) * _ABREAST


def _halves(dimensions: int) -> Any:
    index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.is_trained = True  # there is nothing to learn
    return index


def _sketch_of(path: Path) -> Path:
    return path.with_suffix(".sketch")
