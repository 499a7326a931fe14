"""Late interaction: question and text compared word by word, across scripts and languages, over the built-in table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.background import Background
from rag.protocols import Floats, WordEmbedder
from rag.script import content, terms

__all__ = ["Asked", "covered", "nearest", "nearest_pieces", "prepare", "unit"]

NEAR = 0.35
"""Cosines of unrelated words lie below this; they count as nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question prepared for comparison.

    `vectors`: of its words, unit length, (words, dimensions). `weights`: how rare each is, (words,). `whole`: of the
    question, unit length. `terms`: rarity of each of its terms.
    """

    vectors: Floats
    weights: Floats
    whole: Floats
    terms: dict[str, float]


def prepare(question: str, words: WordEmbedder, background: Background) -> Asked:
    """Look at a question's words; those that only ask weigh nothing."""
    kept = content(question)
    pieces, vectors = words.words(kept)
    weights = np.array([max(map(background.idf, terms(piece)), default=0.0) for piece in pieces], dtype=np.float32)
    _, whole = words.words(question)
    return Asked(unit(vectors), weights, unit(whole.sum(axis=0)), {term: background.idf(term) for term in terms(kept)})


def nearest(asked: Asked, texts: Sequence[Floats]) -> Floats:
    """For each text and each word of the question the best cosine among the text's word vectors, (texts, words).

    0 where none is near.
    """
    best = np.zeros((len(texts), len(asked.vectors)), dtype=np.float32)
    filled = [at for at, vectors in enumerate(texts) if len(vectors)]
    if filled and len(asked.vectors):
        starts = np.cumsum([0, *(len(texts[at]) for at in filled[:-1])])
        cosines = unit(np.concatenate([texts[at] for at in filled])) @ asked.vectors.T
        best[filled] = np.maximum.reduceat(cosines, starts, axis=0)
    best[best < NEAR] = 0
    return best


def nearest_pieces(asked: Asked, texts: Sequence[str], words: WordEmbedder) -> Floats:
    """What `nearest` finds, for texts: each of their different pieces is compared with the question once."""
    numbers = words.numbers(texts)
    best = np.zeros((len(texts), len(asked.vectors)), dtype=np.float32)
    filled = [at for at, own in enumerate(numbers) if len(own)]
    if filled and len(asked.vectors):
        starts = np.cumsum([0, *(len(numbers[at]) for at in filled[:-1])])
        different, places = np.unique(np.concatenate([numbers[at] for at in filled]), return_inverse=True)
        cosines = words.directions(different) @ asked.vectors.T
        best[filled] = np.maximum.reduceat(cosines[places], starts, axis=0)
    best[best < NEAR] = 0
    return best


def covered(asked: Asked, best: Floats) -> Floats:
    """Share of the question's weight that `nearest` found, 0 to 1, for each of its rows.

    The MaxSim of ColBERT (Khattab and Zaharia 2020) over static vectors, weighted by rarity.
    """
    return np.asarray(best @ asked.weights / (float(asked.weights.sum()) or 1.0), dtype=np.float32)


def unit(vectors: Floats) -> Floats:
    """Rows of unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
