"""The order of what was found: a second look word by word, and near-identical passages count once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from rag.late import Asked, covered, nearest_pieces
from rag.protocols import WordEmbedder
from rag.script import language, terms
from rag.types import Found, Hit, Span

__all__ = ["DEPTH", "distinct", "second_look"]

DEPTH = 50
"""Passages that get a second look."""

COVERED = 18.0
"""Standard deviations of the dense side that a question covered word by word is worth.

This and the next were chosen on training questions of both languages in one collection, and on the seed questions.
"""

OTHER_LANGUAGE = 3.0
"""What a passage in another language than the question is given, for the words that it cannot share as they are."""

NEAR = 0.9
"""Share of common terms (Jaccard) from which two passages are the same text, reposted or slightly edited."""


def second_look(question: str, hits: Sequence[Hit], asked: Asked, words: WordEmbedder) -> list[Hit]:
    """The hits by their score and by how much of the question their words cover, in whichever language they are.

    Only the first `DEPTH` are looked at. What they are given is never negative, so the others stay behind them.
    """
    own = language(question)
    looked = hits[:DEPTH]
    shares = _covered_by(looked, asked, words)
    ranks = {at: rank for rank, at in enumerate(sorted(range(len(looked)), key=lambda at: -shares[at]), 1)}
    again = [
        replace(
            hit,
            score=hit.score + COVERED * share + OTHER_LANGUAGE * (language(hit.text) != own),
            found_by={**hit.found_by, "words": Found(ranks[at], share)},
        )
        for at, (hit, share) in enumerate(zip(looked, shares, strict=True))
    ]
    return [*sorted(again, key=lambda hit: -hit.score), *hits[DEPTH:]]


def _covered_by(hits: Sequence[Hit], asked: Asked, words: WordEmbedder) -> list[float]:
    """For each hit how much of the question it covers: as a whole, and in its best sentence alone, half and half.

    A title counts as part of each sentence.
    """
    if not hits:
        return []
    texts = [[hit.title, *(span.of(hit.text) for span in hit.sentences or (Span(0, len(hit.text)),))] for hit in hits]
    near = nearest_pieces(asked, [text for parts in texts for text in parts], words)
    counts = [len(parts) for parts in texts]
    starts = np.cumsum([0, *counts[:-1]])
    together = covered(asked, np.maximum.reduceat(near, starts, axis=0))
    alone = np.maximum.reduceat(covered(asked, np.maximum(near, np.repeat(near[starts], counts, axis=0))), starts)
    return [float(share) for share in (together + alone) / 2]


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
    # the smaller set bounds the overlap, and so does any part of it, so most pairs need no whole intersection
    most = max(len(a), len(b))
    if min(len(a), len(b)) < NEAR * most:
        return False
    may_miss = len(a) - NEAR * most
    part = frozenset(islice(a, 2 * int(may_miss) + 2))
    if len(part) - len(part & b) > may_miss:
        return False
    common = len(a & b)
    return common >= NEAR * (len(a) + len(b) - common)
