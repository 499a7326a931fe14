"""The sparse vectors of passages: weights that give BM25 as their inner product with those of a question's terms."""

from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache

import numpy as np

from rag.index.milvus.client import Client, Row
from rag.index.milvus.rows import key
from rag.index.milvus.statistics import Statistics, Tally
from rag.script import terms

__all__ = ["DRIFT", "Scale", "counted", "dimension", "saturated"]

DRIFT = 0.005
"""How far off the mean length of a weight may be, as a share: it moves no weight by more than a third of it."""

_K1, _B = 1.2, 0.75  # as tantivy has them
_NOTHING = {0: 1e-30}  # Milvus wants something in each vector


@lru_cache(maxsize=200_000)
def dimension(term: str) -> int:
    """The dimension of a sparse vector that stands for a term. Two terms in a million share one with a third."""
    return key(term) % (2**32 - 1)


def _lengths() -> list[int]:
    """Lengths that tantivy tells apart: it keeps one byte of each, exact up to 40, then in steps of 2, 4, 8 and on."""
    known = list(range(41))
    for doubled in range(1, 20):
        known += [known[-1] + 2**doubled * (at + 1) for at in range(8)]
    return known


_KNOWN = np.array(_lengths(), dtype=np.int64)


def counted(text: str) -> tuple[dict[int, float], int]:
    """How often each dimension occurs in a passage, and how many terms it has."""
    found = Counter(terms(text))
    counts: dict[int, float] = {}
    for term, count in found.items():
        at = dimension(term)
        counts[at] = counts.get(at, 0) + count
    return counts, found.total()


def saturated(counts: dict[int, float], length: int, mean: float) -> dict[int, float]:
    """The sparse vector of a passage, from what `counted` gives and the mean length of all passages.

    A weight is BM25's saturated frequency, so that the inner product with the weights of a question's terms is what
    `rag.index.terms.TermIndex` gives: tantivy's score, the length as it rounds it.
    """
    rounded = int(_KNOWN[np.searchsorted(_KNOWN, length, side="right") - 1])
    base = _K1 * (1 - _B + _B * rounded / mean) if mean else _K1
    return {at: count * (_K1 + 1) / (count + base) for at, count in counts.items()} or _NOTHING


class Scale:
    """Weighs the rows that a run writes, and counts what comes and goes.

    The mean length is that of the passages so far, and is followed where it moves by more than `DRIFT`: each row says
    which one it was weighed with.
    """

    def __init__(self, client: Client, before: Statistics, *, known: bool) -> None:
        """`known`: whether `before` counts all that is there."""
        self._client, self._before, self.known = client, before, known
        self.tally: Tally | None = None
        """Counts all passages, once something has come or gone; None where it is not known what there were."""
        self._mean = before.mean
        self.shortest, self.longest = before.shortest, before.longest

    def weigh(self, rows: Sequence[Row], gone: Sequence[int], entering: Set[int], ending: Set[int]) -> None:
        """Put weights in place of the counts of terms in `rows`; `gone` are ids that will be removed.

        `entering` and `ending` are the documents with which a content comes in or goes out.
        """
        mean = self._mean
        if self.known and self.tally is None:
            self.tally = self._before.tally(self._client)
        if self.tally:
            leaving, replaced = set(gone), [*gone, *(row["id"] for row in rows)]
            for row in self._client.get(self._client.passages, replaced, ["id", "document", "terms", "length"]):
                self.tally.rows -= 1
                if row["document"] in ending and row["id"] in leaving:
                    self.tally.add(row["terms"], row["length"], -1)
            self.tally.rows += len(rows)
            for row in rows:
                if row["document"] in entering:
                    self.tally.add(row["terms"] or _NOTHING, row["length"])
            mean = self.tally.tokens / max(self.tally.passages, 1)
        elif not mean and rows:
            mean = sum(row["length"] for row in rows) / len(rows)
        if not rows:
            return
        if not self._mean or abs(mean / self._mean - 1) > DRIFT:
            self._mean = mean
        self.used(self._mean)
        for row in rows:
            row["terms"] = saturated(row["terms"], row["length"], self._mean)
            row["mean"] = self._mean

    def used(self, mean: float) -> None:
        """Note that there are weights of this mean length."""
        self.shortest = min(self.shortest or mean, mean)
        self.longest = max(self.longest, mean)
