"""What is known of an article, from its file to its passages."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

__all__ = [
    "PROPERTIES",
    "Document",
    "Edges",
    "Edit",
    "Extracted",
    "Kind",
    "Offsets",
    "Origin",
    "Passage",
    "Piece",
    "Place",
    "Span",
    "offsets_of",
]

Extracted = Literal["pdf", "docx", "epub"]
"""Kinds whose file holds no text that could be pointed into: theirs is made by reading the file."""

Kind = Literal["text", "markdown", "html", "record"] | Extracted
"""How a document's original is written; `record` is one line of a JSON lines file."""

Offsets = Literal["original", "extracted text", "text field"]
"""What `start` and `end` count in: the decoded file, the text that reading a PDF, DOCX or EPUB gives, or the `text` of
the record on that line of a JSON lines file."""

PROPERTIES: Final = "file properties"
"""Origin of what a file says of itself beside its text; its date there is often the day on which someone saved it."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch `[start, end)` of a text, in code points.

    >>> Span(2, 5).of("abcdefg"), len(Span(2, 5))
    ('cde', 3)
    """

    start: int
    end: int

    def of(self, text: str) -> str:
        """The stretch of `text` that this span covers."""
        return text[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `[start, end)` by `new`, because of `why`. An insertion has `start == end`, a deletion no `new`."""

    start: int
    end: int
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a field of a document was found, in words, and its stretch of the original if it is written there."""

    where: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """From `start` on, in code points of an extracted text, a reader is at `label`: `page 3`, `paragraph 12`."""

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class Edges:
    """What is remembered of a page: a key of its longest line and keys of the short lines at its edges, 64 bits each.

    `dropped` are the keys of the lines that were taken out of it.
    """

    body: int
    keys: frozenset[int]
    dropped: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Document:
    """One article as it was found.

    `text` is the original, decoded with `encoding` (a Python codec name), newlines untouched; `sha256` is of the
    original bytes (of the UTF-8 text for a `record`). `line` is the line of `source` on which `text` begins.
    `provenance` says of `title`, `author`, `site` and `date` where each was found.
    Of a PDF, DOCX or EPUB `text` is what reading it gives, `encoding` is "", and `places` say where parts of it stand.
    """

    doc_id: str
    source: str
    text: str
    sha256: str
    encoding: str = "utf-8"
    kind: Kind = "text"
    title: str = ""
    date: str = ""
    url: str = ""
    line: int = 1
    metadata: Mapping[str, Any] = field(default_factory=dict)
    author: str = ""
    site: str = ""
    provenance: Mapping[str, Origin] = field(default_factory=dict)
    places: tuple[Place, ...] = ()

    @property
    def host(self) -> str:
        """Of its address; empty without one, or where the address is none."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:  # http://[x
            return ""

    @property
    def offsets(self) -> Offsets:
        """What offsets of this document count in."""
        return offsets_of(self.kind)

    def place(self, span: Span) -> str:
        """Where `span` of `text` stands, as `page 3` or `page 3-4`; "" for a document without places.

        >>> book = Document("", "", "one two", "", places=(Place(0, "page 8"), Place(4, "page 9")))
        >>> book.place(Span(1, 3)), book.place(Span(1, 5)), book.place(Span(4, 7))
        ('page 8', 'page 8-9', 'page 9')
        """
        first = self._place_at(span.start)
        last = self._place_at(max(span.start, span.end - 1))
        if first == last:
            return first
        what, _, number = first.partition(":")[0].partition(" ")
        return f"{what} {number}-{last.partition(':')[0].partition(' ')[2]}" if number else last

    def _place_at(self, at: int) -> str:
        number = bisect_right(self.places, at, key=lambda place: place.start)
        return self.places[number - 1].label if number else ""


def offsets_of(kind: Kind) -> Offsets:
    """What offsets of a document of this kind count in."""
    if kind == "record":
        return "text field"
    return "extracted text" if kind in get_args(Extracted) else "original"


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk of a cleaned text: its `span` there and the spans of its sentences, in order, in the same offsets."""

    span: Span
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is embedded and found as one.

    `start`, `end`: code points in the original, or in the text made from it: `offsets` says which. `text` is that
    stretch as cleaned. `sentences` are spans in `text`; `key` is the passage's number in its index; `place` is as
    `Document.place` gives it; `also` are ids of other documents with this very text.
    """

    passage_id: str
    doc_id: str
    source: str
    title: str
    date: str
    start: int
    end: int
    line: int
    text: str
    sentences: tuple[Span, ...] = ()
    key: int = 0
    place: str = ""
    offsets: Offsets = "original"
    also: tuple[str, ...] = ()
