"""Finding passages: by meaning (dense), by words (lexical), and by both."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rag.background import Background
from rag.protocols import Embedder, Floats, Ids, TermStore, VectorStore
from rag.script import content, terms
from rag.types import Found, Mode

__all__ = ["Ranked", "retrieve", "weigh"]

POOL = 200
"""Candidates that each side brings."""

LOCAL = 2000
"""How many background passages weigh as much as the index itself in a term's rarity."""

LEXICAL = 8.0
"""Standard deviations of the dense side that a full match of the question's terms is worth."""

_SATURATED = 2.2  # what BM25 with k1 1.2 gives at most for a term of weight 1


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage's key in the index, its fused score, and where each side put it."""

    key: int
    score: float
    found_by: Mapping[str, Found]


def weigh(question: str, store: TermStore, background: Background) -> dict[str, float]:
    """Weight of each term of the question: its inverse document frequency in this index and in a background corpus.

    Words that only ask (why, 多少) are left out, so that they cannot choose the passage.
    """
    weights = {}
    own = len(store)
    for term in dict.fromkeys(terms(content(question))):
        frequency = store.frequency(term) + LOCAL * background.rate(term)
        weights[term] = float(np.log1p((own + LOCAL - frequency + 0.5) / (frequency + 0.5)))
    return weights


def retrieve(
    question: str,
    *,
    vectors: VectorStore,
    words: TermStore,
    embedder: Embedder,
    background: Background,
    k: int,
    mode: Mode = "hybrid",
    among: Ids | None = None,
) -> list[Ranked]:
    """The best `k` passages, best first; `among` restricts the search to keys."""
    pool = max(POOL, k)
    dense: dict[int, float] = {}
    lexical: dict[int, float] = {}
    weights = weigh(question, words, background) if mode != "dense" else {}
    if mode != "lexical" and len(vectors):
        vector = embedder.embed_queries([question])
        dense = _near(vectors, vector, min(pool, len(vectors)), among)
    if mode != "dense":
        lexical = dict(words.search(weights, pool, among))
    if mode == "hybrid" and len(vectors):
        missing = np.fromiter((key for key in lexical if key not in dense), dtype=np.int64)
        if len(missing):
            dense |= _near(vectors, vector, len(missing), missing)
        fused = _fuse(dense, lexical, sum(weights.values()), pool)
    else:
        fused = dense if mode == "dense" else lexical
    ranks = {"dense": _ranks(dense), "lexical": _ranks(lexical)}
    best = sorted(fused, key=lambda key: (-fused[key], key))[:k]
    return [Ranked(key, fused[key], {side: ranks[side][key] for side in ranks if key in ranks[side]}) for key in best]


def _near(vectors: VectorStore, vector: Floats, k: int, among: Ids | None) -> dict[int, float]:
    scores, ids = vectors.search(vector, k, among)
    return {int(key): float(score) for key, score in zip(ids[0], scores[0], strict=True) if key >= 0}


def _ranks(scores: Mapping[int, float]) -> dict[int, Found]:
    ordered = sorted(scores, key=lambda key: (-scores[key], key))
    return {key: Found(rank, scores[key]) for rank, key in enumerate(ordered, 1)}


def _fuse(dense: Mapping[int, float], lexical: Mapping[int, float], attainable: float, pool: int) -> dict[int, float]:
    """Dense scores standardised over the query's pool, plus the share of the question's term weight that is matched.

    The share is absolute: where hardly a word of the question occurs, as in passages of another language, the lexical
    side is silent, while standardised or ranked it would shout.
    """
    if not dense:
        return {}
    top = np.sort(np.fromiter(dense.values(), dtype=np.float64))[::-1][:pool]
    mean, deviation = float(top.mean()), float(top.std()) or 1.0
    scale = LEXICAL / (_SATURATED * attainable) if attainable else 0.0
    return {key: (score - mean) / deviation + scale * lexical.get(key, 0.0) for key, score in dense.items()}
