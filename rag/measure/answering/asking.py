"""Questions asked of a library, and what is noted of each answer."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rag.answer import evidence, refuse
from rag.clean import clean
from rag.late import prepare
from rag.library import Library
from rag.measure.answering.dataset import Question
from rag.measure.answering.scores import alce, exact_and_f1, holds, statements
from rag.types import Answer, Citation

__all__ = ["Outcome", "ask_all", "ask_each_passage", "corpus"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question.

    `confidence`: the number by which it is answered or refused. `found`: a passage found holds a gold answer; `first`:
    the sentence that the scorer puts first does; `cited`: at which citation, from 1, one does, 0 for none.
    `exact`, `f1`: of the short answer, or of the first statement where there is none. `precision`, `recall`: ALCE's.
    Without gold answers or an answer they are 0.
    """

    answerable: bool
    refused: bool
    confidence: float
    found: bool
    first: bool
    cited: int
    exact: float
    f1: float
    statements: int
    citations: int
    proven: int
    precision: float
    recall: float
    took_ms: float


def corpus(passages: Mapping[str, tuple[str, str]], path: Path) -> Path:
    """The passages as JSON lines for `Library.add`; a file that has them already is left as it is."""
    rows = ({"_id": key, "title": title, "text": text} for key, (title, text) in passages.items())
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def ask_all(
    library: Library, questions: Iterable[Question], passages: Mapping[str, tuple[str, str]]
) -> Iterator[Outcome]:
    """The outcome of each question, in order."""
    for question in questions:
        yield _outcome(library, question, library.ask(question.text), passages)


def ask_each_passage(
    library: Library, questions: Iterable[Question], passages: Mapping[str, tuple[str, str]], folder: Path
) -> Iterator[Outcome]:
    """As `ask_all`, but each question is asked of a library of its own passage alone, with the models of `library`.

    The questions of a passage follow one another.
    """
    for number, (key, group) in enumerate(groupby(questions, key=lambda question: question.passage)):
        place = folder / str(number)
        place.mkdir(parents=True)
        own = {key: passages[key]}
        with Library(place / "index", embedder=library.embedder, writer=library.writer) as alone:
            alone.add(corpus(own, place / "passage.jsonl"))
            yield from ask_all(alone, group, own)


def _outcome(library: Library, question: Question, answer: Answer, passages: Mapping[str, tuple[str, str]]) -> Outcome:
    golds = question.answers
    asked = prepare(question.text, library.words, library.background)
    best, features = evidence.gather(question.text, asked, answer.hits, library.words, 1)
    said = statements(answer.answer)
    holding = (number for number, citation in enumerate(answer.citations, 1) if holds(citation.text, golds))
    exact, f1 = exact_and_f1(answer.short or said[0][0], golds) if said and golds else (0.0, 0.0)
    precision, recall = alce(said, {citation.marker: citation.text for citation in answer.citations})
    return Outcome(
        answerable=bool(golds),
        refused=answer.refused,
        confidence=refuse.probability(features) if best else 0.0,
        found=any(holds(hit.text, golds) for hit in answer.hits),
        first=bool(best) and holds(best[0].text, golds),
        cited=next(holding, 0),
        exact=exact,
        f1=f1,
        statements=len(said),
        citations=len(answer.citations),
        proven=sum(_proven(citation, passages) for citation in answer.citations),
        precision=precision,
        recall=recall,
        took_ms=answer.took_ms,
    )


def _proven(citation: Citation, passages: Mapping[str, tuple[str, str]]) -> bool:
    """Both rules, against the passage itself and not what the index keeps of it."""
    original = passages[citation.doc_id][1]
    exact = bool(citation.quote) and original[citation.start : citation.end] == citation.quote
    return exact and clean(citation.quote, "record").text == citation.text and citation.verified
