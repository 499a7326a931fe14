"""The truth of an index in Milvus: what `rag.index.store.Store` does, without transactions.

A block of `transaction` collects rows, and its end sends them in an order that is right wherever it is cut off:

1. the sources, marked as not finished, so that the next call works on their files again;
2. the new passages; nobody sees one before the head of its document names its version;
3. the documents: first their bodies, then their heads. From here on the new version is there and the old one is not;
4. the removal of passages and bodies that no head names;
5. the sources that are finished, and the notes.

Keys follow from the content, so work that is done again writes the same rows again.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from rag.errors import NotFound
from rag.index import embedding_text
from rag.index import rows as local
from rag.index.filters import Filters
from rag.index.milvus import rows
from rag.index.milvus.client import Client, Row
from rag.index.milvus.statistics import Tally, weights
from rag.index.rows import NewPassage, Source, Stored
from rag.late import Look
from rag.protocols import Floats, Ids
from rag.types import Document, Edges, Passage

__all__ = ["MilvusStore"]

_MOST_FILES = 5000  # that a glob may let through: their keys go with each search


class MilvusStore:
    """Over the two collections of `client`. Several may write at once, each the sources that are its own."""

    def __init__(self, client: Client, mean: Callable[[Sequence[str]], float]) -> None:
        """`mean`: the length that weights are worked out with, given the first texts."""
        self._client, self._mean = client, mean
        self.at = client.at.name
        self.tally: Tally | None = None
        """What counts the passages that come and go, while it is known what there were."""
        self.raised = 0
        self._sources: dict[int, tuple[Source, int]] | None = None  # by key, with how many documents; while indexing
        self._unfinished: set[int] = set()  # sources that an earlier pass has left so
        self._seen: dict[int, set[int]] = {}  # documents of a source that this pass has met
        self._heads: tuple[int, dict[int, Any]] = (0, {})  # of the source that is being worked on
        self._rows: dict[int, Any] = {}  # passages as they were last read
        self._clear()

    def _clear(self) -> None:
        self._now_sources: dict[int, Source] = {}
        self._now_passages: dict[int, Row] = {}
        self._now_documents: dict[int, tuple[Any, Row, list[Row]]] = {}  # head, its row, the rows of the body
        self._now_gone: set[int] = set()
        self._now_bodies: list[str] = []
        self._now_heads_gone: set[int] = set()
        self._now_sources_gone: set[int] = set()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    # -- what the index says of itself

    @property
    def meta(self) -> dict[str, str]:
        """See `rag.index.store.Store.meta`."""
        found = self._client.few(self._client.records, 'kind == "meta"', ["key", "data"])
        return {row["key"].removeprefix("meta/"): row["data"] for row in found}

    def note(self, **values: str) -> None:
        """Set entries of `meta`."""
        self._client.put(self._client.records, [_record(f"meta/{name}", "meta", one) for name, one in values.items()])

    @property
    def generation(self) -> int:
        """Number of transactions so far that changed passages."""
        return int(self.meta.get("generation", "0"))

    def counts(self) -> tuple[int, int, int]:
        """Numbers of sources, documents and passages."""
        sources = self._each_source()
        return len(sources), sum(one[1] for one in sources.values()), self._client.count(self._client.passages)

    def totals(self) -> tuple[int, int]:
        """How many passages there are."""
        return self._client.count(self._client.passages), 0

    @property
    def empty(self) -> bool:
        """Whether there is no passage."""
        return self._client.count(self._client.passages) == 0

    def snapshot(self) -> "nullcontext[None]":
        """Nothing: Milvus keeps no state for a reader. Passages of half-written documents are left out instead."""
        return nullcontext()

    # -- writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written in the block is sent at its end; see above for what is seen of it meanwhile."""
        self._clear()
        try:
            yield
            self._send()
        finally:
            self._clear()

    def _send(self) -> None:
        records, passages = self._client.records, self._client.passages
        begun = {key: replace(one, complete=False) for key, one in self._now_sources.items()}
        if self._now_passages or self._now_documents or self._now_gone:
            self._client.put(records, [self._source_row(key, one) for key, one in begun.items()])
            gone = sorted(self._now_gone - self._now_passages.keys())
            if self.tally:
                for row in self._client.get(passages, gone, ["id", "terms", "length"]):
                    self.tally.add(row["terms"], row["length"], -1)
                for row in self._now_passages.values():
                    self.tally.add(row["terms"], row["length"])
            self._client.put(passages, list(self._now_passages.values()))
            self._client.put(records, [part for _, _, parts in self._now_documents.values() for part in parts])
            self._client.put(records, [row for _, row, _ in self._now_documents.values()])
            self._client.delete(records, [f"document/{key}" for key in self._now_heads_gone])
            self._client.delete(passages, gone)
            self._client.delete(records, self._now_bodies)
            source, heads = self._heads
            heads |= {key: head for key, (head, _, _) in self._now_documents.items() if head["source"] == source}
            for key in self._now_heads_gone:
                heads.pop(key, None)
            self.note(generation=str(self.generation + 1))
            self.raised += 1
        self._client.delete(records, [f"source/{key}" for key in self._now_sources_gone])
        finished = {key: one for key, one in self._now_sources.items() if one.complete}
        self._client.put(records, [self._source_row(key, one) for key, one in finished.items()])
        self._rows = {}

    def _source_row(self, key: int, one: Source) -> Row:
        documents = len(self._seen.get(key, ())) or self._each_source().get(key, (one, 0))[1]
        self._each_source()[key] = one, documents
        data = [one.path, one.location, one.size, one.mtime_ns, one.sha256, one.complete]
        return _record(f"source/{key}", "source", rows.packed([data, documents]), name=rows.key(one.path))

    def put_source(self, source: Source) -> int:
        """Insert or update by location; returns its key."""
        key = rows.key("source", source.location)
        self._now_sources[key] = source
        self._seen.setdefault(key, set())
        return key

    def holds(self, location: str, document: Document) -> tuple[bool, bool]:
        """See `rag.index.store.Store.holds`."""
        source = rows.key("source", location)
        found = self._heads_of(source).get(_document_key(source, document.doc_id))
        if found is None:
            return False, False
        sha256, line, *kept = found["said"]
        said = (document.title, document.date, document.author, document.site)
        same = (sha256, line) == (document.sha256, document.line)
        return True, same and all(one in ("", own) for one, own in zip(said, kept, strict=True))

    def count_documents(self, location: str) -> int:
        """How many documents came from the source at `location`."""
        return self._each_source()[rows.key("source", location)][1]

    def keep(self, source_key: int, doc_id: str, seen: int) -> None:
        """Mark a document as seen in this pass."""
        self._seen.setdefault(source_key, set()).add(_document_key(source_key, doc_id))

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
        one = stored.document
        key = _document_key(source_key, one.doc_id)
        self._seen.setdefault(source_key, set()).add(key)
        data = rows.packed(rows.body(stored))
        parts = [data[at : at + rows.PART] for at in range(0, len(data), rows.PART)]
        head = rows.head(stored, len(passages), len(parts))
        version = rows.key(data, head, [new.text for new in passages])
        before = self._heads_of(source_key).get(key)
        if before and before["version"] == version:
            return [], []
        gone = _passages_of(key, before) if before else []
        if before:
            self._now_bodies += _bodies_of(key, before)
        fresh = []
        mean = self._mean([embedding_text(one.title, new.text) for new in passages]) if passages else 0.0
        half = vectors.astype(np.float16).astype(np.float32)
        for number, (new, vector, look) in enumerate(zip(passages, half, looks, strict=True)):
            terms, length = weights(embedding_text(one.title, new.text), mean)
            fresh.append(_passage_key(key, version, number))
            self._now_passages[fresh[-1]] = {
                "id": fresh[-1],
                "document": key,
                "version": version,
                "source": source_key,
                "length": length,
                "date": one.date,
                "folders": rows.folders(one.source),
                "sites": rows.sites(one),
                "vector": vector.tolist(),
                "terms": terms or {0: 1e-30},  # Milvus wants something in it
                "data": rows.packed(rows.passage_data(stored, number, new, look)),
            }
        body = [
            _record(f"body/{key}/{version}/{at}", "body", part, parent=key, version=version)
            for at, part in enumerate(parts)
        ]
        site = rows.key("site", stored.site) if stored.site else 0
        names = {"parent": source_key, "name": rows.key(one.doc_id), "site": site, "version": version}
        row = _record(f"document/{key}", "document", rows.packed(head), **names)
        self._now_documents[key] = head | {"version": version, "source": source_key}, row, body
        self._now_gone.update(gone)
        return fresh, gone

    def remove_unseen(self, source_key: int, seen: int) -> tuple[list[int], int]:
        """Remove the documents of a source that this pass has not met; returns passage ids and how many documents.

        Of a source that was left unfinished, passages that no head names are looked for and removed as well.
        """
        met = self._seen.get(source_key, set())
        others = {key: head for key, head in self._heads_of(source_key).items() if key not in met}
        gone = [one for key, head in others.items() for one in _passages_of(key, head)]
        for key, head in others.items():
            self._now_bodies += _bodies_of(key, head)
        self._now_heads_gone.update(others)
        if source_key in self._unfinished:
            heads = {key: head["version"] for key, head in self._heads_of(source_key).items()}
            heads |= {key: head["version"] for key, (head, _, _) in self._now_documents.items()}
            written = self._client.each(self._client.passages, f"source == {source_key}", ["id", "document", "version"])
            gone += [row["id"] for row in written if heads.get(row["document"]) != row["version"]]
        self._now_gone.update(gone)
        return gone, len(others)

    def remove_source(self, location: str) -> tuple[list[int], int]:
        """Remove a file with its documents; returns the ids of their passages and how many documents they were."""
        key = rows.key("source", location)
        self._now_sources.pop(key, None)
        heads = self._heads_of(key)
        for document, head in heads.items():
            self._now_bodies += _bodies_of(document, head)
        gone = [row["id"] for row in self._client.each(self._client.passages, f"source == {key}", ["id"])]
        self._now_gone.update(gone)
        self._now_heads_gone.update(heads)
        self._now_sources_gone.add(key)
        self._each_source().pop(key, None)
        return gone, len(heads)

    # -- reading

    def _each_source(self) -> dict[int, tuple[Source, int]]:
        if self._sources is None:
            self._sources = {}
            for row in self._client.each(self._client.records, 'kind == "source"', ["key", "data"]):
                data, documents = rows.unpacked(row["data"], f"a source in {self.at}")
                self._sources[_number(row)] = rows.source(data), documents
            self._unfinished = {key for key, (one, _) in self._sources.items() if not one.complete}
        return self._sources

    def sources(self) -> dict[str, Source]:
        """All files, by location."""
        self._sources, self._seen, self._heads = None, {}, (0, {})
        found = (one for one, _ in self._each_source().values())
        return {one.location: one for one in sorted(found, key=lambda one: one.path)}

    def _heads_of(self, source_key: int) -> dict[int, Any]:
        """Heads of the documents of a source as they stand in Milvus, by key."""
        if source_key not in self._each_source():
            return {}
        if self._heads[0] != source_key:
            where = f'kind == "document" and parent == {source_key}'
            self._heads = source_key, dict(self._read_heads(where))
        return self._heads[1]

    def _read_heads(self, where: str) -> Iterator[tuple[int, Any]]:
        for row in self._client.each(self._client.records, where, ["key", "version", "parent", "data"]):
            yield _number(row), self._head(row)

    def _head(self, row: Row) -> Any:
        head = rows.unpacked(row["data"], f"a document in {self.at}")
        return head | {"version": row["version"], "source": row["parent"]}

    def _stored(self, key: int, head: Any) -> Stored:
        parts = self._client.get(self._client.records, _bodies_of(key, head), ["key", "data"])
        ordered = sorted(parts, key=_number)
        return rows.stored(rows.unpacked("".join(row["data"] for row in ordered), f"a document in {self.at}"))

    def document(self, key: int) -> tuple[Stored, int]:
        """A document by its number, and the key of its source."""
        found = self._client.get(self._client.records, [f"document/{key}"], ["key", "version", "parent", "data"])
        if not found:
            raise NotFound(f"document {key} is no longer in the index {self.at}", "ask again")
        head = self._head(found[0])
        return self._stored(key, head), head["source"]

    def document_of(self, key: int) -> tuple[Stored, str]:
        """The document that holds a passage, and the location of its source."""
        self._read_passages([key])
        row = self._rows.get(key)
        if row is None:
            raise NotFound(f"passage {key} is no longer in the index {self.at}", "ask again")
        stored, source = self.document(row[0])
        found = self._client.get(self._client.records, [f"source/{source}"], ["data"])
        return stored, str(rows.unpacked(found[0]["data"], f"a source in {self.at}")[0][1]) if found else ""

    def source_at(self, location: str) -> Source:
        """The source at a location that is known."""
        return self._each_source()[rows.key("source", location)][0]

    def documents(self, column: str, value: str) -> list[Stored]:
        """Documents whose `doc_id` or source `path` is `value`."""
        if column == "doc_id":
            where = f'kind == "document" and name == {rows.key(value)}'
        else:
            named = f'kind == "source" and name == {rows.key(value)}'
            own = [_number(row) for row in self._client.each(self._client.records, named, ["key"])]
            where = f'kind == "document" and parent in {own}'
        found = [self._stored(key, head) for key, head in self._read_heads(where)]
        return sorted(found, key=lambda one: one.document.line)

    def edges(self, site: str) -> dict[int, Edges]:
        """What is remembered of the pages of `site`, by number of the document."""
        found = self._read_heads(f'kind == "document" and site == {rows.key("site", site)}')
        return {key: rows.edges(head) for key, head in found if head["edges"]}

    def sites(self) -> list[str]:
        """The sites of which pages are remembered."""
        return sorted({head["site"] for _, head in self._read_heads('kind == "document" and site != 0')})

    def _read_passages(self, keys: Iterable[int]) -> None:
        """Passages whose document has this very version go into `_rows`: document, record."""
        wanted = [int(key) for key in keys]
        missing = [key for key in wanted if key not in self._rows]
        if not missing:
            return
        if len(self._rows) > 10_000:
            self._rows = {}
        found = self._client.get(self._client.passages, missing, ["id", "document", "version", "data"])
        owners = sorted({f"document/{row['document']}" for row in found})
        heads = self._client.get(self._client.records, owners, ["key", "version"])
        versions = {_number(row): row["version"] for row in heads}
        for row in found:
            if versions.get(row["document"]) == row["version"]:
                record = rows.unpacked(row["data"], f"passage {row['id']} in {self.at}")
                self._rows[row["id"]] = row["document"], record

    def passages(self, keys: Iterable[int]) -> dict[int, Passage]:
        """Passages by id; ids that are not there, or whose document is being written, are left out."""
        wanted = [int(key) for key in keys]
        self._rows = {}  # what is shown is as it stands now
        self._read_passages(wanted)
        return {key: rows.passage(key, self._rows[key][1]) for key in wanted if key in self._rows}

    def looks(self, keys: Iterable[int], fingerprint: str) -> dict[int, Look]:
        """See `rag.index.store.Store.looks`."""
        wanted = [int(key) for key in keys]
        self._read_passages(wanted)
        packed = {key: base64.b85decode(self._rows[key][1][2]) for key in wanted if key in self._rows}
        return {key: look for key, one in packed.items() if (look := local.look(one, fingerprint))}

    def shown(self, row: Row) -> Passage:
        """The passage of a row."""
        return rows.passage(row["id"], rows.unpacked(row["data"], f"a passage in {self.at}"))

    def among(self, filters: Filters) -> Ids:
        """Ids of the passages of the documents that `filters` let through."""
        found = self._client.each(self._client.passages, self.condition(filters), ["id"])
        return np.fromiter((row["id"] for row in found), dtype=np.int64)

    def condition(self, filters: Filters) -> str:
        """An expression of Milvus for `filters`."""
        matching = None
        if any(sign in filters.under for sign in "*?["):
            pattern = filters.under.replace("[^", "[!")
            matching = [key for key, (one, _) in self._each_source().items() if fnmatchcase(one.path, pattern)]
            if len(matching) > _MOST_FILES:
                raise NotFound(f"{filters.under} names {len(matching)} files", "name their folder instead")
        return rows.condition(filters, matching)

    def each_passage(self, dimensions: int, after: int = 0) -> Iterator[tuple[int, str, str, Floats]]:
        """Id, title, text and vector of each passage, in order of id."""
        for row in self._client.each(self._client.passages, f"id >= {after}", ["id", "vector", "data"]):
            shown = self.shown(row)
            yield row["id"], shown.title, shown.text, np.array(row["vector"], dtype=np.float32)


def _record(key: str, kind: str, data: str, parent: int = 0, name: int = 0, site: int = 0, version: int = 0) -> Row:
    where = {"parent": parent, "name": name, "site": site, "version": version}
    return {"key": key, "kind": kind, **where, "data": data, "nothing": [0.0, 0.0]}


def _number(row: Row) -> int:
    return int(row["key"].rpartition("/")[2])


def _document_key(source_key: int, doc_id: str) -> int:
    return rows.key("document", source_key, doc_id)


def _passage_key(document: int, version: int, number: int) -> int:
    return rows.key("passage", document, version, number)


def _passages_of(document: int, head: Any) -> list[int]:
    return [_passage_key(document, head["version"], number) for number in range(head["passages"])]


def _bodies_of(document: int, head: Any) -> list[str]:
    return [f"body/{document}/{head['version']}/{at}" for at in range(head["parts"])]
