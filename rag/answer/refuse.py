"""Whether the articles say it at all: one probability, one threshold."""

import math

from rag.answer.evidence import FEATURES, parameters
from rag.protocols import Floats

__all__ = ["THRESHOLD", "probability", "reason"]

THRESHOLD = 0.4
"""An answer is given from this probability on; chosen on the seed questions, where 0.5 refused too many in English."""


def probability(best: Floats) -> float:
    """How likely the best sentence found answers, from its features, by logistic regression.

    Calibrated on questions asked of collections with and without the passage that answers them; see the card.
    """
    *weights, bias = parameters()["refusal"]
    value = sum(weight * float(feature) for weight, feature in zip(weights, best, strict=True)) + bias
    return 1 / (1 + math.exp(-value))


def reason(best: Floats, language: str) -> str:
    """One sentence on why there is no answer, in the language of the question."""
    found = float(best[FEATURES.index("around")])
    if language == "zh":
        return "文章里没有说到这个问题。" if found < 0.5 else "文章谈到了相关内容，但没有回答这个问题。"
    return (
        "The articles do not say: nothing in them is about this."
        if found < 0.5
        else "The articles do not say: they touch on the subject but do not answer the question."
    )
