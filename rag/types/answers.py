"""What is found for a question, and what is said to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rag.types.articles import Offsets, Span

__all__ = ["Answer", "Citation", "Evidence", "Found", "Hit", "Mode", "Statement", "Status"]

Mode = Literal["hybrid", "dense", "lexical"]

Status = Literal["verified", "repaired", "unsupported"]
"""How a statement of an answer stands to its evidence."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where one side of the search put a passage: rank from 1, and that side's own score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found: `rank` from 1, a higher `score` is better, `found_by` says which side found it.

    `also` are ids of other documents with the same text, or with nearly the same. `why`: what each measure added to
    the score of a hybrid search, by the names of `rag.rank.FEATURES`.
    """

    rank: int
    score: float
    doc_id: str
    passage_id: str
    source: str
    title: str
    date: str
    start: int
    end: int
    line: int
    text: str
    found_by: Mapping[str, Found]
    sentences: tuple[Span, ...] = ()
    key: int = 0
    place: str = ""
    offsets: Offsets = "original"
    also: tuple[str, ...] = ()
    why: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One numbered sentence offered to a writer: `text` as cleaned, from the `hit`-th hit (from 0).

    `short`: the words in it that say just what was asked, where the reader is sure enough of them.
    """

    number: int
    text: str
    hit: int
    span: Span
    score: float = 0.0
    short: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker of an answer and the exact stretch of the original on which it stands.

    `quote == original[start:end]`, with the original decoded by `encoding`; `text` is `quote` as cleaned.
    `sha256` is that of the original's bytes; `verified` says that both rules were checked and hold.
    Where `offsets` is "extracted text", `original` is the text that reading the file gives, and `encoding` is ""; where
    it is "text field", `original` is the `text` of the record on that `line`.
    """

    marker: int
    doc_id: str
    source: str
    title: str
    sha256: str
    encoding: str
    start: int
    end: int
    line: int
    quote: str
    text: str
    verified: bool
    place: str = ""
    offsets: Offsets = "original"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a writer, without its markers, and whether its evidence supports it.

    `verified`: that which the writer named. `repaired`: other evidence does, and `markers` name that. `unsupported`:
    none does; it has no markers and is not in the answer.
    """

    text: str
    markers: tuple[int, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked and what the articles say to it.

    `answer` holds markers `[1]`, `[2]`, one for each citation. A refusal has no citations and a `reason`.
    In a conversation `asked` is the question as it was asked, and `question` what was made of it.
    `statements` are all that the writer made, in its order. `short`: the words of a cited sentence that say just what
    was asked, as they stand in `answer`; often there are none.
    """

    question: str
    answer: str
    refused: bool
    reason: str
    writer: str
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    took_ms: float = 0.0
    asked: str = ""
    statements: tuple[Statement, ...] = ()
    short: str = ""

    @property
    def text(self) -> str:
        """The answer as shown: `answer`, or the reason of a refusal."""
        return self.reason if self.refused else self.answer
