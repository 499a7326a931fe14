"""Collections to learn ranking on: passages, questions, and which passages are right, out of `train/` and `corpus/`.

Only what the built-in model was not trained on is asked (`rag.train.pairs.held_out`): on what it knows by heart the
dense side would be trusted too much. The news are an exception: no training title comes from those that ask, but
sentences of them were learned with their stretches (`rag.train.pairs.crops`). Nothing under `eval/` is read.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rag.script import HAN
from rag.train.pairs import WINDOW, held_out, paragraphs
from rag.train.read import rows

__all__ = ["Task", "tasks"]

MOST = 400
"""Questions of a collection."""

NEWS = 3000
"""Articles of the collection of news."""

_SENTENCE = re.compile(r"[^。！？\n]+[。！？]?")
_SAID_BY = re.compile(
    r".*(?:讯|电|消息|报道|获悉|原标题|图源|来源|记者|编辑)\W*|[\W\d年月日上下午时分]*|.*网|.*IT之家.*"
)
_CLAUSE = re.compile(r"[，,；;：:\s（）()【】]+")
_WORD = re.compile(rf"[^\W{HAN}]+|[{HAN}]{{2}}")


@dataclass
class Task:
    """Texts by id; questions by id; ids of the right texts by question."""

    name: str
    passages: dict[str, str] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    right: dict[str, set[str]] = field(default_factory=dict)

    def ask(self, question: str, *right: str) -> None:
        """Add a question."""
        key = f"q{len(self.questions)}"
        self.questions[key] = question
        self.right[key] = set(right)

    def thinned(self, chance: random.Random) -> "Task":
        """With `MOST` of its questions."""
        kept = chance.sample(sorted(self.questions), min(MOST, len(self.questions)))
        return Task(self.name, self.passages, {q: self.questions[q] for q in kept}, {q: self.right[q] for q in kept})


def asked(data: Path, name: str, files: tuple[str, ...]) -> Task:
    """People's questions on passages; all passages of the files are there."""
    task = Task(name)
    right: dict[str, set[str]] = {}
    for file in files:
        for row in rows(data / "train" / "qa" / f"{file}.jsonl.gz"):
            task.passages[row["passage_id"]] = row["passage"]
            if file == "cmrc2018.trial" or held_out(row["passage_id"], 10):
                right.setdefault(row["question"], set()).add(row["passage_id"])
    for question, found in right.items():
        task.ask(question, *found)
    return task


def news(data: Path, name: str, articles: int, most: int) -> Task:
    """Beginnings of news articles, cut to about a headline, ask for the parts of the article after them."""
    known = {row["title"][:20] for row in rows(data / "train" / "titles" / "crud_lead.jsonl.gz")}
    task = Task(name)
    for row in rows(data / "corpus" / "news_2023.jsonl.gz"):
        lead, *rest = _SENTENCE.findall(row["text"])
        if lead.strip()[:20] in known:
            continue
        parts = [part for part in _parts(rest) if len(part) > 120]
        keys = [f"{row['_id']}-{number}" for number in range(len(parts))]
        headline = _headline(lead, most)
        if len(headline) >= 12 and keys:
            task.passages |= dict(zip(keys, parts, strict=True))
            task.ask(headline, *keys)
        if len(task.questions) == articles:
            break
    return task


def _parts(sentences: list[str]) -> Iterator[str]:
    part = ""
    for sentence in sentences:
        part += sentence
        if len(part) > 320:
            yield part.strip()
            part = ""
    yield part.strip()


def _headline(lead: str, most: int) -> str:
    """The first clauses of a sentence that fit."""
    kept = ""
    for clause in _CLAUSE.split(lead.rstrip("。！？")):
        if not kept and _SAID_BY.fullmatch(clause):
            continue
        if kept and len(kept) + len(clause) >= most:
            break
        kept += (" " if kept else "") + clause
    return kept[: 2 * most]


def across(data: Path, name: str, asks: int, *, both: bool = False, split: bool = False, half: bool = False) -> Task:
    """Sentences ask for the paragraph that holds them, in the other language; `asks`: 0 English, 1 Chinese.

    With `both`, paragraphs of both languages are there, and both are right. With `split`, every second document is in
    the language of the questions instead and is not asked for. With `half`, half of the words ask.
    """
    chance = random.Random(asks)
    task = Task(name)
    for number, sentences in enumerate(paragraphs(data / "train" / "parallel" / "lctt.jsonl.gz", trial=True)):
        for start in range(0, len(sentences) - 1, WINDOW):
            part = sentences[start : start + WINDOW]
            there = (0, 1) if both else (asks,) if split and number % 2 else (1 - asks,)
            for side in there:
                task.passages[f"{number}.{start}.{side}"] = (" ", "")[side].join(pair[side] for pair in part)
            sentence = chance.choice(part)[asks]
            if half:
                words = _WORD.findall(sentence)
                places = sorted(chance.sample(range(len(words)), (len(words) + 1) // 2))
                sentence = " ".join(words[place] for place in places)
            if len(_WORD.findall(sentence)) >= 3 and there != (asks,):
                task.ask(sentence, *(f"{number}.{start}.{side}" for side in there))
    return task


MAKERS: tuple[Callable[[Path], Task], ...] = (
    lambda data: asked(data, "cmrc", ("cmrc2018_train.train", "cmrc2018.trial")),
    lambda data: asked(data, "cmrc-trial", ("cmrc2018.trial",)),
    lambda data: asked(data, "drcd", ("drcd.dev",)),
    lambda data: asked(data, "dureader-demo", ("dureader2-demo.traindev",)),
    lambda data: asked(data, "nq", ("nq_dev_qed_lim.train",)),
    lambda data: asked(data, "selqa", ("selqa.train",)),
    lambda data: asked(data, "headings", ("heading_questions_hans_hant.train",)),
    lambda data: news(data, "news-short", NEWS, 22),
    lambda data: across(data, "en-zh", 0),
    lambda data: across(data, "zh-en", 1),
    lambda data: across(data, "en-zh-half", 0, half=True),
    lambda data: across(data, "zh-en-half", 1, half=True),
    lambda data: across(data, "en-split-half", 0, split=True, half=True),
    lambda data: across(data, "zh-split-half", 1, split=True, half=True),
    lambda data: across(data, "en-both-half", 0, both=True, half=True),
    lambda data: across(data, "zh-both-half", 1, both=True, half=True),
)


def tasks(data: Path) -> Iterator[Task]:
    """Every collection."""
    for maker in MAKERS:
        yield maker(data).thinned(random.Random(0))
