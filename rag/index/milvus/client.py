"""Milvus as this package uses it: two collections, whole pages of rows, and errors that say what to do."""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rag.errors import IndexUnusable
from rag.index.address import Address

__all__ = ["PAUSES", "Client", "Row"]

Row = dict[str, Any]

_PAGE = 1000  # rows of one answer; far below the 16,384 and the 64 MiB that Milvus allows
_WRITTEN = 500  # rows of one request: about 3 MB
_SECONDS = 30.0  # for a request
_AWAY = (1, 2)  # codes of pymilvus: unexpected error of the connection, connection failed
_NOT_LOADED = 101
PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds before what failed because the server was away is asked again, as when it is started anew."""
_LONGEST = 65_535  # bytes of a VARCHAR


class Client:
    """Connected to the server at `at`, or to a file that milvus-lite opens in this process.

    `passages` and `records` are the names of the collections. Every method raises IndexUnusable when the server is away
    or refuses.
    """

    def __init__(self, at: Address) -> None:
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes to standard error on its own
        self.at = at
        self.passages, self.records = at.collection, f"{at.collection}_records"
        try:
            import pymilvus
        except ImportError as problem:
            raise IndexUnusable("pymilvus is not installed", "pip install 'rag[milvus]'") from problem
        self._milvus = pymilvus
        self._there: set[str] = set()  # collections that were seen
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)  # what is wrong is said once, by who asked
        logging.getLogger("milvus_lite").setLevel(logging.CRITICAL + 1)
        for pause in (*PAUSES[:2], None):  # an idle connection to milvus-lite is cut, and the next call is told so
            try:
                self._client = pymilvus.MilvusClient(at.uri, timeout=_SECONDS)
                break
            except (pymilvus.MilvusException, ConnectionError) as problem:
                if pause is None:
                    raise self._explained(problem, True) from problem
                time.sleep(pause)
        self._load()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _asked(self, what: str, *arguments: Any, **named: Any) -> Any:
        """A call of the client's method; a collection that the server has let go of, as after its start, is loaded."""
        import grpc

        for pause in (*PAUSES, None):
            try:
                return getattr(self._client, what)(*arguments, timeout=_SECONDS, **named)
            except (self._milvus.MilvusException, grpc.RpcError, ConnectionError) as problem:
                code = getattr(problem, "code", _AWAY[0])
                away = not isinstance(problem, self._milvus.MilvusException) or code in _AWAY
                if pause is None or not (away or code == _NOT_LOADED):
                    raise self._explained(problem, away) from problem
                if away:  # all that is asked may be asked again
                    time.sleep(pause)
                else:
                    self._load()
        return None

    def _load(self) -> None:
        for name in (self.passages, self.records):
            if self._has(name):
                self._asked("load_collection", name)

    def _explained(self, problem: Exception, away: bool) -> IndexUnusable:
        said = str(getattr(problem, "message", problem)).strip().splitlines()
        if away:
            next_step = "start it, or check the address; what was acknowledged is kept, and the same call goes on"
            return IndexUnusable(f"the Milvus of {self.at} does not answer: {said[0]}", next_step)
        return IndexUnusable(
            f"the Milvus of {self.at} refused: {said[0]}", "see its log; the same call goes on from there"
        )

    # -- the collections

    def exists(self) -> bool:
        """Whether there is an index; its passages have a collection from when it is known how wide vectors are."""
        return self._has(self.records)

    def _has(self, name: str) -> bool:
        if name not in self._there and self._asked("has_collection", name):
            self._there.add(name)
        return name in self._there

    def create_records(self) -> None:
        """The collection of all that is no passage. Milvus wants a vector in each collection: here it says nothing."""
        kind = self._milvus.DataType
        schema = self._milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("key", kind.VARCHAR, is_primary=True, max_length=128)
        schema.add_field("kind", kind.VARCHAR, max_length=16)
        for name in ("parent", "name", "site", "content", "version", "line"):
            schema.add_field(name, kind.INT64)
        schema.add_field("data", kind.VARCHAR, max_length=_LONGEST)
        schema.add_field("nothing", kind.FLOAT_VECTOR, dim=2)
        self._create(self.records, schema, {"nothing": ("FLAT", "L2")}, ("kind", "parent", "name", "site", "content"))

    def create_passages(self, dimensions: int) -> None:
        """The collection of passages. An operator may give it another index: nothing here depends on which it is."""
        kind = self._milvus.DataType
        schema = self._milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", kind.INT64, is_primary=True)
        for name in ("document", "version", "source", "content", "length"):
            schema.add_field(name, kind.INT64)
        schema.add_field("mean", kind.DOUBLE)
        schema.add_field("date", kind.VARCHAR, max_length=64)
        for name in ("folders", "sites"):
            schema.add_field(name, kind.ARRAY, element_type=kind.VARCHAR, max_capacity=64, max_length=4096)
        schema.add_field("vector", kind.FLOAT_VECTOR, dim=dimensions)
        schema.add_field("terms", kind.SPARSE_FLOAT_VECTOR)
        schema.add_field("data", kind.VARCHAR, max_length=_LONGEST)
        vectors = {"vector": ("AUTOINDEX", "IP"), "terms": ("SPARSE_INVERTED_INDEX", "IP")}
        self._create(self.passages, schema, vectors, ("document", "source", "date"))

    def _create(self, name: str, schema: Any, vectors: Mapping[str, tuple[str, str]], scalars: Sequence[str]) -> None:
        if not self._has(name):
            self._asked("create_collection", name, schema=schema, consistency_level="Strong")
        if len(self._asked("list_indexes", name)) == len(vectors) + len(scalars):
            return
        indexes = self._client.prepare_index_params()
        for field, (index, metric) in vectors.items():
            indexes.add_index(field_name=field, index_type=index, metric_type=metric)
        for field in scalars:
            indexes.add_index(field_name=field, index_type="INVERTED")
        self._asked("create_index", name, indexes, sync=False)  # there is nothing yet to wait for
        self._asked("load_collection", name)

    # -- rows

    def put(self, collection: str, rows: Sequence[Row]) -> None:
        """Insert rows, each in place of the one with its key; acknowledged when this returns."""
        for at in range(0, len(rows), _WRITTEN):
            self._asked("upsert", collection, list(rows[at : at + _WRITTEN]))

    def seal(self) -> None:
        """Have what was written indexed now. Until then each search goes through all of it, row by row."""
        for name in (self.passages, self.records):
            self._asked("flush", name)

    def delete(self, collection: str, keys: Sequence[int] | Sequence[str]) -> None:
        """Remove rows by key; those that are not there do not matter."""
        for at in range(0, len(keys), _PAGE):
            self._asked("delete", collection, ids=list(keys[at : at + _PAGE]))

    def get(self, collection: str, keys: Sequence[int] | Sequence[str], fields: Sequence[str]) -> list[Row]:
        """Rows by key, in no order; those that are not there are left out."""
        found: list[Row] = []
        for at in range(0, len(keys), _PAGE):
            found += self._asked("get", collection, ids=list(keys[at : at + _PAGE]), output_fields=list(fields))
        return found

    def each(self, collection: str, where: str, fields: Sequence[str]) -> Iterator[Row]:
        """All rows that `where` lets through, in order of their keys."""
        named = {"batch_size": _PAGE, "filter": where, "output_fields": list(fields)}
        pages = self._asked("query_iterator", collection, **named)
        try:
            while rows := self._next(pages):
                yield from rows
        finally:
            pages.close()

    def _next(self, pages: Any) -> list[Row]:
        try:
            found: list[Row] = pages.next()
            return found
        except self._milvus.MilvusException as problem:
            raise self._explained(problem, problem.code in _AWAY) from problem

    def count(self, collection: str, where: str = "") -> int:
        """How many rows there are that `where` lets through; none where there is no such collection yet."""
        if not self._has(collection):
            return 0
        return int(self._asked("query", collection, filter=where, output_fields=["count(*)"])[0]["count(*)"])

    def nearest(self, field: str, query: Any, k: int, where: str, **params: int) -> list[tuple[int, float, int]]:
        """Id, inner product and content of the passages with the greatest; `params` are the field's index's."""
        named = {"anns_field": field, "limit": k, "filter": where, "output_fields": ["content"]}  # else whole rows come
        settings = {"metric_type": "IP", "params": params}
        found = self._asked("search", self.passages, data=[query], search_params=settings, **named)
        return [(int(hit["id"]), float(hit["distance"]), int(hit["entity"]["content"])) for hit in found[0]]
