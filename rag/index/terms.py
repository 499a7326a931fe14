"""Lexical search with tantivy over the terms of `rag.script`, in a folder that can be made again from the truth."""

import math
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import tantivy

from rag.protocols import Ids
from rag.script import terms

__all__ = ["TermIndex", "local_idf"]

_HEAP = 64_000_000


def local_idf(documents: int, frequency: int) -> float:
    """BM25's weight of a term that occurs in `frequency` of `documents` (Robertson and Zaragoza 2009, with +1)."""
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


class TermIndex:
    """BM25 (k1 1.2, b 0.75, as tantivy has them) with weights given by the caller, term by term.

    Tantivy multiplies each term by the weight that it has in this index alone; the caller's weight takes its place, so
    that five articles are ranked with the sense of a large corpus.
    """

    def __init__(self, folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("key", stored=False, indexed=True, fast=True)
        builder.add_text_field("terms", stored=False, tokenizer_name="whitespace", index_option="freq")
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, str(folder))
        whitespace = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("whitespace", whitespace)
        self._searcher = self._index.searcher()

    @classmethod
    def empty(cls, folder: Path) -> "TermIndex":
        """A new index in place of whatever is at `folder`."""
        shutil.rmtree(folder, ignore_errors=True)
        return cls(folder)

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def change(self, added: Iterable[tuple[int, str]], removed: Iterable[int]) -> None:
        """Remove the passages of these ids, add these texts under their ids, and make both visible."""
        with self._index.writer(_HEAP, 1) as writer:
            gone = list(removed)
            if gone:  # by query: deletion by term misses unsigned fields in tantivy 0.27
                writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "key", gone))
            for key, text in added:
                document = tantivy.Document()
                document.add_unsigned("key", key)
                document.add_text("terms", " ".join(terms(text)))
                writer.add_document(document)
        self._index.reload()
        self._searcher = self._index.searcher()

    def frequency(self, term: str) -> int:
        """In how many passages `term` occurs."""
        return int(self._searcher.doc_freq("terms", term))

    def search(self, weights: Mapping[str, float], k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Ids and scores of the best passages: the sum over terms of weight times saturated frequency (at most 2.2)."""
        if not len(self):
            return []
        clauses = []
        for term, weight in weights.items():
            frequency = self.frequency(term)
            if frequency and weight > 0:
                query = tantivy.Query.term_query(self._schema, "terms", term, "freq")
                boost = weight / local_idf(len(self), frequency)
                clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(query, boost)))
        if not clauses:
            return []
        query = tantivy.Query.boolean_query(clauses)
        if among is not None:
            allowed = tantivy.Query.term_set_query(self._schema, "key", among.tolist())
            only = tantivy.Query.const_score_query(allowed, 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])
        hits = self._searcher.search(query, k, count=False).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        return [(int(key), float(score)) for key, (score, _) in zip(keys, hits, strict=True)]
