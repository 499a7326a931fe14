"""What stands in the truth's tables: the schema, and records to and from rows, each row with its own checksum."""

import json
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.errors import IndexUnusable
from rag.late import Look
from rag.types import Document, Edges, Edit, Origin, Passage, Place, Span, offsets_of

__all__ = [
    "COMING",
    "DOCUMENT",
    "FORMAT",
    "LEAVING",
    "LIVE",
    "REBUILD",
    "SCHEMA",
    "NewPassage",
    "Source",
    "Stored",
    "checksum",
    "edges",
    "look",
    "packed",
    "packed_keys",
    "packed_look",
    "passage",
    "sound",
    "source",
    "stored",
    "written",
]

LIVE, COMING, LEAVING = 0, 1, 2
"""States of sources and documents: readers see what is live or leaving, until the next generation is published."""

FORMAT = 4
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, location TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, complete INTEGER NOT NULL,
  next TEXT NOT NULL, state INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX sources_by_sha256 ON sources(sha256);
CREATE TABLE contents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE,
  original BLOB NOT NULL, edits BLOB NOT NULL, places BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, source_id INTEGER NOT NULL REFERENCES sources(id),
  content_id INTEGER NOT NULL REFERENCES contents(id), doc_id TEXT NOT NULL, sha256 TEXT NOT NULL,
  encoding TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, date TEXT NOT NULL, url TEXT NOT NULL,
  line INTEGER NOT NULL, metadata TEXT NOT NULL, author TEXT NOT NULL, site TEXT NOT NULL, host TEXT NOT NULL,
  provenance TEXT NOT NULL, found BLOB NOT NULL, seen INTEGER NOT NULL, state INTEGER NOT NULL,
  crc INTEGER NOT NULL, UNIQUE (source_id, doc_id, state));
CREATE INDEX documents_by_content ON documents(content_id);
CREATE INDEX documents_by_doc_id ON documents(doc_id);
CREATE INDEX documents_by_host ON documents(host);
CREATE INDEX documents_by_state ON documents(state) WHERE state <> 0;
CREATE TABLE passages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, content_id INTEGER NOT NULL REFERENCES contents(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, line INTEGER NOT NULL,
  text TEXT NOT NULL, sentences TEXT NOT NULL, vector BLOB NOT NULL, place TEXT NOT NULL, look BLOB NOT NULL,
  crc INTEGER NOT NULL);
