"""Finding passages: by meaning (dense), by words (lexical), and by both."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any, NamedTuple

import numpy as np

from rag.background import Background
from rag.protocols import Embedder, Floats, Ids, TermStore, VectorStore
from rag.rank import Ranked, Sides
from rag.script import content, language, terms
from rag.types import Found, Mode

__all__ = ["retrieve", "weigh"]

POOL = 200
"""Candidates that each side brings."""

LOCAL = 2000
"""How many background passages weigh as much as the index itself in a term's rarity."""

LEXICAL = 24.0
"""Standard deviations of the dense side that a full match of the question's terms is worth."""

ACROSS = 32.0
"""The same of a full match in the other language. Both were chosen on the collections of `rag.train.collections`."""

COMMON = (("的", "一", "在", "不", "有", "人", "年"), ("the", "a", "of", "in", "to", "and", "for"))
"""Terms of which one at least shows that there are Chinese or English passages at all."""

AT_ONCE = 20
"""Passages that the sum of all sides puts first, before each side brings its own in turn."""

_SATURATED = 2.2  # what BM25 with k1 1.2 gives at most for a term of weight 1


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
    translate: Callable[[], Mapping[str, float]] = dict,
    spell: Callable[[bool], Mapping[str, float]] = lambda _: {},
) -> list[Ranked]:
    """The best `k` passages; `among` restricts the search to keys.

    `translate` gives terms in the other language with their weights, called where passages of it may be
    there; `spell` the question's names in the other script, and is told whether such passages may be there. A name is
    the same word however it is written, so it counts as one.
    They come best first; in hybrid mode each side has brought its best, so their scores do not fall from each to each.
    """
    pool = max(POOL, k)
    found: dict[str, Side] = {}
    weights = weigh(question, words, background) if mode != "dense" else {}
    if mode != "lexical" and len(vectors):
        vector = embedder.embed_queries([question])
        found["dense"] = _near(vectors, vector, min(pool, len(vectors)), among)
    other = mode != "dense" and any(map(words.frequency, COMMON[language(question) == "zh"]))
    if mode != "dense":
        found["lexical"] = _side(words.search({**spell(other), **weights}, pool, among))
    if "dense" not in found or mode != "hybrid":
        [(name, side)] = found.items() if found else [("dense", _side([]))]
        pairs = zip(side.keys[:k].tolist(), side.scores[:k].tolist(), strict=True)
        return [Ranked(key, score, {name: Found(rank, score)}) for rank, (key, score) in enumerate(pairs, 1)]
    if other:
        found["across"] = _side(words.search(translate(), pool, among))
    # the index is for nothing, but without it all of numpy.ma is imported, which takes as long as a search
    keys, _ = np.unique(np.concatenate([side.keys for side in found.values()]), return_index=True)
    scores, ranks = _laid_out(keys, found)
    missing = keys[ranks["dense"] == 0]
    if len(missing):
        near = _near(vectors, vector, len(missing), missing)
        scores["dense"][np.searchsorted(keys, near.keys)] = near.scores
    full = _SATURATED * sum(weights.values()) or 1.0
    sides = np.stack([_standard(scores["dense"], pool), scores["lexical"] / full, scores["across"] / full], axis=1)
    fused = np.nan_to_num(sides @ (1.0, LEXICAL, ACROSS), nan=-np.inf)
    first = keys[np.lexsort((keys, -fused))].tolist()
    own = [side.keys[:k].tolist() for side in found.values()]
    turns = zip_longest(first[AT_ONCE:], *own)
    best = list(
        islice(dict.fromkeys([*first[:AT_ONCE], *(key for turn in turns for key in turn if key is not None)]), k)
    )
    ranked = []
    for key, at in zip(best, np.searchsorted(keys, best).tolist(), strict=True):
        places = {name: int(ranks[name][at]) for name in found}
        by = {name: Found(rank, float(scores[name][at])) for name, rank in places.items() if rank}
        if fused[at] > -np.inf:
            ranked.append(Ranked(key, float(fused[at]), by, Sides(*sides[at].tolist())))
    return ranked


class Side(NamedTuple):
    """What one side of the search found, best first: keys and scores, each (n,)."""

    keys: Ids
    scores: "np.ndarray[tuple[int], np.dtype[np.float64]]"


def _side(found: Sequence[tuple[int, float]]) -> Side:
    keys = np.array([key for key, _ in found], dtype=np.int64)
    return _best_first(keys, np.array([score for _, score in found], dtype=np.float64))


def _best_first(keys: Ids, scores: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Side:
    order = np.lexsort((keys, -scores))
    return Side(keys[order], scores[order])


def _near(vectors: VectorStore, vector: Floats, k: int, among: Ids | None) -> Side:
    scores, ids = vectors.search(vector, k, among)
    there = ids[0] >= 0
    return _best_first(ids[0][there], scores[0][there].astype(np.float64))


def _laid_out(keys: Ids, found: Mapping[str, Side]) -> tuple[dict[str, Any], dict[str, Any]]:
    """By side, for each of `keys`: its score, and its rank from 1; without, no number for `dense`, else 0, and 0."""
    scores = {name: np.full(len(keys), np.nan if name == "dense" else 0.0) for name in ("dense", "lexical", "across")}
    ranks = {name: np.zeros(len(keys), dtype=np.int64) for name in scores}
    for name, side in found.items():
        at = np.searchsorted(keys, side.keys)
        scores[name][at] = side.scores
        ranks[name][at] = np.arange(1, len(at) + 1)
    return scores, ranks


def _standard(scores: Any, pool: int) -> Any:
    """In standard deviations above the mean of the best `pool`.

    The lexical side needs none of it, its share of the question's term weight is absolute: where hardly a word of the
    question occurs, as in passages of another language, it is silent, while standardised or ranked it would shout.
    """
    top = -np.sort(-scores[~np.isnan(scores)])[:pool]
    return (scores - top.mean()) / (top.std() or 1.0) if len(top) else scores
