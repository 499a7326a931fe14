"""How much: bytes and seconds of a body, and requests at once."""

import time
from collections import Counter

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.serve.errors import Refused, answered_by
from rag.serve.options import Options

__all__ = ["Limits"]

_FREE = ("/health", "/metrics")


class Limits:
    """Answers 413 for a body that is too large, 408 for one that is too slow, and 429 or 503 for too many at once."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app, self._options = app, options
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, with its body counted while it comes."""
        if scope["type"] != "http" or scope["path"] in _FREE:
            await self._app(scope, receive, send)
            return
        client = str((scope.get("client") or ("",))[0])
        try:
            most, seconds = self._bounds(scope)
            self._check(client)
        except Refused as refused:
            await answered_by(scope["path"], refused)(scope, receive, send)
            return
        self._open[client] += 1
        try:
            await self._app(scope, _counted(receive, most, seconds), send)
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    def _bounds(self, scope: Scope) -> tuple[int, float]:
        options = self._options
        upload = scope["path"] == "/api/documents" and scope["method"] == "POST"
        most = options.upload if upload else options.body
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit():
            raise Refused(400, "Content-Length is not a number")
        if len(length) > 15 or int(length) > most:
            raise Refused(413, f"the body has more than {most} bytes; send less at a time")
        return most, options.upload_time if upload else options.body_time

    def _check(self, client: str) -> None:
        options = self._options
        if self._open[client] >= options.each:
            raise Refused(429, "this client has too many requests open; wait for some of them")
        if sum(self._open.values()) >= options.running + options.waiting:
            raise Refused(503, "the server has too much to do; try again in a while")


def _counted(receive: Receive, most: int, seconds: float) -> Receive:
    """`receive` that raises Refused when the body is too long or takes too long."""
    left, until, whole = most, time.monotonic() + seconds, False

    async def counted() -> Message:
        nonlocal left, whole
        if whole:
            return await receive()
        try:
            with anyio.fail_after(max(0.0, until - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise Refused(408, f"the body did not come within {seconds:g} s") from None
        left -= len(message.get("body", b""))
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        if left < 0:
            raise Refused(413, f"the body has more than {most} bytes; send less at a time")
        return message

    return counted
