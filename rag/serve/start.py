"""Starting a server and stopping it gracefully."""

import asyncio
import signal
import socket
from collections.abc import Sequence
from functools import partial

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from rag.errors import BadInput, NotFound
from rag.index import called, is_at
from rag.library import Library
from rag.serve.app import create
from rag.serve.collection import Collection
from rag.serve.jobs import Job
from rag.serve.listening import listening_at
from rag.serve.options import Options
from rag.serve.watch import Figures, log, log_to_stderr

__all__ = ["run", "server_of"]

CONNECTIONS = 512
PATIENCE = 10
"""Seconds for a client to send the head of its request, and for requests to end when the server stops."""


class _Impatient(H11Protocol):
    """Closes a connection on which no whole head of a request comes; uvicorn itself would wait for ever."""

    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wind()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wind()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._clock:
            self._clock.cancel()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wind(self) -> None:
        if self._clock and not self._idle():
            self._clock.cancel()
            self._clock = None
        elif not self._clock and self._idle():
            self._clock = self.loop.call_later(PATIENCE, self._end)

    def _end(self) -> None:
        self._clock = None
        if self._idle() and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Says in its log where it listens, when it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            log("listening", url=f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/")


def run(libraries: Sequence[Library], options: Options, folders: Sequence[str] = (), named: bool = False) -> None:
    """Serve libraries until a signal says stop; `folders` are brought in step in the first one, in the background.

    Raises BadInput for two indexes of one name, and where the address cannot be listened on; and NotFound for an index
    that was `named` and is not there, unless there is something to put into it.
    """
    figures = Figures()
    names = [called(library.path) for library in libraries]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput(f"two indexes are called {twice!r}", "rename one of their folders")
    for library in libraries[1 if folders else 0 :] if named else ():
        if not is_at(library.path):
            raise NotFound(f"there is no index at {library.path}", f"make it: rag index PATH --index {library.path}")
    listening = listening_at(options.host, options.port)
    log_to_stderr()

    def on_end(name: str, job: Job) -> None:
        figures.jobs.labels(name, job.state).inc()

    collections = [
        Collection(library, () if number else folders, partial(on_end, name))
        for number, (library, name) in enumerate(zip(libraries, names, strict=True))
    ]
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them once more when it has stopped
        signal.signal(number, lambda *_: None)
    with listening:
        server_of(create(collections, options, figures)).run(sockets=[listening])
    log("stopped")


def server_of(app: FastAPI) -> uvicorn.Server:
    """A server of `app`, which runs until a signal comes or `should_exit` is set."""
    config = uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a client could claim another address, or that it came over https
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=PATIENCE,
        h11_max_incomplete_event_size=16 << 10,
    )
    return _Server(config)
