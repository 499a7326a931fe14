"""Questions with what they are asked of, in groups by what was done to them, as `rag.train.answer` learns from them."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from rag.background import Background
from rag.chunk import sentences
from rag.embed.builtin import Builtin
from rag.library import Library
from rag.train.answer_collections import each
from rag.train.answer_examples import QA, Case, Example, cases, example, hits_of, near_misses, swapped
from rag.train.cloze import Clozes

__all__ = ["Groups", "across", "made_up", "on_given", "on_searched"]

ABSENT = 3000
"""Questions of each set that are asked of a near passage, with a word changed, and of what is left of their own."""

STRANGE = 100
"""Questions of each collection that are asked of each other."""

FOUND = 10
"""Passages of a search."""

CLOZES = {"en": 16_000, "zh": 14_000}
ACROSS = 9000
"""Made-up questions in one language, and in the other."""

Groups = dict[str, list[Example]]
"""Examples by what was done to them, the keys of `rag.train.answer.WEIGHTS`, `cloze` and `across`."""


def made_up(data: Path, words: Builtin, background: Background) -> list[Example]:
    """Questions made of sentences."""
    clozes = Clozes(data, words)
    found = []
    for language, count in CLOZES.items():
        for number, case in enumerate(clozes.cases(language, count)):
            found.append(example(case, hits_of([case.passage], whole=number % 2 == 0), "0", words, background))
        print(f"{count} questions made of sentences, {language}", flush=True)
    return [one for one in found if 1 <= one.right.sum() <= 2]  # what is said everywhere is no answer


def across(data: Path, words: Builtin, background: Background) -> list[Example]:
    """Questions made of sentences and asked of their translations, among the passages of two other questions."""
    made = list(Clozes(data, words).across(ACROSS))
    chance = random.Random(0)
    found = []
    for at, case in enumerate(made):
        passages = [case.passage, *(made[other].passage for other in (at - 2, at + 2) if 0 <= other < len(made))]
        chance.shuffle(passages)
        hits = hits_of(passages, whole=at % 2 == 0)
        one = example(case, hits, str(passages.index(case.passage)), words, background)
        found.append(replace(one, gold=np.zeros_like(one.gold)))  # a whole sentence is no short answer
    print(f"{len(found)} questions across languages", flush=True)
    return [one for one in found if 1 <= one.right.sum() <= 2]


def on_given(data: Path, words: Builtin, background: Background) -> Groups:
    """Questions asked of their own passage, of what is left of it without the answer, of one that is near, and with a
    word changed. A third of the passages is whole, the others in pieces as an index has them.
    """
    groups: Groups = {"given": [], "removed": [], "near": [], "swapped": []}

    def add(group: str, case: Case, text: str, right: str | None = None) -> None:
        hits = hits_of([text], whole=len(groups[group]) % 3 == 0)
        groups[group].append(example(case, hits, right, words, background))

    for name in QA:
        found = list(cases(data, name))
        for case in found:
            add("given", case, case.passage, "0")
        random.Random(1).shuffle(found)
        for case in found[:ABSENT]:
            if rest := _without_answer(case):
                add("removed", case, rest)
        for case, passage in near_misses(found[:ABSENT], words):
            add("near", case, passage)
        for case in swapped(found[:ABSENT], words, background):
            add("swapped", case, case.passage)
        print(f"{name}: {len(found)} questions", flush=True)
    return groups


def _without_answer(case: Case) -> str:
    """The passage without the one or two sentences that answer; nothing where little would be left."""
    told = [span.of(case.passage) for span in sentences(case.passage)]
    rest = [one for one in told if not any(answer in one or one in answer for answer in case.answers)]
    return (" " if case.passage.isascii() else "").join(rest) if len(told) - 2 <= len(rest) >= 2 else ""


def on_searched(data: Path, words: Builtin, background: Background) -> Groups:
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
