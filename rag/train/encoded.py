"""The pairs as piece ids: each distinct text once, its ids one after the other in a flat array."""

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from rag.train.pairs import Pair

__all__ = ["Encoded", "encode", "gather", "load", "save"]

Ints = npt.NDArray[np.int64]
LONGEST = 256
"""Pieces of a text that are trained on."""

log = logging.getLogger(__name__)


class Encoded(NamedTuple):
    """`ids` (pieces,) of all texts; text `t` is `ids[starts[t]:starts[t + 1]]`; pairs `a`, `b` are text numbers."""

    ids: npt.NDArray[np.int32]
    starts: Ints
    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    sources: npt.NDArray[np.int16]
    names: npt.NDArray[np.str_]


def encode(pairs: Iterable[Pair], tokenizer: Tokenizer, batch: int = 20_000) -> Encoded:
    """Pairs of which a side has no known piece, or whose sides are the same, are left out."""
    numbers: dict[str, int] = {}
    sources: dict[str, int] = {}
    rows: list[tuple[int, int, float, int]] = []
    for a, b, source, weight in pairs:
        if a != b:
            place = sources.setdefault(source, len(sources))
            rows.append((numbers.setdefault(a, len(numbers)), numbers.setdefault(b, len(numbers)), weight, place))
    texts = list(numbers)
    parts: list[npt.NDArray[np.int32]] = []
    lengths: list[int] = []
    for start in range(0, len(texts), batch):
        for found in tokenizer.encode_batch_fast(texts[start : start + batch], add_special_tokens=False):
            known = np.array(found.ids[:LONGEST], dtype=np.int32)
            known = known[known > 0]
            parts.append(known)
            lengths.append(len(known))
    counts = np.array(lengths, dtype=np.int64)
    a_side, b_side = (np.array([r[i] for r in rows], dtype=np.int32) for i in (0, 1))
    kept = (counts[a_side] > 0) & (counts[b_side] > 0)
    made = Encoded(
        np.concatenate(parts),
        np.concatenate([[0], np.cumsum(counts)]),
        a_side[kept],
        b_side[kept],
        np.array([r[2] for r in rows], dtype=np.float32)[kept],
        np.array([r[3] for r in rows], dtype=np.int16)[kept],
        np.array(list(sources)),
    )
    counted = Counter(made.sources.tolist())
    log.info("%d texts, %d pieces, %d pairs", len(texts), len(made.ids), len(made.a))
    log.info("pairs: %s", {name: counted[i] for i, name in enumerate(sources)})
    return made


def gather(ids: npt.NDArray[np.int32], starts: Ints, texts: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """The ids of `texts` one after the other, and where each text begins among them, shape (len(texts),)."""
    first = starts[texts]
    counts = starts[texts.astype(np.int64) + 1] - first
    ends = np.cumsum(counts)
    offsets = ends - counts
    places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - offsets, counts)
    return ids[places].astype(np.int64), offsets


def save(path: Path, made: Encoded) -> None:
    """Write to an `.npz`."""
    np.savez(path, **made._asdict())


def load(path: Path) -> Encoded:
    """Read from an `.npz`. Raises OSError where it is missing."""
    with np.load(path, allow_pickle=False) as found:
        return Encoded(**{name: found[name] for name in Encoded._fields})
