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
it, all are counted anew. Each row says with which mean length it was weighed; those that it has moved away from by more
than `weighing.DRIFT` are written anew at the end of the run.

Each document has passages of its own, so that filters see its source and date and no two writers share a row. Of
those with the same content a search takes one, and the terms of one are counted.

Not here: users, roles, TLS. Milvus's own index of the vectors (AUTOINDEX, an HNSW) decides how much of a large
collection is looked at; an operator may choose another, for nothing here depends on which it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from rag.errors import IndexUnusable, NotFound
from rag.index import Filters, embedding_text
from rag.index.address import Address
from rag.index.milvus.client import Client
from rag.index.milvus.rows import condition
from rag.index.milvus.search import MilvusTerms, MilvusVectors, Searched, counts_of
from rag.index.milvus.staging import MilvusStaging
from rag.index.milvus.statistics import Statistics, Tally, bits_for
from rag.index.milvus.store import MilvusStore
from rag.index.milvus.weighing import DRIFT, Scale, counted, saturated
from rag.index.model import Bound
from rag.protocols import Embedder, Ids

__all__ = ["SEALED", "MilvusIndex", "exists"]

T = TypeVar("T")

SEALED = 500
"""Passages that a run has written for the server to index them at its end, and not at some later time of its own."""

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
                self.staging().note(format=FORMAT, generation="0", statistics=Statistics(0).written())
            if (found := self.truth.meta.get("format")) != FORMAT:
                raise IndexUnusable(f"{at} has format {found}, this program reads {FORMAT}", "name another collection")
        except BaseException:
            self._client.close()
            raise
        self._counts = -1, counts_of(self._client, Statistics(-1))
        self._bound = ""

    def another(self) -> "MilvusIndex":
        """The same index with a connection of its own, for another thread."""
        return MilvusIndex(self.path)

    def close(self) -> None:
        """Let go of the connection."""
        self.truth.close()

    def staging(self) -> MilvusStaging:
        """See `rag.index.model.Bound`."""
        return MilvusStaging(self._client, self.truth, Scale(self._client, Statistics(-1), known=False))

    def bind(self, embedder: Embedder) -> None:
        """See `rag.index.model.Bound`; now that the width of vectors is known, passages have a place."""
        if self._bound != embedder.fingerprint:
            super().bind(embedder)
            self._client.create_passages(embedder.dimensions)
            self._bound = embedder.fingerprint

    # -- reading

    def read(self, work: Callable[[], T]) -> T:
        """What `work` gives. Milvus keeps no state for a reader: half-written documents are left out instead."""
        with self.truth.once():
            return work()

    @property
    def vectors(self) -> MilvusVectors:
        """All vectors."""
        return MilvusVectors(Searched(self._client, "", self.truth.copies, self.truth.statistics), self.truth.size)

    @property
    def terms(self) -> MilvusTerms:
        """All terms."""
        found, counts = self._known()
        return MilvusTerms(Searched(self._client, "", self.truth.copies, found), counts)

    def within(self, filters: Filters | None) -> tuple[MilvusVectors, MilvusTerms, Ids | None]:
        """Both sides of a search; the filters are part of them."""
        found, counts = self._known()
        where = condition(filters, self.truth.each_source) if filters else ""
        searched = Searched(self._client, where, self.truth.copies, found)
        return MilvusVectors(searched, self.truth.size), MilvusTerms(searched, counts), None

    def _known(self) -> tuple[Statistics, Callable[[str], tuple[Ids, Ids]]]:
        """What is counted; what was read before a new generation is let go of."""
        found = self.truth.statistics
        if self._counts[0] != found.generation:
            self._counts = found.generation, counts_of(self._client, found)
            self.truth.forget()
        return found, self._counts[1]

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[MilvusStaging]:
        """What is written in the block is seen as soon as it is sent; its end brings what is counted in step with it.

        Where the block fails, what was sent stays, and the next one counts anew.
        """
        self.truth.forget()
        before = self.truth.statistics
        scale = Scale(self._client, before, known=before.generation == self.truth.generation)
        staging = MilvusStaging(self._client, self.truth, scale)
        yield staging
        now = self.truth.generation
        if now == before.generation:
            return
        tally = scale.tally
        alone = now == before.generation + staging.raised  # else one was cut off, or others write as well
        if tally is None or not alone:
            tally, scale = self._counted_anew()
        self._write(tally, scale, before, now)
        if staging.written >= SEALED or not alone:
            with suppress(IndexUnusable):  # all is there, and found more slowly
                self._client.seal()

    def publish(self) -> None:
        """Nothing: what was sent is seen."""

    def _counted_anew(self) -> tuple[Tally, Scale]:
        tally, scale = Tally(), Scale(self._client, Statistics(-1), known=False)
        tally.touched[:] = True
        seen: set[int] = set()
        for row in self._client.each(self._client.passages, "id >= 0", ["id", "content", "terms", "length", "mean"]):
            tally.rows += 1
            scale.used(row["mean"])
            if row["content"] not in seen:
                seen.add(row["content"])
                tally.add(row["terms"], row["length"])
        return tally, scale

    def _write(self, tally: Tally, scale: Scale, before: Statistics, generation: int) -> None:
        mean = tally.tokens / max(tally.passages, 1)
        if mean and not mean * (1 - DRIFT) <= scale.shortest <= scale.longest <= mean * (1 + DRIFT):
            low, high = mean * (1 - DRIFT / 2), mean * (1 + DRIFT / 2)
            self._weigh_again(mean, f"mean < {low!r} or mean > {high!r}")
            scale.shortest, scale.longest = min(max(scale.shortest, low), mean), max(min(scale.longest, high), mean)
        bits = bits_for(tally)
        totals = (tally.rows, tally.passages, tally.tokens)
        after = Statistics(generation, *totals, bits, scale.shortest, scale.longest)
        self._client.put(self._client.records, after.packed(tally, before))
        self.staging().note(statistics=after.written())
        if before.generation >= 0 and before.bits != bits:
            self._client.delete(self._client.records, before.keys())

    def _weigh_again(self, mean: float, where: str) -> None:
        waiting: list[dict[str, Any]] = []
        for row in self._client.each(self._client.passages, where, ["*"]):
            shown = self.truth.shown(row)
            counts, length = counted(embedding_text(shown.title, shown.text))
            row |= {"folders": list(row["folders"]), "sites": list(row["sites"])}
            row |= {"terms": saturated(counts, length, mean), "mean": mean}
            waiting.append(row)
            if len(waiting) >= _TOGETHER:
                self._client.put(self._client.passages, waiting)
                waiting = []
        self._client.put(self._client.passages, waiting)


FORMAT = "2"
"""Of the rows in both collections."""
