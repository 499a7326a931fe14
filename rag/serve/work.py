"""Work of the library, which is done in threads: so many at once, so long, and with what it tells on the way."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import anyio

from rag.errors import RagError
from rag.serve.errors import Refused, described
from rag.serve.options import Options
from rag.serve.watch import log

__all__ = ["Event", "Gone", "Work"]

T = TypeVar("T")

Event = tuple[str, dict[str, Any]]
"""Name and data of a server-sent event."""


class Gone(BaseException):
    """Raised inside of the work when nobody waits for it any more."""


class Work:
    """Runs functions in threads. Quick work does not wait behind work that waits for a model."""

    def __init__(self, options: Options) -> None:
        # what computes gains nothing from more threads than processors: each costs memory, and all wait longer
        self._quick = anyio.CapacityLimiter(min(options.running, (os.cpu_count() or 1) + 2))
        self._slow = anyio.CapacityLimiter(options.running)
        self._seconds = options.time

    async def run(self, function: Callable[[], T], *, slow: bool = False) -> T:
        """What `function` returns. Raises Refused, 504, when it takes too long; it is then not waited for."""
        try:
            with anyio.fail_after(self._seconds):
                limiter = self._slow if slow else self._quick
                return await anyio.to_thread.run_sync(function, abandon_on_cancel=True, limiter=limiter)
        except TimeoutError:
            raise Refused(504, f"that took longer than {self._seconds:g} s; ask for less, or try again") from None

    async def events(
        self, function: Callable[[Callable[[str, dict[str, Any]], None]], None], *, slow: bool
    ) -> AsyncIterator[Event]:
        """What `function` tells with the callback that it is given, as it comes; and an event `error` if it fails.

        When nobody listens any more, its next call of the callback raises Gone.
        """
        told: asyncio.Queue[Event | None] = asyncio.Queue()
        loop, gone = asyncio.get_running_loop(), threading.Event()

        def tell(name: str, data: dict[str, Any]) -> None:
            if gone.is_set():
                raise Gone
            loop.call_soon_threadsafe(told.put_nowait, (name, data))

        async def work() -> None:
            try:
                await self.run(partial(_quietly, function, tell), slow=slow)
            except (Refused, RagError) as error:
                _, kind, message = described(error)
                await told.put(("error", {"error": {"type": kind, "message": message}}))
            except Exception as error:
                log("failure", error=type(error).__name__)
                await told.put(("error", {"error": {"type": "internal", "message": "the server failed"}}))
            await told.put(None)

        task = asyncio.create_task(work())
        try:
            while (event := await told.get()) is not None:
                yield event
        finally:
            gone.set()
            task.cancel()


def _quietly(
    function: Callable[[Callable[[str, dict[str, Any]], None]], None], tell: Callable[[str, dict[str, Any]], None]
) -> None:
    with suppress(Gone):
        function(tell)
