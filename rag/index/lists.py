"""For very many vectors: the sketch's codes in lists of neighbours, of which a search looks at some."""

from typing import Any

import faiss
import numpy as np

from rag.index.sketch import codes, turned
from rag.protocols import Floats, Ids

__all__ = ["RECALL", "Lists"]

RECALL = 0.95
"""Share of the ten nearest that must be among the candidates; it decides how many lists are looked at."""

_SAMPLE = 32  # vectors for each list that the lists' middles are learned from
_TRIED = 64  # searches that recall is measured by


class Lists:
    """An inverted file (Sivic and Zisserman 2003) over the codes of `rag.index.sketch`.

    Which lists there are is learned from a sample; the codes are not, so nothing is lost by adding what is unlike it.
    How many lists are looked at is set by `tune`. Ids are removed from their lists without anything being made again.
    """

    def __init__(self, index: Any) -> None:
        self.index = index
        self._turned = turned(index.d)

    @classmethod
    def learned(cls, vectors: Floats, count: int) -> "Lists":
        """New lists for about `count` vectors, learned from `vectors`, of which there are enough."""
        dimensions = vectors.shape[1]
        number = cls.number(count)
        middles = faiss.IndexFlatIP(dimensions)
        index = faiss.IndexIVFPQFastScan(middles, dimensions, number, dimensions // 2, 4, faiss.METRIC_INNER_PRODUCT)
        index.own_fields = True
        middles.this.disown()
        index.by_residual = False
        made = cls(index)
        how = faiss.ClusteringParameters()
        how.niter, how.max_points_per_centroid, how.min_points_per_centroid, how.seed = 6, _SAMPLE, 1, 1
        sample = np.random.default_rng(1).permutation(len(vectors))[: _SAMPLE * number]
        faiss.Clustering(dimensions, number, how).train(made._turned.apply(vectors[np.sort(sample)]), middles)
        faiss.copy_array_to_vector(codes(dimensions), index.pq.centroids)
        index.is_trained = True
        return made

    def copy(self) -> "Lists":
        """The same again."""
        return Lists(faiss.clone_index(self.index))

    @staticmethod
    def number(count: int) -> int:
        """How many lists so many vectors want: a power of two near twice their square root."""
        return int(2 ** round(np.log2(max(2 * np.sqrt(count), 1))))

    @staticmethod
    def sample_size(count: int) -> int:
        """How many vectors to learn them from."""
        return min(_SAMPLE * Lists.number(count), count)

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows under new ids."""
        self.index.add_with_ids(self._turned.apply(np.ascontiguousarray(vectors)), np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Ids) -> None:
        """Remove ids that are there."""
        self.index.remove_ids(faiss.IDSelectorBatch(ids))

    def candidates(self, vector: Floats, k: int, among: Ids | None = None) -> Ids:
        """About the `k` nearest of one vector, in no order. Of a search that is restricted all lists are looked at."""
        parameters = faiss.SearchParametersIVF(nprobe=self.index.nprobe)
        if among is not None:
            chosen = np.zeros(int(among.max(initial=0)) + 1, dtype=np.bool_)
            chosen[among] = True
            bits = np.packbits(chosen, bitorder="little")
            parameters = faiss.SearchParametersIVF(nprobe=self.index.nlist, sel=faiss.IDSelectorBitmap(bits))
        _, ids = self.index.search(self._turned.apply(vector[None]), k, params=parameters)
        found: Ids = ids[0][ids[0] >= 0]
        return found

    def tune(self, questions: Floats, nearest: Ids, k: int) -> None:
        """Look at as few lists as let `RECALL` of `nearest`, (questions, n), through."""
        self.index.nprobe = max(1, self.index.nlist // 64)
        while self.index.nprobe < self.index.nlist and self.recall(questions, nearest, k) < RECALL:
            self.index.nprobe = min(self.index.nlist, int(self.index.nprobe * 1.5) + 1)

    def recall(self, questions: Floats, nearest: Ids, k: int) -> float:
        """Share of `nearest` that is among `k` candidates."""
        found = [np.isin(own, self.candidates(one, k)).mean() for one, own in zip(questions, nearest, strict=True)]
        return float(np.mean(found))

    @staticmethod
    def trial(rows: Any) -> Floats:
        """Questions to measure by: vectors and twice as much chance, so that they are as far from all as questions are.

        Over passages made of news sentences, where lists let 0.87 of the nearest of these through, they let 0.94 of
        those of titles through, and 0.89 of those of single sentences.
        """
        chance = np.random.default_rng(2)
        noise = chance.standard_normal((_TRIED, rows.shape[1]))
        noise *= 2 / np.linalg.norm(noise, axis=1, keepdims=True)
        made = rows[chance.integers(0, len(rows), _TRIED)].astype(np.float32) + noise
        return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9), dtype=np.float32)
