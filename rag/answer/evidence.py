"""The sentences of the passages found, scored by how well each answers the question."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.answer import reader, refuse
from rag.answer.look import look
from rag.answer.short import SURE, short
from rag.late import Asked
from rag.protocols import Floats, WordEmbedder
from rag.types import Evidence, Hit

__all__ = ["gather"]

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
    judged = reader.load().judge(looked, words)
    scores = judged.scores
    order = [int(at) for at in np.argsort(-scores, kind="stable")]
    best = order[0]
    beside = range(max(best - BESIDE, 0), min(best + BESIDE + 1, len(order)))
    near = [at for at in order if at in beside and looked.places[at][0] == looked.places[best][0]]
    kept = {*near[:most], *order[: max(most - len(near), 0)]}
    chosen = []
    for number, at in enumerate([at for at in order if at in kept], 1):
        hit, span = looked.places[at]
        chosen.append(Evidence(number, span.of(hits[hit].text), hit, span, float(scores[at])))
    stretch, share = short(chosen[0].text, best, looked, judged, words)
    if share >= SURE:
        chosen[0] = replace(chosen[0], short=stretch.of(chosen[0].text))
    return chosen, refuse.measure(looked, judged, best)
