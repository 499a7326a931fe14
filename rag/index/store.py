"""The truth of an index: one SQLite file with documents, edits, passages and the bytes of their vectors."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from rag.errors import IndexUnusable, NotFound
from rag.index import rows
from rag.index.database import Database
from rag.index.filters import Filters, host
from rag.index.rows import NewPassage, Source, Stored
from rag.late import Look
from rag.protocols import Floats, Ids
from rag.types import Document, Edges, Passage

__all__ = ["Store"]

_PASSAGE = """SELECT p.id, p.number, p.start, p."end", p.line, p.text, p.sentences, d.doc_id, s.path, d.title, d.date,
p.place, d.kind
FROM passages p JOIN documents d ON d.id = p.document_id JOIN sources s ON s.id = d.source_id"""
_STORED = """SELECT d.id, d.doc_id, s.path, d.original, d.sha256, d.encoding, d.kind, d.title, d.date, d.url, d.line,
d.metadata, d.edits, d.author, d.site, d.provenance, d.places FROM documents d JOIN sources s ON s.id = d.source_id"""

_SOURCE = "SELECT path, location, size, mtime_ns, sha256, complete FROM sources"


class Store:
    """Opened on a file; `create` makes it.

    A transaction that adds or removes passages raises the generation; `raised` counts those made through this object.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        if not create and not path.exists():
            raise IndexUnusable(
                f"no index at {path.parent}", "build it with: rag index PATH --index " + str(path.parent)
            )
        self._db = Database(path, create=create)
        self.raised = 0
        self._moved = False
        found = self.meta.get("format")
        if found != str(rows.FORMAT):
            self.close()
            raise IndexUnusable(
                f"{path} has format {found}, this program reads {rows.FORMAT}", "delete the folder and index again"
            )

    @property
    def at(self) -> str:
        """What `--index` calls it."""
        return str(self.path.parent)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # -- what the index says of itself

    @property
    def meta(self) -> dict[str, str]:
        """Format, generation, embedder, fingerprint, dimensions and what else was noted."""
        return dict(self._db.rows("SELECT key, value FROM meta"))

    def note(self, **values: str) -> None:
        """Set entries of `meta`, all or none."""
        places = ", ".join("(?, ?)" for _ in values)
        flat = [part for entry in values.items() for part in entry]
        self._db.execute(f"INSERT OR REPLACE INTO meta VALUES {places}", flat)

    @property
    def generation(self) -> int:
        """Number of transactions so far that changed passages, which is what vectors and terms are made from."""
        return int(self._db.one("SELECT value FROM meta WHERE key = 'generation'")[0])

    def counts(self) -> tuple[int, int, int]:
        """Numbers of sources, documents and passages."""
        row = self._db.one(
            "SELECT (SELECT count(*) FROM sources), (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)"
        )
        return row[0], row[1], row[2]

    @property
    def empty(self) -> bool:
        """Whether there is no passage."""
        return self._db.one("SELECT 1 FROM passages LIMIT 1") is None

    def totals(self) -> tuple[int, int]:
        """Number and sum of the passages' ids: what derived files must agree with. Read from an index alone."""
        row = self._db.one("SELECT count(*), coalesce(sum(id), 0) FROM passages")
        return row[0], row[1]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read in the block is of one state, whoever writes meanwhile."""
        with self._db.snapshot():
            yield

    # -- writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it; the generation rises by one if passages came or went."""
        self._moved = False
        with self._db.transaction():
            yield
            if self._moved:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
        self.raised += self._moved

    def put_source(self, source: Source) -> int:
        """Insert or update by location; returns its key."""
        return int(
            self._db.one(
                "INSERT INTO sources(path, location, size, mtime_ns, sha256, complete) VALUES (?,?,?,?,?,?) "
                "ON CONFLICT(location) DO UPDATE SET size=excluded.size, "
                "mtime_ns=excluded.mtime_ns, sha256=excluded.sha256, complete=excluded.complete RETURNING id",
                (source.path, source.location, source.size, source.mtime_ns, source.sha256, source.complete),
            )[0]
        )

    def holds(self, location: str, document: Document) -> tuple[bool, bool]:
        """Whether the source at `location` has a document of this id, and whether it is this very one."""
        row = self._db.one(
            "SELECT d.sha256, d.line, d.title, d.date, d.author, d.site "
            "FROM documents d JOIN sources s ON s.id = d.source_id WHERE s.location = ? AND d.doc_id = ?",
            (location, document.doc_id),
        )
        if row is None:
            return False, False
        said = (document.title, document.date, document.author, document.site)
        same = (row[0], row[1]) == (document.sha256, document.line)
        return True, same and all(one in ("", kept) for one, kept in zip(said, row[2:], strict=True))

    def count_documents(self, location: str) -> int:
        """How many documents came from the source at `location`."""
        row = self._db.one(
            "SELECT count(*) FROM documents d JOIN sources s ON s.id = d.source_id WHERE s.location = ?",
            (location,),
        )
        return int(row[0])

    def keep(self, source_key: int, doc_id: str, seen: int) -> None:
        """Mark a document as seen in this pass."""
        self._db.execute("UPDATE documents SET seen = ? WHERE source_id = ? AND doc_id = ?", (seen, source_key, doc_id))

    def put_document(
        self,
        source_key: int,
        stored: Stored,
        passages: Sequence[NewPassage],
        vectors: Floats,
        looks: Sequence[bytes],
        seen: int,
    ) -> tuple[list[int], list[int]]:
        """Insert a document in place of the one of the same `doc_id`; returns passage ids now there and now gone."""
        document = stored.document
        gone = self.remove_documents("source_id = ? AND doc_id = ?", (source_key, document.doc_id))
        edits = [(edit.start, edit.end, edit.new, edit.why) for edit in stored.edits]
        places = [(place.start, place.label) for place in document.places]
        key = self._db.execute(
            "INSERT INTO documents(source_id, doc_id, sha256, encoding, kind, title, date, url, line, metadata, "
            "author, site, provenance, host, original, edits, seen, places) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (source_key, document.doc_id, document.sha256, document.encoding, document.kind, document.title)
            + (document.date, document.url, document.line, json.dumps(dict(document.metadata), ensure_ascii=False))
            + (
                document.author,
                document.site,
                rows.written(document.provenance),
                host(urlsplit(document.url).hostname or ""),
            )
            + (rows.packed(document.text), rows.packed(json.dumps(edits, ensure_ascii=False)), seen)
            + (rows.packed(json.dumps(places, ensure_ascii=False)),),
        ).lastrowid
        if stored.edges:
            kept = stored.edges
            packed = (rows.packed_keys(kept.keys), rows.packed_keys(kept.dropped))
            self._db.execute("INSERT INTO edges VALUES (?,?,?,?,?)", (key, stored.site, kept.body, *packed))
        half = vectors.astype(np.float16)
        self._moved = self._moved or bool(passages)
        fresh = []
        for number, (passage, vector, look) in enumerate(zip(passages, half, looks, strict=True)):
            sentences = json.dumps([(span.start, span.end) for span in passage.sentences])
            row = (key, number, passage.start, passage.end, passage.line, passage.text, sentences, vector.tobytes())
            fresh.append(
                self._db.execute(
                    'INSERT INTO passages(document_id, number, start, "end", line, text, sentences, vector, place, '
                    "look) VALUES (?,?,?,?,?,?,?,?,?,?)",
                    (*row, passage.place, look),
                ).lastrowid
                or 0
            )
        return fresh, gone

    def remove_documents(self, where: str, values: Sequence[Any]) -> list[int]:
        """Remove documents by an SQL condition of this package's own; returns the ids of their passages."""
        condition = f"document_id IN (SELECT id FROM documents WHERE {where})"
        gone = [row[0] for row in self._db.rows(f"SELECT id FROM passages WHERE {condition}", values)]
        self._db.execute(f"DELETE FROM documents WHERE {where}", values)
        self._moved = self._moved or bool(gone)
        return gone

    def remove_unseen(self, source_key: int, seen: int) -> tuple[list[int], int]:
        """Remove the documents of a source that this pass has not met; returns passage ids and how many documents."""
        condition = "source_id = ? AND seen <> ?"
        count = int(self._db.one(f"SELECT count(*) FROM documents WHERE {condition}", (source_key, seen))[0])
        return self.remove_documents(condition, (source_key, seen)), count

    def remove_source(self, location: str) -> tuple[list[int], int]:
        """Remove a file with its documents; returns the ids of their passages and how many documents they were."""
        condition = "source_id = (SELECT id FROM sources WHERE location = ?)"
        documents = self._db.one(f"SELECT count(*) FROM documents WHERE {condition}", (location,))[0]
        gone = self.remove_documents(condition, (location,))
        self._db.execute("DELETE FROM sources WHERE location = ?", (location,))
        return gone, documents

    # -- reading

    def sources(self) -> dict[str, Source]:
        """All files, by location."""
        return {row[1]: _source(row) for row in self._db.rows(f"{_SOURCE} ORDER BY path")}

    def document_of(self, key: int) -> tuple[Stored, str]:
        """The document that holds a passage, and the location of its source."""
        row = self._db.one(f"{_STORED} WHERE d.id = (SELECT document_id FROM passages WHERE id = ?)", (key,))
        if row is None:
            raise NotFound(f"passage {key} is no longer in the index {self.path.parent}", "ask again")
        place = self._db.one(
            "SELECT s.location FROM sources s JOIN documents d ON d.source_id = s.id WHERE d.id = ?", (row[0],)
        )
        return rows.stored(row), str(place[0])

    def source_at(self, location: str) -> Source:
        """The source at a location that is known."""
        return _source(self._db.one(f"{_SOURCE} WHERE location = ?", (location,)))

    def documents(self, column: str, value: str) -> list[Stored]:
        """Documents whose `doc_id` or source `path` is `value`."""
        name = {"doc_id": "d.doc_id", "path": "s.path"}[column]
        return [rows.stored(row) for row in self._db.rows(f"{_STORED} WHERE {name} = ? ORDER BY d.id", (value,))]

    def edges(self, site: str) -> dict[int, Edges]:
        """What is remembered of the pages of `site`, by number of the document."""
        found = self._db.rows("SELECT document_id, body, keys, dropped FROM edges WHERE site = ?", (site,))
        return {row[0]: rows.edges(row[1:]) for row in found}

    def sites(self) -> list[str]:
        """The sites of which pages are remembered."""
        return [row[0] for row in self._db.rows("SELECT DISTINCT site FROM edges ORDER BY site")]

    def document(self, key: int) -> tuple[Stored, int]:
        """A document by its number, and the key of its source."""
        row = self._db.one(f"{_STORED} WHERE d.id = ?", (key,))
        source = self._db.one("SELECT source_id FROM documents WHERE id = ?", (key,))
        return rows.stored(row), int(source[0])

    def passages(self, keys: Iterable[int]) -> dict[int, Passage]:
        """Passages by id; ids that are not there are left out."""
        return {row[0]: rows.passage(row) for row in self._some(_PASSAGE, keys)}

    def looks(self, keys: Iterable[int], fingerprint: str) -> dict[int, Look]:
        """What was noted of passages for the second look with a model, by id; without those of which nothing was."""
        found = self._some("SELECT p.id, p.look FROM passages p", keys)
        return {key: look for key, packed in found if (look := rows.look(packed, fingerprint))}

    def _some(self, select: str, keys: Iterable[int]) -> Iterator[Any]:
        wanted = [int(key) for key in keys]
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            yield from self._db.rows(f"{select} WHERE p.id IN ({','.join('?' * len(some))})", some)

    def among(self, filters: Filters) -> Ids:
        """Ids of the passages of the documents that `filters` let through."""
        condition, values = filters.condition()
        keys = self._db.rows(
            "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document_id "
            f"JOIN sources s ON s.id = d.source_id WHERE {condition} ORDER BY p.id",
            values,
        )
        return np.fromiter((row[0] for row in keys), dtype=np.int64)

    def each_passage(self, dimensions: int, after: int = 0) -> Iterator[tuple[int, str, str, Floats]]:
        """Id, title, text and vector of each passage with an id above `after`, in order of id."""
        found = self._db.rows(
            "SELECT p.id, d.title, p.text, p.vector FROM passages p JOIN documents d ON d.id = p.document_id "
            "WHERE p.id > ? ORDER BY p.id",
            (after,),
        )
        for key, title, text, vector in found:
            numbers = np.frombuffer(vector, dtype=np.float16)
            if len(numbers) != dimensions:
                raise IndexUnusable(
                    f"passage {key} in {self.path} has a damaged vector", "delete the index and rebuild"
                )
            yield key, title, text, numbers.astype(np.float32)


def _source(row: Sequence[Any]) -> Source:
    return Source(row[0], row[1], row[2], row[3], row[4], bool(row[5]))
