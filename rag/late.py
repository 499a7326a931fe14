"""Late interaction: question and text compared word by word, across scripts and languages, over the built-in table."""

from dataclasses import dataclass

import numpy as np

from rag.background import Background
from rag.protocols import Floats, WordEmbedder
from rag.script import content, terms

__all__ = ["Asked", "covered", "nearest", "prepare", "unit"]

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


def nearest(asked: Asked, vectors: Floats) -> Floats:
    """For each word of the question the best cosine among a text's word `vectors`, 0 where none is near."""
    if not len(vectors) or not len(asked.vectors):
        return np.zeros(len(asked.vectors), dtype=np.float32)
    best = (asked.vectors @ unit(vectors).T).max(axis=1)
    return np.where(best < NEAR, 0.0, best).astype(np.float32)


def covered(asked: Asked, best: Floats) -> float:
    """Share of the question's weight that `nearest` found, 0 to 1.

    The MaxSim of ColBERT (Khattab and Zaharia 2020) over static vectors, weighted by rarity.
    """
    total = float(asked.weights.sum())
    return float(best @ asked.weights) / total if total else 0.0


def unit(vectors: Floats) -> Floats:
    """Rows of unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
