"""Files of questions, each with its passage and the answers that people marked in it."""

import gzip
import json
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.errors import BadInput, NotFound

__all__ = ["Dataset", "Question", "read", "sample", "translated"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of `passage`, an id; `answers` are its gold answers, none where it cannot be answered from there."""

    qid: str
    text: str
    passage: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """`passages`: id to (title, text). `questions`: in the order of the file."""

    name: str
    passages: dict[str, tuple[str, str]]
    questions: tuple[Question, ...]


def read(path: str | Path) -> Dataset:
    """A file of JSON lines, plain or `.gz`: `qid`, `question`, `passage_id`, `passage`, `title`, `answers`.

    `answers` are `{"text", …}`; a question with `"answerable": false` has none. Raises NotFound or BadInput.
    """
    path = Path(path)
    passages: dict[str, tuple[str, str]] = {}
    questions = []
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    row = json.loads(line)
                    passages.setdefault(str(row["passage_id"]), (row.get("title") or "", row["passage"]))
                    questions.append(_question(row))
    except FileNotFoundError:
        raise NotFound(f"no such file: {path}", "check the path") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BadInput(
            f"{path}:{number} is not of the layout ({type(problem).__name__}: {problem})",
            "a line is a JSON object with qid, question, passage_id, passage and answers",
        ) from problem
    if not questions:
        raise BadInput(f"{path} holds no questions", "check the file")
    return Dataset(path.name.removesuffix(".gz").removesuffix(".jsonl"), passages, tuple(questions))


def _question(row: dict[str, Any]) -> Question:
    golds = [one["text"] for one in row["answers"]] if row.get("answerable", True) else []
    answers = tuple(dict.fromkeys(filter(str.strip, golds)))
    return Question(str(row["qid"]), row["question"], str(row["passage_id"]), answers)


def translated(dataset: Dataset, other: Dataset) -> Dataset:
    """`dataset` with the wording that `other` gives to its questions, by qid; those that it has not are left out.

    Raises BadInput where no question is in both.
    """
    wording = {question.qid: question.text for question in other.questions}
    questions = tuple(replace(one, text=wording[one.qid]) for one in dataset.questions if one.qid in wording)
    if not questions:
        raise BadInput(f"{other.name} shares no qid with {dataset.name}", "give a file of the same questions")
    return Dataset(f"{other.name} over {dataset.name}", dataset.passages, questions)


def sample(questions: tuple[Question, ...], count: int | None, seed: int) -> list[Question]:
    """`count` questions drawn by `seed`, in their order; all of them where there are no more, or without a count."""
    if count is None or count >= len(questions):
        return list(questions)
    return [questions[at] for at in sorted(random.Random(seed).sample(range(len(questions)), count))]
