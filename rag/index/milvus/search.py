"""Both sides of a search, in Milvus: nearest vectors, and terms weighed as the local index weighs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.index.milvus.client import Client
from rag.index.milvus.copies import Copies
from rag.index.milvus.statistics import Statistics, unpacked_counts
from rag.index.milvus.weighing import dimension
from rag.protocols import Floats, Ids

__all__ = ["MilvusTerms", "MilvusVectors", "Searched", "counts_of"]

_WIDE = 8
"""How many an HNSW keeps in view for each that is asked for (`ef`). Of 67,000 news passages in one such graph the first
ten came as by comparing all for 82.0 % of 300 questions with 1, 96.7 % with 4, and 98.7 % with 8."""
_WIDEST = 32_768
_MOST = 16_384  # rows that Milvus gives at most
_FEW = 6  # bits: 64 rows of counts, a megabyte or two


@dataclass(frozen=True, slots=True)
class Searched:
    """The passages that `where` lets through, each content once."""

    client: Client
    where: str
    copies: Copies
    statistics: Statistics

    def nearest(self, field: str, query: Any, k: int, where: str = "") -> list[tuple[int, float]]:
        """Ids and inner products of at most `k` with the greatest, best first."""
        known = self.statistics
        limit = k if known.rows == known.passages else k * known.rows // max(known.passages, 1) + k // 4 + 8
        condition = " and ".join(filter(None, (self.where, where)))
        while True:
            limit = min(limit, _MOST)
            wide = {"ef": min(_WIDE * limit, _WIDEST)} if field == "vector" else {}
            found = self.client.nearest(field, query, limit, condition, **wide)
            kept = self.copies.once(found)
            if len(kept) >= k or len(found) < limit or limit == _MOST:
                return kept[:k]
            limit *= 2  # copies have taken the place of others


class MilvusVectors:
    """A `rag.protocols.VectorStore` over the passages that are `searched`."""

    def __init__(self, searched: Searched, size: int) -> None:
        """`size`: how many passages there are in all."""
        self._client, self._searched, self._size = searched.client, searched, size

    def __len__(self) -> int:
        return self._size

    def totals(self) -> tuple[int, int]:
        """How many passages there are, for `rag status`."""
        return self._client.count(self._client.passages), 0

    def described(self) -> str:
        """How a search goes about, for `rag status`."""
        return f"{len(self):,} vectors in Milvus, whose own index decides how many are compared"

    def rows(self, ids: Ids) -> Floats:
        """The vectors of ids that are there, shape (len(ids), dimensions)."""
        found = self._client.get(self._client.passages, ids.tolist(), ["id", "vector"])
        own = {row["id"]: row["vector"] for row in found}
        return np.array([own[key] for key in ids.tolist() if key in own], dtype=np.float32)

    def search(self, vectors: Floats, k: int, among: Ids | None = None) -> tuple[Floats, Ids]:
        """See `rag.protocols.VectorStore.search`. Among ids all are compared, whatever the filter says."""
        scores = np.full((len(vectors), k), -np.inf, dtype=np.float32)
        ids = np.full((len(vectors), k), -1, dtype=np.int64)
        for at, vector in enumerate(vectors):
            if among is None:
                found = self._searched.nearest("vector", vector.tolist(), k)
            else:
                rows = self._client.get(self._client.passages, among.tolist(), ["id", "vector"])
                products = np.array([row["vector"] for row in rows], dtype=np.float32).reshape(len(rows), -1) @ vector
                found = sorted(((row["id"], float(one)) for row, one in zip(rows, products, strict=True)), key=_order)
            for place, (key, score) in enumerate(sorted(found, key=_order)[:k]):
                scores[at, place], ids[at, place] = score, key
        return scores, ids


class MilvusTerms:
    """A `rag.protocols.TermStore` over the passages that are `searched`; frequencies are of all passages."""

    def __init__(self, searched: Searched, rows: Callable[[str], tuple[Ids, Ids]]) -> None:
        """`rows` gives a row of counts by its key."""
        self._searched, self._statistics, self._rows = searched, searched.statistics, rows

    def __len__(self) -> int:
        return self._statistics.passages

    def totals(self) -> tuple[int, int]:
        """How many rows of passages were counted, for `rag status`."""
        return self._statistics.rows, 0

    def frequency(self, term: str) -> int:
        """In how many passages `term` occurs."""
        at = dimension(term)
        dimensions, counts = self._rows(self._statistics.row_of(at))
        place = int(np.searchsorted(dimensions, at))
        return int(counts[place]) if place < len(dimensions) and dimensions[place] == at else 0

    def search(self, weights: Mapping[str, float], k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Ids and scores, best first: the inner product of these weights with the saturated frequencies."""
        question: dict[int, float] = {}
        for term, weight in weights.items():
            if weight > 0:
                question[dimension(term)] = question.get(dimension(term), 0.0) + weight
        where = "" if among is None else f"id in {among.tolist()}"
        if not question:
            return []
        return [one for one in self._searched.nearest("terms", question, k, where) if one[1] > 0]


def _order(found: tuple[int, float]) -> tuple[float, int]:
    return -found[1], found[0]


def counts_of(client: Client, statistics: Statistics) -> Callable[[str], tuple[Ids, Ids]]:
    """Reads rows of counts, each once; all of them in one call where they are few."""
    kept: dict[str, tuple[Ids, Ids]] = {}
    nothing = np.zeros(0, dtype=np.int64)

    def rows(key: str) -> tuple[Ids, Ids]:
        if key not in kept:
            wanted = statistics.keys() if statistics.bits <= _FEW else [key]
            found = client.get(client.records, wanted, ["key", "data"])
            kept.update(dict.fromkeys(wanted, (nothing, nothing)))
            kept.update({row["key"]: unpacked_counts(row["data"]) for row in found})
        return kept[key]

    return rows
