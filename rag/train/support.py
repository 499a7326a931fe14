"""Fits what `rag.answer.support` reads from `rag/models/support.json`: how much of a statement evidence must carry.

    python -m rag.train.support --data ../shared/data

True statements: questions turned into statements by their answers, over the sentence that holds the answer; parts of
sentences; translations. False ones: the same over another sentence of the passage, with another answer, number, name or
word, or denied. Rows that `rag.answer.facts` decides are not fitted on. Every fifth passage is kept aside: the figures
are measured there. Nothing under `eval/` is read.
"""

import argparse
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rag.answer.facts import missing
from rag.answer.support import FEATURES, Shown, look
from rag.background import load as load_background
from rag.chunk import sentences
from rag.embed.builtin import load as load_words
from rag.protocols import Floats
from rag.script import content, language, terms
from rag.train.pairs import held_out, paragraphs
from rag.train.read import rows

QUESTIONS = {
    "cmrc2018_train.train": 900,
    "drcd.dev": 500,
    "nq_dev_qed_lim.train": 900,
}
TRANSLATED = {"lctt": 500, "tico19": 250, "opensource_guide": 250, "hf_course": 200, "d2l": 200, "taiwan_law": 200}
HIDDEN = 16
FALSE_KEPT = 0.05
"""Share of the false statements, over all kinds, that the threshold lets pass on what is fitted on."""

_ASKS = re.compile(
    r"(?:在|于)?(?:什么时候|何时|哪一?年|哪一?天|几月几日)|多少|几(?=[个名位家年月日座次种])|谁|哪位|哪里|哪儿|何处|哪(?:一?个|些|种|家|座|位|所|部)?|"
    r"为?什么|怎么样?|如何|"
    r"(?i:\b(?:who|whose|whom|when|where|why|what|which|how (?:many|much|long|old|far)|how)\b"
    r"(?: (?:is|are|was|were|did|does|do|has|have|will|can)\b)?)"
)
_NUMBER = re.compile(r"\d+")
_LATIN = re.compile(r"\b[A-Z][A-Za-z]{2,}\b")
_CLAUSES = re.compile(r"[，；]\s*|[,;]\s+")


class Row(NamedTuple):
    """A statement, evidence with what it stands in, whether that supports it, the kind, whether it is kept aside."""

    statement: str
    shown: Shown
    true: bool
    kind: str
    aside: bool


def around(spans: list[str], at: int, title: str) -> Shown:
    """A sentence, and its title and neighbours."""
    near = [spans[place] for place in (at - 1, at + 1) if 0 <= place < len(spans)]
    return spans[at], "\n".join([title, *near])


def stated(question: str, answer: str) -> str:
    """A question turned into a statement by its answer, near enough to its grammar.

    >>> stated("他哪年出生？", "1963年"), stated("who wrote the book?", "Li Lei")
    ('他1963年出生', 'Li Lei wrote the book')
    """
    plain = question.strip(" ?？。.")
    found = _ASKS.search(plain)
    if not found:
        return f"{plain}：{answer}" if language(plain) == "zh" else f"{plain}: {answer}"
    return plain[: found.start()] + answer + plain[found.end() :]


def falsified(statement: str, chance: random.Random, names: list[str], others: list[str]) -> Iterator[tuple[str, str]]:
    """The statement with one thing changed, and the kind of change."""
    if found := list(_NUMBER.finditer(statement)):
        one = chance.choice(found)
        other = str(int(one[0]) + chance.choice([1, 2, 7, 10]))
        yield statement[: one.start()] + other + statement[one.end() :], "number"
    if found := list(_LATIN.finditer(statement)):
        one, other = chance.choice(found), chance.choice(names)
        if one[0].lower() != other.lower():
            yield statement[: one.start()] + other + statement[one.end() :], "name"
    if language(statement) == "zh":
        denied = re.sub(
            r"(是|有|能|会|可以|被|在)", lambda m: {"有": "没有"}.get(m[0], "不" + m[0]), statement, count=1
        )
        words = [(m.start(), m.end()) for m in re.finditer(r"[\u4e00-\u9fff]{2,}", statement)]
        if words:
            start, end = chance.choice(words)
            size = min(chance.choice([2, 3]), end - start)
            at = chance.randrange(start, end - size + 1)
            foreign = "".join(re.findall(r"[\u4e00-\u9fff]", chance.choice(others)))
            if len(foreign) > 8:
                begin = chance.randrange(len(foreign) - size)
                yield statement[:at] + foreign[begin : begin + size] + statement[at + size :], "word"
    else:
        denied = re.sub(r"\b(is|are|was|were|has|have|had|can|will)\b", r"\1 not", statement, count=1)
        words = [m.span() for m in re.finditer(r"\b[a-z]{5,}\b", statement)]
        foreign_words = re.findall(r"\b[a-z]{5,}\b", chance.choice(others))
        if words and foreign_words:
            start, end = chance.choice(words)
            yield statement[:start] + chance.choice(foreign_words) + statement[end:], "word"
    if denied != statement:
        yield denied, "denial"


