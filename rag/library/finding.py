"""Finding: what both sides of the search bring, in the order of a second look, each text once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from rag import pinyin
from rag.across import load as neighbours
from rag.across import translated
from rag.config import MODES, MOST_HITS
from rag.diverse import distinct, spread
from rag.errors import BadInput, NotFound
from rag.index import Filters, Terms
from rag.late import Look, looked, parts_of, prepare
from rag.rank import Ranked, explained
from rag.rerank import DEPTH, by_reranker, second_look
from rag.retrieve import retrieve
from rag.script import content, language
from rag.types import Hit, Mode, Passage

if TYPE_CHECKING:
    from rag.library import Library

__all__ = ["LONGEST", "first_look", "search", "sound"]

LONGEST = 10_000
"""Characters of a question."""


def first_look(
    library: "Library", question: str, k: int, mode: Mode = "hybrid", filters: Filters | None = None
) -> tuple[list[Ranked], list[Look]]:
    """At most `k` passages that the sides of the search bring, and what the second look sees of each."""
    index, words = library.index, library.words
    vectors, terms, among = index.within(filters)
    found = retrieve(
        question,
        vectors=vectors,
        words=terms,
        embedder=library.embedder,
        background=library.background,
        k=k,
        mode=mode,
        among=among,
        translate=lambda: translated(words.words(content(question))[0], library.background, neighbours()),
        spell=lambda other: _names(library, question, terms, other),
    )
    looks = index.truth.looks((one.key for one in found), words.fingerprint)
    if others := [one.key for one in found if one.key not in looks]:  # indexed with another model of words
        passages = list(index.truth.passages(others).values())
        parts = [parts_of(one.title, one.text, one.sentences) for one in passages]
        fresh = looked([one.text for one in passages], parts, words)
        looks |= {one.key: look for one, look in zip(passages, fresh, strict=True)}
    there = [one for one in found if one.key in looks]
    return there, [looks[one.key] for one in there]


def _names(library: "Library", question: str, terms: Terms, other: bool) -> dict[str, float]:
    """The names of a question as they may be written in the other script, out of what occurs, with their weights.

    `other`: whether there may be passages in another language than the question's. Pinyin stands in Chinese ones too.
    """
    frequency, background = terms.frequency, library.background

    def unknown(word: str) -> bool:
        return not neighbours().of(word)

    chinese = language(question) == "zh"
    spelt = pinyin.spelt(question, unknown, frequency) if chinese and other else []
    if not (chinese or other):
        return {}
    pairs = pinyin.characters_of(question, unknown, frequency, background.rate)
    # a name of two characters or three is one or two pairs
    return {pair: background.idf(pair) / 2 for pair in pairs} | {name: background.idf(name) for name in spelt}


def sound(question: str) -> str:
    """The question without halves of surrogate pairs; BadInput where there is none, or far too much."""
    if not question.strip():
        raise BadInput("the question is empty", "ask something")
    if len(question) > LONGEST:
        raise BadInput(f"the question has {len(question)} characters", f"ask in at most {LONGEST}")
    return question.encode("utf-8", "replace").decode("utf-8")


def search(library: "Library", question: str, k: int, mode: Mode | None, filters: Filters, mmr: float) -> list[Hit]:
    """See `Library.search`."""
    question = sound(question)
    if not 0 <= mmr <= 1:
        raise BadInput(f"mmr = {mmr} is out of range", "use 0 to 1; 1 is the order by score")
    if not 1 <= k <= MOST_HITS:
        raise BadInput(f"k = {k} is out of range", f"use 1 to {MOST_HITS}")
    mode = mode or cast(Mode, library.settings.mode)
    if mode not in MODES:
        raise BadInput(f"unknown mode {mode!r}", "use " + ", ".join(MODES))
    return library.index.read(lambda: _found(library, question, k, mode, filters or None, mmr))


def _found(library: "Library", question: str, k: int, mode: Mode, filters: Filters | None, mmr: float) -> list[Hit]:
    index = library.index
    if index.truth.empty:
        raise NotFound(f"the index {library.path} holds no articles", "add some with: rag index PATH")
    index.bind(library.embedder)
    found, looks = first_look(library, question, max(2 * k, DEPTH), mode, filters)
    look_of = {one.key: look for one, look in zip(found, looks, strict=True)}
    if mode == "hybrid":
        asked = prepare(question, library.words, library.background)
        found = second_look(question, found, looks, asked, library.words)
    passages: dict[int, Passage] = {}
    if library.reranker and found:
        passages = index.truth.passages((one.key for one in found[:DEPTH]), filters)
        texts = [passages[one.key].text if one.key in passages else "" for one in found[:DEPTH]]
        found = by_reranker(found, library.reranker.scores(question, texts))
    if mmr < 1 and found:
        rows = index.vectors.rows(np.array([one.key for one in found]))
        found = [found[at] for at in spread([one.score for one in found], rows, mmr)]
    passages |= index.truth.passages(
        (one.key for one in found[: k + k // 2]), filters
    )  # the others only where they are needed

    def text(at: int) -> str:
        key = found[at].key
        if key not in passages:
            passages.update(index.truth.passages([key], filters))
        return passages[key].text if key in passages else ""

    groups = distinct([look_of[one.key] for one in found], text, k)
    others = (found[at].key for group in groups for at in group if found[at].key not in passages)
    passages |= index.truth.passages(others, filters)
    return _hits(found, groups, passages)


def _hits(found: Sequence[Ranked], groups: Sequence[Sequence[int]], passages: dict[int, Passage]) -> list[Hit]:
    """One for each group, whose first is shown; what has gone from the index meanwhile is left out."""
    hits: list[Hit] = []
    for group in groups:
        same = [passages[found[at].key] for at in group if found[at].key in passages]
        if not same:
            continue
        one, p = found[group[0]], same[0]
        where = (p.doc_id, p.passage_id, p.source, p.title, p.date, p.start, p.end, p.line, p.text)
        others = (name for other in same for name in (other.doc_id, *other.also))
        also = tuple(dict.fromkeys(name for name in others if name != p.doc_id))
        own = (one.found_by, p.sentences, p.key, p.place, p.offsets, also, explained(one))
        hits.append(Hit(len(hits) + 1, one.score, *where, *own))
    return hits
