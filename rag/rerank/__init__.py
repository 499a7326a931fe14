"""The order of what was found: a second look, word by word, and if wanted that of a larger model."""

from collections.abc import Sequence

import numpy as np

from rag.errors import ModelError
from rag.late import Asked, Look
from rag.protocols import Floats, WordEmbedder
from rag.rank import FEATURES, Ranked, look, parameters
from rag.script import language
from rag.types import Found

__all__ = ["DEPTH", "by_reranker", "second_look"]

DEPTH = 50
"""Passages that get a second look."""


def second_look(
    question: str, found: Sequence[Ranked], looks: Sequence[Look], asked: Asked, words: WordEmbedder
) -> list[Ranked]:
    """What was found, by learned weights of what the sides say of it and how much of the question its words cover.

    `looks` in the same order. Only the first `DEPTH` are looked at; the others stay behind them.
    """
    if not found:
        return []
    looked, rest = found[:DEPTH], found[DEPTH:]
    features = look(language(question), [one.sides for one in looked], looks[:DEPTH], asked, words)
    added = features * parameters()
    scores = added.sum(axis=1)
    shares = features[:, FEATURES.index("together")]
    order = np.argsort(-scores, kind="stable").tolist()
    ranks = {at: rank for rank, at in enumerate(np.argsort(-shares, kind="stable").tolist(), 1)}
    again = [
        looked[at]._replace(
            score=float(scores[at]),
            found_by={**looked[at].found_by, "words": Found(ranks[at], float(shares[at]))},
            added=added[at],
        )
        for at in order
    ]
    return again + _behind(again, rest)


def by_reranker(found: Sequence[Ranked], scores: Floats) -> list[Ranked]:
    """The first `len(scores)` of what was found by the scores that a reranker gave them; the others behind them.

    Nothing but the reranker explains their places then. Raises ModelError for scores that are not finite.
    """
    if not np.isfinite(scores).all():
        raise ModelError("the reranker gives scores that are not finite", "use another one")
    order = np.argsort(-scores, kind="stable").tolist()
    again = [
        found[at]._replace(
            score=float(scores[at]),
            found_by={**found[at].found_by, "reranker": Found(rank, float(scores[at]))},
            added=None,
        )
        for rank, at in enumerate(order, 1)
    ]
    return again + _behind(again, found[len(scores) :])


def _behind(first: Sequence[Ranked], rest: Sequence[Ranked]) -> list[Ranked]:
    """The rest by their own scores, lowered below those of the first."""
    less = min((one.score for one in first), default=0.0) - max((one.score for one in rest), default=0.0)
    return sorted((one._replace(score=one.score + less) for one in rest), key=lambda one: -one.score)
