"""The truth of an index, as it is read: one SQLite file with documents, edits, passages and the bytes of vectors."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexUnusable, NotFound
from rag.index import rows
from rag.index.database import Database
from rag.index.filters import Filters
from rag.index.rows import COMING, DOCUMENT, LEAVING, Source, Stored
from rag.late import Look
from rag.protocols import Floats, Ids
from rag.types import Edges, Passage

__all__ = ["CONTENT", "PASSAGE", "SOURCE", "Store"]

CONTENT = "c.id, c.key, c.original, c.edits, c.places, c.crc"
_STORED = f"""SELECT {DOCUMENT}, s.path, {CONTENT}
FROM documents d JOIN sources s ON s.id = d.source_id JOIN contents c ON c.id = d.content_id"""
_COLUMNS = (
    'p.id, p.content_id, p.number, p.start, p."end", p.line, p.text, p.sentences, p.vector, p.place, p.look, p.crc'
)
PASSAGE = f"SELECT {_COLUMNS} FROM passages p"
_TITLED = f"""SELECT (SELECT title FROM documents d WHERE d.content_id = p.content_id LIMIT 1), {_COLUMNS}
FROM passages p"""
SOURCE = "SELECT id, path, location, size, mtime_ns, sha256, complete, next, crc FROM sources"
_SHOWN = f"d.state <> {COMING}"
_NEXT = f"d.state <> {LEAVING}"
_EDGES = f"""SELECT e.document_id, e.site, e.body, e.keys, e.dropped, e.crc
FROM edges e JOIN documents d ON d.id = e.document_id WHERE e.site = ? AND {_NEXT}"""


class Store:
    """Opened on a file; `create` makes it.

    What is read is the published generation, unless it says otherwise: articles that a run has staged since are seen
    when it publishes them, all at once. A second thread reads through a connection of its own.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        self.database = Database(path, create=create)
        try:
            found = self.database.one("SELECT value FROM meta WHERE key = 'format'")
            if not found or found[0] != str(rows.FORMAT):
                raise IndexUnusable(
                    f"{path} has format {found and found[0]}, this program reads {rows.FORMAT}",
                    "delete the folder and index again",
                )
        except IndexUnusable:
            self.close()
            raise

    @property
    def at(self) -> str:
        """What `--index` calls it."""
        return str(self.path.parent)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    # -- what the index says of itself

    @property
    def meta(self) -> dict[str, str]:
        """Format, generation, embedder, fingerprint, dimensions and what else was noted."""
        noted = {}
        for key, value, crc in self.database.rows("SELECT key, value, crc FROM meta"):
            rows.sound(f"the note {key!r}", crc, key, value)
            noted[key] = value
        return noted

    @property
    def generation(self) -> int:
        """Number of times so far that other passages were published, which is what vectors and terms are made from."""
        return self._number("generation")

    def latest(self) -> int:
        """The generation that a new reader would see, whatever snapshot this thread has open."""
        other = Store(self.path, create=False)
        try:
            return other.generation
        finally:
            other.close()

    def _number(self, key: str) -> int:
        row = self.database.one("SELECT value, crc FROM meta WHERE key = ?", (key,))
        if row is None:
            return 0
        rows.sound(f"the note {key!r}", row[1], key, row[0])
        return int(row[0])

    def totals(self) -> tuple[int, int]:
        """Number and sum of the published passages' ids, as noted: what derived files must agree with."""
        return self._number("passages"), self._number("sum")

    def counted(self) -> tuple[int, int]:
        """The same, counted."""
        row = self.database.one(
            "SELECT count(*), coalesce(sum(p.id), 0) FROM passages p WHERE EXISTS "
            f"(SELECT 1 FROM documents d WHERE d.content_id = p.content_id AND {_SHOWN})"
        )
        return row[0], row[1]

    def counts(self) -> tuple[int, int, int]:
        """Numbers of sources, documents and passages."""
        row = self.database.one(
            f"SELECT (SELECT count(*) FROM sources WHERE state <> {COMING}), "
            f"(SELECT count(*) FROM documents d WHERE {_SHOWN})"
        )
        return row[0], row[1], self._number("passages")

    @property
    def empty(self) -> bool:
        """Whether there is no passage."""
        return not self._number("passages")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that this thread reads in the block is of one state, whoever writes meanwhile."""
        with self.database.snapshot():
            yield

    # -- files

    def sources(self, *, coming: bool = False) -> dict[str, Source]:
        """All files, by location; `coming`: as they are when what is staged is published."""
        state = LEAVING if coming else COMING
        found = self.database.rows(f"{SOURCE} WHERE state <> {state} ORDER BY path")
        both = (rows.source(row) for row in found)
        return {now.location: (after if coming and after else now) for now, after in both}

    def documents_by_source(self) -> dict[str, int]:
        """How many documents each file has, by location, when what is staged is published."""
        found = self.database.rows(
            "SELECT s.location, count(*) FROM documents d JOIN sources s ON s.id = d.source_id "
            f"WHERE {_NEXT} GROUP BY d.source_id"
        )
        return dict(found)

    # -- documents

    def documents_of(self, key: int, first: str = "") -> list[tuple[Stored, Source]]:
        """The documents that hold a passage, with their files; that of the id `first` comes first."""
        found = self.database.rows(
            f"{_STORED} WHERE c.id = (SELECT content_id FROM passages WHERE id = ?) AND {_SHOWN} "
            "ORDER BY d.doc_id <> ?, d.id",
            (key, first),
        )
        all_of = [(rows.stored(row), self._source(row[1])) for row in found]
        if not all_of:
            raise NotFound(f"passage {key} is no longer in the index {self.path.parent}", "ask again")
        return all_of

    def _source(self, key: int) -> Source:
        return rows.source(self.database.one(f"{SOURCE} WHERE id = ?", (key,)))[0]

    def documents(self, column: str, value: str) -> list[Stored]:
        """Documents whose `doc_id` or source `path` is `value`."""
        name = {"doc_id": "d.doc_id", "path": "s.path"}[column]
        found = self.database.rows(f"{_STORED} WHERE {name} = ? AND {_SHOWN} ORDER BY d.id", (value,))
        return [rows.stored(row) for row in found]

    def document(self, number: int) -> tuple[Stored, int, Source]:
        """A document by its number, whether it is published or not, with its source and the key of that."""
        row = self.database.one(f"{_STORED} WHERE d.id = ?", (number,))
        return rows.stored(row), int(row[1]), self._source(row[1])

    def listed(self, offset: int, limit: int) -> list[tuple[str, str, str, str, str]]:
        """Id, source, title, date and site of documents, in order of source, then as they stand in it."""
        return list(
            self.database.rows(
                "SELECT d.doc_id, s.path, d.title, d.date, d.site FROM documents d "
                f"JOIN sources s ON s.id = d.source_id WHERE {_SHOWN} ORDER BY s.path, d.line, d.id LIMIT ? OFFSET ?",
                (limit, offset),
            )
        )

    def locations(self, doc_id: str) -> list[str]:
        """The locations of the sources that hold a document of this id."""
        found = self.database.rows(
            f"SELECT s.location FROM sources s JOIN documents d ON d.source_id = s.id WHERE d.doc_id = ? AND {_SHOWN}",
            (doc_id,),
        )
        return [row[0] for row in found]

    def edges(self, site: str) -> dict[int, Edges]:
        """What is remembered of the pages of `site`, by number of the document, with what is staged."""
        return {row[0]: rows.edges(row) for row in self.database.rows(f"{_EDGES} ORDER BY e.document_id", (site,))}

    def dropped(self, site: str) -> frozenset[int]:
        """Keys of the lines that were taken out of pages of `site`, with what is staged."""
        found = self.database.rows(f"{_EDGES} GROUP BY e.dropped", (site,))
        return frozenset(key for row in found for key in rows.edges(row).dropped)

    def sites(self) -> list[str]:
        """The sites of which pages are remembered."""
        return [row[0] for row in self.database.rows("SELECT DISTINCT site FROM edges ORDER BY site")]

    # -- passages

    def passages(self, keys: Iterable[int], filters: Filters | None = None) -> dict[int, Passage]:
        """Passages by id; ids that are not there are left out.

        A text that several documents have is shown as the first one's that `filters` let through.
        """
        found = {row[0]: row for row in self._some(PASSAGE, "p.id", keys)}
        condition, values = filters.condition() if filters else ("1", [])
        heads: dict[int, list[Sequence[Any]]] = {}
        joined = f"SELECT {DOCUMENT}, s.path, {condition} FROM documents d JOIN sources s ON s.id = d.source_id"
        contents = {row[1] for row in found.values() if isinstance(row[1], int)}
        for row in self._some(joined, f"{_SHOWN} AND d.content_id", contents, values):
            heads.setdefault(row[2], []).append(row)
        shown = {}
        for key, row in found.items():
            own = sorted(heads.get(row[1], ()), key=lambda head: (not head[20], head[0]))
            if own and own[0][20]:
                first, *others = own
                also = dict.fromkeys(one[3] for one in others if one[3] != first[3])
                shown[key] = rows.passage(row, first[:19], first[19], list(also))
        return shown

    def looks(self, keys: Iterable[int], fingerprint: str) -> dict[int, Look]:
        """What was noted of passages for the second look with a model, by id; without those of which nothing was."""
        found = self._some("SELECT p.id, p.look FROM passages p", "p.id", keys)
        return {key: look for key, packed in found if (look := rows.look(packed, fingerprint))}

    def _some(self, select: str, column: str, keys: Iterable[int], values: Sequence[Any] = ()) -> Iterator[Any]:
        wanted = [int(key) for key in keys]
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            yield from self.database.rows(f"{select} WHERE {column} IN ({','.join('?' * len(some))})", [*values, *some])

    def among(self, filters: Filters) -> Ids:
        """Ids of the passages of the documents that `filters` let through."""
        condition, values = filters.condition()
        keys = self.database.rows(
            "SELECT DISTINCT p.id FROM passages p JOIN documents d ON d.content_id = p.content_id "
            f"JOIN sources s ON s.id = d.source_id WHERE {_SHOWN} AND {condition} ORDER BY p.id",
            values,
        )
        return np.fromiter((row[0] for row in keys), dtype=np.int64)

    def each_passage(self, dimensions: int, *, coming: bool = False) -> Iterator[tuple[int, str, str, Floats]]:
        """Id, title, text and vector of each passage, in order of id; `coming`: with what is staged."""
        shown = _NEXT if coming else _SHOWN
        where = f"EXISTS (SELECT 1 FROM documents d WHERE d.content_id = p.content_id AND {shown}) ORDER BY p.id"
        yield from self._each(self.database.rows(f"{_TITLED} WHERE {where}"), dimensions)

    def these_passages(self, keys: Iterable[int], dimensions: int) -> Iterator[tuple[int, str, str, Floats]]:
        """The same of some passages, whether they are published or not."""
        yield from self._each(self._some(_TITLED, "p.id", keys), dimensions)

    def _each(self, found: Iterable[Any], dimensions: int) -> Iterator[tuple[int, str, str, Floats]]:
        for title, *values, crc in found:
            rows.sound(f"passage {values[0]} in {self.path}", crc, *values)
            numbers = np.frombuffer(values[8], dtype=np.float16)
            if len(numbers) != dimensions:
                raise IndexUnusable(f"passage {values[0]} in {self.path} has a damaged vector", rows.REBUILD)
            yield values[0], title, values[6], numbers.astype(np.float32)

    # -- what is staged

    def staged(self) -> bool:
        """Whether anything is."""
        found = self.database.one(
            "SELECT EXISTS (SELECT 1 FROM documents WHERE state <> 0) "
            "OR EXISTS (SELECT 1 FROM sources WHERE state <> 0 OR next <> '')"
        )
        return bool(found[0])

    def coming(self) -> list[int]:
        """Ids of the passages that will be new."""
        return self._moving(COMING, _SHOWN)

    def leaving(self) -> list[int]:
        """Ids of the passages that will be gone."""
        return self._moving(LEAVING, _NEXT)

    def _moving(self, state: int, unless: str) -> list[int]:
        found = self.database.rows(
            "SELECT p.id FROM passages p "
            f"WHERE p.content_id IN (SELECT content_id FROM documents WHERE state = {state}) AND NOT "
            f"EXISTS (SELECT 1 FROM documents d WHERE d.content_id = p.content_id AND {unless}) ORDER BY p.id"
        )
        return [row[0] for row in found]
