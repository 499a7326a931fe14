"""In how many passages each term occurs, and how long they are: what BM25 must know of all of them together."""

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from itertools import pairwise

import numpy as np

from rag.index.milvus.client import Client, Row
from rag.index.milvus.rows import record
from rag.protocols import Ids

__all__ = ["Statistics", "Tally", "bits_for", "unpacked_counts"]

_TERMS = 3000  # in a row: 8 bytes each before they are packed
_BITS = 32  # of a dimension
_NOTED = 12  # first bits of those whose count has changed are noted


class Tally:
    """Counts of terms over some passages: `passages`, `tokens` in all, and for each dimension in how many it occurs.

    `rows` are those in Milvus; of rows with the same content one counts as a passage.
    """

    def __init__(self, dimensions: Ids | None = None, counts: Ids | None = None) -> None:
        self.dimensions = np.zeros(0, dtype=np.int64) if dimensions is None else dimensions
        self.counts = np.zeros(0, dtype=np.int64) if counts is None else counts
        self.passages = self.tokens = self.rows = 0
        self.touched = np.zeros(2**_NOTED, dtype=np.bool_)
        """By the first bits of a dimension, whether something was counted in or out."""
        self._waiting: list[tuple[Ids, int]] = []
        self._size = 0

    def add(self, dimensions: Iterable[int], length: int, sign: int = 1) -> None:
        """Count a passage in, or out where `sign` is -1."""
        own = np.fromiter(dimensions, dtype=np.int64)
        self._waiting.append((own, sign))
        self.touched[own >> (_BITS - _NOTED)] = True
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
    """As they stand in Milvus at `generation`: the counts lie in 2 ** `bits` rows, each a range of dimensions.

    All weights were worked out with a mean length between `shortest` and `longest`.
    """

    generation: int
    rows: int = 0
    passages: int = 0
    tokens: int = 0
    bits: int = 0
    shortest: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """The mean length of passages; 0 where there are none."""
        return self.tokens / max(self.passages, 1)

    @classmethod
    def read(cls, kept: str | None) -> "Statistics":
        """From the note in the index's `meta`."""
        return cls(*json.loads(kept)) if kept else cls(-1)

    def written(self) -> str:
        """For the index's `meta`."""
        return json.dumps(astuple(self))

    def keys(self) -> list[str]:
        """Keys of all rows of counts."""
        return [f"terms/{self.bits}/{number}" for number in range(2**self.bits)]

    def row_of(self, dimension: int) -> str:
        """Key of the row that counts this dimension."""
        return f"terms/{self.bits}/{dimension >> (_BITS - self.bits)}"

    def packed(self, tally: Tally, before: "Statistics") -> list[Row]:
        """The rows that hold the counts of `tally`, without those that are as they were `before`."""
        tally.settle()
        which = tally.dimensions >> (_BITS - self.bits)
        edges = np.searchsorted(which, np.arange(2**self.bits + 1))
        stays = before.generation >= 0 and before.bits == self.bits <= _NOTED
        written = np.ones(2**self.bits, dtype=np.bool_)
        if stays:
            written = np.logical_or.reduce(tally.touched.reshape(2**self.bits, -1), axis=1)
        return [
            record(key, "terms", _packed(tally.dimensions[first:last], tally.counts[first:last]))
            for key, (first, last), changed in zip(self.keys(), pairwise(edges), written, strict=True)
            if changed
        ]

    def tally(self, client: Client) -> Tally:
        """All counts, read back."""
        rows = client.get(client.records, self.keys(), ["data"])
        parts = [unpacked_counts(row["data"]) for row in rows]
        dimensions = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        counts = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        order = np.argsort(dimensions, kind="stable")
        found = Tally(dimensions[order], counts[order])
        found.rows, found.passages, found.tokens = self.rows, self.passages, self.tokens
        return found


def bits_for(tally: Tally) -> int:
    """How many bits of a dimension name its row, so that a row holds about `_TERMS` at most."""
    tally.settle()
    return max(0, int(np.ceil(np.log2(max(len(tally.dimensions), 1) / _TERMS))))


def _packed(dimensions: Ids, counts: Ids) -> str:
    both = dimensions.astype("<u4").tobytes() + counts.astype("<u4").tobytes()
    return base64.b64encode(zlib.compress(both, 1)).decode("ascii")


def unpacked_counts(data: str) -> tuple[Ids, Ids]:
    both = np.frombuffer(zlib.decompress(base64.b64decode(data)), dtype="<u4").astype(np.int64)
    return both[: len(both) // 2], both[len(both) // 2 :]
