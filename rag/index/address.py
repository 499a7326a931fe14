"""Where an index in Milvus is: `milvus://HOST:PORT/COLLECTION`, or `milvus:FILE.db` for milvus-lite in this process."""

import re
from dataclasses import dataclass

from rag.errors import BadInput

__all__ = ["Address", "address"]

_SERVER = re.compile(r"milvus://(?P<host>[\w.-]+|\[[\da-fA-F:]+\]):(?P<port>\d+)/(?P<collection>[A-Za-z_]\w{0,200})")
_FILE = re.compile(r"milvus:(?!//)(?P<path>.+\.db)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """`name` as the user wrote it, `uri` as pymilvus wants it, and the collection of the passages."""

    name: str
    uri: str
    collection: str

    def __str__(self) -> str:
        return self.name


def address(name: str) -> Address | None:
    """The address that `name` is, or None where it is a folder. Raises BadInput for an address that is not whole.

    >>> address("milvus://localhost:19530/articles").uri
    'http://localhost:19530'
    >>> address("milvus:articles.db").uri, address("indexes/default")
    ('articles.db', None)
    """
    if not name.startswith("milvus:"):
        return None
    if found := _SERVER.fullmatch(name):
        return Address(name, f"http://{found['host']}:{found['port']}", found["collection"])
    if found := _FILE.fullmatch(name):
        return Address(name, found["path"], "articles")
    raise BadInput(f"{name} is no address of a Milvus", "write milvus://HOST:PORT/COLLECTION, or milvus:FILE.db")
