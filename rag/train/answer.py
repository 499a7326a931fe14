"""Fits what `rag.answer.evidence` reads from `rag/models/answer.json`: how sentences are ranked, when to refuse.

    python -m rag.train.answer --data ../shared/data

Sentences: softmax regression over all sentences of the passages found, right ones being those that hold the annotated
answer. Refusal: logistic regression on the best sentence, asked once as it is and once with the passage that answers
taken out, and of collections about other things. Nothing under `eval/` is read.
"""

import argparse
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rag.answer import evidence
from rag.answer.evidence import FEATURES
from rag.late import prepare
from rag.library import Library
from rag.protocols import Floats
from rag.train.pairs import paragraphs
from rag.train.read import rows

SPANS = {
    "cmrc2018_train.train": 500,
    "cmrc2018.trial": 150,
    "drcd.dev": 350,
    "nq_dev_qed_lim.train": 400,
    "selqa.train": 300,
}
CROSS = {"lctt": 300, "hf_course": 150, "plurality": 150}
"""Titles over paragraphs in the other language: they have no answer span, so they teach refusal alone."""

HALVES = {"lctt": 700, "tico19": 200}
"""Parallel texts of which one half is kept in Chinese and the other in English. Half of the words of a sentence ask for
the passage that has it in the other language, among passages of both: there the right sentence is known."""

Case = tuple[str, str, list[str]]
"""A question, the id of its passage, and the answers' texts."""


def span_cases(data: Path, name: str, most: int) -> tuple[dict[str, str], list[Case]]:
    """Passages by id, and questions on them."""
    found = list(rows(data / "train" / "qa" / f"{name}.jsonl.gz"))
    passages = {row["passage_id"]: row["passage"] for row in found}
    random.Random(0).shuffle(found)
    cases = [
        (row["question"], row["passage_id"], [answer["text"] for answer in row["answers"] if answer["start"] >= 0])
        for row in found[:most]
    ]
    return passages, [case for case in cases if any(case[2])]


def cross_cases(data: Path, name: str, most: int) -> tuple[dict[str, str], list[Case]]:
    """The same of titles in the other language."""
    found = [row for row in rows(data / "train" / "titles" / f"{name}.jsonl.gz") if row.get("kind") == "cross"]
    random.Random(0).shuffle(found)
    passages = {str(number): row["paragraph"] for number, row in enumerate(found)}
    return passages, [(row["title"], str(number), []) for number, row in enumerate(found[:most])]


