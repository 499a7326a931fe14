"""Lexical search with tantivy over the terms of `rag.script`, in a folder that can be made again from the truth."""

import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import tantivy

from rag.protocols import Ids
from rag.script import joined_terms

__all__ = ["TermIndex", "local_idf"]

_HEAP = 64_000_000
_TOGETHER = 500  # texts, for which the numpy in `joined_terms` pays
_REMEMBERED = 100_000  # frequencies of terms, some 10 MB
_WALKED = 200_000
"""Occurrences of a question's terms from which the heaviest choose: a million passages take a fifth of the time.

The best ten of forty questions over them were the same as with all terms, and 154 of the best 200.
"""
_CHOOSING = 0.65  # of the weight of a question's terms
_SOME = 1000  # passages that are looked up one by one
_WIDER = 25  # times as many as wanted are looked at before those that a filter lets through are walked through
_EXACT = 5_000
"""Passages that are indexed again in a second (measured: 6000 a second on one core)."""


def local_idf(documents: int, frequency: int) -> float:
    """BM25's weight of a term that occurs in `frequency` of `documents` (Robertson and Zaragoza 2009, with +1)."""
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


class TermIndex:
    """BM25 (k1 1.2, b 0.75, as tantivy has them) with weights given by the caller, term by term.

    Tantivy multiplies each term by the weight that it has in this index alone; the caller's weight takes its place, so
    that five articles are ranked with the sense of a large corpus.

    Tantivy counts removed passages in its statistics until it happens to merge them away: in the number of documents,
    in frequencies and in the mean length. Here the first two are made good in `search`, for which every passage has one
    term in a field `all`, whose frequency is tantivy's own number of documents. The mean length cannot be made good, so
    small indexes, and large ones when it matters, are made again instead: `outworn` says when.
    """

    def __init__(self, folder: Path | None) -> None:
        """In `folder`, or in memory without one. Raises OSError where what is there is not such an index."""
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("key", stored=False, indexed=True, fast=True)
        builder.add_text_field("terms", stored=False, tokenizer_name="whitespace", index_option="freq")
        builder.add_text_field("all", stored=False, tokenizer_name="raw", index_option="basic")
        self._schema = builder.build()
        self.folder = folder
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, None if folder is None else str(folder))
            whitespace = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
            self._index.register_tokenizer("whitespace", whitespace)
            self._see()
        except ValueError as problem:
            raise OSError(str(problem)) from problem

    def _see(self) -> None:
        """Look at what is committed."""
        self._searcher = self._index.searcher()
        self._documents = int(self._searcher.num_docs)
        self._counted = int(self._searcher.doc_freq("all", "x"))  # with those removed that tantivy still counts
        self._frequencies: dict[str, int] = {}
        self._without_removed: dict[str, int] = {}

    @classmethod
    def empty(cls, folder: Path | None) -> "TermIndex":
        """A new index in place of whatever is at `folder`."""
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        return cls(folder)

    @classmethod
    def successor(cls, before: Path, folder: Path) -> "TermIndex":
        """The index at `before` again, at `folder`, to be changed there. Tantivy never changes a segment's file."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path in before.iterdir():
            if path.suffix == ".json":  # its lists of segments and files
                shutil.copyfile(path, folder / path.name)
            elif not path.name.startswith("."):
                try:
                    os.link(path, folder / path.name)
                except OSError:
                    shutil.copyfile(path, folder / path.name)
        return cls(folder)

    @classmethod
    def for_reading(cls, folder: Path) -> "TermIndex":
        """What is at `folder`; where that may not be written a copy of it, for tantivy makes files even to read."""
        try:
            return cls(folder)
        except OSError:
            if os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                raise  # there it is something else that is wrong
        copy = Path(tempfile.mkdtemp(prefix="rag-terms-"))
        try:
            for path in cls.files(folder):
                shutil.copyfile(path, copy / path.name)
            index = cls(copy)
        except OSError:
            shutil.rmtree(copy, ignore_errors=True)
            raise
        weakref.finalize(index, shutil.rmtree, copy, ignore_errors=True)
        index.folder = None  # it follows no changes
        return index

    @staticmethod
    def files(folder: Path) -> list[Path]:
        """What a checksum of an index at `folder` is made of."""
        return [path for path in folder.iterdir() if not path.name.startswith(".")]

    def __len__(self) -> int:
        return self._documents

    def totals(self) -> tuple[int, int]:
        """Number and sum of the ids."""
        if not len(self):
            return 0, 0
        asked = {"sum": {"sum": {"field": "key"}}}
        return len(self), int(self._searcher.aggregate(tantivy.Query.all_query(), asked)["sum"]["value"])

    def outworn(self, removed: int) -> bool:
        """Whether, after this many more removals, making it again is better than going on."""
        dead = self._counted - len(self) + removed
        return dead > 0 and (len(self) <= _EXACT or dead > self._counted // 20)

    def change(self, added: Iterable[tuple[int, str]], removed: Iterable[int]) -> None:
        """Remove the passages of these ids, add these texts under their ids, and make both visible; or OSError."""
        try:
            with self._index.writer(_HEAP, 1) as writer:
                gone = list(removed)
                if gone:  # by query: deletion by term misses unsigned fields in tantivy 0.27
                    writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "key", gone))
                rows = iter(added)
                while some := list(islice(rows, _TOGETHER)):
                    for (key, _), text in zip(some, joined_terms([text for _, text in some]), strict=True):
                        document = tantivy.Document()
                        document.add_unsigned("key", key)
                        document.add_text("terms", text)
                        document.add_text("all", "x")
                        writer.add_document(document)
            self._index.reload()
        except ValueError as problem:
            raise OSError(str(problem)) from problem
        self._see()

    def frequency(self, term: str) -> int:
        """In how many passages `term` occurs."""
        if self._counted == len(self):
            return self._with_removed(term)
        found = self._without_removed.get(term)
        if found is None:
            if len(self._without_removed) >= _REMEMBERED:
                self._without_removed.clear()
            query = tantivy.Query.term_query(self._schema, "terms", term, "freq")
            found = self._without_removed[term] = int(self._searcher.search(query, 1, count=True).count)
        return found

    def _with_removed(self, term: str) -> int:
        """The same with those removed that tantivy still counts."""
        found = self._frequencies.get(term)
        if found is None:
            if len(self._frequencies) >= _REMEMBERED:
                self._frequencies.clear()
            found = self._frequencies[term] = int(self._searcher.doc_freq("terms", term))
        return found

    def search(self, weights: Mapping[str, float], k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Ids and scores of the best passages: the sum over terms of weight times saturated frequency (at most 2.2).

        Where the terms occur so often that to walk through all of them takes long, those that weigh most choose the
        passages, and the others then count for these alone. Where those choose `k`, no passage without any is found.
        """
        frequencies = {term: self._with_removed(term) for term, weight in weights.items() if weight > 0}
        there = {term: weights[term] for term, frequency in frequencies.items() if frequency}
        if not there:
            return []
        few = among is not None and len(among) <= _SOME  # each is looked up anyway
        if few or sum(frequencies.values()) <= _WALKED:
            return self._best(there, k, among)
        heavy = _heaviest(there, _CHOOSING)
        found = self._best(heavy, k, among)
        if len(found) < k:  # these are rare: there is room for passages that have but the others
            return self._best(there, k, among)
        light = {term: weight for term, weight in there.items() if term not in heavy}
        more = dict(self._found(self._each(light, self._these([key for key, _ in found])), k)) if light else {}
        return sorted(((key, score + more.get(key, 0.0)) for key, score in found), key=lambda one: (-one[1], one[0]))

    def _best(self, weights: Mapping[str, float], k: int, among: Ids | None) -> list[tuple[int, float]]:
        some = [self._term(term, weight) for term, weight in weights.items()]
        found = tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in some])
        if among is None:
            return self._found(found, k)
        if len(among) <= _SOME:
            scored = self._found(self._each(weights, self._these(among.tolist())), k)
            return [(key, score) for key, score in scored if score > 0]
        wider = 2 * k * len(self) // len(among)
        if wider <= _WIDER * k:  # many are allowed: these are likely among the best
            allowed = [one for one in self._found(found, wider) if _holds(among, one[0])]
            if len(allowed) >= k:
                return allowed[:k]
        both = [(tantivy.Occur.Must, found), (tantivy.Occur.Must, self._these(among.tolist()))]
        return self._found(tantivy.Query.boolean_query(both), k)

    def _term(self, term: str, weight: float) -> tantivy.Query:
        """This weight in place of tantivy's own."""
        query = tantivy.Query.term_query(self._schema, "terms", term, "freq")
        return tantivy.Query.boost_query(query, weight / local_idf(self._counted, self._with_removed(term)))

    def _these(self, keys: Sequence[int]) -> tantivy.Query:
        """The passages of these ids, with a score of 0."""
        if len(keys) <= _SOME:  # six times as quick as the other
            each = [tantivy.Query.term_query(self._schema, "key", key, "basic") for key in keys]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in each])
        else:
            query = tantivy.Query.term_set_query(self._schema, "key", keys)
        return tantivy.Query.const_score_query(query, 0.0)

    def _each(self, weights: Mapping[str, float], only: tantivy.Query) -> tantivy.Query:
        """The passages of `only` with the scores of these terms.

        Each term is asked about each passage, for which tantivy looks the passage up in the term's list. A union of
        terms would walk through thousands of passages around each of them.
        """
        every = tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0)
        must, should = tantivy.Occur.Must, tantivy.Occur.Should
        terms = (self._term(term, weight) for term, weight in weights.items())
        asked = [(must, tantivy.Query.boolean_query([(must, every), (should, term)])) for term in terms]
        return tantivy.Query.boolean_query([(must, only), *asked])

    def _found(self, query: tantivy.Query, k: int) -> list[tuple[int, float]]:
        hits = self._searcher.search(query, k, count=False).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        return [(int(key), float(score)) for key, (score, _) in zip(keys, hits, strict=True)]


def _heaviest(weights: Mapping[str, float], share: float) -> dict[str, float]:
    """The terms that weigh most, as many as have this share of the weight together."""
    wanted, kept = share * sum(weights.values()), dict[str, float]()
    for term, weight in sorted(weights.items(), key=lambda one: (-one[1], one[0])):
        if wanted <= 0:
            break
        kept[term] = weight
        wanted -= weight
    return kept


def _holds(keys: Ids, key: int) -> bool:
    """Whether `key` is one of `keys`, which are in order."""
    at = int(np.searchsorted(keys, key))
    return at < len(keys) and int(keys[at]) == key
