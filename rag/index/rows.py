"""What stands in the truth's tables: the schema, and records to and from rows."""

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
    "FORMAT",
    "SCHEMA",
    "NewPassage",
    "Source",
    "Stored",
    "edges",
    "look",
    "packed",
    "packed_keys",
    "packed_look",
    "passage",
    "stored",
    "written",
]

FORMAT = 3
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL, location TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, complete INTEGER NOT NULL);
CREATE TABLE documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, source_id INTEGER NOT NULL REFERENCES sources(id) ON DELETE CASCADE,
  doc_id TEXT NOT NULL, sha256 TEXT NOT NULL, encoding TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  date TEXT NOT NULL, url TEXT NOT NULL, line INTEGER NOT NULL, metadata TEXT NOT NULL,
  author TEXT NOT NULL, site TEXT NOT NULL, host TEXT NOT NULL, provenance TEXT NOT NULL, places BLOB NOT NULL,
  original BLOB NOT NULL, edits BLOB NOT NULL, seen INTEGER NOT NULL, UNIQUE (source_id, doc_id));
CREATE INDEX documents_by_doc_id ON documents(doc_id);
CREATE INDEX documents_by_host ON documents(host);
CREATE TABLE passages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, line INTEGER NOT NULL,
  text TEXT NOT NULL, sentences TEXT NOT NULL, vector BLOB NOT NULL, place TEXT NOT NULL, look BLOB NOT NULL);
CREATE INDEX passages_by_document ON passages(document_id);
CREATE TABLE edges (
  document_id INTEGER PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE,
  site TEXT NOT NULL, body INTEGER NOT NULL, keys BLOB NOT NULL, dropped BLOB NOT NULL);
CREATE INDEX edges_by_site ON edges(site);
"""


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

    `site` and `edges` serve to learn what the site repeats; empty where a document is no page of a site.
    """

    document: Document
    edits: tuple[Edit, ...]
    site: str = ""
    edges: Edges | None = None


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage on its way in: offsets in the original, the cleaned text, and sentences as spans of that text."""

    start: int
    end: int
    line: int
    text: str
    sentences: tuple[Span, ...]
    place: str = ""


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
    if len(packed) < _LOOK.size:
        return None
    checksum, width, chinese, parts = _LOOK.unpack_from(packed)
    if checksum != zlib.crc32(memoryview(packed)[4:], zlib.crc32(fingerprint.encode())):
        return None
    numbers = np.frombuffer(packed, dtype=_WIDTHS[width], offset=_LOOK.size)
    return Look(numbers[parts:], numbers[:parts], "zh" if chinese else "en")


def edges(row: Sequence[Any]) -> Edges:
    """From the columns `body`, `keys` and `dropped`."""
    body, keys, dropped = row
    with _undamaged("what an article's edges hold"):
        return Edges(body, frozenset(array("q", keys)), frozenset(array("q", dropped)))


def stored(row: Sequence[Any]) -> Stored:
    """From a row of document columns."""
    _, doc_id, path, original, sha256, encoding, kind, title, date, url, line, *_ = row
    with _undamaged(f"document {doc_id}"):
        metadata: Mapping[str, Any] = json.loads(row[11])
        text = _unpacked(original)
        places = tuple(Place(*place) for place in json.loads(_unpacked(row[16])))
        fields = (doc_id, path, text, sha256, encoding, kind, title, date, url, line, metadata, row[13], row[14])
        document = Document(*fields, provenance=_provenance(row[15]), places=places)
        return Stored(document, tuple(Edit(*edit) for edit in json.loads(_unpacked(row[12]))))


def passage(row: Sequence[Any]) -> Passage:
    """From a row of passage columns."""
    key, number, start, end, line, text, sentences, doc_id, path, title, date, place, kind = row
    with _undamaged(f"passage {number} of {doc_id}"):
        spans = tuple(Span(a, b) for a, b in json.loads(sentences))
        shown = (doc_id, path, title, date, start, end, line, text, spans, key, place, offsets_of(kind))
        return Passage(f"{doc_id}#{number}", *shown)


@contextmanager
def _undamaged(what: str) -> Iterator[None]:
    """SQLite has no checksums: bytes that the disk has changed inside a value are met only here."""
    try:
        yield
    except (zlib.error, ValueError, TypeError) as problem:
        raise IndexUnusable(f"{what} is damaged in the index: {problem}", "delete the index and rebuild") from problem
