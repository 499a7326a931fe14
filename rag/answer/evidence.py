"""The sentences of the passages found, scored by how well each answers the question."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.answer import reader, refuse
from rag.answer.lists import is_row, items, opens
from rag.answer.look import FEATURES, look
from rag.answer.names import FIGURE, plain
from rag.answer.question import kind, names, offers
from rag.answer.short import SURE, short
from rag.late import Asked
from rag.protocols import Floats, WordEmbedder
from rag.script import fold
from rag.types import Evidence, Hit, Span

__all__ = ["gather"]

_OTHER_ROW = 10.0
"""How far a row is behind that with most of the question's terms, times the share of them that it lacks."""
_ABOVE = 0.01
"""By how much a row goes before a sentence that it is put above."""
_ALIKE = 0.1
"""A sentence with so much larger a share of the question's terms than a row keeps its place."""
BESIDE = 2
"""Sentences on either side of the best that are offered too, for a cause stands before what it causes."""


def gather(
    question: str, asked: Asked, hits: Sequence[Hit], words: WordEmbedder, most: int
) -> tuple[list[Evidence], Floats]:
    """The `most` best sentences, best first, numbered from 1, and the measures by which the question may be refused.

    The neighbours of the best are among them.
    """
    if not hits:
        return [], np.zeros(len(refuse.MEASURES), dtype=np.float32)
    looked = look(question, asked, hits, words)
    texts = [span.of(hits[hit].text) for hit, span in looked.places]
    heading = looked.features[:, FEATURES.index("heading")]
    for at in np.flatnonzero(heading).tolist():  # what ends like no sentence may state a fact all the same
        count = _items(at, looked.places, texts)
        if count:
            heading[at : at + count + 1] = 0
        elif is_row(texts[at]) and not _names_columns(at, looked.places, texts):
            heading[at] = 0
    judged = reader.load().judge(looked, words)
    scores = judged.scores.copy()
    _weigh_rows(scores, looked.features[:, FEATURES.index("matched")], texts, question)
    order = [int(at) for at in np.argsort(-scores, kind="stable")]
    best = order[0]
    after = max(BESIDE, _items(best, looked.places, texts))
    beside = range(max(best - BESIDE, 0), min(best + after + 1, len(order)))
    near = [at for at in order if at in beside and looked.places[at][0] == looked.places[best][0]]
    kept = {*near[:most], *order[: max(most - len(near), 0)]}
    chosen = []
    for number, taken in enumerate([at for at in order if at in kept], 1):
        hit, span = looked.places[taken]
        chosen.append(Evidence(number, texts[taken], hit, span, float(scores[taken])))
    stretch, share = short(chosen[0].text, best, looked, judged, words)
    if share >= SURE:
        chosen[0] = replace(chosen[0], short=stretch.of(chosen[0].text))
    return chosen, refuse.measure(looked, replace(judged, scores=scores), best)


def _items(at: int, places: Sequence[tuple[int, Span]], texts: Sequence[str]) -> int:
    """How many items follow the sentence `at`, if it opens a list; one alone is none."""
    if not opens(texts[at]):
        return 0
    hit, opening = places[at]
    following = [(texts[later], places[later][1]) for later in range(at + 1, len(places)) if places[later][0] == hit]
    count = items(opening, following)
    return count if count > 1 else 0


def _names_columns(at: int, places: Sequence[tuple[int, Span]], texts: Sequence[str]) -> bool:
    """Whether a row is the first of a table and has no figure, so that it only says what is in the columns."""
    first = at == 0 or places[at - 1][0] != places[at][0] or not is_row(texts[at - 1])
    more = at + 1 < len(texts) and places[at + 1][0] == places[at][0] and is_row(texts[at + 1])
    return first and more and not re.search(r"\d", texts[at])


def _weigh_rows(scores: Floats, matched: Floats, texts: Sequence[str], question: str) -> None:
    """Rows of a table are alike but for what they name: the one that has most of the question's terms counts most.

    It counts more than a sentence that names less of what the question does, such as its year, or that has no more of
    its terms and nothing of the kind that is asked for, such as a number.
    """
    rows = np.flatnonzero([is_row(text) for text in texts])
    if not len(rows):
        return
    scores[rows] -= _OTHER_ROW * (matched[rows].max() - matched[rows])
    best, row = int(scores.argmax()), int(rows[scores[rows].argmax()])
    said = [fold(texts[at]) for at in (best, row)]
    asked = "number" if re.search(FIGURE, plain(question), re.IGNORECASE) else kind(question)
    offered = [offers(asked, one) for one in said]
    named = [sum(name in one for name in names(question)) for one in said]
    lacks = named[0] < named[1] or (not offered[0] and matched[best] <= matched[row] + _ALIKE)
    if offered[1] and lacks:
        scores[row] = scores[best] + _ABOVE
