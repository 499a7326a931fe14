"""Collections that questions are searched in, as `rag.train.answer` learns from them."""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from rag.library import Library
from rag.train.answer_examples import Case, cases
from rag.train.pairs import paragraphs
from rag.train.read import rows

__all__ = ["each"]

SPANS = {"cmrc2018_train.train": 2500, "drcd.dev": 1200, "nq_dev_qed_lim.train": 2000, "selqa.train": 1500}
"""How many questions of a set are searched for."""

CROSS = {"lctt": 200, "plurality": 200}
"""Titles over paragraphs in the other language: they have no answer span, so they teach refusal alone."""

HALVES = {"lctt": 700, "tico19": 400}
"""Parallel texts of which one half is kept in Chinese and the other in English. Half of the words of a sentence ask for
the passage that has it in the other language, among passages of both: there the right sentence is known."""


def each(data: Path, work: Path) -> Iterator[tuple[str, Library, list[Case]]]:
    """Every collection, indexed under `work` with the built-in model, with its questions."""
    makers: list[tuple[dict[str, int], Callable[[Path, str, int], tuple[dict[str, str], list[Case]]]]]
    makers = [(SPANS, _spans), (HALVES, _halves), (CROSS, _cross)]
    for names, maker in makers:
        for name, most in names.items():
            passages, found = maker(data, name, most)
            folder = work / f"{maker.__name__}-{name}"
            folder.mkdir()
            yield name, collection(passages, folder), found


def _spans(data: Path, name: str, most: int) -> tuple[dict[str, str], list[Case]]:
    """Passages by id, and questions on them."""
    found = list(cases(data, name))
    passages = {case.passage_id: case.passage for case in found}
    random.Random(0).shuffle(found)
    return passages, found[:most]


def _cross(data: Path, name: str, most: int) -> tuple[dict[str, str], list[Case]]:
    """The same of titles in the other language."""
    found = [row for row in rows(data / "train" / "titles" / f"{name}.jsonl.gz") if row.get("kind") == "cross"]
    random.Random(0).shuffle(found)
    passages = {str(number): row["paragraph"] for number, row in enumerate(found)}
    return passages, [
        Case(f"cross.{name}", row["title"], str(number), row["paragraph"], ())
        for number, row in enumerate(found[:most])
    ]


def _halves(data: Path, name: str, most: int) -> tuple[dict[str, str], list[Case]]:
    """Sentences in the other language, out of paragraphs of about five."""
    chance = random.Random(0)
    texts: dict[str, str] = {}
    made: list[Case] = []
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
                question = " ".join(asked[word] for word in words)
                made.append(Case(f"half.{name}", question, key, texts[key], (pair[kept],)))
    chance.shuffle(made)
    return texts, made[:most]


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
