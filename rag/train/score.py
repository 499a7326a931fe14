"""Reports retrieval quality: nDCG@10 on rows held out from training, and on the BEIR folders, to report only."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.train.pairs import WINDOW, held_out, paragraphs
from rag.train.read import rows

__all__ = ["Embed", "beir", "held_out_sets", "ndcg"]

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
Task = tuple[list[str], list[str], list[dict[int, float]]]
"""Questions, passages, and for each question the passages that are right with their gain."""


def ndcg(ranked: Sequence[int], gains: dict[int, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain at `k`, linear gain as in trec_eval (Järvelin and Kekäläinen 2002).

    >>> ndcg([7, 3], {3: 1.0})
    0.6309297535714575
    """
    got = sum(gains.get(n, 0.0) / math.log2(i + 2) for i, n in enumerate(ranked[:k]))
    best = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(gains.values(), reverse=True)[:k]))
    return got / best if best else 0.0


def _score(task: Task, embed: Embed) -> float:
    questions, passages, gains = task
    scores = embed(questions) @ embed(passages).T
    top = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return 100 * float(np.mean([ndcg(row.tolist(), g) for row, g in zip(top, gains, strict=True)]))


def _task(pairs: list[tuple[str, str]]) -> Task:
    numbers: dict[str, int] = {}
    gains = [{numbers.setdefault(passage, len(numbers)): 1.0} for _, passage in pairs]
    return [question for question, _ in pairs], list(numbers), gains


def held_out_sets(data: Path) -> Iterator[tuple[str, Task]]:
    """Questions and sentences that `rag.train.pairs` leaves out, each set by its name."""
    for name, files in {
        "zh": ("cmrc2018.trial", "cmrc2018_train.train", "drcd.dev"),
        "en": ("nq_dev_qed_lim.train", "selqa.train"),
    }.items():
        pairs = [
            (row["question"], row["passage"])
            for file in files
            for row in rows(data / "train" / "qa" / f"{file}.jsonl.gz")
            if file == "cmrc2018.trial" or held_out(row["passage_id"], 10)
        ]
        yield f"held-out-{name}", _task(pairs)
    chance = random.Random(0)
    across: list[tuple[str, str]] = []
    back: list[tuple[str, str]] = []
    for sentences in paragraphs(data / "train" / "parallel" / "lctt.jsonl.gz", trial=True):
        for start in range(0, len(sentences) - 1, WINDOW):
            part = sentences[start : start + WINDOW]
            english, chinese = chance.choice(part)
            across.append((english, "".join(zh for _, zh in part)))
            back.append((chinese, " ".join(en for en, _ in part)))
    yield "held-out-en-zh", _task(across)
    yield "held-out-zh-en", _task(back)


def beir(folder: Path) -> Task:
    """A BEIR folder: corpus.jsonl, queries.jsonl, qrels/test.tsv. Title and text of a passage are joined by a space."""
    corpus = list(rows(folder / "corpus.jsonl"))
    numbers = {row["_id"]: place for place, row in enumerate(corpus)}
    gains: dict[str, dict[int, float]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")
        if float(gain) > 0:
            gains.setdefault(query, {})[numbers[document]] = float(gain)
    asked = [row for row in rows(folder / "queries.jsonl") if row["_id"] in gains]
    passages = [f"{row.get('title', '')} {row['text']}".strip() for row in corpus]
    return [row["text"] for row in asked], passages, [gains[row["_id"]] for row in asked]


def report(data: Path, embed: Embed, sets: Sequence[str], trial: bool = True) -> dict[str, float]:
    """nDCG@10 x 100 of each set; `sets` are names of folders under `eval/beir`."""
    found = {name: _score(task, embed) for name, task in held_out_sets(data)} if trial else {}
    return found | {name: _score(beir(data / "eval" / "beir" / name), embed) for name in sets}
