"""What a transaction has collected, and how it is sent: in an order that is right wherever it is cut off.

1. the number of the generation, so that what is counted is known to be behind;
2. the sources, marked as not finished, so that the next call works on their files again;
3. the new passages; nobody sees one before the head of its document names its version;
4. the documents: first their bodies, then their heads. From here on the new version is there and the old one is not;
5. the removal of passages, heads and bodies, in this order;
6. the sources that are finished.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.index.milvus import rows
from rag.index.milvus.client import Client, Row
from rag.index.milvus.store import MilvusStore
from rag.index.milvus.weighing import Scale
from rag.index.rows import Source
from rag.index.truth import Reused

__all__ = ["Transaction", "note"]


def note(client: Client, values: Mapping[str, str]) -> None:
    """Set entries of `meta`."""
    client.put(client.records, [rows.record(rows.META[name], "meta", one) for name, one in values.items()])


class Transaction:
    """Collects rows until it is sent."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self.counted: dict[int, int] = {}
        """How many documents a source has from now on."""
        self.passages: dict[int, Row] = {}
        """By id, with counts in place of weights."""
        self.documents: dict[int, tuple[Any, list[Row]]] = {}
        """The head of each and the rows of its body."""
        self.leaving: dict[int, int] = {}
        """The content that each document has had which is removed or replaced."""
        self.gone: set[int] = set()
        self.bodies_gone: list[str] = []
        self.heads_gone: set[int] = set()
        self.sources_gone: set[int] = set()
        self.contents: dict[bytes, Sequence[Reused]] = {}
        """Vectors and looks of contents that have come."""

    def send(self, client: Client, truth: MilvusStore, scale: Scale) -> bool:
        """Whether passages or documents have changed, so that the generation was raised."""
        changes = bool(self.passages or self.documents or self.gone or self.heads_gone)
        if changes:
            self._send_documents(client, truth, scale)
        client.delete(client.records, [f"source/{key}" for key in self.sources_gone])
        finished = {key: one for key, one in self.sources.items() if one.complete}
        known = truth.each_source()
        recounted = {key: known[key][0] for key in self.counted if key in known and key not in self.sources}
        self._put_sources(client, truth, recounted | finished)
        return changes

    def _send_documents(self, client: Client, truth: MilvusStore, scale: Scale) -> None:
        records, passages = client.records, client.passages
        note(client, {"generation": str(truth.generation + 1)})
        self._put_sources(client, truth, {key: replace(one, complete=False) for key, one in self.sources.items()})
        gone, coming = sorted(self.gone - self.passages.keys()), list(self.passages.values())
        scale.weigh(coming, gone, *(self._turnover(truth) if scale.known else (set(), set())))
        client.put(passages, coming)
        client.put(records, [part for _, parts in self.documents.values() for part in parts])
        client.put(records, [_head_row(key, head) for key, (head, _) in self.documents.items()])
        client.delete(passages, gone)
        client.delete(records, [f"document/{key}" for key in self.heads_gone])
        client.delete(records, self.bodies_gone)

    def _turnover(self, truth: MilvusStore) -> tuple[set[int], set[int]]:
        """Documents with whose passages a content comes in, and those with whose it goes out."""
        coming = {key: head["content"] for key, (head, body) in self.documents.items() if body}
        before = truth.holders({*coming.values(), *self.leaving.values()})
        after = {content: there - self.leaving.keys() for content, there in before.items()}
        for key, content in coming.items():
            after.setdefault(content, set()).add(key)
        entering = {content: key for key, content in coming.items() if content not in before}
        ending = {content: key for key, content in self.leaving.items() if content in before and not after[content]}
        return set(entering.values()), set(ending.values())

    def _put_sources(self, client: Client, truth: MilvusStore, sources: Mapping[int, Source]) -> None:
        client.put(client.records, [self._source_row(truth, key, one) for key, one in sources.items()])

    def _source_row(self, truth: MilvusStore, key: int, one: Source) -> Row:
        known = truth.each_source()
        documents = self.counted.get(key, known[key][1] if key in known else 0)
        known[key] = one, documents
        data = [one.path, one.location, one.size, one.mtime_ns, one.sha256, one.complete]
        return rows.record(f"source/{key}", "source", rows.packed([data, documents]), name=rows.key(one.path))


def _head_row(number: int, head: Any) -> Row:
    site = rows.key("site", head["site"]) if head["site"] else 0
    where = {"parent": head["source"], "name": rows.key(head["doc_id"]), "site": site}
    own = {name: head[name] for name in ("content", "version", "line")}
    kept = {name: one for name, one in head.items() if name not in ("content", "version", "source", "line")}
    return rows.record(f"document/{number}", "document", rows.packed(kept), **where, **own)