def new(statement: str, shown: Shown) -> bool:
    """Whether a changed statement has a word that matters and that is nowhere around the evidence."""
    known = set(terms("\n".join(shown)))
    return any(len(term) > 1 and term not in known for term in terms(content(statement)))


def question_rows(data: Path, chance: random.Random) -> Iterator[Row]:
    """Rows from questions with their answers."""
    for name, most in QUESTIONS.items():
        found = [row for row in rows(data / "train" / "qa" / f"{name}.jsonl.gz") if row["answers"]]
        chance.shuffle(found)
        found = found[:most]
        names = [word for row in found for word in _LATIN.findall(row["passage"])[:3]] or ["Acme"]
        for row, other in zip(found, found[1:] + found[:1], strict=True):
            answer, start = row["answers"][0]["text"], row["answers"][0]["start"]
            passage, aside = row["passage"], held_out(row["passage_id"], 5)
            spans = sentences(passage)
            at = next((n for n, span in enumerate(spans) if span.start <= start < span.end), None)
            if at is None or len(answer) > 60 or len(spans) < 3:
                continue
            texts = [span.of(passage) for span in spans]
            shown = around(texts, at, row["title"])
            said = stated(row["question"], answer)
            yield Row(said, shown, True, "question and answer", aside)
            yield Row(texts[at], shown, True, "whole sentence", aside)
            for place in chance.sample([n for n in range(len(texts)) if n != at and answer not in texts[n]] or [at], 1):
                if place != at:
                    yield Row(said, around(texts, place, row["title"]), False, "other sentence", aside)
                    yield Row(texts[at], around(texts, place, row["title"]), False, "other sentence, whole", aside)
            wrong = other["answers"][0]["text"]
            if wrong not in passage and len(wrong) <= 60:
                yield Row(stated(row["question"], wrong), shown, False, "other answer", aside)
            clauses = _CLAUSES.split(texts[at].rstrip("。. "))
            part = chance.choice(clauses)
            if len(clauses) > 1 and len(part) > 6:
                yield Row(part, shown, True, "part of a sentence", aside)
            if len(clauses) > 1:
                turned = ("，" if language(texts[at]) == "zh" else ", ").join(clauses[1:] + clauses[:1])
                yield Row(turned, shown, True, "clauses in another order", aside)
            for changed, kind in falsified(part if len(part) > 6 else said, chance, names, [other["passage"]]):
                if kind in ("number", "denial") or new(changed, shown):
                    yield Row(changed, shown, False, kind, aside)


def translated_rows(data: Path, chance: random.Random) -> Iterator[Row]:
    """Rows from parallel texts, in both directions."""
    for name, most in TRANSLATED.items():
        done = 0
        names: list[str] = ["Acme"]
        for number, document in enumerate(paragraphs(data / "train" / "parallel" / f"{name}.jsonl.gz")):
            if done >= most:
                break
            picked = [n for n in range(1, len(document) - 1) if len(document[n][0]) > 30 and len(document[n][1]) > 10]
            for at in chance.sample(picked, min(4, len(picked))):
                side = chance.randrange(2)
                said, aside = document[at][1 - side], held_out(f"{name}{number}", 5)
                texts = [pair[side] for pair in document]
                shown = around(texts, at, "")
                yield Row(said, shown, True, "translation", aside)
                yield Row(said, around(texts, chance.choice([at - 1, at + 1]), ""), False, "other translation", aside)
                for changed, kind in falsified(said, chance, names, [document[0][1 - side] * 9]):
                    if kind != "word":
                        yield Row(changed, shown, False, f"translation, {kind}", aside)
                names = [*names[-200:], *_LATIN.findall(document[at][0])]
                done += 1


