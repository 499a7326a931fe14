"""Late interaction: question and text compared word by word, across scripts and languages, over the built-in table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.background import Background
from rag.protocols import Floats, Ids, WordEmbedder
from rag.script import content, language, terms
from rag.types import Span

__all__ = [
    "Asked",
    "Look",
    "best_of",
    "covered",
    "looked",
    "near_places",
    "nearest_pieces",
    "parts_of",
    "prepare",
    "unit",
    "weighed",
]

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


@dataclass(frozen=True, slots=True)
class Look:
    """What the second look sees of a passage, worked out once, when it is indexed.

    `pieces`: of its title and of each of its sentences, by number, one after the other. `counts`: how many each of
    these parts has, the title first, (1 + sentences,). `language`: as `rag.script.language` has it, of the text.
    """

    pieces: Ids
    counts: Ids
    language: str

    @property
    def of_text(self) -> Ids:
        """The pieces without those of the title."""
        return self.pieces[int(self.counts[0]) :]


def parts_of(title: str, text: str, sentences: Sequence[Span]) -> list[str]:
    """What a passage is looked at by: its title and its sentences."""
    return [title, *(span.of(text) for span in sentences or (Span(0, len(text)),))]


def looked(texts: Sequence[str], parts: Sequence[Sequence[str]], words: WordEmbedder) -> list[Look]:
    """The look of each of `texts`; `parts` are its title and its sentences."""
    numbers = iter(words.numbers([part for own in parts for part in own]))
    looks = []
    for text, own in zip(texts, parts, strict=True):
        pieces = [next(numbers) for _ in own]
        counts = np.array([len(one) for one in pieces], dtype=np.int64)
        looks.append(Look(np.concatenate(pieces), counts, language(text)))
    return looks


def near_places(asked: Asked, pieces: Ids, words: WordEmbedder) -> tuple[Ids, Floats]:
    """Where in `pieces` one is near a word of the question, (places,), and its cosines, (places, words); 0 is far.

    Each different piece is compared with the question once, and of the few that are near the places are looked up.
    """
    if not len(pieces) or not len(asked.vectors):
        return np.zeros(0, dtype=np.int64), np.zeros((0, len(asked.vectors)), dtype=np.float32)
    in_order = np.sort(pieces)
    different = in_order[np.append(True, in_order[1:] != in_order[:-1])]  # np.unique would import all of numpy.ma
    own = np.searchsorted(different, pieces)
    cosines = words.directions(different) @ asked.vectors.T
    cosines[cosines < NEAR] = 0
    at = np.flatnonzero(cosines.any(axis=1)[own])
    return at, cosines[own[at]]


def nearest_pieces(asked: Asked, pieces: Ids, counts: Ids, words: WordEmbedder) -> Floats:
    """For each text and each word of the question the best cosine among the text's words, (texts, words); 0 is far.

    `counts` says how many of `pieces` each text has, in order.
    """
    return best_of(*near_places(asked, pieces, words), counts)


def best_of(places: Ids, cosines: Floats, counts: Ids) -> Floats:
    """The best cosine of each text and word, (texts, words); `places` and `cosines` are those of `near_places`."""
    best = np.zeros((len(counts), cosines.shape[1]), dtype=np.float32)
    if len(places):
        text = np.searchsorted(np.cumsum(counts), places, side="right")
        starts = np.flatnonzero(np.diff(text, prepend=-1))
        best[text[starts]] = np.maximum.reduceat(cosines, starts, axis=0)
    return best


def covered(asked: Asked, best: Floats) -> Floats:
    """Share of the question's weight that `nearest_pieces` found, 0 to 1, for each of its rows.

    The MaxSim of ColBERT (Khattab and Zaharia 2020) over static vectors, weighted by rarity.
    """
    return weighed(best, asked.weights)


def weighed(found: Floats, weights: Floats) -> Floats:
    """Share of `weights`, (n,), that each row of `found`, (rows, n), has: (rows,); 0 where nothing weighs."""
    # not `@`: OpenBLAS now and then says of so small a product of finite numbers that a value was invalid
    return np.asarray((found * weights).sum(axis=1) / (float(weights.sum()) or 1.0), dtype=np.float32)


def unit(vectors: Floats) -> Floats:
    """Rows of unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
