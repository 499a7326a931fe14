"""Whether an index in Milvus ranks as a folder does: the same articles in both, the same questions to both.

    python -m rag.measure.finding.parity ARTICLES.jsonl.gz milvus://HOST:PORT/COLLECTION --documents 300

Questions are sentences of the articles and their titles. Two lists are the same when their texts are, in order.
"""

import argparse
import gzip
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from rag.library import Library

__all__ = ["agreement", "asked_of"]

Lists = list[list[str]]


def agreement(one: Library, other: Library, questions: Sequence[str], k: int = 10) -> float:
    """Share of the questions to which both give the same `k` texts in the same order."""
    return _same(_found(one, questions, k), _found(other, questions, k))


def _found(library: Library, questions: Sequence[str], k: int) -> Lists:
    return [[hit.text for hit in library.search(question, k)] for question in questions]


def _same(first: Lists, second: Lists) -> float:
    return sum(1 for one, other in zip(first, second, strict=True) if one == other) / len(first)


def asked_of(library: Library, questions: int, seed: int = 0) -> list[str]:
    """Sentences of an index's passages, some as they are and some halved, in an order of chance."""
    chance = random.Random(seed)
    made = []
    for _, title, text, _ in library.index.truth.each_passage(library.index.dimensions):
        middle = chance.randrange(len(text))
        made += [text[middle : middle + chance.randint(8, 40)], title]
    distinct = sorted({one.strip() for one in made if len(one.strip()) > 3})
    return chance.sample(distinct, min(questions, len(distinct)))


def main() -> None:
    """Print the share, and the mean time of a search in each."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.finding.parity", description=__doc__)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("address")
    arguments.add_argument("--documents", type=int, default=300)
    arguments.add_argument("--questions", type=int, default=500)
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.jsonl"
        opened = gzip.open if args.corpus.suffix == ".gz" else open
        with opened(args.corpus, "rt", encoding="utf-8") as lines, sample.open("w", encoding="utf-8") as out:
            out.writelines(islice(lines, args.documents))
        with Library(Path(folder) / "index") as local, Library(args.address) as remote:
            local.add(sample)
            remote.add(sample)
            questions = asked_of(local, args.questions)
            passages = local.index.truth.counts()[2]
            began = time.perf_counter()
            here = _found(local, questions, 10)
            between = time.perf_counter()
            there = _found(remote, questions, 10)
            took = [1000 * seconds / len(questions) for seconds in (between - began, time.perf_counter() - between)]
    sys.stdout.write(
        f"{passages} passages, {len(questions)} questions: the same top 10 for {100 * _same(here, there):.1f} %; "
        f"a search took {took[0]:.0f} ms in the folder, {took[1]:.0f} ms in Milvus\n"
    )


if __name__ == "__main__":
    main()