def fit(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weights of the hidden layer, (features + 1, HIDDEN), and of the output, (HIDDEN + 1,)."""
    import torch

    torch.manual_seed(0)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    net = torch.nn.Sequential(torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=0.0)
    rows_, label = torch.from_numpy((x - mean) / spread), torch.from_numpy(y)
    share = torch.from_numpy((weight / weight.mean()).astype(np.float32))
    for _ in range(600):
        value = net(rows_)[:, 0]
        loss = (torch.nn.functional.binary_cross_entropy_with_logits(value, label, reduction="none") * share).mean()
        loss = loss + 3e-4 * sum((p**2).sum() for p in net.parameters())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    first, bias, last, last_bias = (p.detach().numpy() for p in net.parameters())
    hidden = (first / spread).T
    return np.vstack([hidden, bias - mean @ hidden]), np.concatenate([last[0], last_bias])


def cut(scores: Floats, false: list[Row]) -> float:
    """The threshold that FALSE_KEPT of these false statements pass, every kind weighing the same."""
    order = np.argsort(-scores)
    share = np.cumsum(each_weighs(false)[order])
    return float(scores[order][np.searchsorted(share / share[-1], FALSE_KEPT)])


def each_weighs(rows_: Iterable[Row]) -> Floats:
    """True and false weigh the same, and so does each kind among its own."""
    kinds = [(row.true, row.kind) for row in rows_]
    count = {kind: kinds.count(kind) for kind in set(kinds)}
    of = {true: len({kind for kind in count if kind[0] == true}) for true in (True, False)}
    return np.array([1 / count[kind] / of[kind[0]] for kind in kinds], dtype=np.float64)


def at(found: list[Row], chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> list[Row]:
    """The rows chosen."""
    return [row for row, one in zip(found, chosen, strict=True) if one]


def main() -> None:
    """Fit, set the threshold, write, and print what holds on the passages kept aside."""
    arguments = argparse.ArgumentParser(prog="python -m rag.train.support", description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = arguments.parse_args()
    chance = random.Random(0)
    found = [*question_rows(args.data, chance), *translated_rows(args.data, chance)]
    words, background = load_words(), load_background()
    x = np.concatenate([look(row.statement, [row.shown], words, background) for row in found])
    allowed = np.array([not missing(row.statement, *row.shown) for row in found])
    true, aside = (np.array([getattr(row, name) for row in found]) for name in ("true", "aside"))
    other = x[:, FEATURES.index("other")] > 0
    used = allowed & ~aside
    hidden, out = fit(x[used], true[used].astype(np.float32), each_weighs(at(found, used)))
    scores = np.where(allowed, np.tanh(x @ hidden[:-1] + hidden[-1]) @ out[:-1] + out[-1], -99)
    false = ~true & ~aside
    thresholds = [cut(scores[false & own], at(found, false & own)) for own in (~other, other)]
    supported = scores > np.where(other, thresholds[1], thresholds[0])
    figures: dict[str, dict[str, float]] = {}
    kinds = np.array([row.kind for row in found])
    for right in (True, False):
        for kind in dict.fromkeys(row.kind for row in found if row.true == right):
            rows_ = (kinds == kind) & (true == right) & aside
            figures[f"{'true' if right else 'false'}: {kind}"] = {
                "rows": int(rows_.sum()),
                "pass the facts": round(float(allowed[rows_].mean()), 3),
                "supported": round(float(supported[rows_].mean()), 3),
            }
    record = {
        "made_by": "python -m rag.train.support",
        "features": list(FEATURES),
        "hidden": [[round(float(w), 4) for w in row] for row in hidden],
        "out": [round(float(w), 4) for w in out],
        "thresholds": [round(value, 4) for value in thresholds],
        "figures_on_training_data_kept_aside": figures,
    }
    target = Path(__file__).parents[1] / "models" / "support.json"
    target.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, row in figures.items():
        print(f"{name:36}", *(f"{key} {value:6}" for key, value in row.items()), sep="  ")


if __name__ == "__main__":
    main()
