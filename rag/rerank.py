"""The order of what was found: near-identical passages count once."""

from collections.abc import Iterable
from dataclasses import replace

from rag.script import terms
from rag.types import Hit

__all__ = ["distinct"]

NEAR = 0.9
"""Share of common terms (Jaccard) from which two passages are the same text, reposted or slightly edited."""


def distinct(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The first `k` hits without those whose text an earlier hit has already given, ranked from 1."""
    seen: list[frozenset[str]] = []
    kept: list[Hit] = []
    for hit in hits:
        own = frozenset(terms(hit.text))
        if not any(_alike(own, other) for other in seen):
            seen.append(own)
            kept.append(replace(hit, rank=len(kept) + 1))
            if len(kept) == k:
                break
    return kept


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    # the smaller set bounds the overlap, so most pairs need no intersection
    if min(len(a), len(b)) < NEAR * max(len(a), len(b)):
        return False
    common = len(a & b)
    return common >= NEAR * (len(a) + len(b) - common)
