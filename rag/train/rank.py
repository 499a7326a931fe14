"""Fits what `rag.rank` reads from `rag/models/rank.json`: how much each feature of a passage counts.

    python -m rag.train.rank --data ../shared/data

Each question's right passages against all others that were found for it, each pair by logistic regression on the best
of them (the logarithm of a sum), every collection weighing the same. The even questions of a collection are learned
from, on the odd ones nDCG@10 is printed; the weights that are written are fitted on all. Nothing under `eval/` is read.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag import rank
from rag.late import prepare
from rag.library import Library
from rag.library.finding import first_look
from rag.protocols import Floats
from rag.rank import FEATURES
from rag.rerank import DEPTH
from rag.script import language
from rag.train.answer_collections import collection
from rag.train.collections import Task, tasks
from rag.train.score import ndcg

Seen = tuple[Floats, list[str], set[str]]
"""Features of what was found for a question, the documents that it is of, and the right ones."""

DECAY = 1e-3


def seen(library: Library, question: str, right: set[str]) -> Seen:
    """What the second look sees of a question."""
    found, looks = first_look(library, question, DEPTH)
    asked = prepare(question, library.words, library.background)
    features = rank.look(language(question), [one.sides for one in found], looks, asked, library.words)
    passages = library.index.truth.passages(one.key for one in found)
    return features, [passages[one.key].doc_id for one in found], right


def each(task: Task, folder: Path) -> list[Seen]:
    """The same of every question of a collection."""
    folder.mkdir()
    with collection(task.passages, folder) as library:
        return [seen(library, text, task.right[key]) for key, text in task.questions.items()]


def fit(collections: Sequence[Sequence[Seen]]) -> Floats:
    """A weight for each feature."""
    import torch

    blocks, masks, golds, weights = [], [], [], []
    for questions in collections:
        usable = []
        for features, documents, right in questions:
            gold = np.array([document in right for document in documents])
            if gold.any() and not gold.all():
                usable.append((features, gold))
        for features, gold in usable:
            more = ((0, DEPTH - len(gold)), (0, 0))
            blocks.append(np.pad(features, more))
            masks.append(np.pad(np.where(gold, -1e9, 0.0), more[0], constant_values=-1e9))
            golds.append(np.pad(gold / gold.sum(), more[0]))
            weights.append(1 / len(usable))
    x, others, right_, weight = (torch.tensor(np.array(part)).double() for part in (blocks, masks, golds, weights))
    spread = x[(others > -1) | (right_ > 0)].std(0).clamp(min=1e-6)
    found = torch.zeros(len(FEATURES), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([found], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = x @ (found / spread)
        best = torch.logsumexp(scores + others, 1, keepdim=True)
        each_ = (torch.nn.functional.softplus(best - scores) * right_).sum(1)
        value = (each_ * weight).sum() / weight.sum() + DECAY * (found**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return np.asarray((found / spread).detach().numpy(), dtype=np.float32)


def judged(questions: Sequence[Seen], weights: Floats) -> float:
    """Mean nDCG@10 x 100 of the documents in the order of these weights."""
    found = []
    for features, documents, right in questions:
        ordered = list(dict.fromkeys(documents[at] for at in np.argsort(-(features @ weights), kind="stable")))
        places = {document: place for place, document in enumerate([*ordered, *(right - set(ordered))])}
        found.append(ndcg(range(len(ordered)), {places[document]: 1.0 for document in right}))
    return 100 * float(np.mean(found))


def main() -> None:
    """Fit and write."""
    arguments = argparse.ArgumentParser(prog="python -m rag.train.rank", description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as work:
        found = {task.name: each(task, Path(work) / task.name) for task in tasks(args.data)}
    write(found)


def write(found: dict[str, list[Seen]]) -> None:
    """Print what the weights of one half are worth on the other, and write those of the whole."""
    half = fit([questions[::2] for questions in found.values()])
    figures = {name: round(judged(questions[1::2], half), 1) for name, questions in found.items()}
    for name, value in figures.items():
        print(f"{name:16} {value:6.1f}")
    whole = fit(list(found.values()))
    record = {
        "weights": {name: round(float(weight), 4) for name, weight in zip(FEATURES, whole, strict=True)},
        "nDCG@10 x 100 of the questions left out": figures,
    }
    rank.PARAMETERS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
