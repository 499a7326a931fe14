"""The order of what was found: a second look, word by word."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.late import Asked, Look, covered, nearest_pieces
from rag.protocols import WordEmbedder
from rag.script import language
from rag.types import Found, Hit

__all__ = ["DEPTH", "second_look"]

DEPTH = 50
"""Passages that get a second look."""

COVERED = 18.0
"""Standard deviations of the dense side that a question covered word by word is worth.

This and the next were chosen on training questions of both languages in one collection, and on the seed questions.
"""

OTHER_LANGUAGE = 3.0
"""What a passage in another language than the question is given, for the words that it cannot share as they are."""


def second_look(
    question: str, hits: Sequence[Hit], looks: Sequence[Look], asked: Asked, words: WordEmbedder
) -> list[Hit]:
    """The hits by their score and by how much of the question their words cover, in whichever language they are.

    `looks` are theirs, in the same order. Only the first `DEPTH` are looked at. What they are given is never negative,
    so the others stay behind them.
    """
    own = language(question)
    looked = hits[:DEPTH]
    shares = _covered_by(looks[:DEPTH], asked, words)
    ranks = {at: rank for rank, at in enumerate(sorted(range(len(looked)), key=lambda at: -shares[at]), 1)}
    again = [
        replace(
            hit,
            score=hit.score + COVERED * share + OTHER_LANGUAGE * (look.language != own),
            found_by={**hit.found_by, "words": Found(ranks[at], share)},
        )
        for at, (hit, look, share) in enumerate(zip(looked, looks[:DEPTH], shares, strict=True))
    ]
    return [*sorted(again, key=lambda hit: -hit.score), *hits[DEPTH:]]


def _covered_by(looks: Sequence[Look], asked: Asked, words: WordEmbedder) -> list[float]:
    """For each passage how much of the question it covers: as a whole, and in its best sentence alone, half and half.

    A title counts as part of each sentence.
    """
    if not looks:
        return []
    counts = np.concatenate([look.counts for look in looks])
    near = nearest_pieces(asked, np.concatenate([look.pieces for look in looks]), counts, words)
    parts = [len(look.counts) for look in looks]
    starts = np.cumsum([0, *parts[:-1]])
    together = covered(asked, np.maximum.reduceat(near, starts, axis=0))
    alone = np.maximum.reduceat(covered(asked, np.maximum(near, np.repeat(near[starts], parts, axis=0))), starts)
    return [float(share) for share in (together + alone) / 2]
