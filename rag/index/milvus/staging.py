"""What a run writes into Milvus: what `rag.index.staging.Staging` does, without transactions.

A block of `transaction` collects rows, and its end sends them; see `rag.index.milvus.transaction` for the order. Keys
follow from the content, so work that is done again writes the same rows again. There is nothing to publish.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from rag.index import embedding_text
from rag.index.contents import content_key
from rag.index.milvus import rows
from rag.index.milvus.client import Client
from rag.index.milvus.store import MilvusStore
from rag.index.milvus.transaction import Transaction, note
from rag.index.milvus.weighing import Scale, counted
from rag.index.rows import NewPassage, Source, Stored
from rag.index.truth import Held, Reused

__all__ = ["MilvusStaging"]


class MilvusStaging:
    """Writes beside `truth`. Several may write at once, each the sources that are its own."""

    def __init__(self, client: Client, truth: MilvusStore, scale: Scale) -> None:
        self._client, self._truth, self._scale = client, truth, scale
        self.raised = self.written = 0
        """How often the generation was raised, and how many passages were written."""
        self._unfinished: set[int] | None = None  # sources that an earlier pass has left so
        self._pass = 0
        self._seen: dict[int, set[int]] = {}  # documents of a source that this pass has met
        self._heads: tuple[int, dict[int, Any]] = (0, {})  # of the source that is being worked on
        self._held: dict[int, Any] = {}  # heads that were asked for and may be kept
        self._now = Transaction()

    def note(self, **values: str) -> None:
        """Set entries of `meta`."""
        note(self._client, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written in the block is sent at its end; see above for what is seen of it meanwhile."""
        if self._unfinished is None:
            self._unfinished = {key for key, (one, _) in self._truth.each_source().items() if not one.complete}
        self._now = Transaction()
        try:
            yield
            self._send()
        finally:
            self._now = Transaction()

    def _send(self) -> None:
        self.raised += self._now.send(self._client, self._truth, self._scale)
        self.written += len(self._now.passages)
        source, heads = self._heads
        heads |= {key: head for key, (head, _) in self._now.documents.items() if head["source"] == source}
        for key in self._now.heads_gone:
            heads.pop(key, None)

    # -- files

    def put_source(self, source: Source) -> int:
        """Insert or update by location; returns its key."""
        key = rows.key("source", source.location)
        self._now.sources[key] = source
        return key

    def sources_of(self, sha256: str) -> list[str]:
        """Locations of the complete files with these bytes."""
        each = self._truth.each_source().values()
        return [one.location for one, _ in each if one.complete and one.sha256 == sha256]

    def remove_source(self, location: str) -> int:
        """Remove a file with its documents; returns how many these were."""
        key = rows.key("source", location)
        self._now.sources.pop(key, None)
        heads = self._heads_of(key)
        self._remove(heads)
        self._now.gone |= {row["id"] for row in self._client.each(self._client.passages, f"source == {key}", ["id"])}
        self._now.sources_gone.add(key)
        self._truth.each_source().pop(key, None)
        return len(heads)

    # -- documents

    def _heads_of(self, source_key: int) -> dict[int, Any]:
        """Heads of the documents of a source as they stand in Milvus, by number."""
        if source_key not in self._truth.each_source():
            return {}
        if self._heads[0] != source_key:
            self._heads = source_key, dict(self._truth.heads(f"parent == {source_key}"))
        return self._heads[1]

    def holds(self, location: str, doc_id: str, found: bytes) -> Held | None:
        """The document of this id of the source at `location`; the same if it was loaded as `found`."""
        source = rows.key("source", location)
        number = rows.document_key(source, doc_id)
        head = self._heads_of(source).get(number)
        if head is None:
            return None
        self._held[number] = head
        seen = self._pass if number in self._seen.get(source, ()) else 0
        return Held(number, head["found"] == found.hex(), head["line"], seen)

    def of_source(self, location: str) -> list[int]:
        """Numbers of the documents that the source at `location` has."""
        return list(self._heads_of(rows.key("source", location)))

    def _meet(self, source: int, number: int, seen: int) -> None:
        if seen != self._pass:
            self._pass, self._seen = seen, {}
        self._seen.setdefault(source, set()).add(number)

    def keep(self, number: int, line: int, seen: int) -> None:
        """Mark a document that `holds` gave as met in this pass, on this line."""
        head = self._held.pop(number)
        self._meet(head["source"], number, seen)
        if head["line"] != line:
            self._now.documents[number] = head | {"line": line}, []

    def copy(self, number: int, source_key: int, seen: int, *, site: str = "") -> None:
        """Put a document that is there into another source, with the vectors of its passages."""
        head = self._truth.head(number)
        stored = self._truth.stored(number, head)
        document = replace(stored.document, source=self._now.sources[source_key].path)
        edges = rows.edges(head) if head["edges"] else None
        whole = self._truth.whole(rows.passages_of(number, head))
        passages, ready = [passage for passage, _ in whole], [one for _, one in whole]
        self.put_document(source_key, replace(stored, document=document, site=site, edges=edges), passages, ready, seen)
        self._now.counted[source_key] = len(self._seen[source_key])

    def put_document(
        self,
        source_key: int,
        stored: Stored,
        passages: Sequence[NewPassage],
        ready: Sequence[Reused],
        seen: int,
    ) -> None:
        """Stage a document in place of the one of its id; `ready` holds a vector and a look of each passage.

        It is empty where the same content has come in this transaction before.
        """
        one = stored.document
        number = rows.document_key(source_key, one.doc_id)
        self._held.pop(number, None)
        self._meet(source_key, number, seen)
        if source_key not in self._now.sources:
            self._now.sources[source_key] = self._truth.each_source()[source_key][0]
        same = content_key(stored)
        ready = self._now.contents.setdefault(same, ready)
        data = rows.packed(rows.body(stored))
        parts = [data[at : at + rows.PART] for at in range(0, len(data), rows.PART)]
        head = rows.head(stored, len(passages), len(parts))
        head["version"] = version = rows.key(data, head, [new.text for new in passages])
        head |= {"source": source_key, "line": one.line, "content": rows.key("content", same.hex())}
        before = self._heads_of(source_key).get(number)
        if before and before["version"] != version:
            self._remove({number: before})
            self._now.heads_gone.discard(number)
        body = [
            rows.record(name, "body", part, parent=number, version=version)
            for name, part in zip(rows.bodies_of(number, head), parts, strict=True)
        ]
        self._now.documents[number] = head, body
        self._put_passages(number, head, stored, passages, ready)

    def _put_passages(
        self, number: int, head: Any, stored: Stored, passages: Sequence[NewPassage], ready: Sequence[Reused]
    ) -> None:
        one = stored.document
        texts = [embedding_text(one.title, new.text) for new in passages]
        own = zip(rows.passages_of(number, head), passages, texts, ready, strict=True)
        for at, (key, new, text, (vector, look)) in enumerate(own):
            terms, length = counted(text)
            self._now.passages[key] = {
                "id": key,
                "document": number,
                "version": head["version"],
                "source": head["source"],
                "content": rows.key("content", head["content"], at),
                "length": length,
                "date": one.date,
                "folders": rows.folders(one.source),
                "sites": rows.sites(one),
                "vector": np.frombuffer(vector, dtype=np.float16).astype(np.float32).tolist(),
                "terms": terms,
                "data": rows.packed(rows.passage_data(stored, at, new, look)),
            }

    def content(self, key: bytes) -> int | None:
        """None: documents do not share what they hold, so that each can be filtered by its own fields."""
        return None

    def reusable(self, location: str, stored: Stored) -> dict[tuple[str, str], Reused]:
        """By text and sentences, what passages of this document's former state hold: none if it has another title."""
        document = stored.document
        heads = self._heads_of(rows.key("source", location))
        kept = {}
        for number, head in heads.items():
            other = document.kind == "record" and head["doc_id"] != document.doc_id
            if head["title"] == document.title and not other:
                for passage, ready in self._truth.whole(rows.passages_of(number, head)):
                    kept[passage.text, passage.packed_sentences] = ready
        return kept

    def _remove(self, heads: dict[int, Any]) -> None:
        for number, head in heads.items():
            self._now.gone.update(rows.passages_of(number, head))
            self._now.bodies_gone += rows.bodies_of(number, head)
            self._now.leaving[number] = head["content"]
        self._now.heads_gone.update(heads)

    def remove_document(self, doc_id: str) -> int:
        """Remove the documents of this id; returns how many."""
        heads = dict(self._truth.heads(f"name == {rows.key(doc_id)}"))
        self._remove(heads)
        known = self._truth.each_source()
        self._now.counted |= {
            head["source"]: known[head["source"]][1] - 1 for head in heads.values() if head["source"] in known
        }
        return len(heads)

    def remove_unseen(self, source_key: int, seen: int) -> int:
        """Remove the documents of a source that this pass has not met; returns how many.

        Of a source that was left unfinished, passages that no head names are looked for and removed as well.
        """
        met = self._seen.get(source_key, set()) if seen == self._pass else set()
        heads = self._heads_of(source_key)
        others = {number: head for number, head in heads.items() if number not in met}
        self._remove(others)
        self._now.counted[source_key] = len(met)
        if source_key in (self._unfinished or ()):
            versions = {number: head["version"] for number, head in heads.items()}
            versions |= {number: head["version"] for number, (head, _) in self._now.documents.items()}
            written = self._client.each(self._client.passages, f"source == {source_key}", ["id", "document", "version"])
            self._now.gone |= {row["id"] for row in written if versions.get(row["document"]) != row["version"]}
        return len(others)
