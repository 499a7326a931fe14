"""Contents: what documents of the same text share, with its passages."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from rag.index import rows
from rag.index.database import Database
from rag.index.rows import NewPassage, Stored
from rag.index.truth import Reused

__all__ = ["content_key", "next_key", "put_content"]

_PASSAGES = f"INSERT INTO passages VALUES ({','.join('?' * 12)})"


def content_key(stored: Stored) -> bytes:
    """What documents of the same text, title and cleaning share: 16 bytes."""
    document = stored.document
    places = [(place.start, place.label) for place in document.places]
    edits = [(edit.start, edit.end, edit.new, edit.why) for edit in stored.edits]
    made_of = json.dumps([document.kind, document.title, document.text, edits, places])
    return hashlib.blake2b(made_of.encode(), digest_size=16).digest()


def next_key(database: Database, table: str) -> int:
    """The key of the next row of a table that gives none twice."""
    row = database.one("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
    return int(row[0]) + 1 if row else 1


def put_content(
    database: Database, key: bytes, stored: Stored, passages: Sequence[NewPassage], ready: Sequence[Reused]
) -> int:
    """Insert a content with its passages, of which `ready` holds a vector and a look each; returns its number."""
    document = stored.document
    edits = [(edit.start, edit.end, edit.new, edit.why) for edit in stored.edits]
    places = [(place.start, place.label) for place in document.places]
    packed = [rows.packed(json.dumps(one, ensure_ascii=False)) for one in (edits, places)]
    number = next_key(database, "contents")
    values: tuple[Any, ...] = (number, key, rows.packed(document.text), *packed)
    database.execute("INSERT INTO contents VALUES (?,?,?,?,?,?)", (*values, rows.checksum(*values)))
    first = next_key(database, "passages")
    fresh = []
    for at, (passage, (vector, look)) in enumerate(zip(passages, ready, strict=True)):
        row: tuple[Any, ...] = (first + at, number, at, passage.start, passage.end, passage.line, passage.text)
        row = (*row, passage.packed_sentences, vector, passage.place, look)
        fresh.append((*row, rows.checksum(*row)))
    database.many(_PASSAGES, fresh)
    return number
