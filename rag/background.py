"""How common a term is in general: document frequencies over background texts, counted by `rag.train.background`."""

import math
import re
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np

from rag.script import HAN

__all__ = ["PATH", "Background", "load"]

PATH = Path(__file__).parent / "models" / "background.npz"
_HAN = re.compile(f"[{HAN}]")
UNKNOWN = 2.0
"""Frequency that is taken for a term which was not kept."""


def key(term: str) -> int:
    """The 64-bit number that a term is stored under."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little")


class Background:
    """Statistics of `rag.script.terms`. A Han term is counted among the Chinese texts, another one among all.

    `path` is an `.npz` of `keys` (sorted uint64), `df` (uint32), `n_zh` and `n_en`. Raises OSError where it is missing.

    >>> common, rare = load().idf("的"), load().idf("衰落")
    >>> common < 1 < rare
    True
    """

    def __init__(self, path: Path = PATH) -> None:
        with np.load(path, allow_pickle=False) as found:
            self._keys, self._df = found["keys"], found["df"]
            self.n_zh, self.n_en = int(found["n_zh"]), int(found["n_en"])

    @lru_cache(maxsize=100_000)  # noqa: B019  (one object for a process)
    def _counts(self, term: str) -> tuple[float, int]:
        number = np.uint64(key(term))
        place = int(np.searchsorted(self._keys, number))
        known = place < len(self._keys) and self._keys[place] == number
        texts = self.n_zh if _HAN.match(term) else self.n_zh + self.n_en
        return (float(self._df[place]) if known else UNKNOWN), texts

    def idf(self, term: str) -> float:
        """BM25's inverse document frequency of a folded term, ln(1 + (N - df + 0.5) / (df + 0.5)), never below 0."""
        df, texts = self._counts(term)
        return math.log(1 + max(texts - df + 0.5, 0.0) / (df + 0.5))

    def rate(self, term: str) -> float:
        """Share of the texts that have the term, from 0 to 1."""
        df, texts = self._counts(term)
        return min(df / texts, 1.0)


@lru_cache(maxsize=2)
def load(path: Path | None = None) -> Background:
    """The statistics in `path`, by default those in the package, read once for a process."""
    return Background(PATH if path is None else path)
