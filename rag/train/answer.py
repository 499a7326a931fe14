"""Fits the reader: `rag/models/reader.npz`, by which sentences are ranked and questions refused; figures beside it.

    python -m rag.train.answer --data ../shared/data

Sentences: what `rag.train.answer_fit` says, over the sentences of the passage that a question was asked of, over those
of ten passages that a search finds, and over passages of which questions were made (`rag.train.cloze`). Refusal: the
same questions, against questions whose passage was taken away, whose answer was cut out of it, which are asked of a
passage near to it, in which one word was changed, and which are about other things. A tenth of the passages is held out
for the figures. Nothing under `eval/` is read.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.answer import reader, refuse
from rag.background import load as load_background
from rag.embed import builtin
from rag.measure.answering.scores import auroc
from rag.protocols import Floats
from rag.script import language
from rag.train.answer_examples import Case, Example, tokenizer
from rag.train.answer_fit import fit_reader, fit_refusal
from rag.train.answer_groups import Groups, across, made_up, on_given, on_searched

ROUNDS = 3

LAST_RATE = 6e-4
LAST = {"zh": 5000, "cloze": 2000, "removed": 1400, "near": 1300, "swapped": 1300, "without": 2100, "outside": 900}
"""How many of a group, and of Chinese questions on given passages, are in the last round, that across languages."""

UNANSWERED = {"removed": 3000, "near": 3000, "swapped": 3000, "without": 3000, "outside": 1000}
"""How many questions of a group without an answer a round has."""

WARM, SOME = 0.5, 0.125
"""Shares of the made-up questions in a round, and in the third."""

KEPT = (0.95, 0.95)
"""Share of the answerable questions on searched passages that 0 lets through: in one language, and across."""

WEIGHTS = {
    **{"given": 0.3, "with": 0.7},
    **{"removed": 0.15, "near": 0.1, "swapped": 0.15, "without": 0.3, "outside": 0.3},
}
"""Of the groups of examples when refusal is fitted: the first two are answerable."""

ANSWERABLE = ("given", "with")

MEANING = ("covered", "cosine", "around", "passage", "passage_cosine", "says", "says_any")
"""Measures that compare what is meant and not how it is written."""

Column = np.ndarray[Any, np.dtype[Any]]

MEASURED = 250
"""Of a group and a set so many questions, drawn at random, are what refusal is fitted on and measured by."""

PAIRS = (*(("given", name) for name in ("removed", "near", "swapped")), ("with", "without"), ("with", "outside"))
"""Groups that are told apart by refusal."""


def rounds(groups: Groups) -> list[list[Example]]:
    """What the reader learns from in each round.

    First given passages and made-up questions; then all groups but those across languages; at last these, with all
    English questions and some of everything else.
    """
    chance = random.Random(0)
    learned = {name: [one for one in group if not one.case.held_out] for name, group in groups.items()}
    sure = [one for name in ANSWERABLE for one in learned[name] if one.right.any()]
    first = learned["given"] + learned["cloze"]
    found = [first]
    for number in range(ROUNDS):
        share = SOME if number == ROUNDS - 1 else WARM
        own = sure + chance.sample(learned["cloze"], int(share * len(learned["cloze"])))
        for name, most in UNANSWERED.items():
            some = [one for one in learned[name] if one.case.answers]
            own += chance.sample(some, min(most, len(some)))
        found.append(own)
    english = [one for one in learned["given"] if language(one.case.question) == "en"]
    chinese = [one for one in learned["given"] if language(one.case.question) != "en"]
    last = [one for one in learned["with"] if one.right.any()] + learned["across"] + english
    for name, most in LAST.items():
        some = chinese if name == "zh" else [one for one in learned[name] if one.case.answers]
        last += chance.sample(some, min(most, len(some)))
    return [*found, last]


def fit(groups: Groups, words: builtin.Builtin, target: Path) -> dict[str, float]:
    """Writes the weights to `target`; gives the figures on what was held out."""
    table = words.directions(np.arange(tokenizer().get_vocab_size()))
    first, *others, last = rounds(groups)
    weights = fit_reader(others, table, begun=fit_reader([first], table))
    weights = fit_reader([last], table, begun=weights, rate=LAST_RATE)
    _write(target, weights, words)
    judge = reader.Reader(target)
    figures: dict[str, float] = {}
    measures: list[Floats] = []
    named: list[tuple[str, Case]] = []
    held: dict[str, list[bool]] = {}
    for name in WEIGHTS:
        for one in _some(groups[name]):
            judged = judge.judge(one.looked, words)
            best = int(np.argmax(judged.scores))
            measures.append(refuse.measure(one.looked, judged, best))
            named.append((name, one.case))
            if one.case.held_out and one.right.any():
                held.setdefault(f"best sentence is right, {name}, {one.case.source}", []).append(bool(one.right[best]))
    figures |= {name: round(100 * float(np.mean(right)), 1) for name, right in held.items()}
    x = np.array(measures, dtype=np.float32)
    group_of = np.array([name for name, _ in named])
    kept = np.array([not case.held_out for _, case in named])
    y = np.isin(group_of, ANSWERABLE).astype(np.float32)
    refusal = _refusal(x, y, group_of, kept)
    value = refuse.log_odds(x, refusal)
    _write(target, weights | refusal, words)
    source = np.array([case.source for _, case in named])
    return figures | _refusal_figures(value, y > 0, group_of, source, ~kept)


def _some(group: Sequence[Example]) -> list[Example]:
    """At most `MEASURED` of each set."""
    drawn = list(group)
    random.Random(0).shuffle(drawn)
    count: Counter[str] = Counter()
    kept = []
    for one in drawn:
        count[one.case.source] += 1
        if count[one.case.source] <= MEASURED:
            kept.append(one)
    return kept


def _refusal(x: Floats, y: Floats, group: Column, kept: Column) -> dict[str, Floats]:
    """Weights for passages in the question's language and for others, each so that 0 lets `KEPT` of `with` through.

    Fitted on what is `kept`; answerable and not weigh the same. There are no questions of people across languages to
    learn from, so the second are fitted on all questions, with what compares meanings alone.
    """
    other = x[:, refuse.MEASURES.index("other")] > 0
    meaning = np.array([name in MEANING for name in refuse.MEASURES])
    parts = []
    groups = ((~other, kept & ~other, x), (other, kept, x * meaning))
    for (own, learned, seen), let_through in zip(groups, KEPT, strict=True):
        weight = np.zeros(len(y), dtype=np.float32)
        for name, share in WEIGHTS.items():
            at = learned & (group == name)
            weight[at] = share / max(int(at.sum()), 1)
        for answered in (0, 1):
            weight[y == answered] /= max(float(weight[y == answered].sum()), 1e-9)
        found = fit_refusal(seen[learned], y[learned], weight[learned])
        value = seen @ found["refuse_straight"] + found["refuse_bias"]
        found["refuse_bias"] -= np.float32(np.quantile(value[own & kept & (group == "with")], 1 - let_through))
        parts.append(found)
    return {name: np.stack([part[name] for part in parts]).astype(np.float32) for name in parts[0]}


def _refusal_figures(value: Floats, right: Column, group: Column, source: Column, held: Column) -> dict[str, float]:
    """On what was held out: areas, shares refused, and the trade-off."""
    figures: dict[str, float] = {}
    for name in dict.fromkeys(source):
        for pairs in PAIRS:
            at = held & (source == name) & np.isin(group, pairs)
            if right[at].any() and not right[at].all():
                figures[f"refusal AUROC, {' against '.join(pairs)}, {name}"] = round(
                    auroc(value[at & right].tolist(), value[at & ~right].tolist()) or 0, 3
                )
    in_use = float(np.log(refuse.THRESHOLD / (1 - refuse.THRESHOLD)))
    for name in WEIGHTS:
        at = held & (group == name)
        figures[f"refused, {name}"] = round(float((value[at] < in_use).mean()), 3)
    for allowed in (0.01, 0.02, 0.05, 0.1, 0.2):
        cut = float(np.quantile(value[held & (group == "with")], allowed))
        for name in ("without", "outside"):
            at = held & (group == name)
            figures[f"refused, {name}, where {allowed:.0%} of with are"] = round(float((value[at] < cut).mean()), 3)
    return figures


def _write(target: Path, weights: dict[str, Floats], words: builtin.Builtin) -> None:
    arrays: dict[str, Any] = {"table": np.array(words.fingerprint), **weights}
    np.savez(target, **arrays)


def main() -> None:
    """Look, fit, and write the weights and their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = parser.parse_args()
    words, background = builtin.load(), load_background()
    groups = on_given(args.data, words, background) | on_searched(args.data, words, background)
    groups["cloze"] = made_up(args.data, words, background)
    groups["across"] = across(args.data, words, background)
    figures = fit(groups, words, reader.PATH)
    record = {"made_by": "python -m rag.train.answer", "figures_on_held_out_training_data": figures}
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    reader.PATH.with_name("answer.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
