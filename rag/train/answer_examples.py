"""Questions with the sentences among which each is answered, or is not, as `rag.train.answer` learns from them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from rag.answer.look import Looked, look
from rag.background import Background
from rag.chunk import chunk, sentences
from rag.embed.builtin import PATH, Builtin
from rag.late import prepare
from rag.script import content, fold, terms
from rag.train.read import rows
from rag.types import Hit, Span

__all__ = ["QA", "Case", "Example", "cases", "example", "hits_of", "near_misses", "swapped", "tokenizer"]

QA = ("cmrc2018_train.train", "cmrc2018.trial", "drcd.dev", "nq_dev_qed_lim.train", "selqa.train")
"""The question sets in which the answer is a stretch of the passage."""

_TEST = 26
"""Of 256 passages so many are held out."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Case:
    """A question on a passage, and the answers' texts there; `held_out` from training, by its passage."""

    source: str
    question: str
    passage_id: str
    passage: str
    answers: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        """A tenth of the passages are."""
        return blake2b(self.passage_id.encode(), digest_size=1).digest()[0] < _TEST


@dataclass(frozen=True)
class Example:
    """What was looked at, which sentences hold the answer and which pieces are it; none where it is not there."""

    case: Case
    looked: Looked
    right: Mask
    gold: Mask


def cases(data: Path, name: str) -> Iterator[Case]:
    """The questions of a set that have an answer in their passage."""
    for row in rows(data / "train" / "qa" / f"{name}.jsonl.gz"):
        texts = tuple(answer["text"] for answer in row["answers"] if answer["start"] >= 0 and answer["text"])
        if texts:
            yield Case(name, row["question"], row["passage_id"], row["passage"], texts)


def hits_of(passages: Sequence[str], *, whole: bool = False) -> list[Hit]:
    """Passages as a search would give them, in pieces or whole; `doc_id` is their number."""
    found: list[Hit] = []
    for number, text in enumerate(passages):
        parts = [(Span(0, len(text)), sentences(text))] if whole else [(p.span, list(p.sentences)) for p in chunk(text)]
        for span, inside in parts:
            own = tuple(Span(s.start - span.start, s.end - span.start) for s in inside)
            place = (str(number), f"{number}.{span.start}", "", "", "", span.start, span.end, 1)
            found.append(Hit(len(found) + 1, 0.0, *place, span.of(text), {}, own))
    return found


def example(case: Case, hits: Sequence[Hit], right: str | None, words: Builtin, background: Background) -> Example:
    """Looks at `hits`; the answer counts as right in those whose `doc_id` is `right`."""
    asked = prepare(case.question, words, background)
    looked = look(case.question, asked, hits, words)
    holds = np.zeros(len(looked.places), dtype=bool)
    gold = np.zeros(len(looked.pieces), dtype=bool)
    ends = [*looked.starts[1:], len(gold)]
    for at, (number, span) in enumerate(looked.places):
        if hits[number].doc_id != right:
            continue
        text = span.of(hits[number].text)
        for answer in case.answers:
            if answer in text:
                holds[at] = True
                begin = text.index(answer)
                gold[looked.starts[at] : ends[at]] |= _inside(
                    text, begin, begin + len(answer), ends[at] - looked.starts[at]
                )
            elif len(text) > 10 and text in answer:
                holds[at] = True
                gold[looked.starts[at] : ends[at]] = True
    return Example(case, looked, holds, gold)


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """That of the built-in model, for where its pieces stand in a text."""
    return Tokenizer.from_file(str(PATH / "tokenizer.json"))


def _inside(text: str, begin: int, end: int, pieces: int) -> Mask:
    found = tokenizer().encode(text, add_special_tokens=False)
    inside = [a < end and b > begin for (a, b), number in zip(found.offsets, found.ids, strict=True) if number]
    return np.array(inside or [False] * pieces, dtype=bool)


def near_misses(every: Sequence[Case], words: Builtin) -> list[tuple[Case, str]]:
    """Each case with the passage of its set nearest to the question that is not its own and lacks its answer."""
    passages = list(dict.fromkeys(case.passage for case in every))
    table = words.embed_passages(passages)
    found = []
    for case, vector in zip(every, words.embed_queries([case.question for case in every]), strict=True):
        for at in np.argsort(-(table @ vector))[:8]:
            other = passages[int(at)]
            if other != case.passage and not any(answer in other for answer in case.answers):
                found.append((case, other))
                break
    return found


def swapped(every: Sequence[Case], words: Builtin, background: Background, seed: int = 0) -> list[Case]:
    """Cases asked of another thing: one of the rarest words of the question is changed for one of another question.

    A number is changed for a near one. The new word does not occur in the passage.
    """
    chance = random.Random(seed)
    rare = [_rarest(case.question, words, background) for case in every]
    found = []
    for case, own in zip(every, rare, strict=True):
        passage = fold(case.passage)
        for _ in range(6):
            if not own:
                break
            old = chance.choice(own)
            if old.isdigit():
                new = str(int(old[:9]) + chance.choice([-7, -3, -2, -1, 1, 2, 3, 10]))
            else:
                others = [
                    word for word in chance.choice(rare) if not word.isdigit() and word.isascii() == old.isascii()
                ]
                new = chance.choice(others) if others else old
            if fold(new) not in passage and new != old:
                found.append(replace(case, question=case.question.replace(old, new, 1)))
                break
    return found


def _rarest(question: str, words: Builtin, background: Background) -> list[str]:
    """The three rarest words of a question, as they are written there."""
    weights = {word: max(map(background.idf, terms(word)), default=0.0) for word in words.words(content(question))[0]}
    places = {word: fold(question).find(word) for word in sorted(weights, key=lambda word: -weights[word])[:3]}
    written = {word: question[at : at + len(word)] for word, at in places.items() if at >= 0}
    return [now for word, now in written.items() if fold(now) == word]
