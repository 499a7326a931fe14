"""How often each term occurs and how long passages are: what BM25 must know of all passages together."""

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.index.milvus.client import Client, Row
from rag.index.milvus.rows import key, record
from rag.protocols import Ids
from rag.script import terms

__all__ = ["Statistics", "Tally", "dimension", "weights"]

_K1, _B = 1.2, 0.75  # as tantivy has them
_TERMS = 3000  # in a row: 8 bytes each before they are packed
_BITS = 32


def dimension(term: str) -> int:
    """The dimension of a sparse vector that stands for a term. Two terms in a million share one with a third."""
    return key(term) % int(2**_BITS - 1)


def _lengths() -> list[int]:
    """Lengths that tantivy tells apart: it keeps one byte of each, exact up to 40, then in steps of 2, 4, 8 and on."""
    known = list(range(41))
    for doubled in range(1, 20):
        known += [known[-1] + 2**doubled * (at + 1) for at in range(8)]
    return known


_KNOWN = np.array(_lengths(), dtype=np.int64)


def weights(text: str, mean: float) -> tuple[dict[int, float], int]:
    """The sparse vector of a passage, and its number of terms.

    A weight is BM25's saturated frequency, so that the inner product with the weights of a question's terms is what
    `rag.index.terms.TermIndex` gives: tantivy's score, the length as it rounds it.
    """
    counts: dict[int, int] = {}
    length = 0
    for term in terms(text):
        length += 1
        at = dimension(term)
        counts[at] = counts.get(at, 0) + 1
    rounded = int(_KNOWN[np.searchsorted(_KNOWN, length, side="right") - 1])
    base = _K1 * (1 - _B + _B * rounded / mean) if mean else _K1
    return {at: count * (_K1 + 1) / (count + base) for at, count in counts.items()}, length


class Tally:
    """Counts of terms over some passages: `passages`, `tokens` in all, and for each dimension in how many it occurs."""

    def __init__(self, dimensions: Ids | None = None, counts: Ids | None = None) -> None:
        self.dimensions = np.zeros(0, dtype=np.int64) if dimensions is None else dimensions
        self.counts = np.zeros(0, dtype=np.int64) if counts is None else counts
        self.passages = self.tokens = 0
        self._waiting: list[tuple[Ids, int]] = []
        self._size = 0

    def add(self, dimensions: Iterable[int], length: int, sign: int = 1) -> None:
        """Count a passage in, or out where `sign` is -1."""
        own = np.fromiter(dimensions, dtype=np.int64)
        self._waiting.append((own, sign))
        self._size += len(own)
        self.passages += sign
        self.tokens += sign * length
        if self._size > 2_000_000:
            self.settle()

    def settle(self) -> None:
        """Bring the counts up to date."""
        if self._waiting:
            signs = [np.full(len(own), sign, dtype=np.int64) for own, sign in self._waiting]
            every = np.concatenate([self.dimensions, *(own for own, _ in self._waiting)])
            amounts = np.concatenate([self.counts, *signs])
            self.dimensions, place = np.unique(every, return_inverse=True)
            self.counts = np.zeros(len(self.dimensions), dtype=np.int64)
            np.add.at(self.counts, place, amounts)
            left = self.counts > 0
            self.dimensions, self.counts = self.dimensions[left], self.counts[left]
            self._waiting, self._size = [], 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """As they stand in Milvus at `generation`: the counts lie in 2 ** `bits` rows, each a range of dimensions."""

    generation: int
    passages: int = 0
    tokens: int = 0
    bits: int = 0

    @classmethod
    def read(cls, kept: str | None) -> "Statistics":
        """From the note in the index's `meta`."""
        return cls(*json.loads(kept)) if kept else cls(-1)

    def written(self) -> str:
        """For the index's `meta`."""
        return json.dumps([self.generation, self.passages, self.tokens, self.bits])

    def row_of(self, dimension: int) -> str:
        """Key of the row that counts this dimension."""
        return f"terms/{self.bits}/{dimension >> (_BITS - self.bits)}"

    def rows(self, tally: Tally) -> list[Row]:
        """The rows that hold the counts of `tally`."""
        tally.settle()
        which = tally.dimensions >> (_BITS - self.bits)
        edges = np.searchsorted(which, np.arange(2**self.bits + 1))
        return [
            record(
                f"terms/{self.bits}/{number}", "terms", _packed(tally.dimensions[first:last], tally.counts[first:last])
            )
            for number, (first, last) in enumerate(pairwise(edges))
        ]

    def tally(self, client: Client) -> Tally:
        """All counts, read back."""
        rows = client.each(client.records, 'kind == "terms"', ["key", "data"])
        parts = [unpacked_counts(row["data"]) for row in rows if row["key"].startswith(f"terms/{self.bits}/")]
        dimensions = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        counts = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        order = np.argsort(dimensions, kind="stable")
        found = Tally(dimensions[order], counts[order])
        found.passages, found.tokens = self.passages, self.tokens
        return found


def bits_for(tally: Tally) -> int:
    """How many bits of a dimension name its row, so that a row holds about `_TERMS` at most."""
    tally.settle()
    return max(0, int(np.ceil(np.log2(max(len(tally.dimensions), 1) / _TERMS))))


def _packed(dimensions: Ids, counts: Ids) -> str:
    both = dimensions.astype("<u4").tobytes() + counts.astype("<u4").tobytes()
    return base64.b85encode(zlib.compress(both, 1)).decode("ascii")


def unpacked_counts(data: str) -> tuple[Ids, Ids]:
    both = np.frombuffer(zlib.decompress(base64.b85decode(data)), dtype="<u4").astype(np.int64)
    return both[: len(both) // 2], both[len(both) // 2 :]
