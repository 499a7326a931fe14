"""What is measured of a passage that was found, and how much each of these features counts for its place."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from rag.late import Asked, Look, best_of, covered, near_places, weighed
from rag.protocols import Floats, Ids, WordEmbedder
from rag.types import Found

__all__ = ["FEATURES", "NOT_SEEN", "Ranked", "Sides", "explained", "look", "parameters"]

FEATURES = (
    *("dense", "lexical", "best", "across", "together", "alone", "pairs", "title", "least", "size"),
    *("other", "other_dense", "other_together", "other_alone", "other_across"),
)
"""What is measured, most of it from 0 to 1:

dense      cosine with the question, in standard deviations above the mean of the nearest passages
lexical    BM25 as a share of what a full match of the question would give; `best`: as a share of the best passage's
across     the same as `lexical`, of the question's words in the other language
together   share of the question's weight whose words have a near neighbour in the passage (late interaction)
alone      the same of its best sentence with the title
pairs      share of the pairs of neighbouring words that the passage has as neighbours too
title      `together` of the title alone
least      the best cosine found for the worst found of the question's rarer words
size       logarithm of the passage's number of pieces, against 150
other      1 where passage and question are in different languages, and then some of the others again
"""

PARAMETERS = Path(__file__).parent / "models" / "rank.json"
SAME = 0.995
"""Cosine from which two pieces are the same."""

_RARE = 0.4  # of the weight of the rarest


class Sides(NamedTuple):
    """What the sides of the search say of a passage: see `FEATURES`."""

    dense: float = 0.0
    lexical: float = 0.0
    across: float = 0.0


NOT_SEEN: Final = Sides()


class Ranked(NamedTuple):
    """A passage's key in the index, its score, where each side put it, what each says of it.

    `added`: what each feature has added to the score, (len(FEATURES),), after the second look.
    """

    key: int
    score: float
    found_by: Mapping[str, Found]
    sides: Sides = NOT_SEEN
    added: Floats | None = None


@lru_cache(maxsize=1)
def parameters() -> Floats:
    """The weight of each feature, fitted by `python -m rag.train.rank`."""
    weights = json.loads(PARAMETERS.read_text(encoding="utf-8"))["weights"]
    return np.array([weights[name] for name in FEATURES], dtype=np.float32)


def explained(ranked: Ranked) -> dict[str, float]:
    """What each feature added to the score; those of another language count to their own, and zeros are left out."""
    if ranked.added is None:
        return {}
    found: dict[str, float] = {}
    for name, part in zip(FEATURES, ranked.added.tolist(), strict=True):
        own = name.removeprefix("other_")
        found[own] = found.get(own, 0.0) + part
    return {name: round(part, 4) for name, part in found.items() if part}


def look(own: str, sides: Sequence[Sides], looks: Sequence[Look], asked: Asked, words: WordEmbedder) -> Floats:
    """The features of passages, (passages, len(FEATURES)); `own` is the question's language."""
    counts = np.concatenate([one.counts for one in looks])
    pieces = np.concatenate([one.pieces for one in looks])
    parts = np.array([len(one.counts) for one in looks])
    sizes = np.array([len(one.pieces) for one in looks])
    first = np.cumsum(parts) - parts
    places, cosines = near_places(asked, pieces, words)
    near = best_of(places, cosines, counts)
    whole = np.maximum.reduceat(near, first, axis=0)
    single = np.maximum(near, np.repeat(near[first], parts, axis=0))
    rare = asked.weights > _RARE * asked.weights.max(initial=0.0)
    dense, lexical, across = np.array(sides, dtype=np.float32).T
    other = np.array([one.language != own for one in looks], dtype=np.float32)
    found = {
        "dense": dense,
        "lexical": lexical,
        "best": lexical / (lexical.max() or 1),
        "across": across,
        "together": covered(asked, whole),
        "alone": np.maximum.reduceat(covered(asked, single), first),
        "pairs": _pairs(asked, places, cosines, counts, sizes),
        "title": covered(asked, near[first]),
        "least": whole[:, rare].min(axis=1, initial=1.0) if rare.any() else np.zeros(len(looks)),
        "size": np.log((1 + sizes) / 150),
        "other": other,
    }
    for name in FEATURES[len(found) :]:
        found[name] = other * found[name.removeprefix("other_")]
    return np.stack([found[name] for name in FEATURES], axis=1).astype(np.float32)


def _pairs(asked: Asked, places: Ids, cosines: Floats, counts: Ids, sizes: Ids) -> Floats:
    """`pairs` of each passage: `counts` are the pieces of each part, `sizes` those of each passage."""
    there = np.zeros((len(sizes), max(len(asked.vectors) - 1, 0)), dtype=np.float32)
    weights = np.minimum(asked.weights[:-1], asked.weights[1:])
    if there.size and len(places) > 1:
        same = cosines > SAME
        part = np.searchsorted(np.cumsum(counts), places, side="right")
        beside = (np.diff(places) == 1) & (np.diff(part) == 0)
        follows = same[:-1, :-1] & same[1:, 1:] & beside[:, None]
        some = np.flatnonzero(follows.any(axis=1))
        np.maximum.at(there, np.searchsorted(np.cumsum(sizes), places[some], side="right"), follows[some])
    return weighed(there, weights)
