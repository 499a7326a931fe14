"""What stands in the rows of both collections: keys that follow from the content, and records packed into text."""

import base64
import json
import zlib
from array import array
from dataclasses import replace
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from rag.errors import IndexUnusable
from rag.index.filters import Filters, host
from rag.index.rows import NewPassage, Source, Stored
from rag.types import Document, Edges, Edit, Origin, Passage, Place, Span, offsets_of

__all__ = [
    "body",
    "condition",
    "edges",
    "folders",
    "head",
    "key",
    "packed",
    "passage",
    "passage_data",
    "sites",
    "source",
    "stored",
    "unpacked",
]

PART = 60_000
"""Characters of a packed record in one row; a VARCHAR holds 65,535 bytes."""


def key(*parts: object) -> int:
    """A key that follows from `parts` alone, so that what is written twice stands there once. Never negative."""
    name = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "little") >> 1


def packed(record: Any) -> str:
    """A record as text; its checksum is within."""
    return base64.b85encode(zlib.compress(json.dumps(record).encode(), 1)).decode("ascii")


def unpacked(text: str, what: str) -> Any:
    """What was packed. Raises IndexUnusable where it is damaged, or where half of it is of another version."""
    try:
        return json.loads(zlib.decompress(base64.b85decode(text)))
    except (ValueError, zlib.error) as problem:
        raise IndexUnusable(
            f"{what} cannot be read: {problem}", "ask again; if it stays, index its file again"
        ) from None


# -- documents: the head says which version there is, the body holds all of it


def body(stored: Stored) -> dict[str, Any]:
    """All that `stored` gives back, for `packed`."""
    one = stored.document
    origins = {
        name: (at.where, (at.span.start, at.span.end) if at.span else None) for name, at in one.provenance.items()
    }
    return {
        "document": [one.doc_id, one.source, one.text, one.sha256, one.encoding, one.kind, one.title, one.date, one.url]
        + [one.line, dict(one.metadata), one.author, one.site],
        "provenance": origins,
        "places": [(place.start, place.label) for place in one.places],
        "edits": [(edit.start, edit.end, edit.new, edit.why) for edit in stored.edits],
    }


def stored(record: Any) -> Stored:
    """From what `body` gave."""
    origins = {name: Origin(at, Span(*span) if span else None) for name, (at, span) in record["provenance"].items()}
    places = tuple(Place(*place) for place in record["places"])
    document = replace(Document(*record["document"]), provenance=origins, places=places)
    return Stored(document, tuple(Edit(*edit) for edit in record["edits"]))


def head(stored: Stored, passages: int, parts: int) -> dict[str, Any]:
    """What must be known of a document without reading it; `rag.index.store.Store.holds` compares `said`."""
    one, remembered = stored.document, stored.edges
    return {
        "said": [one.sha256, one.line, one.title, one.date, one.author, one.site],
        "passages": passages,
        "parts": parts,
        "site": stored.site,
        "edges": [remembered.body, sorted(remembered.keys), sorted(remembered.dropped)] if remembered else None,
    }


def edges(record: Any) -> Edges:
    """From a head."""
    longest, keys, dropped = record["edges"]
    return Edges(longest, frozenset(keys), frozenset(dropped))


def source(record: Any) -> Source:
    """From the record of a source."""
    return Source(*record)


# -- passages


def passage_data(stored: Stored, number: int, new: NewPassage, look: bytes) -> list[Any]:
    """What a passage's row keeps beside what is searched."""
    one = stored.document
    spans = array("i", [edge for span in new.sentences for edge in (span.start, span.end)]).tolist()
    return [
        [number, new.start, new.end, new.line, new.text, spans, new.place],
        [one.doc_id, one.source, one.title, one.date, one.kind],
        base64.b85encode(look).decode("ascii"),
    ]


def passage(number_of: int, record: Any) -> Passage:
    """From a passage's row."""
    (number, start, end, line, text, edges, place), (doc_id, path, title, date, kind), _ = record
    spans = tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True))
    shown = (doc_id, path, title, date, start, end, line, text, spans, number_of, place, offsets_of(kind))
    return Passage(f"{doc_id}#{number}", *shown)


# -- what searches are restricted by


def folders(path: str) -> list[str]:
    """A path with all folders that it is in, outermost first; what a filter names is one of these.

    >>> folders("news/2023/a.txt"), folders("/a.txt")
    (['news', 'news/2023', 'news/2023/a.txt'], ['/', '/a.txt'])
    """
    pure = PurePosixPath(path)
    return [str(one) for one in reversed([pure, *pure.parents]) if str(one) != "."][-64:]


def sites(document: Document) -> list[str]:
    """The names that a filter may give a document's site: its host, the domains above it, its name."""
    parts = host(urlsplit(document.url).hostname or "").split(".")
    domains = [".".join(parts[at:]) for at in range(len(parts))]
    return [name for name in dict.fromkeys([*domains, document.site.lower()]) if name][:64]


def condition(filters: Filters, matching: list[int] | None) -> str:
    """An expression of Milvus for `filters`; `matching` are the keys of the sources that a glob lets through."""
    parts = []
    if filters.since or filters.until:
        parts.append(f'date != "" and date >= "{filters.since}"')
    if filters.until:
        parts.append(f'date <= "{filters.until}~"')  # whatever goes on from there: "~" comes after all of a date
    if matching is not None:
        parts.append(f"source in {matching}")
    elif filters.under and (path := str(PurePosixPath(filters.under))) != ".":
        parts.append(f"array_contains(folders, {_quoted(path)})")
    if filters.site:
        parts.append(f"array_contains(sites, {_quoted(filters.site)})")
    return " and ".join(parts)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
