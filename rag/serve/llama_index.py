"""A LlamaIndex retriever over an index: `RagRetriever(rag.Library("indexes/mine")).retrieve(question)`."""

from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.library import Library
from rag.wire import hit_record

__all__ = ["RagRetriever"]


class RagRetriever(BaseRetriever):
    """Passages as LlamaIndex nodes, best first.

    A node's text is the passage as cleaned; `metadata` the rest of the hit, with `source`, `start` and `end` of its
    stretch of the original, of which a language model is shown the title and the date alone.
    """

    def __init__(self, library: Library, k: int = 10, **filters: Any) -> None:
        """`filters` go to `Library.search`: `since`, `until`, `under`, `site`, `mmr`."""
        super().__init__()
        self._library, self._k, self._filters = library, k, filters

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._library.search(query_bundle.query_str, self._k, **self._filters)
        return [_node(hit_record(hit)) for hit in hits]


def _node(record: dict[str, Any]) -> NodeWithScore:
    text, score = record.pop("text"), record["score"]
    hidden = [name for name in record if name not in ("title", "date")]
    node = TextNode(
        id_=record["passage_id"],
        text=text,
        metadata=record,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
    )
    return NodeWithScore(node=node, score=score)
