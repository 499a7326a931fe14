"""What is shown of what was found: the same text once, and, if wanted, passages that differ from each other."""

from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from rag.late import Look
from rag.protocols import Floats
from rag.script import terms

__all__ = ["distinct", "spread"]

SAME = 0.9
"""Share of common terms (Jaccard) from which two passages are the same text, reposted or slightly edited."""

MAY_BE_SAME = 0.6
"""The same share of pieces, counted roughly: below it no two passages are compared term by term."""

_BUCKETS = 512


def distinct(looks: Sequence[Look], text: Callable[[int], str], k: int) -> list[list[int]]:
    """The first `k` different texts of passages in their order: for each the place of the first one and of the others.

    `text` gives the text of the passage at a place; it is asked for where two look alike.
    """
    candidates = _may_be_same(looks)
    own: dict[int, frozenset[str]] = {}

    def same(a: int, b: int) -> bool:
        for at in (a, b):
            if at not in own:
                own[at] = frozenset(terms(text(at)))
        return _alike(own[a], own[b]) if own[a] or own[b] else text(a) == text(b)

    kept: dict[int, list[int]] = {}
    for at in range(len(looks)):
        first = next((other for other in kept if candidates[other, at] and same(other, at)), None)
        if first is not None:
            kept[first].append(at)
        elif len(kept) < k:
            kept[at] = [at]
    return list(kept.values())


def _may_be_same(looks: Sequence[Look]) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """Whether two passages share most of their pieces, (passages, passages); pieces are told apart by bucket alone."""
    marks = np.zeros((len(looks), _BUCKETS), dtype=np.float32)
    pieces = [look.of_text for look in looks]
    if looks:
        marks[np.repeat(np.arange(len(looks)), [len(own) for own in pieces]), np.concatenate(pieces) % _BUCKETS] = 1
    common = marks @ marks.T
    sizes = common.diagonal()
    return np.asarray(common >= MAY_BE_SAME * (sizes[:, None] + sizes[None, :] - common))


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    # the smaller set bounds the overlap, and so does any part of it, so most pairs need no whole intersection
    most = max(len(a), len(b))
    if min(len(a), len(b)) < SAME * most:
        return False
    may_miss = len(a) - SAME * most
    part = frozenset(islice(a, 2 * int(may_miss) + 2))
    if len(part) - len(part & b) > may_miss:
        return False
    common = len(a & b)
    return common >= SAME * (len(a) + len(b) - common)


def spread(scores: Sequence[float], vectors: Floats, weight: float) -> list[int]:
    """An order in which each next one is good and unlike those before it.

    Maximal marginal relevance (Carbonell and Goldstein 1998): `weight` times the score, scaled to 0..1, less the rest
    times the greatest cosine with what comes before. With weight 1 it is the order by score.

    >>> spread([3.0, 2.9, 1.0], np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32), 0.5)
    [0, 2, 1]
    """
    given = np.asarray(scores, dtype=np.float64)
    worth = (given - given.min()) / (np.ptp(given) or 1.0) if len(given) else given
    nearest = np.zeros(len(given))
    left = np.ones(len(given), dtype=np.bool_)
    order: list[int] = []
    for _ in range(len(given)):
        best = int(np.argmax(np.where(left, weight * worth - (1 - weight) * nearest, -np.inf)))
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return order
