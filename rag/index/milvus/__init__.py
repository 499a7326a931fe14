"""An index in Milvus: for more articles than one machine holds, or for several machines that ask the same ones.

All of it is in Milvus, so that another machine needs the address and nothing else to search, ask and cite. There are
two collections. COLLECTION has a row for each passage: its vector, its terms as a sparse vector, what filters look at,
and what is shown of it. COLLECTION_records has what SQLite has in a folder: notes, sources, and documents with their
original and edits, so that a citation is proven against the original as stored, wherever the file is by now. It takes
the place of both the truth and what is derived from it: there is nothing to be made again, and no lock. The files of a
run that was cut off are worked on again, which writes the same rows again. So several machines may index at once, each
its own files: that is how much is embedded, and it needs no other engine (milvus-lite alone wants one writer).

Ranking is that of a folder. Vectors are compared by the same inner product, of the same float16 numbers. A sparse
vector holds BM25's saturated frequencies, and a question's holds the weights of its terms, so that their inner product
is what tantivy gives. For that the mean length of all passages must be known, and for the weights how many passages
have a term. Both are counted as passages come and go (`statistics`); where a run was cut off, or another went on beside
it, all are counted anew. When the mean length has moved by more than `DRIFT`, the sparse vectors are written anew at
the end of the run.

Not here: users, roles, TLS. Milvus's own index of the vectors (AUTOINDEX) decides how much of a very large collection
is looked at; an operator may choose another, for nothing here depends on which it is.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from rag.errors import IndexUnusable, NotFound
from rag.index import Filters, embedding_text
from rag.index.address import Address
from rag.index.milvus.client import Client
from rag.index.milvus.search import MilvusTerms, MilvusVectors, counts_of
from rag.index.milvus.staging import MilvusStaging
from rag.index.milvus.statistics import Statistics, Tally, bits_for, weights
from rag.index.milvus.store import MilvusStore
from rag.index.model import Bound
from rag.protocols import Embedder, Ids
from rag.script import terms

__all__ = ["DRIFT", "MilvusIndex", "exists"]

T = TypeVar("T")

DRIFT = 0.005
"""Change of the mean length that sparse vectors are written anew for: it moves no weight by more than a third of it."""

_TOGETHER = 1000


def exists(at: Address) -> bool:
    """Whether there is an index at this address."""
    client = Client(at)
    try:
        return client.exists()
    finally:
        client.close()


class MilvusIndex(Bound[Address, MilvusStore]):
    """The index at the address `at`; `create` makes it if it is not there."""

    travels = True

    def __init__(self, at: Address, *, create: bool = False) -> None:
        self.path = at
        self._client = Client(at)
        try:
            if create:
                self._client.create_records()
            elif not self._client.exists():
                raise NotFound(f"no index at {at}", f"build one with: rag index PATH --index {at}")
            self.truth = MilvusStore(self._client)
            if create and "format" not in self.truth.meta:
                self.staging().note(format=FORMAT, generation="0")
            if (found := self.truth.meta.get("format")) != FORMAT:
                raise IndexUnusable(f"{at} has format {found}, this program reads {FORMAT}", "name another collection")
        except BaseException:
            self._client.close()
            raise
        self._counts = -1, counts_of(self._client)
        self._written_with = 0.0
        self._bound = ""

    def another(self) -> "MilvusIndex":
        """The same index with a connection of its own, for another thread."""
        return MilvusIndex(self.path)

    def close(self) -> None:
        """Let go of the connection."""
        self.truth.close()

    def staging(self) -> MilvusStaging:
        """See `rag.index.model.Bound`."""
        return MilvusStaging(self._client, self.truth, self._mean)

    def bind(self, embedder: Embedder) -> None:
        """See `rag.index.model.Bound`; now that the width of vectors is known, passages have a place."""
        if self._bound != embedder.fingerprint:
            super().bind(embedder)
            self._client.create_passages(embedder.dimensions)
            self._bound = embedder.fingerprint

    # -- reading

    def read(self, work: Callable[[], T]) -> T:
        """What `work` gives. Milvus keeps no state for a reader: half-written documents are left out instead."""
        return work()

    @property
    def vectors(self) -> MilvusVectors:
        """All vectors."""
        return MilvusVectors(self._client, "")

    @property
    def terms(self) -> MilvusTerms:
        """All terms."""
        return self._terms("")

    def within(self, filters: Filters | None) -> tuple[MilvusVectors, MilvusTerms, Ids | None]:
        """Both sides of a search; the filters are part of them."""
        terms = self._terms("")
        where = self.truth.condition(filters) if filters else ""
        return MilvusVectors(self._client, where), terms.within(where), None

    def _terms(self, where: str) -> MilvusTerms:
        found = Statistics.read(self.truth.meta.get("statistics"))
        if self._counts[0] != found.generation:
            self._counts = found.generation, counts_of(self._client)
            self.truth.forget()
        return MilvusTerms(self._client, where, found, self._counts[1])

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[MilvusStaging]:
        """What is written in the block is seen as soon as it is sent; its end brings what is counted in step with it.

        Where the block fails, what was sent stays, and the next one counts anew.
        """
        self.truth.forget()
        before = Statistics.read(self.truth.meta.get("statistics"))
        self._written_with = 0.0
        staging = self.staging()
        staging.tally = before.tally(self._client) if before.generation == self.truth.generation else None
        yield staging
        tally, now = staging.tally, self.truth.generation
        if tally is None or now != before.generation + staging.raised:  # others have written as well
            tally = Tally()
            for row in self._client.each(self._client.passages, "id >= 0", ["id", "terms", "length"]):
                tally.add(row["terms"], row["length"])
        elif not staging.raised:
            return
        self._write(tally, before, now)

    def publish(self) -> None:
        """Nothing: what was sent is seen."""

    def _mean(self, texts: Sequence[str]) -> float:
        """The mean length that all weights in the index are worked out with; in a new one that of the first batch."""
        if not self._written_with:
            noted = self.truth.meta.get("mean") or repr(sum(len(terms(text)) for text in texts) / len(texts))
            self.staging().note(mean=noted)
            self._written_with = float(noted)
        return self._written_with

    def _write(self, tally: Tally, before: Statistics, generation: int) -> None:
        mean = tally.tokens / max(tally.passages, 1)
        if mean and abs(mean / float(self.truth.meta.get("mean", mean)) - 1) > DRIFT:
            self._weigh_again(mean)
            self.staging().note(mean=repr(mean))
        bits = bits_for(tally)
        after = Statistics(generation, tally.passages, tally.tokens, bits)
        self._client.put(self._client.records, after.rows(tally))
        self.staging().note(statistics=after.written())
        if before.generation >= 0 and before.bits != bits:
            old = [f"terms/{before.bits}/{number}" for number in range(2**before.bits)]
            self._client.delete(self._client.records, old)

    def _weigh_again(self, mean: float) -> None:
        waiting: list[dict[str, Any]] = []
        for row in self._client.each(self._client.passages, "id >= 0", ["*"]):
            shown = self.truth.shown(row)
            row |= {"folders": list(row["folders"]), "sites": list(row["sites"])}
            row["terms"] = weights(embedding_text(shown.title, shown.text), mean)[0] or row["terms"]
            waiting.append(row)
            if len(waiting) >= _TOGETHER:
                self._client.put(self._client.passages, waiting)
                waiting = []
        self._client.put(self._client.passages, waiting)


FORMAT = "1"
"""Of the rows in both collections."""
