"""Measures of a run, how sure they are, and whether two runs differ by more than chance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rag.errors import NotFound
from rag.measure.finding.trec import Run

__all__ = ["MEASURES", "Values", "interval", "p_value", "values"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values: TypeAlias = NDArray[np.float64]
else:
    Values = np.ndarray

MEASURES = {"nDCG@10": "nDCG@10", "Recall@10": "R@10", "Recall@100": "R@100", "MRR@10": "RR@10"}
"""Names as they are shown, and as `ir_measures` has them."""

RESAMPLES = 1000
FLIPS = 10_000


def values(run: Run, relevant: Mapping[str, Mapping[str, int]]) -> dict[str, Values]:
    """Each measure for each question of `relevant`, in its order, 0 to 1; a question that is not in the run gets 0.

    Raises NotFound where the package ir_measures is not installed.
    """
    try:
        import ir_measures
    except ImportError as problem:
        raise NotFound("the package ir_measures is not installed", "pip install 'rag[bench]'") from problem
    asked = {ir_measures.parse_measure(theirs): ours for ours, theirs in MEASURES.items()}
    places = {question: place for place, question in enumerate(relevant)}
    found = {name: np.zeros(len(places)) for name in MEASURES}
    grades = {question: dict(of) for question, of in relevant.items()}
    ranked = {question: dict(run[question]) for question in relevant if run.get(question)}
    if ranked:
        for one in ir_measures.iter_calc(list(asked), grades, ranked):
            found[asked[one.measure]][places[one.query_id]] = one.value
    return found


def interval(scores: Values) -> tuple[float, float]:
    """Between which values the mean lies with 95 % confidence: percentiles of means over resampled questions.

    >>> interval(np.array([0.5, 0.5, 0.5]))
    (0.5, 0.5)
    """
    chance = np.random.default_rng(0)
    means = [float(scores[chance.integers(len(scores), size=len(scores))].mean()) for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def p_value(a: Values, b: Values) -> float:
    """How likely so large a difference of means is if the two systems are alike, between 0 and 1, two-sided.

    Fisher's randomisation test over the same questions, which Smucker, Allan and Carterette (CIKM 2007) recommend for
    retrieval: each question's difference keeps or changes its sign by chance. The smallest value is 1 / 10,001.

    >>> p_value(np.array([0.2, 0.4]), np.array([0.2, 0.4]))
    1.0
    """
    difference = a - b
    difference = difference[difference != 0]  # the others change no sum
    if not len(difference):
        return 1.0
    chance = np.random.default_rng(0)
    extreme, seen = 0, abs(float(difference.sum())) * (1 - 1e-9)  # of two equal sums one may round down
    block = max(1, min(FLIPS, 2_000_000 // len(difference)))
    for start in range(0, FLIPS, block):
        signs = chance.integers(2, size=(min(block, FLIPS - start), len(difference)), dtype=np.int8)
        sums = signs @ (2 * difference) - difference.sum()
        extreme += int((np.abs(sums) >= seen).sum())
    return (extreme + 1) / (FLIPS + 1)
