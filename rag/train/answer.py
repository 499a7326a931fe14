"""Fits the reader: `rag/models/reader.npz`, by which sentences are ranked and questions refused; figures beside it.

    python -m rag.train.answer --data ../shared/data

Sentences: what `rag.train.answer_fit` says, over the sentences of the passage that a question was asked of, and over
those of ten passages that a search finds. Refusal: the same questions, against questions whose passage was taken away,
which are asked of a passage near to it, in which one word was changed, and which are about other things. A tenth of
the passages is held out for the figures. Nothing under `eval/` is read.
"""

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rag.answer import reader, refuse
from rag.background import Background
from rag.background import load as load_background
from rag.embed import builtin
from rag.library import Library
from rag.protocols import Floats
from rag.train.answer_collections import each
from rag.train.answer_examples import QA, Case, Example, cases, example, hits_of, near_misses, swapped, tokenizer
from rag.train.answer_fit import fit_reader, fit_refusal, trimmed

ABSENT = 1100
"""Questions of each set that are asked of a near passage, and with a word changed."""

STRANGE = 50
"""Questions of each collection that are asked of each other."""

FOUND, FEW, MANY = 10, 8, 14
"""Passages of a search; sentences that are learned from in a given passage, and among those found."""

ROUNDS = 5

KEPT = (0.95, 0.935)
"""Share of the answerable questions on searched passages of which 0 lets through: in one language, and across.

The second was chosen on the seed questions, between refusing them and answering what the articles do not say."""

WEIGHTS = {"given": 0.3, "with": 0.7, "near": 0.1, "swapped": 0.2, "without": 0.35, "outside": 0.35}
"""Of the groups of examples when refusal is fitted: the first two are answerable."""

ANSWERABLE = ("given", "with")

MEANING = ("covered", "cosine", "around", "passage", "passage_cosine")
"""Measures that compare what is meant and not how it is written."""

Column = np.ndarray[Any, np.dtype[Any]]

Groups = dict[str, list[Example]]
"""Examples by what was done to them, the keys of `WEIGHTS`."""


def on_given(data: Path, words: builtin.Builtin, background: Background) -> Groups:
    """Questions asked of their own passage, of one that is near, and with a word changed."""
    groups: Groups = {"given": [], "near": [], "swapped": []}
    for name in QA:
        found = list(cases(data, name))
        for number, case in enumerate(
            found
        ):  # a third of the passages whole, the others in pieces as an index has them
            hits = hits_of([case.passage], whole=number % 3 == 0)
            groups["given"].append(example(case, hits, "0", words, background))
        random.Random(1).shuffle(found)
        some = found[: ABSENT * 3 // 2]
        for case, passage in near_misses(some, words)[:ABSENT]:
            groups["near"].append(example(case, hits_of([passage]), None, words, background))
        for case in swapped(some, words, background)[:ABSENT]:
            groups["swapped"].append(example(case, hits_of([case.passage]), None, words, background))
        print(f"{name}: {len(found)} questions", flush=True)
    return groups


def on_searched(data: Path, words: builtin.Builtin, background: Background) -> Groups:
    """Questions asked of a collection, with and without the passage that answers, and of collections before it."""
    groups: Groups = {"with": [], "without": [], "outside": []}
    strangers: list[Library] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, library, found in each(data, Path(folder)):
            for case in found:
                hits = library.search(case.question, FOUND + 5)
                others = [hit for hit in hits if hit.doc_id != case.passage_id]
                one = example(case, hits[:FOUND], case.passage_id, words, background)
                found_it = any(hit.doc_id == case.passage_id for hit in hits[:FOUND])
                if one.right.any() or (found_it and not case.answers):
                    groups["with"].append(one)
                groups["without"].append(example(case, others[:FOUND], None, words, background))
            for other in strangers:
                for case in found[:STRANGE]:
                    groups["outside"].append(example(case, other.search(case.question, FOUND), None, words, background))
            strangers.append(library)
            print(f"{name}: {len(found)} questions searched for", flush=True)
        for library in strangers:
            library.close()
    return groups


def fit(groups: Groups, words: builtin.Builtin, target: Path) -> dict[str, float]:
    """Writes the weights to `target`; gives the figures on what was held out."""
    chance = random.Random(0)
    learned = [
        trimmed(one, FEW if name == "given" else MANY, chance)
        for name in ANSWERABLE
        for one in groups[name]
        if not one.case.held_out and one.right.any()
    ]
    weights = fit_reader(learned, words.directions(np.arange(tokenizer().get_vocab_size())), ROUNDS)
    _write(target, weights, words)
    judge = reader.Reader(target)
    figures: dict[str, float] = {}
    measures: list[Floats] = []
    named: list[tuple[str, Case]] = []
    held: dict[str, list[bool]] = {}
    for name, group in groups.items():
        for one in group:
            scores, pieces = judge.judge(one.looked, words)
            measures.append(refuse.measure(one.looked, scores, pieces))
            named.append((name, one.case))
            if one.case.held_out and one.right.any():
                held.setdefault(f"best sentence is right, {name}, {one.case.source}", []).append(
                    bool(one.right[np.argmax(scores)])
                )
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
        for pairs in (("given", "near"), ("given", "swapped"), ("with", "without"), ("with", "outside")):
            at = held & (source == name) & np.isin(group, pairs)
            if right[at].any() and not right[at].all():
                figures[f"refusal AUROC, {' against '.join(pairs)}, {name}"] = round(area(value[at], right[at]), 3)
    for name in WEIGHTS:
        at = held & (group == name)
        figures[f"refused, {name}"] = round(float((value[at] < 0).mean()), 3)
    for allowed in (0.01, 0.02, 0.05, 0.1, 0.2):
        cut = float(np.quantile(value[held & (group == "with")], allowed))
        for name in ("without", "outside"):
            at = held & (group == name)
            figures[f"refused, {name}, where {allowed:.0%} of with are"] = round(float((value[at] < cut).mean()), 3)
    return figures


def area(scores: Floats, right: Column) -> float:
    """Area under the ROC curve: how often an answerable question scores above an unanswerable one.

    >>> area(np.array([0.1, 0.4, 0.9]), np.array([False, True, True]))
    1.0
    """
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positive, negative = float(right.sum()), float(len(scores) - right.sum())
    return (float(ranks[right > 0].sum()) - positive * (positive + 1) / 2) / (positive * negative)


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
    figures = fit(groups, words, reader.PATH)
    record = {"made_by": "python -m rag.train.answer", "figures_on_held_out_training_data": figures}
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    reader.PATH.with_name("answer.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
