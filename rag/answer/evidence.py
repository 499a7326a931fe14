"""The sentences of the passages found, scored by how well each answers the question."""

from collections.abc import Sequence

import numpy as np

from rag.answer import reader, refuse
from rag.answer.look import FEATURES, look
from rag.late import Asked
from rag.protocols import Floats, WordEmbedder
from rag.types import Evidence, Hit

__all__ = ["gather"]

_BEHIND = 100.0
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
    scores, pieces = reader.load().judge(looked, words)
    heading = looked.features[:, FEATURES.index("heading")] > 0
    if not heading.all():  # a heading names a subject and states nothing
        scores[heading] -= _BEHIND
    order = [int(at) for at in np.argsort(-scores, kind="stable")]
    best = order[0]
    beside = range(max(best - BESIDE, 0), min(best + BESIDE + 1, len(order)))
    near = [at for at in order if at in beside and looked.places[at][0] == looked.places[best][0]]
    kept = {*near[:most], *order[: max(most - len(near), 0)]}
    chosen = [
        Evidence(
            number,
            looked.places[at][1].of(hits[looked.places[at][0]].text),
            looked.places[at][0],
            looked.places[at][1],
            float(scores[at]),
        )
        for number, at in enumerate([at for at in order if at in kept], 1)
    ]
    return chosen, refuse.measure(looked, scores, pieces)