def half_cases(data: Path, name: str, most: int) -> tuple[dict[str, str], list[Case]]:
    """The same of sentences in the other language, out of paragraphs of about five."""
    chance = random.Random(0)
    texts: dict[str, str] = {}
    cases: list[Case] = []
    for number, document in enumerate(paragraphs(data / "train" / "parallel" / f"{name}.jsonl.gz")):
        if len(texts) > 12 * most:
            break
        kept = number % 2  # the language in which this document stays
        for start in range(0, len(document) - 2, 5):
            part = document[start : start + 5]
            key = f"{number}.{start}"
            texts[key] = (" ", "")[kept].join(sentence[kept] for sentence in part)
            pair = chance.choice(part)
            asked = re.findall(r"[^\W\u3400-\u9fff]+|[\u3400-\u9fff]{2}", pair[1 - kept])
            if len(asked) >= 6:
                words = sorted(chance.sample(range(len(asked)), len(asked) // 2))
                cases.append((" ".join(asked[word] for word in words), key, [pair[kept]]))
    chance.shuffle(cases)
    return texts, cases[:most]


def collection(passages: dict[str, str], folder: Path) -> Library:
    """An index of the passages under the built-in model."""
    file = folder / "passages.jsonl"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(
            json.dumps({"_id": key, "text": text}, ensure_ascii=False) + "\n" for key, text in passages.items()
        )
    library = Library(folder / "index")
    library.add(file)
    return library


Seen = tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]


def look(library: Library, case: Case, *, without: bool = False, k: int = 10) -> Seen:
    """Features of every sentence found for a question, and which of them hold its answer."""
    question, passage, answers = case
    hits = library.search(question, k + 5 * without)
    if without:
        hits = [hit for hit in hits if hit.doc_id != passage][:k]
    asked = prepare(question, library.words, library.background)
    places, features = evidence.look(question, asked, hits, library.words)
    right = [
        hits[number].doc_id == passage and any(_holds(span.of(hits[number].text), answer) for answer in answers)
        for number, span in places
    ]
    return features, np.array(right, dtype=bool)


def _holds(sentence: str, answer: str) -> bool:
    return answer in sentence or (len(sentence) > 10 and sentence in answer)


def each(data: Path, work: Path) -> Iterator[tuple[str, Library, list[Case]]]:
    """Every collection with its questions."""
    makers: list[tuple[dict[str, int], Callable[[Path, str, int], tuple[dict[str, str], list[Case]]]]]
    makers = [(SPANS, span_cases), (HALVES, half_cases), (CROSS, cross_cases)]
    for names, maker in makers:
        for name, most in names.items():
            passages, cases = maker(data, name, most)
            folder = work / f"{maker.__name__}-{name}"
            folder.mkdir()
            yield folder.name, collection(passages, folder), cases


def fit_sentences(seen: list[Seen]) -> Floats:
    """Weights of the features: maximum likelihood of the right sentences among all, with a little decay."""
    import torch

    usable = [(features, right) for features, right in seen if right.any()]
    weights = torch.zeros(len(FEATURES), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")
    longest = max(len(features) for features, _ in usable)
    block = torch.zeros(len(usable), longest, len(FEATURES), dtype=torch.float64)
    mask = torch.full((len(usable), longest), -1e9, dtype=torch.float64)
    gold = torch.full((len(usable), longest), -1e9, dtype=torch.float64)
    for row, (features, right) in enumerate(usable):
        block[row, : len(features)] = torch.from_numpy(features)
        mask[row, : len(features)] = 0
        gold[row, : len(features)] = torch.where(torch.from_numpy(right), 0.0, -1e9)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = block @ weights
        value = (torch.logsumexp(scores + mask, 1) - torch.logsumexp(scores + gold, 1)).mean() + 1e-4 * (
            weights**2
        ).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return np.asarray(weights.detach().numpy(), dtype=np.float32)


def fit_refusal(rows_: Floats, answerable: Floats) -> Floats:
    """Weights of the features and a bias: logistic regression, both classes weighing the same."""
    import torch

    x = torch.from_numpy(np.hstack([rows_, np.ones((len(rows_), 1), np.float32)])).double()
    y = torch.from_numpy(answerable).double()
    balance = torch.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    weights = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each_ = torch.nn.functional.binary_cross_entropy_with_logits(x @ weights, y, reduction="none")
        value = (each_ * balance).mean() + 1e-3 * (weights[:-1] ** 2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return np.asarray(weights.detach().numpy(), dtype=np.float32)


def area(scores: Floats, right: Floats) -> float:
    """Area under the ROC curve: how often an answerable question scores above an unanswerable one."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positive = float(right.sum())
    return float((ranks[right > 0].sum() - positive * (positive + 1) / 2) / (positive * (len(right) - positive)))


def main() -> None:
    """Fit and write."""
    arguments = argparse.ArgumentParser(prog="python -m rag.train.answer", description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--kept", type=float, default=0.93, help="share of answerable questions to be answered")
    args = arguments.parse_args()
    present: dict[str, list[Seen]] = {}
    absent: dict[str, list[Seen]] = {}
    with tempfile.TemporaryDirectory() as work:
        strangers: list[tuple[str, Library]] = []
        for name, library, cases in each(args.data, Path(work)):
            present[name] = [look(library, case) for case in cases]
            absent[name] = [look(library, case, without=True) for case in cases]
            absent[name] += [look(other, case) for _, other in strangers for case in cases[:50]]
            strangers.append((name, library))
            print(f"{name}: {len(cases)} questions", flush=True)
    sentence = fit_sentences([seen for group in present.values() for seen in group])
    figures: dict[str, float] = {}
    for name, seen in present.items():
        if not any(right.any() for _, right in seen):
            continue
        hits = [bool(right[np.argmax(features @ sentence)]) for features, right in seen if len(features)]
        figures[f"answer in the best sentence, {name}"] = round(100 * float(np.mean(hits)), 1)
    best: list[Floats] = []
    label: list[float] = []
    source: list[str] = []
    for kind, groups in ((1.0, present), (0.0, absent)):
        for name, group in groups.items():
            for features, _ in group:
                if len(features):
                    best.append(features[np.argmax(features @ sentence)])
                    label.append(kind)
                    source.append(name)
    x, y = np.array(best, dtype=np.float32), np.array(label, dtype=np.float32)
    refusal = fit_refusal(x, y)
    value = x @ refusal[:-1] + refusal[-1]
    cut = float(np.quantile(value[y > 0], 1 - args.kept))
    refusal[-1] -= cut
    names = np.array(source)
    for name in dict.fromkeys(source):
        at = names == name
        figures[f"refusal AUROC, {name}"] = round(area(value[at], y[at]), 3)
        figures[f"answered of answerable, {name}"] = round(float((value[at & (y > 0)] >= cut).mean()), 3)
        figures[f"refused of unanswerable, {name}"] = round(float((value[at & (y == 0)] < cut).mean()), 3)
    record = {
        "made_by": "python -m rag.train.answer",
        "features": list(FEATURES),
        "parameters": {
            "sentence": [round(float(w), 4) for w in sentence],
            "refusal": [round(float(w), 4) for w in refusal],
        },
        "figures_on_training_data": figures,
    }
    target = Path(__file__).parents[1] / "models" / "answer.json"
    target.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
