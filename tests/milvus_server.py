"""milvus-lite's real gRPC server for tests, and what must hold of the rows in it."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rag.errors import IndexUnusable
from rag.index import Address
from rag.index.milvus import exists
from rag.index.milvus.client import Client
from rag.library import Library


class Server:
    """A server of its own process, over the folder `data`; `kill` is kill -9, and `start` starts it again."""

    def __init__(self, data: Path) -> None:
        self.data, self.process = data, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(self.data)]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            with suppress(IndexUnusable):
                exists(Address("", f"http://127.0.0.1:{self.port}", "none"))
                return
            assert self.process.poll() is None
            time.sleep(0.1)
        raise TimeoutError

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def address(self, collection: str) -> str:
        return f"milvus://127.0.0.1:{self.port}/{collection}"


class Acknowledged:
    """Notes each row that the server has said to have, until it is asked to change it; `before` comes before that."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: dict[str, dict[Any, str]] = {}
        self.before: Callable[[str], None] = lambda _: None
        put, delete = Client.put, Client.delete

        def noted_put(client: Client, collection: str, rows: list[Any]) -> None:
            kept = self.rows.setdefault(collection, {})
            for row in rows:
                kept.pop(self.key(row), None)  # in doubt from here on
            if rows:
                self.before(rows[0].get("kind", "passage"))
            put(client, collection, rows)
            kept.update({self.key(row): row["data"] for row in rows})

        def noted_delete(client: Client, collection: str, keys: list[Any]) -> None:
            for key in keys:
                self.rows.setdefault(collection, {}).pop(key, None)
            delete(client, collection, keys)

        monkeypatch.setattr(Client, "put", noted_put)
        monkeypatch.setattr(Client, "delete", noted_delete)

    @staticmethod
    def key(row: dict[str, Any]) -> Any:
        return row["key"] if "key" in row else row["id"]

    def lost(self, client: Client) -> list[Any]:
        """Keys of those that are not there, or not as they were sent."""
        missing = []
        for collection, rows in self.rows.items():
            name = "id" if collection == client.passages else "key"
            there = {row[name]: row["data"] for row in client.get(collection, list(rows), [name, "data"])}
            missing += [key for key, data in rows.items() if there.get(key) != data]
        return missing


def dangling(library: Library) -> list[Any]:
    """Keys of rows that belong to nothing: passages and bodies of no version, documents of no source."""
    client = library.index._client
    heads = {row["key"]: row for row in client.each(client.records, 'kind == "document"', ["key", "version", "parent"])}
    sources = {row["key"] for row in client.each(client.records, 'kind == "source"', ["key"])}
    versions = {key.removeprefix("document/"): row["version"] for key, row in heads.items()}
    found: list[Any] = [key for key, row in heads.items() if f"source/{row['parent']}" not in sources]
    for row in client.each(client.records, 'kind == "body"', ["key", "parent", "version"]):
        found += [row["key"]] * (versions.get(str(row["parent"])) != row["version"])
    for row in client.each(client.passages, "id >= 0", ["id", "document", "version", "source"]):
        whole = versions.get(str(row["document"])) == row["version"] and f"source/{row['source']}" in sources
        found += [row["id"]] * (not whole)
    return found


def articles(folder: Path, numbers: range, about: str = "harbour") -> None:
    for number in numbers:
        text = f"Report {number} on the {about}.\n\nIt has {number} cranes. Ships of line {number * 7} call."
        (folder / f"{number}.txt").write_text(text + "\n", encoding="utf-8")
