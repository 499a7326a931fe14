"""Nearest neighbours with FAISS, in one file that can be made again from the truth at any time."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from rag.protocols import Floats, Ids

__all__ = ["FlatVectors"]

_SMALL = 50_000  # vectors below which a second thread costs more than it saves


class FlatVectors:
    """Exact search by inner product over L2-normalised vectors: the score is the cosine, higher is nearer.

    >>> store = FlatVectors(2)
    >>> store.add(np.array([7, 9]), np.array([[1, 0], [0, 1]], dtype=np.float32))
    >>> scores, ids = store.search(np.array([[0.6, 0.8]], dtype=np.float32), 3)
    >>> ids.tolist(), [f"{score:.1f}" for score in scores[0]]
    ([[9, 7, -1]], ['0.8', '0.6', '-inf'])
    """

    def __init__(self, dimensions: int, index: Any = None) -> None:
        self._index = index if index is not None else faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))
        self.dimensions = dimensions

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def totals(self) -> tuple[int, int]:
        """Number and sum of the ids."""
        return len(self), int(faiss.vector_to_array(self._index.id_map).sum())

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows under new ids."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Iterable[int]) -> None:
        """Remove ids; those that are not there do not matter."""
        gone = np.fromiter(ids, dtype=np.int64)
        if len(gone):
            self._index.remove_ids(faiss.IDSelectorBatch(gone))

    def search(self, vectors: Floats, k: int, among: Ids | None = None) -> tuple[Floats, Ids]:
        """See `rag.protocols.VectorStore.search`; a missing neighbour has id -1 and score -inf."""
        parameters = None
        if among is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))
        faiss.omp_set_num_threads(1 if len(self) < _SMALL else os.cpu_count() or 1)
        scores, ids = self._index.search(np.ascontiguousarray(vectors), k, params=parameters)
        return np.where(ids < 0, -np.inf, scores).astype(np.float32), ids

    def save(self, path: Path) -> None:
        """Write beside, sync, rename: a reader sees the old file or the new one and nothing between."""
        beside = path.with_name(path.name + ".new")
        faiss.write_index(self._index, str(beside))
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)

    @classmethod
    def load(cls, path: Path, dimensions: int) -> "FlatVectors":
        """Raises OSError when the file is missing, damaged or of another width."""
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as problem:
            raise OSError(str(problem)) from problem
        if index.d != dimensions:
            raise OSError(f"{path} holds vectors of width {index.d}, not {dimensions}")
        return cls(dimensions, index)
