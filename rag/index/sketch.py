"""Which of many vectors may be near: two bits a dimension, summed up from tables that fit into registers."""

from typing import Any

import faiss
import numpy as np

from rag.protocols import Floats, Ids

__all__ = ["Sketch"]

_LEVELS = (-1.510, -0.4528, 0.4528, 1.510)  # those of Lloyd and Max for a normal distribution
_SHORTLIST = 8  # times as many as wanted; of the 200 nearest of 100,000 it holds 999 in 1,000, of the 10 nearest all
_LEAST = 1600


class Sketch:
    """A product quantizer that learns nothing, so that it is the same whatever came first.

    Turned at random, the dimensions of a unit vector are nearly normal, and the same four levels fit each of them
    (scalar quantization after rotation, as RaBitQ and TurboQuant have it). Two dimensions make a code of four bits, for
    FAISS's fast scan (Andre et al. 2017). At 256 dimensions and 100,000 vectors a search takes a fifth of the time that
    it takes to compare them all.
    """

    def __init__(self, dimensions: int, index: Any = None) -> None:
        self.index = index if index is not None else faiss.IndexIDMap2(_new(dimensions))

    @staticmethod
    def fits(dimensions: int) -> bool:
        """Whether vectors of this width can be sketched."""
        return dimensions % 2 == 0

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows under new ids."""
        self.index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Ids) -> None:
        """Remove ids that are there."""
        self.index.remove_ids(faiss.IDSelectorBatch(ids))

    def search(self, exact: Any, vectors: Floats, k: int) -> tuple[Floats, Ids]:
        """Scores and places of the `k` nearest as `exact` has them, an index of the same vectors in the same order."""
        chosen = faiss.IndexRefine(self.index.index, exact)
        factor = min(max(_SHORTLIST, _LEAST / k), exact.ntotal / k)
        scores, places = chosen.search(vectors, k, params=faiss.IndexRefineSearchParameters(k_factor=factor))
        return scores, places


def _new(dimensions: int) -> Any:
    pairs = dimensions // 2
    quantizer = faiss.IndexPQFastScan(dimensions, pairs, 4, faiss.METRIC_INNER_PRODUCT)
    levels = np.array(_LEVELS, dtype=np.float32) / np.sqrt(dimensions)
    grid = np.array([(first, second) for first in levels for second in levels], dtype=np.float32)
    faiss.copy_array_to_vector(np.tile(grid, (pairs, 1)).ravel(), quantizer.pq.centroids)
    quantizer.is_trained = True
    turned = faiss.RandomRotationMatrix(dimensions, dimensions)
    turned.init(1)
    index = faiss.IndexPreTransform(turned, quantizer)
    turned.this.disown()
    quantizer.this.disown()
    index.own_fields = True
    return index
