"""A LangChain retriever over an index: `RagRetriever(library=rag.Library("indexes/mine")).invoke(question)`."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from rag.library import Library
from rag.wire import hit_record

__all__ = ["RagRetriever"]


class RagRetriever(BaseRetriever):
    """Passages as LangChain documents, best first.

    `page_content` is the passage as cleaned; `metadata` the rest of the hit, with `source`, `start` and `end` of its
    stretch of the original. `filters` go to `Library.search`: `since`, `until`, `under`, `site`, `mmr`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    k: int = 10
    filters: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        records = [hit_record(hit) for hit in self.library.search(query, self.k, **self.filters)]
        return [Document(id=one["passage_id"], page_content=one.pop("text"), metadata=one) for one in records]
