"""Measures of one answer, and of a set of refusals; each by its published definition.

SQuAD: Rajpurkar et al., EMNLP 2016, and its evaluation script. CMRC 2018: Cui et al., EMNLP 2019, and its script.
ALCE: Gao et al., "Enabling Large Language Models to Generate Text with Citations", EMNLP 2023.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rag.script import HAN, fold, language

__all__ = ["ALLOWED", "alce", "auroc", "exact_and_f1", "holds", "statements", "supports", "trade_off"]

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_UNITS = re.compile(rf"[{HAN}]|[^\W{HAN}_]+")
_MARKERS = re.compile(r"((?:\[\d+\]\s*)+)")
_NUMBER = re.compile(r"\[(\d+)\]")


def _squeezed(text: str) -> str:
    return "".join(fold(text).split())


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether `text` contains one of `answers`, whatever the script, case, width and spaces.

    >>> holds("全年虧損達 60 億元", ["亏损达60亿"]), holds("a loss of 60", ["600"])
    (True, False)
    """
    own = _squeezed(text)
    return any(gold in own for gold in map(_squeezed, answers) if gold)


def exact_and_f1(said: str, answers: Sequence[str]) -> tuple[float, float]:
    """Exact match (0 or 1) and F1 of `said` with the nearest gold answer.

    In Chinese as CMRC 2018 defines them: without punctuation, and F1 from the longest common substring in
    Chinese characters and Latin words. For others as SQuAD does: without punctuation and articles, F1 over a bag of
    words.

    >>> exact_and_f1("The Eiffel Tower.", ["eiffel tower"]), exact_and_f1("in 1889", ["1889"])
    ((1.0, 1.0), (0.0, 0.6666666666666666))
    >>> exact_and_f1("成立于2016年", ["2016年"])
    (0.0, 0.5714285714285714)
    """
    score = _cmrc if any(language(text) == "zh" for text in (said, *answers)) else _squad
    pairs = [score(said, gold) for gold in answers]
    return max(exact for exact, _ in pairs), max(f1 for _, f1 in pairs)


def _squad(said: str, gold: str) -> tuple[float, float]:
    own, theirs = _squad_words(said), _squad_words(gold)
    same = sum((Counter(own) & Counter(theirs)).values())
    return float(own == theirs), _f1(same, len(own), len(theirs))


def _squad_words(text: str) -> list[str]:
    plain = "".join(sign for sign in text.lower() if sign not in string.punctuation)
    return _ARTICLES.sub(" ", plain).split()


def _cmrc(said: str, gold: str) -> tuple[float, float]:
    own, theirs = _cmrc_units(said), _cmrc_units(gold)
    row, longest = [0] * (len(theirs) + 1), 0
    for unit in own:
        row = [0] + [row[at] + 1 if unit == other else 0 for at, other in enumerate(theirs)]
        longest = max(longest, *row)
    return float(own == theirs), _f1(longest, len(own), len(theirs))


def _cmrc_units(text: str) -> list[str]:
    kept = (sign for sign in text.lower() if unicodedata.category(sign)[0] not in "PS")
    return _UNITS.findall("".join(kept))


def _f1(same: int, own: int, theirs: int) -> float:
    if not own or not theirs:
        return float(own == theirs)
    return 2 * same / (own + theirs)  # precision same / own, recall same / theirs


def statements(answer: str) -> list[tuple[str, list[int]]]:
    """The statements of an answer without their markers, each with the numbers that it cites.

    >>> statements("It fell. [1][2]\\nIt rose. [3] Nobody knows.")
    [('It fell.', [1, 2]), ('It rose.', [3]), ('Nobody knows.', [])]
    """
    found = []
    for line in answer.split("\n"):
        parts = [*_MARKERS.split(line), ""]
        for text, markers in zip(parts[::2], parts[1::2], strict=True):
            if text.strip():
                found.append((text.strip(), [int(number) for number in _NUMBER.findall(markers)]))
    return found


def supports(cited: str, statement: str) -> bool:
    """The deterministic check: what is stated stands in what is cited, word for word after folding."""
    return _squeezed(statement) in _squeezed(cited)


def alce(
    said: Sequence[tuple[str, Sequence[int]]],
    cited: Mapping[int, str],
    entails: Callable[[str, str], bool] = supports,
) -> tuple[float, float]:
    """Citation precision and recall of one answer, 0 to 1; (0, 0) for one without statements or citations.

    Recall: the share of statements that all their citations together entail. Precision: the share of citations that
    are of such a statement, and entail it alone or are needed for it to be entailed.

    >>> alce([("a b", [1, 2]), ("c", [2]), ("d", [])], {1: "a", 2: "b"})
    (0.6666666666666666, 0.3333333333333333)
    """
    recalled = precise = citations = 0
    for statement, numbers in said:
        own = [cited[number] for number in numbers if number in cited]
        citations += len(numbers)
        if not own or not entails("\n".join(own), statement):
            continue
        recalled += 1
        for at, text in enumerate(own):
            others = own[:at] + own[at + 1 :]
            precise += entails(text, statement) or not entails("\n".join(others), statement)
    return (precise / citations if citations else 0.0), (recalled / len(said) if said else 0.0)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """How likely a positive scores above a negative, ties counting half; None where one of the two is empty.

    >>> auroc([0.9, 0.5], [0.5, 0.1]), auroc([], [0.5])
    (0.875, None)
    """
    if not positive or not negative:
        return None
    below = np.sort(np.array(negative))
    left, right = np.searchsorted(below, positive, "left"), np.searchsorted(below, positive, "right")
    return float((left + right).mean() / 2 / len(below))


ALLOWED = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of the answerable questions that may be refused."""


def trade_off(positive: Sequence[float], negative: Sequence[float]) -> dict[str, float] | None:
    """For each of `ALLOWED` the share of negatives that a threshold refuses which refuses no more of the positives.

    None where one of the two is empty.

    >>> trade_off([0.5, 0.6, 0.8, 0.9, 0.95], [0.1, 0.55])
    {'0.01': 0.5, '0.02': 0.5, '0.05': 0.5, '0.1': 0.5, '0.2': 1.0}
    """
    if not positive or not negative:
        return None
    kept = np.sort(np.array(positive))
    thresholds = {allowed: kept[int(allowed * len(kept) + 1e-9)] for allowed in ALLOWED}
    below = np.array(negative)
    return {str(allowed): float((below < threshold).mean()) for allowed, threshold in thresholds.items()}
