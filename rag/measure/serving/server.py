"""The server that is measured: one that runs, or one that is started for it. Loopback only."""

import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from rag.errors import BadInput, ModelError

__all__ = ["Target", "started", "target"]

LONGEST = 60
"""Characters of a question."""
UNTITLED = 200
"""Questions for which articles without titles are fetched."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server is, and the token that it wants."""

    host: str
    port: int
    token: str = ""

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        own = {"Content-Type": "application/json"}
        return own | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def connection(self, seconds: float = 60.0) -> http.client.HTTPConnection:
        """A connection that is kept for many requests."""
        return http.client.HTTPConnection(self.host, self.port, timeout=seconds)

    def get(self, path: str) -> bytes:
        """What a GET brings. Raises ModelError where nobody answers, or not with 200."""
        connection = self.connection()
        try:
            connection.request("GET", path, headers=self.headers())
            response = connection.getresponse()
            body = response.read()
        except OSError as problem:
            raise ModelError(f"no answer from {self.host}:{self.port}: {problem}", "start it: rag serve") from problem
        finally:
            connection.close()
        if response.status != 200:
            raise ModelError(f"{path} of {self.host}:{self.port} answered {response.status}", "check --token")
        return body

    def post(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> int:
        """The status; a connection that the server closed while nothing was said is opened once more, as clients do."""
        kept = connection.sock is not None
        try:
            connection.request("POST", path, body, self.headers())
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            connection.close()
            if not kept:
                raise
            connection.request("POST", path, body, self.headers())
            response = connection.getresponse()
        response.read()
        return response.status

    def figure(self, name: str) -> float:
        """A figure without labels out of `/metrics`."""
        for line in self.get("/metrics").decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        return float("nan")

    def megabytes(self) -> float:
        """Resident memory of the server."""
        return self.figure("process_resident_memory_bytes") / 2**20

    def questions(self, count: int) -> list[str]:
        """Titles of the articles that it serves, as things to search for; of one without a title, how it begins."""
        listed: dict[str, Any] = json.loads(self.get(f"/api/documents?limit={count}"))
        asked: list[str] = []
        for one in listed["documents"]:
            text = one["title"]
            if not text.strip():
                if len(asked) >= UNTITLED:
                    break
                text = json.loads(self.get(f"/api/documents/{quote(one['doc_id'], safe='')}"))["cleaned"]
            asked.append(" ".join(text.split())[:LONGEST])
        if not any(asked):
            raise BadInput("the server has no articles", "add some, or name another index")
        return list(filter(None, asked))


def target(url: str, token: str) -> Target:
    """The server at an address. Raises BadInput for one that is not on this machine: others are not put under load."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1") or not parts.port:
        raise BadInput(f"{url} is not the address of a server on this machine", "write it as http://127.0.0.1:8000")
    return Target(parts.hostname, parts.port, token)


@contextmanager
def started(index: str) -> Iterator[Target]:
    """A server of the index in a folder, for as long as the block lasts."""
    token = secrets.token_urlsafe()
    command = [sys.executable, "-m", "rag", "serve", "--index", index, "--port", "0"]
    environment = os.environ | {"RAG_TOKEN": token}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment) as process:
        assert process.stderr
        try:
            said = ""
            for said in process.stderr:
                if '"listening"' in said:
                    break
            else:
                raise ModelError(f"the server did not start: {said.strip()}", "try rag serve by hand")
            reading = threading.Thread(target=_drain, args=(process.stderr,))
            reading.start()
            try:
                yield target(json.loads(said)["url"].rstrip("/"), token)
            finally:
                process.terminate()
                reading.join()
        finally:
            process.terminate()


def _drain(log: Iterable[str]) -> None:
    """Read what the server logs: a full pipe would stop it."""
    for _ in log:
        pass
