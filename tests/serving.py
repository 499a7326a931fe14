"""A real server on loopback, for tests."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from rag.serve.app import create
from rag.serve.collection import Collection
from rag.serve.listening import listening_at
from rag.serve.options import Options
from rag.serve.start import server_of


@dataclass
class Reply:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    url: str
    collections: list[Collection]

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Ask; a `body` that is not bytes is sent as JSON."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json", **given}, method=method)
        try:
            with urlopen(request, timeout=30) as response:
                return Reply(response.status, response.headers, response.read())
        except HTTPError as refused:
            with refused:
                return Reply(refused.code, refused.headers, refused.read())

    def upload(self, *files: tuple[str, bytes]) -> Reply:
        """Post files by name."""
        parts = [
            b'--edge\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
            % (name.encode(), data)
            for name, data in files
        ]
        body = b"".join(parts) + b"--edge--\r\n"
        return self("POST", "/api/documents", body, Content_Type="multipart/form-data; boundary=edge")

    def ended(self, job: str) -> Any:
        """The job, when it is over."""
        for _ in range(600):
            record = self("GET", f"/api/jobs/{job}").json
            if record["state"] in ("done", "failed"):
                return record
            time.sleep(0.05)
        raise AssertionError("the job did not end")

    def raw(self, data: bytes) -> Reply:
        """What comes back for bytes that no client would send; status 0 if the connection is closed without a word."""
        with self.connected() as connection:
            try:
                connection.sendall(data)
                response = HTTPResponse(connection)
                response.begin()
                return Reply(response.status, response.headers, response.read())
            except (HTTPException, ConnectionError):
                return Reply(0, {}, b"")

    def connected(self) -> socket.socket:
        """A connection to the server."""
        host, port = self.url.removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)), timeout=20)


@contextmanager
def running(*collections: Collection, options: Options | None = None) -> Iterator[Running]:
    """A server of these collections, which it closes at the end."""
    server = server_of(create(collections, options))
    with listening_at("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", list(collections))
        finally:
            server.should_exit = True
            thread.join(30)
    assert not thread.is_alive()
