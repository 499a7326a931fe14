"""Writes `rag/models/characters.npz`: which Chinese character follows which, as `rag.clean.prose` reads it.

    python -m rag.train.bigrams [../shared/data]

Only frequencies are kept, of folded characters; a pair that was met fewer than `RARE` times is left out.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rag.clean import prose
from rag.protocols import Floats, Ids
from rag.script import to_simplified

RARE = 3
RARE_TRIGRAM = 6
KINDS = 7000
DISCOUNT = 0.75
_WORDS_ONLY = {"dict", "ui"}


def texts(data: Path, only: str = "zh") -> Iterator[str]:
    """Every Chinese text that may be trained on, or those whose language begins with `only`."""
    paths = [*sorted(data.joinpath("train").glob("*/*.jsonl.gz")), data / "corpus" / "news_2023.jsonl.gz"]
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                language = row.get("lb") or row.get("lang") or "zh-Hans"
                if language.startswith(only) and row.get("kind") not in _WORDS_ONLY:
                    yield str(row.get("b") or row.get("passage") or row.get("paragraph") or row["text"])


def _chunks(data: Path, only: str = "zh", size: int = 4_000_000) -> Iterator[str]:
    held: list[str] = []
    room = size
    for text in texts(data, only):
        held.append(text)
        room -= len(text)
        if room < 0:
            yield "\n".join(held)
            held, room = [], size
    yield "\n".join(held)


def _shares(data: Path) -> tuple["np.ndarray[tuple[int], np.dtype[np.uint16]]", Floats]:
    """Characters that have variants, and their share among these in Simplified and in Traditional text."""
    simplified = {a: b for a, b in to_simplified().items() if a < 0x10000 and b < 0x10000}
    codes = np.array(sorted(simplified.keys() | set(simplified.values())), dtype=np.uint16)
    family = np.array([simplified.get(int(code), int(code)) for code in codes])
    shares = []
    for script in ("zh-Hans", "zh-Hant"):
        counts = np.zeros(0x10000)
        for chunk in _chunks(data, script):
            counts += np.bincount(prose.units(chunk), minlength=0x10000)
        of_family = np.bincount(family, weights=counts[codes], minlength=0x10000)
        shares.append(np.maximum((counts[codes] + 0.01) / (of_family[family] + 0.05), 0.001))
    return codes, np.stack(shares)


def _trigrams(data: Path, number: Ids, size: int, pairs: Ids) -> tuple[Ids, Ids]:
    """Sorted keys, pair * size + character, of what follows the kept `pairs`, and how often it does."""
    keys = []
    for chunk in _chunks(data):
        ids = number[prose.folded(chunk)]
        both = ids[:-2] * size + ids[1:-1]
        place = np.minimum(np.searchsorted(pairs, both), len(pairs) - 1)
        known = (pairs[place] == both) & (ids[2:] < size - 1)
        keys.append(place[known] * size + ids[2:][known])
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    often = counts >= RARE_TRIGRAM
    return found[often], counts[often]


def _packed(values: Floats) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.clip(np.round(-np.log(values) * prose.STEPS_PER_NAT), 0, 255).astype(np.uint8)


def main() -> None:
    """Count, smooth by absolute discounting (Ney, Essen and Kneser 1994), write."""
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    by_code = np.zeros(0x10000, dtype=np.int64)
    total = 0
    for chunk in _chunks(data):
        by_code += np.bincount(prose.folded(chunk), minlength=0x10000)
        total += len(chunk)
    kept = np.sort(np.argsort(-by_code, kind="stable")[:KINDS])
    kept = kept[by_code[kept] > 1].astype(np.uint16)
    size = len(kept) + 1  # the last stands for all others
    number = np.full(0x10000, size - 1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    counts = np.zeros(size * size, dtype=np.int32)
    for chunk in _chunks(data):
        ids = number[prose.folded(chunk)]
        counts += np.bincount(ids[:-1] * size + ids[1:], minlength=size * size).astype(np.int32)
    table = counts.reshape(size, size)
    single = table.sum(axis=0) + 0.5
    single[-1] /= 20_000  # the others share their part
    single /= single.sum()
    before = np.maximum(table.sum(axis=1), 1)
    pairs = np.flatnonzero(counts >= RARE)
    pairs = pairs[(pairs % size < size - 1) & (pairs // size < size - 1)]
    first, second = pairs // size, pairs % size
    explicit = (counts[pairs] - DISCOUNT) / before[first]
    left = 1 - np.bincount(first, weights=explicit, minlength=size)
    chance = explicit + left[first] * single[second]

    triples, often = _trigrams(data, number, size, pairs)
    pair, third = triples // size, triples % size
    explicit = (often - DISCOUNT) / counts[pairs[pair]]
    left_pair = 1 - np.bincount(pair, weights=explicit, minlength=len(pairs))
    follows = second[pair] * size + third
    place = np.minimum(np.searchsorted(pairs, follows), len(pairs) - 1)
    lower = np.where(pairs[place] == follows, chance[place], left[second[pair]] * single[third])
    variants, shares = _shares(data)
    np.savez_compressed(
        prose.PATH,
        characters=kept,
        single=_packed(single),
        left=_packed(np.maximum(left, 1e-6)),
        gaps=np.diff(pairs, prepend=0).astype(np.uint32),
        chance=_packed(chance),
        left_pair=_packed(np.maximum(left_pair, 1e-6)),
        gaps_3=np.diff(triples, prepend=0).astype(np.uint32),
        chance_3=_packed(explicit + left_pair[pair] * lower),
        variants=variants,
        shares=_packed(shares),
    )
    written = prose.PATH.stat().st_size
    print(f"{total:,} characters, {size:,} kinds, {len(pairs):,} pairs, {len(triples):,} triples, {written:,} bytes")


if __name__ == "__main__":
    main()
