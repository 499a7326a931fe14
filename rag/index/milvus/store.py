"""The truth of an index in Milvus, as it is read: what `rag.index.store.Store` gives.

A document has a head, which names its version, and a body. A passage counts as there when its document's head names the
version that it is of, so that nobody sees half of a document that is being written.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rag.errors import NotFound
from rag.index import rows as local
from rag.index.filters import Filters
from rag.index.milvus import rows
from rag.index.milvus.client import Client, Row
from rag.index.milvus.copies import Copies
from rag.index.milvus.statistics import Statistics
from rag.index.rows import Source, Stored
from rag.late import Look
from rag.protocols import Floats
from rag.types import Edges, Passage

__all__ = ["MilvusStore"]

_AT_ONCE = 1000  # keys in an expression
_HELD = 10_000  # passages that are kept until more are read
_HEAD = ("key", "version", "parent", "line", "content", "data")


class MilvusStore:
    """Over the two collections of `client`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.at = client.at.name
        self._sources: dict[int, tuple[Source, int]] | None = None
        self._rows: dict[int, tuple[int, int, Any]] = {}  # passages as they were last read: document, its line, record
        self._meta: dict[str, str] | None = None
        self._once = False
        self.copies = Copies()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    @contextmanager
    def once(self) -> Iterator[None]:
        """In the block nothing is asked for twice: what was read of `meta` and of passages stands until its end."""
        if self._once:
            yield
            return
        self._once, self._rows, self.copies = True, {}, Copies()
        try:
            yield
        finally:
            self._once, self._meta = False, None

    # -- what the index says of itself

    @property
    def meta(self) -> dict[str, str]:
        """See `rag.index.store.Store.meta`."""
        if self._meta is not None:
            return self._meta
        found = self._client.get(self._client.records, list(rows.META.values()), ["key", "data"])
        meta = {row["key"].removeprefix("meta/"): row["data"] for row in found}
        if self._once:
            self._meta = meta
        return meta

    @property
    def statistics(self) -> Statistics:
        """What is counted of all passages; of an earlier generation while a run is on, or after one was cut off."""
        return Statistics.read(self.meta.get("statistics"))

    @property
    def generation(self) -> int:
        """Number of transactions so far that changed passages."""
        return int(self.meta.get("generation", "0"))

    def counts(self) -> tuple[int, int, int]:
        """Numbers of sources, documents and passages."""
        sources, documents = (
            self._client.count(self._client.records, f'kind == "{one}"') for one in ("source", "document")
        )
        return sources, documents, self._client.count(self._client.passages)

    def totals(self) -> tuple[int, int]:
        """How many passages there are."""
        return self._client.count(self._client.passages), 0

    @property
    def size(self) -> int:
        """The same, without counting where that was done at the end of a run."""
        known = self.statistics
        return known.rows if known.generation == self.generation else self.totals()[0]

    @property
    def empty(self) -> bool:
        """Whether there is no passage."""
        return self.size == 0

    # -- sources

    def each_source(self) -> dict[int, tuple[Source, int]]:
        """Sources by key, each with how many documents it has; as they were when they were last read."""
        if self._sources is None:
            self._sources = {}
            for row in self._client.each(self._client.records, 'kind == "source"', ["key", "data"]):
                self._sources[rows.number(row)] = self._source(row)
        return self._sources

    def _source(self, row: Row) -> tuple[Source, int]:
        data, documents = rows.unpacked(row["data"], f"a source in {self.at}")
        return rows.source(data), documents

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._sources, self._rows = None, {}

    def sources(self, *, coming: bool = False) -> dict[str, Source]:
        """All files, by location; nothing here is staged, so `coming` changes nothing."""
        self.forget()
        found = (one for one, _ in self.each_source().values())
        return {one.location: one for one in sorted(found, key=lambda one: one.path)}

    def documents_by_source(self) -> dict[str, int]:
        """How many documents each file has, by location."""
        return {one.location: documents for one, documents in self.each_source().values()}

    # -- documents

    def heads(self, where: str) -> Iterator[tuple[int, Any]]:
        """Heads of documents by number, with `version`, `source` and `line`."""
        for row in self._client.each(self._client.records, f'kind == "document" and {where}', _HEAD):
            yield rows.number(row), self._head(row)

    def _head(self, row: Row) -> Any:
        head = rows.unpacked(row["data"], f"a document in {self.at}")
        return head | {"source": row["parent"]} | {name: row[name] for name in ("version", "line", "content")}

    def holders(self, contents: Iterable[int]) -> dict[int, set[int]]:
        """Numbers of the documents that have each of these contents; those that none has are left out."""
        found: dict[int, set[int]] = {}
        wanted = sorted(contents)
        for at in range(0, len(wanted), _AT_ONCE):
            where = f'kind == "document" and content in {wanted[at : at + _AT_ONCE]}'
            for row in self._client.each(self._client.records, where, ["key", "content"]):
                found.setdefault(row["content"], set()).add(rows.number(row))
        return found

    def head(self, number: int) -> Any:
        """The head of a document. Raises NotFound."""
        found = self._client.get(self._client.records, [f"document/{number}"], _HEAD)
        if not found:
            raise NotFound(f"document {number} is no longer in the index {self.at}", "ask again")
        return self._head(found[0])

    def stored(self, number: int, head: Any) -> Stored:
        """The document that a head is of, without what is remembered of its edges."""
        return self._whole(self._client.get(self._client.records, rows.bodies_of(number, head), ["key", "data"]), head)

    def _whole(self, parts: Iterable[Row], head: Any) -> Stored:
        ordered = "".join(row["data"] for row in sorted(parts, key=rows.number))
        return rows.stored(rows.unpacked(ordered, f"a document in {self.at}"), head)

    def document(self, number: int) -> tuple[Stored, int, Source]:
        """A document by its number, with its source and the key of that."""
        head = self.head(number)
        keys = [f"source/{head['source']}", *rows.bodies_of(number, head)]
        found = {row["key"]: row for row in self._client.get(self._client.records, keys, ["key", "data"])}
        source = found.pop(keys[0], None)
        if source is None:
            raise NotFound(f"document {number} is no longer in the index {self.at}", "ask again")
        return self._whole(found.values(), head), head["source"], self._source(source)[0]

    def documents_of(self, key: int, first: str = "") -> list[tuple[Stored, Source]]:
        """The document that holds a passage, with its file: here each has passages of its own."""
        self._read_passages([key])
        if key not in self._rows:
            raise NotFound(f"passage {key} is no longer in the index {self.at}", "ask again")
        stored, _, source = self.document(self._rows[key][0])
        return [(stored, source)]

    def documents(self, column: str, value: str) -> list[Stored]:
        """Documents whose `doc_id` or source `path` is `value`."""
        if column == "doc_id":
            where = f"name == {rows.key(value)}"
        else:
            named = f'kind == "source" and name == {rows.key(value)}'
            own = [rows.number(row) for row in self._client.each(self._client.records, named, ["key"])]
            where = f"parent in {own}"
        found = [self.stored(number, head) for number, head in self.heads(where)]
        return sorted(found, key=lambda one: one.document.line)

    def listed(self, offset: int, limit: int) -> list[tuple[str, str, str, str, str]]:
        """See `rag.index.store.Store.listed`. Only the sources of this page are looked into."""
        self.forget()
        found: list[tuple[str, str, str, str, str]] = []
        for key, (source, documents) in sorted(self.each_source().items(), key=lambda one: one[1][0].path):
            if source.complete and documents <= offset:
                offset -= documents
                continue
            heads = sorted(self.heads(f"parent == {key}"), key=lambda one: (one[1]["line"], one[0]))
            for _, head in heads[offset:]:
                found.append((head["doc_id"], source.path, head["title"], head["date"], head["named"]))
                if len(found) >= limit:
                    return found
            offset = max(0, offset - len(heads))
        return found

    def locations(self, doc_id: str) -> list[str]:
        """The locations of the sources that hold a document of this id."""
        owners = {f"source/{head['source']}" for _, head in self.heads(f"name == {rows.key(doc_id)}")}
        found = self._client.get(self._client.records, sorted(owners), ["key", "data"])
        return [self._source(row)[0].location for row in found]

    def edges(self, site: str) -> dict[int, Edges]:
        """What is remembered of the pages of `site`, by number of the document."""
        found = self.heads(f"site == {rows.key('site', site)}")
        return {number: rows.edges(head) for number, head in found if head["edges"]}

    def dropped(self, site: str) -> frozenset[int]:
        """Keys of the lines that were taken out of pages of `site`, with what is staged."""
        return frozenset(key for page in self.edges(site).values() for key in page.dropped)

    def sites(self) -> list[str]:
        """The sites of which pages are remembered."""
        return sorted({head["site"] for _, head in self.heads("site != 0") if head["edges"]})

    # -- passages

    def _read_afresh(self, keys: Iterable[int]) -> None:
        if not self._once:
            self._rows = {}  # what is shown is as it stands now
        self._read_passages(keys)

    def _read_passages(self, keys: Iterable[int]) -> None:
        """Passages whose document has this very version go into `_rows`."""
        if len(self._rows) > _HELD:
            self._rows = {}
        missing = [key for key in map(int, keys) if key not in self._rows]
        if not missing:
            return
        found = self._client.get(self._client.passages, missing, ["id", "document", "version", "data"])
        owners = sorted({f"document/{row['document']}" for row in found})
        heads = {rows.number(row): row for row in self._client.get(self._client.records, owners, _HEAD[:4])}
        for row in found:
            head = heads.get(row["document"])
            if head and head["version"] == row["version"]:
                record = rows.unpacked(row["data"], f"passage {row['id']} in {self.at}")
                self._rows[row["id"]] = row["document"], head["line"], record

    def passages(self, keys: Iterable[int], filters: Filters | None = None) -> dict[int, Passage]:
        """Passages by id; ids that are not there, or whose document is being written, are left out.

        Each is of one document, which the search has already let through, so `filters` change nothing.
        """
        wanted = [int(key) for key in keys]
        self._read_afresh([*wanted, *(other for key in wanted for other in self.copies.of(key))])
        return {
            key: rows.passage(key, *self._rows[key][1:], also=self._also(key)) for key in wanted if key in self._rows
        }

    def _also(self, key: int) -> list[str]:
        own = rows.doc_id(self._rows[key][2])
        others = {rows.doc_id(self._rows[other][2]) for other in self.copies.of(key) if other in self._rows}
        return sorted(others - {own})

    def looks(self, keys: Iterable[int], fingerprint: str) -> dict[int, Look]:
        """See `rag.index.store.Store.looks`."""
        wanted = [int(key) for key in keys]
        self._read_afresh(wanted)
        packed = {key: rows.look_of(self._rows[key][2]) for key in wanted if key in self._rows}
        return {key: look for key, one in packed.items() if (look := local.look(one, fingerprint))}

    def whole(self, keys: Iterable[int]) -> list[tuple[local.NewPassage, tuple[bytes, bytes]]]:
        """Passages as they came in, in their order, each with the bytes of its vector and its look."""
        wanted = list(keys)
        found = {row["id"]: row for row in self._client.get(self._client.passages, wanted, ["id", "vector", "data"])}
        made = []
        for key in filter(found.__contains__, wanted):
            record = rows.unpacked(found[key]["data"], f"passage {key} in {self.at}")
            vector = np.array(found[key]["vector"], dtype=np.float16).tobytes()
            made.append((rows.new_passage(record), (vector, rows.look_of(record))))
        return made

    def shown(self, row: Row) -> Passage:
        """The passage of a row; its line is that within its document."""
        return rows.passage(row["id"], 0, rows.unpacked(row["data"], f"a passage in {self.at}"))

    def each_passage(self, dimensions: int) -> Iterator[tuple[int, str, str, Floats]]:
        """Id, title, text and vector of each passage, in order of id."""
        for row in self._client.each(self._client.passages, "id >= 0", ["id", "vector", "data"]):
            shown = self.shown(row)
            yield row["id"], shown.title, shown.text, np.array(row["vector"], dtype=np.float32)