CREATE INDEX passages_by_content ON passages(content_id);
CREATE TABLE edges (
  document_id INTEGER PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE,
  site TEXT NOT NULL, body INTEGER NOT NULL, keys BLOB NOT NULL, dropped BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX edges_by_site ON edges(site);
"""

DOCUMENT = (
    "d.id, d.source_id, d.content_id, d.doc_id, d.sha256, d.encoding, d.kind, d.title, d.date, d.url, d.line, "
    "d.metadata, d.author, d.site, d.host, d.provenance, d.found, d.state, d.crc"
)
"""The columns of a document that its checksum is made of, its state, and the checksum plus the state."""

REBUILD = "`rag repair` mends what it can, or delete the index folder and index again"


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was indexed. `path` as shown, `location` absolute; `complete` after its last batch."""

    path: str
    location: str
    size: int
    mtime_ns: int
    sha256: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """A document with the edits that cleaned it, in offsets of its original.

    `site` and `edges` serve to learn what the site repeats; empty where a document is no page of a site. `found` is a
    digest of the document as it was loaded, by which an unchanged one is known.
    """

    document: Document
    edits: tuple[Edit, ...]
    site: str = ""
    edges: Edges | None = None
    found: bytes = b""


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage on its way in: offsets in the original, the cleaned text, and sentences as spans of that text.

    `line` counts from 0, on from the line on which its document begins.
    """

    start: int
    end: int
    line: int
    text: str
    sentences: tuple[Span, ...]
    place: str = ""

    @property
    def packed_sentences(self) -> str:
        """The sentences as a row keeps them."""
        return json.dumps([(span.start, span.end) for span in self.sentences])


def embedding_text(title: str, text: str) -> str:
    """What is embedded and searched for a passage: its title gives the context that a stretch alone may lack."""
    return f"{title}\n{text}" if title and not text.startswith(title) else text


_NAMES: dict[type, str] = {str: "str", int: "int"}  # quicker than to ask each class for its name


def checksum(*values: str | int | bytes) -> int:
    """Of the values of a row, with their types: SQLite has none, and does not notice a changed byte inside a value."""
    return zlib.crc32(b"".join([one if one.__class__ is bytes else _typed(one) for one in values]))


def _typed(value: Any) -> bytes:
    kind = value.__class__
    return f"{_NAMES.get(kind) or kind.__name__}{value}\0".encode()


def sound(what: str, crc: Any, *values: Any) -> None:
    """Raises IndexUnusable where a row is not as it was written."""
    try:
        if checksum(*values) == crc:
            return
    except (TypeError, ValueError):
        pass
    raise IndexUnusable(f"{what} is damaged in the index", REBUILD)


def packed(text: str) -> bytes:
    """Text as a row keeps it."""
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def _unpacked(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")


def written(provenance: Mapping[str, Origin]) -> str:
    """Provenance as a row keeps it: by field, where it was found, then start and end where these are known."""
    flat = {
        name: (one.where, *((one.span.start, one.span.end) if one.span else ())) for name, one in provenance.items()
    }
    return json.dumps(flat, ensure_ascii=False)


def _provenance(kept: str) -> dict[str, Origin]:
    return {name: Origin(where, Span(*span) if span else None) for name, (where, *span) in json.loads(kept).items()}


def packed_keys(keys: Iterable[int]) -> bytes:
    """64-bit keys as a row keeps them."""
    return array("q", sorted(keys)).tobytes()


_NONE: frozenset[int] = frozenset()


def _unpacked_keys(packed: bytes) -> frozenset[int]:
    return frozenset(array("q", packed)) if packed else _NONE


_WIDTHS: dict[int, str] = {2: "<u2", 4: "<u4"}
_LOOK = struct.Struct("<IHHI")  # checksum, bytes a number, 1 for Chinese, number of counts


def packed_look(look: Look, fingerprint: str) -> bytes:
    """What a row keeps of a look; `fingerprint` is that of the model whose pieces these are."""
    numbers = np.concatenate([look.counts, look.pieces])
    width = 2 if numbers.max(initial=0) < 1 << 16 else 4
    head = _LOOK.pack(0, width, look.language == "zh", len(look.counts))
    body: bytes = head[4:] + numbers.astype(_WIDTHS[width]).tobytes()
    return zlib.crc32(body, zlib.crc32(fingerprint.encode())).to_bytes(4, "little") + body


def look(packed: bytes, fingerprint: str) -> Look | None:
    """What was packed; None where it is damaged or of another model."""
    if not isinstance(packed, bytes) or len(packed) < _LOOK.size:
        return None
    crc, width, chinese, parts = _LOOK.unpack_from(packed)
    if crc != zlib.crc32(memoryview(packed)[4:], zlib.crc32(fingerprint.encode())):
        return None
    numbers = np.frombuffer(packed, dtype=_WIDTHS[width], offset=_LOOK.size)
    return Look(numbers[parts:], numbers[:parts], "zh" if chinese else "en")


def edges(row: Sequence[Any]) -> Edges:
    """From the columns `document_id`, `site`, `body`, `keys`, `dropped` and `crc`."""
    key, site, body, keys, dropped, crc = row
    sound(f"what is remembered of document {key}", crc, key, site, body, keys, dropped)
    return Edges(body, _unpacked_keys(keys), _unpacked_keys(dropped))


def source(row: Sequence[Any]) -> tuple[Source, Source | None]:
    """From a row of all columns but `state`: the file as readers know it, and as it will be if it is changing."""
    path, location, size, mtime_ns, sha256, complete, coming, crc = row[1:]
    sound(f"what is noted of {path}", crc, *row[:-1])
    now = Source(path, location, size, mtime_ns, sha256, bool(complete))
    return now, Source(path, location, *json.loads(coming)) if coming else None


def stored(row: Sequence[Any]) -> Stored:
    """From the columns of `DOCUMENT`, then `path` and all of `contents`."""
    doc_id, sha256, encoding, kind, title, date, url, line, metadata, author, site = row[3:14]
    head, (path, number, content, original, edits, places, crc) = row[:19], row[19:]
    with _undamaged(f"document {doc_id}"):
        document_is_sound(head)
        sound(f"document {doc_id}", crc, number, content, original, edits, places)
        noted: Mapping[str, Any] = json.loads(metadata)
        at = tuple(Place(*place) for place in json.loads(_unpacked(places)))
        fields = (doc_id, path, _unpacked(original), sha256, encoding, kind, title, date, url, line, noted)
        document = Document(*fields, author, site, provenance=_provenance(row[15]), places=at)
        return Stored(document, tuple(Edit(*edit) for edit in json.loads(_unpacked(edits))), found=row[16])


def document_is_sound(row: Sequence[Any]) -> None:
    """Check the columns of `DOCUMENT`; raises IndexUnusable."""
    *values, state, crc = row
    # the state changes without the rest, so it is added to the checksum
    sound(f"document {row[3]}", crc - state if isinstance(crc, int) and isinstance(state, int) else None, *values)


def passage(row: Sequence[Any], head: Sequence[Any], path: str, also: Sequence[str]) -> Passage:
    """From a row of all columns of a passage, those of `DOCUMENT`, the source's path, and ids of its copies."""
    key, _, number, start, end, line, text, sentences, _, place, _, crc = row
    doc_id, kind, title, date, first = head[3], head[6], head[7], head[8], head[10]
    with _undamaged(f"passage {number} of {doc_id}"):
        sound(f"passage {number} of {doc_id}", crc, *row[:-1])
        document_is_sound(head)
        spans = tuple(Span(a, b) for a, b in json.loads(sentences))
        shown = (doc_id, path, title, date, start, end, first + line, text, spans, key, place, offsets_of(kind))
        return Passage(f"{doc_id}#{number}", *shown, tuple(also))


@contextmanager
def _undamaged(what: str) -> Iterator[None]:
    """Bytes that were changed before they were written, by another program or by faulty memory, are met only here."""
    try:
        yield
    except (zlib.error, ValueError, TypeError) as problem:
        raise IndexUnusable(f"{what} is damaged in the index: {problem}", REBUILD) from problem
