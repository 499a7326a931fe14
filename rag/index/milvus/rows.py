"""What stands in the rows of both collections: keys that follow from the content, and records packed into text."""

import base64
import json
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import PurePath, PurePosixPath
from typing import Any

from rag.errors import IndexUnusable, NotFound
from rag.index.filters import Filters, host
from rag.index.rows import NewPassage, Source, Stored
from rag.types import Document, Edges, Edit, Origin, Passage, Place, Span, offsets_of

__all__ = [
    "META",
    "bodies_of",
    "body",
    "condition",
    "doc_id",
    "document_key",
    "edges",
    "folders",
    "head",
    "key",
    "look_of",
    "new_passage",
    "number",
    "packed",
    "passage",
    "passage_data",
    "passages_of",
    "record",
    "sites",
    "source",
    "stored",
    "unpacked",
]

_NOTED = ("format", "generation", "statistics", "embedder", "fingerprint", "dimensions", "passes", "sites")
META = {name: f"meta/{name}" for name in _NOTED}
"""Keys of the rows in which an index says something of itself."""

_MOST_FILES = 5000  # that globs may let through: their keys go with each search

PART = 60_000
"""Characters of a packed record in one row; a VARCHAR holds 65,535 bytes."""


def key(*parts: object) -> int:
    """A key that follows from `parts` alone, so that what is written twice stands there once. Never negative."""
    name = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "little") >> 1


def document_key(source_key: int, doc_id: str) -> int:
    """The number of a document."""
    return key("document", source_key, doc_id)


def passages_of(document: int, head: Any) -> list[int]:
    """Ids of the passages of a document, in their order."""
    return [key("passage", document, head["version"], at) for at in range(head["passages"])]


def bodies_of(document: int, head: Any) -> list[str]:
    """Keys of the rows of a document's body."""
    return [f"body/{document}/{head['version']}/{at}" for at in range(head["parts"])]


def number(row: Mapping[str, Any]) -> int:
    """The number at the end of a record's key."""
    return int(row["key"].rpartition("/")[2])


def record(row: str, kind: str, data: str, **where: int) -> dict[str, Any]:
    """The row of the records with the key `row`; `where` may say the other fields."""
    fields = {"parent": 0, "name": 0, "site": 0, "content": 0, "version": 0, "line": 0} | where
    return {"key": row, "kind": kind, **fields, "data": data, "nothing": [0.0, 0.0]}


def packed(record: Any) -> str:
    """A record as text; its checksum is within."""
    return base64.b64encode(zlib.compress(json.dumps(record).encode(), 1)).decode("ascii")


def unpacked(text: str, what: str) -> Any:
    """What was packed. Raises IndexUnusable where it is damaged, or where half of it is of another version."""
    try:
        return json.loads(zlib.decompress(base64.b64decode(text)))
    except (ValueError, zlib.error) as problem:
        raise IndexUnusable(
            f"{what} cannot be read: {problem}", "ask again; if it stays, index its file again"
        ) from None


# -- documents: the head says which version there is, the body holds all of it


def body(stored: Stored) -> dict[str, Any]:
    """All that `stored` gives back, for `packed`; the head knows its line."""
    one = stored.document
    origins = {
        name: (at.where, (at.span.start, at.span.end) if at.span else None) for name, at in one.provenance.items()
    }
    return {
        "document": [one.doc_id, one.source, one.text, one.sha256, one.encoding, one.kind, one.title, one.date, one.url]
        + [dict(one.metadata), one.author, one.site],
        "provenance": origins,
        "places": [(place.start, place.label) for place in one.places],
        "edits": [(edit.start, edit.end, edit.new, edit.why) for edit in stored.edits],
    }


def stored(record: Any, head: Any) -> Stored:
    """From what `body` gave, and the head."""
    origins = {name: Origin(at, Span(*span) if span else None) for name, (at, span) in record["provenance"].items()}
    places = tuple(Place(*place) for place in record["places"])
    own = [*record["document"][:9], head["line"], *record["document"][9:]]
    document = replace(Document(*own), provenance=origins, places=places)
    return Stored(document, tuple(Edit(*edit) for edit in record["edits"]), found=bytes.fromhex(head["found"]))


def head(stored: Stored, passages: int, parts: int) -> dict[str, Any]:
    """What must be known of a document without reading it; its line is beside it, for that changes by itself."""
    one, remembered = stored.document, stored.edges
    return {
        "doc_id": one.doc_id,
        "found": stored.found.hex(),
        "title": one.title,
        "date": one.date,
        "named": one.site,
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
        base64.b64encode(look).decode("ascii"),
    ]


def passage(number_of: int, first: int, record: Any, also: Sequence[str] = ()) -> Passage:
    """From a passage's row; `first` is the line of its document, `also` are ids of others with the same content."""
    new = new_passage(record)
    at, (doc_id, path, title, date, kind) = record[0][0], record[1]
    shown = (doc_id, path, title, date, new.start, new.end, first + new.line, new.text, new.sentences)
    return Passage(f"{doc_id}#{at}", *shown, number_of, new.place, offsets_of(kind), tuple(also))


def new_passage(record: Any) -> NewPassage:
    """From a passage's row, as it came in."""
    _, start, end, line, text, edges, place = record[0]
    spans = tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True))
    return NewPassage(start, end, line, text, spans, place)


def doc_id(record: Any) -> str:
    """The id of the document that a passage's row is of."""
    return str(record[1][0])


def look_of(record: Any) -> bytes:
    """The packed look of a passage's row."""
    return base64.b64decode(record[2])


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
    parts = host(document.host).split(".")
    domains = [".".join(parts[at:]) for at in range(len(parts))]
    return [name for name in dict.fromkeys([*domains, document.site.lower()]) if name][:64]


def condition(filters: Filters, sources: Callable[[], Mapping[int, tuple[Source, int]]]) -> str:
    """An expression of Milvus for `filters`; `sources` gives those there are by key, asked where there are globs."""
    places = [PurePath(place).as_posix() for place in filters.under]
    matching: list[int] = []
    if globs := [place.replace("[^", "[!") for place in places if any(sign in place for sign in "*?[")]:
        matching = [key for key, (one, _) in sources().items() if any(fnmatchcase(one.path, glob) for glob in globs)]
        if len(matching) > _MOST_FILES:
            raise NotFound(f"{', '.join(globs)} names {len(matching)} files", "name their folder instead")
    parts = []
    if filters.since or filters.until:
        parts.append(f'date != "" and date >= "{filters.since}"')
    if filters.until:
        parts.append(f'date <= "{filters.until}~"')  # whatever goes on from there: "~" comes after all of a date
    if places and "." not in places:
        under = [_quoted(str(PurePosixPath(place))) for place in places]
        parts.append(f"(source in {matching} or array_contains_any(folders, [{', '.join(under)}]))")
    if filters.site:
        parts.append(f"array_contains(sites, {_quoted(filters.site)})")
    return " and ".join(parts)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
