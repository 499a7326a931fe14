"""What is sent and answered under `/api`, as the OpenAPI description has it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from rag.config import MOST_HITS
from rag.types import Mode, Offsets, Status

__all__ = [
    "ERRORS",
    "PATTERNS",
    "Ask",
    "Asked",
    "Document",
    "Documents",
    "Failure",
    "Found",
    "Health",
    "Indexes",
    "Job",
    "Queued",
    "Search",
]

LONGEST_QUESTION = 2000
LONGEST_ANSWER = 20_000

_WORDS, _DATE, _STARS = r"\S", r"^(\d{4}(-\d\d(-\d\d)?)?)?$", r"^[^*]*(\*[^*]*){0,4}$"
PATTERNS = {
    _WORDS: "it is empty; ask something",
    _DATE: "write a date as 2024, 2024-03 or 2024-03-04",
    _STARS: "at most four * may stand in it",
}
"""What is wrong with what does not match."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=_WORDS)]
Date = Annotated[str, Field(pattern=_DATE, description="ISO: 2024, 2024-03 or 2024-03-04.")]
Place = Annotated[str, Field(max_length=300, pattern=_STARS)]
Name = Annotated[str, Field(max_length=200, description="Name of an index; without it the first one.")]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Turn(_Given):
    """A question and its answer, earlier in the conversation."""

    question: Text
    answer: Annotated[str, Field(max_length=LONGEST_ANSWER)]


class Filters(_Given):
    """Which index, how many passages, and of which articles."""

    k: Annotated[int, Field(ge=1, le=MOST_HITS, strict=True)] | None = None
    mode: Mode | None = None
    since: Date | None = None
    until: Date | None = None
    source: Annotated[
        list[Place], Field(max_length=50, description="Files, folders or globs, of which one must hold.")
    ] = []
    site: Annotated[str, Field(max_length=300)] | None = None
    index: Name | None = None

    def arguments(self) -> dict[str, Any]:
        """As `Library.search` and `Library.ask` take them."""
        filters = {"since": self.since or "", "until": self.until or "", "site": self.site or ""}
        return {"k": self.k, "mode": self.mode, "under": self.source, **filters}


class Search(Filters):
    """A search."""

    query: Text


class Ask(Filters):
    """A question, perhaps one that leans on those before."""

    question: Text
    history: Annotated[list[Turn], Field(max_length=50, description="Earlier turns, oldest first.")] = []


class Error(BaseModel):
    type: str
    message: str


class Failure(BaseModel):
    """What went wrong, and what to do."""

    error: Error


class Side(BaseModel):
    rank: int
    score: float


class Hit(BaseModel):
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
    found_by: dict[str, Side]
    place: str
    offsets: Offsets
    also: list[str]


class Found(BaseModel):
    """The best passages."""

    query: str
    index: str
    mode: Mode
    took_ms: float
    hits: list[Hit]


class Citation(BaseModel):
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
    place: str
    offsets: Offsets


class Statement(BaseModel):
    text: str
    markers: list[int]
    status: Status


class Asked(BaseModel):
    """An answer in which every marker has its citation, or a refusal with its reason."""

    asked: str
    question: str
    answer: str
    refused: bool
    reason: str
    writer: str
    took_ms: float
    citations: list[Citation]
    hits: list[Hit]
    statements: list[Statement]
    short: str


class Edit(BaseModel):
    start: int
    end: int
    new: str
    why: str


class Listed(BaseModel):
    doc_id: str
    source: str
    title: str
    date: str
    site: str


class Documents(BaseModel):
    total: int
    documents: list[Listed]


class Document(Listed):
    """An article: its original, its cleaned text, and each edit between them in code points of the original."""

    author: str
    url: str
    sha256: str
    encoding: str
    offsets: Offsets
    original: str
    cleaned: str
    edits: list[Edit]


class Index(BaseModel):
    name: str
    documents: int
    passages: int


class Indexes(BaseModel):
    indexes: list[Index]
    default: str


class Skipped(BaseModel):
    source: str
    reason: str


class Report(BaseModel):
    """What was done, in articles."""

    added: int
    changed: int
    removed: int
    unchanged: int
    moved: int = Field(description="Of the unchanged, those whose file has another name or place.")
    passages: int
    skipped: list[Skipped]


class Job(BaseModel):
    """Work on an index: how far it is, and at its end what it did or why it failed."""

    id: str
    state: Annotated[str, Field(pattern="^(queued|running|done|failed)$")]
    done: int
    total: int
    report: Report | None
    error: Error | None


class Queued(BaseModel):
    job: str


class Health(BaseModel):
    status: str
    version: str


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Failure, "description": "The request cannot be answered: `message` says what to do."},
    "5XX": {"model": Failure, "description": "The server, a model or an index is not able to answer just now."},
}
