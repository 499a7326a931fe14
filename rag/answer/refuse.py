"""Whether the articles say it at all: one probability, one threshold."""

import math
from collections.abc import Mapping

import numpy as np

from rag.answer import reader
from rag.answer.look import FEATURES, Looked
from rag.answer.reader import Judged
from rag.protocols import Floats

__all__ = ["MEASURES", "THRESHOLD", "log_odds", "measure", "probability", "reason"]

MEASURES = (*FEATURES, "score", "margin", "says", "says_any", "named_somewhere", "passages_agree")
"""Of the best sentence: what `rag.answer.look` measured; the reader's score, by how much it is above the next, and the
log-odds that it answers at all, and that any sentence does, in tens; the most of the question's names that a passage
has; and the share of the five best sentences that are of the same passage."""

_OTHER = MEASURES.index("other")

THRESHOLD = 0.32
"""An answer is given from this probability on; chosen on the seed questions, where 0.5 refused too many."""


def measure(looked: Looked, judged: Judged, best: int) -> Floats:
    """`MEASURES` of what was found, (len(MEASURES),); `best` is the number of the sentence that is taken."""
    scores, says = judged.scores, judged.says
    order = [best, *(at for at in np.argsort(-scores, kind="stable").tolist() if at != best)]
    margin = float(scores[best] - scores[order[1]]) if len(order) > 1 else 5.0
    first = looked.places[best][0]
    own = [
        *(float(scores[best]) / 10, max(min(margin, 10.0), -10.0) / 10),
        *(float(says[best]) / 10, float(np.logaddexp.reduce(says)) / 10),
        float(looked.features[:, FEATURES.index("passage_named")].max()),
        sum(looked.places[at][0] == first for at in order[:5]) / 5,
    ]
    return np.concatenate([looked.features[best], np.array(own, dtype=np.float32)])


def probability(best: Floats) -> float:
    """From 0 to 1 how much speaks for the articles answering, from `MEASURES`.

    Fitted on questions asked of collections and of passages with and without the answer, and shifted so that nearly all
    answerable ones lie above one half: it orders questions well and is no calibrated probability; see the card.
    """
    value = float(log_odds(best[None], reader.load().weights)[0])
    return 1 / (1 + math.exp(-max(min(value, 50.0), -50.0)))


def log_odds(measures: Floats, weights: Mapping[str, Floats]) -> Floats:
    """Of being answered, for each row of `MEASURES`.

    Across languages a word is near at best and never the same, so that has weights of its own: of `refuse_straight`
    (2, len(MEASURES)) and `refuse_bias` (2,) the second.
    """
    other = (measures[:, _OTHER] > 0).astype(np.int64)
    found = (measures * weights["refuse_straight"][other]).sum(axis=1) + weights["refuse_bias"][other]
    return np.asarray(found, dtype=np.float32)


def reason(best: Floats, language: str) -> str:
    """One sentence on why there is no answer, in the language of the question."""
    found = float(best[MEASURES.index("around")])
    if language == "zh":
        return "文章里没有说到这个问题。" if found < 0.5 else "文章谈到了相关内容，但没有回答这个问题。"
    return (
        "The articles do not say: nothing in them is about this."
        if found < 0.5
        else "The articles do not say: they touch on the subject but do not answer the question."
    )
