"""What a run writes into the truth: staged in batches beside what readers see, then published in one transaction."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rag.index import rows
from rag.index.contents import content_key, next_key, put_content
from rag.index.filters import host
from rag.index.rows import COMING, DOCUMENT, LEAVING, LIVE, NewPassage, Source, Stored
from rag.index.store import Store
from rag.index.truth import Held, Reused

__all__ = ["Held", "Staging"]

_DOCUMENTS = f"INSERT INTO documents VALUES ({','.join('?' * 20)})"


class Staging:
    """Writes through `truth`, inside of its own transactions; who uses it holds the lock of the index.

    Nothing that is published is changed or removed before `publish`: a document that is replaced is marked as leaving,
    and its successor as coming.
    """

    def __init__(self, truth: Store) -> None:
        self.truth = truth
        self._db = truth.database
        self._left: list[int] = []  # contents that have lost a document

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it."""
        with self._db.transaction():
            yield
            self._db.many(
                "DELETE FROM contents WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM documents WHERE content_id = ?1)",
                ((one,) for one in self._left),
            )
        self._left = []

    def note(self, **values: str) -> None:
        """Set entries of `meta`, all or none."""
        places = ", ".join("(?, ?, ?)" for _ in values)
        flat = [part for key, value in values.items() for part in (key, value, rows.checksum(key, value))]
        self._db.execute(f"INSERT OR REPLACE INTO meta VALUES {places}", flat)

    # -- files

    def put_source(self, source: Source) -> int:
        """Insert or update by location; returns its key. A published file that has changed keeps what it was, too."""
        row = self._db.one(
            "SELECT id, path, size, mtime_ns, sha256, complete, state FROM sources WHERE location = ?",
            (source.location,),
        )
        own = (source.size, source.mtime_ns, source.sha256, int(source.complete))
        if row is None:
            key = next_key(self._db, "sources")
            self._write_source(key, source.path, source.location, own, "", COMING)
            return key
        key, path, *_, state = row
        kept = tuple(row[2:6])
        if state == COMING:
            self._write_source(key, path, source.location, own, "", COMING)
        elif source.sha256 and kept[2:] == own[2:]:  # only the time differs
            self._write_source(key, path, source.location, own, "", LIVE)
        else:
            self._write_source(key, path, source.location, kept, json.dumps(own), LIVE)
        return int(key)

    def _write_source(self, key: int, path: str, location: str, own: Sequence[Any], coming: str, state: int) -> None:
        values = (key, path, location, *own, coming)
        self._db.execute(
            "INSERT INTO sources VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET size=excluded.size, "
            "mtime_ns=excluded.mtime_ns, sha256=excluded.sha256, complete=excluded.complete, next=excluded.next, "
            "state=excluded.state, crc=excluded.crc",
            (*values, state, rows.checksum(*values)),
        )

    def source_key(self, location: str) -> int:
        """The key of a source that is known."""
        return int(self._db.one("SELECT id FROM sources WHERE location = ?", (location,))[0])

    def sources_of(self, sha256: str) -> list[str]:
        """Locations of the complete files with these bytes."""
        found = self._db.rows(
            "SELECT location FROM sources WHERE sha256 = ? AND complete = 1 AND state <> ? AND next = ''",
            (sha256, LEAVING),
        )
        return [row[0] for row in found]

    def remove_source(self, location: str) -> int:
        """Remove a file with its documents; returns how many these were."""
        key = self.source_key(location)
        documents = self.remove_documents("source_id = ?", (key,))
        self._db.execute("UPDATE sources SET state = ? WHERE id = ? AND state = ?", (LEAVING, key, LIVE))
        self._db.execute("DELETE FROM sources WHERE id = ? AND state = ?", (key, COMING))
        return documents

    # -- documents

    def holds(self, location: str, doc_id: str, found: bytes) -> Held | None:
        """The document of this id of the source at `location`; if there are two, the one that was loaded as `found`."""
        held = [
            Held(row[0], row[1] == found, row[2], row[3])
            for row in self._db.rows(
                "SELECT d.id, d.found, d.line, d.seen FROM documents d JOIN sources s ON s.id = d.source_id "
                "WHERE s.location = ? AND d.doc_id = ? ORDER BY d.state = ?",
                (location, doc_id, LEAVING),
            )
        ]
        return next((one for one in held if one.same), held[0] if held else None)

    def of_source(self, location: str) -> list[int]:
        """Numbers of the documents that the source at `location` has, with what is staged."""
        found = self._db.rows(
            "SELECT d.id FROM documents d JOIN sources s ON s.id = d.source_id WHERE s.location = ? AND d.state <> ? "
            "ORDER BY d.id",
            (location, LEAVING),
        )
        return [row[0] for row in found]

    def keep(self, number: int, line: int, seen: int) -> None:
        """Mark a document as met in this pass, on this line."""
        row = self._db.one(f"SELECT {DOCUMENT} FROM documents d WHERE d.id = ?", (number,))
        rows.document_is_sound(row)
        if row[10] != line:
            self.copy(number, row[1], seen, line=line)
            return
        if row[17] == LEAVING:
            self._forget("source_id = ? AND doc_id = ?", (row[1], row[3]))
        state = LIVE if row[17] == LEAVING else row[17]
        crc = row[18] - row[17] + state
        self._db.execute("UPDATE documents SET seen = ?, state = ?, crc = ? WHERE id = ?", (seen, state, crc, number))

    def copy(self, number: int, source_key: int, seen: int, *, line: int | None = None, site: str = "") -> None:
        """Put a document that is there on another line, or into another source; its passages stay."""
        row = self._db.one(f"SELECT {DOCUMENT} FROM documents d WHERE d.id = ?", (number,))
        rows.document_is_sound(row)
        edges = self._db.one(
            "SELECT document_id, site, body, keys, dropped, crc FROM edges WHERE document_id = ?", (number,)
        )
        if source_key == row[1]:
            self._leave("id = ?", (number,))
        else:
            self._leave("source_id = ? AND doc_id = ?", (source_key, row[3]))
        values = [next_key(self._db, "documents"), source_key, *row[2:17]]
        values[10] = row[10] if line is None else line
        self._insert(values, seen)
        if edges:
            rows.edges(edges)
            self._insert_edges(values[0], site or edges[1], *edges[2:5])

    def put_document(
        self,
        source_key: int,
        stored: Stored,
        passages: Sequence[NewPassage],
        ready: Sequence[Reused],
        seen: int,
    ) -> None:
        """Stage a document in place of those of the same `doc_id`; `ready` holds a vector and a look of each passage.

        A content that is there already, of this document or of another, is not written again.
        """
        document = stored.document
        self._leave("source_id = ? AND doc_id = ?", (source_key, document.doc_id))
        key = content_key(stored)
        content = self.content(key)
        if content is None:
            content = put_content(self._db, key, stored, passages, ready)
        number = next_key(self._db, "documents")
        values = [number, source_key, content, document.doc_id, document.sha256, document.encoding, document.kind]
        values += [document.title, document.date, document.url, document.line]
        values += [json.dumps(dict(document.metadata), ensure_ascii=False), document.author, document.site]
        values += [host(document.host), rows.written(document.provenance), stored.found]
        self._insert(values, seen)
        if kept := stored.edges:
            packed = (rows.packed_keys(kept.keys), rows.packed_keys(kept.dropped))
            self._insert_edges(number, stored.site, kept.body, *packed)

    def _insert(self, values: Sequence[Any], seen: int) -> None:
        self._db.execute(_DOCUMENTS, (*values, seen, COMING, rows.checksum(*values) + COMING))

    def _insert_edges(self, *values: Any) -> None:
        self._db.execute("INSERT INTO edges VALUES (?,?,?,?,?,?)", (*values, rows.checksum(*values)))

    def content(self, key: bytes) -> int | None:
        """The number of a content that is there."""
        row = self._db.one("SELECT id FROM contents WHERE key = ?", (key,))
        return int(row[0]) if row else None

    def reusable(self, location: str, stored: Stored) -> dict[tuple[str, str], Reused]:
        """By text and sentences, what passages of this document's former states hold: none if it has another title."""
        document = stored.document
        where, values = "s.location = ? AND d.title = ?", [location, document.title]
        if document.kind == "record":
            where, values = f"{where} AND d.doc_id = ?", [*values, document.doc_id]
        found = self._db.rows(
            'SELECT p.id, p.content_id, p.number, p.start, p."end", p.line, p.text, p.sentences, p.vector, p.place, '
            "p.look, p.crc FROM passages p WHERE p.content_id IN (SELECT d.content_id FROM documents d "
            f"JOIN sources s ON s.id = d.source_id WHERE {where})",
            values,
        )
        kept = {}
        for *row, crc in found:
            rows.sound(f"passage {row[0]}", crc, *row)
            kept[row[6], row[7]] = (row[8], row[10])
        return kept

    def remove_document(self, doc_id: str) -> int:
        """Remove the documents of this id; returns how many."""
        return self.remove_documents("doc_id = ?", (doc_id,))

    def remove_documents(self, where: str, values: Sequence[Any]) -> int:
        """Remove documents by an SQL condition of this package's own; returns how many."""
        count = self._db.one(f"SELECT count(*) FROM documents WHERE ({where}) AND state <> {LEAVING}", values)[0]
        self._leave(where, values)
        return int(count)

    def remove_unseen(self, source_key: int, seen: int) -> int:
        """Remove the documents of a source that this pass has not met; returns how many."""
        return self.remove_documents("source_id = ? AND seen <> ?", (source_key, seen))

    def _leave(self, where: str, values: Sequence[Any]) -> None:
        states = {row[0] for row in self._db.rows(f"SELECT DISTINCT state FROM documents WHERE {where}", values)}
        if COMING in states:
            self._forget(where, values)
        if LIVE in states:
            self._db.execute(
                f"UPDATE documents SET state = {LEAVING}, crc = crc + {LEAVING} WHERE ({where}) AND state = {LIVE}",
                values,
            )

    def _forget(self, where: str, values: Sequence[Any], state: int = COMING) -> None:
        """What was never published goes at once."""
        condition = f"({where}) AND state = {state}"
        self._left += [row[0] for row in self._db.rows(f"SELECT content_id FROM documents WHERE {condition}", values)]
        self._db.execute(f"DELETE FROM documents WHERE {condition}", values)

    # -- publishing

    def publish(self, generation: int, totals: tuple[int, int]) -> None:
        """Show readers all that is staged, as this generation with these totals."""
        with self.transaction():
            self._forget("1", (), LEAVING)
            self._db.execute(f"UPDATE documents SET state = {LIVE}, crc = crc - {COMING} WHERE state = {COMING}")
            self._db.execute(f"DELETE FROM sources WHERE state = {LEAVING}")
            self._db.execute(f"UPDATE sources SET state = {LIVE} WHERE state = {COMING}")
            changing = list(self._db.rows("SELECT id, path, location, next FROM sources WHERE next <> ''"))
            for key, path, location, coming in changing:
                own = json.loads(coming)
                if own[3]:  # else its other articles are still those of the file as it was
                    self._write_source(key, path, location, own, "", LIVE)
            self.note(generation=str(generation), passages=str(totals[0]), sum=str(totals[1]))

    # -- damage

    def drop(self, sources: Sequence[int], documents: Sequence[int]) -> list[str]:
        """Remove these files, and these documents with all that share their content, published or not.

        Returns the paths of the files that have lost a document, which are noted as unfinished.
        """
        with self.transaction():
            gone = [("source_id = ?", key) for key in sources]
            gone += [("content_id = (SELECT content_id FROM documents WHERE id = ?)", key) for key in documents]
            hurt: dict[int, str] = {}
            for where, key in gone:
                hurt |= dict(
                    self._db.rows(
                        f"SELECT id, path FROM sources WHERE id IN (SELECT source_id FROM documents WHERE {where})",
                        (key,),
                    )
                )
                for state in (LIVE, COMING, LEAVING):
                    self._forget(where, (key,), state)
            self._db.many("DELETE FROM sources WHERE id = ?", ((key,) for key in sources))
            for key in hurt.keys() - set(sources):
                path, location, *own, state = self._db.one(
                    "SELECT path, location, size, mtime_ns, sha256, state FROM sources WHERE id = ?", (key,)
                )
                self._write_source(key, path, location, (*own, 0), "", state)
            self._db.execute("DELETE FROM contents WHERE id NOT IN (SELECT content_id FROM documents)")
            self._db.execute("DELETE FROM passages WHERE content_id NOT IN (SELECT id FROM contents)")
            count, total = self.truth.counted()
            generation = self.truth.generation + 1
            self.note(generation=str(generation), passages=str(count), sum=str(total))
        return sorted(hurt.values())
