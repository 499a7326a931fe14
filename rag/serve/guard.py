"""Who may ask: the token, the Host that is spoken to, and the web page that speaks."""

import hmac
import ipaddress
import re
import socket
import time
from collections import OrderedDict
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.serve.errors import Refused, answered_by
from rag.serve.options import Options

__all__ = ["Guard"]

_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/", "/health", "/docs", "/openapi.json")
"""Without a token: pages that hold nothing of anybody, and whether the server lives."""


LONGEST_HEAD = 16 << 10
"""Bytes of the headers and the query."""

TRIES = 50
REST = 3.0
ADDRESSES = 10_000
"""Addresses whose wrong tokens are counted."""


class _Tries:
    """Wrong tokens of each address: after `TRIES` in a row one more in every `REST` seconds is looked at."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def _count(self, client: str) -> float:
        count, at = self._wrong.get(client, (0.0, 0.0))
        return max(0.0, count - (time.monotonic() - at) / REST)

    def spent(self, client: str) -> bool:
        return self._count(client) > TRIES - 1

    def wrong(self, client: str) -> None:
        self._wrong[client] = (self._count(client) + 1, time.monotonic())
        self._wrong.move_to_end(client)
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)

    def right(self, client: str) -> None:
        self._wrong.pop(client, None)


def _client(scope: Scope) -> str:
    """The address, of IPv6 the network: one household has more addresses than could be counted."""
    host = str((scope.get("client") or ("",))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(int(address) >> 64)


class Guard:
    """Lets through what may come in; the rest is answered 400, 401, 403 or 429.

    A page of another site could have its own name resolve to this machine and then read what is here, as the browser
    takes it for that site (DNS rebinding); so the name that is spoken to must be known, or be an address. A browser
    sends what a page of another site posts; so a request that changes something must come from no other page.
    """

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app = app
        self._token = options.token.encode()
        self._tries = _Tries()
        self._origins = {origin.rstrip("/").lower() for origin in options.origins}
        own = {"localhost", socket.gethostname().lower(), options.host.lower()}
        self._hosts = own | {host.lower() for host in options.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through or answer it."""
        if scope["type"] == "http":
            try:
                self._check(scope)
            except Refused as refused:
                await answered_by(scope["path"], refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) + len(scope["query_string"]) > LONGEST_HEAD:
            raise Refused(431, "the head of the request is too long")
        headers = Headers(scope=scope)
        for name in ("host", "origin", "authorization", "content-length", "content-type"):
            if len(headers.getlist(name)) > 1:
                raise Refused(400, f"there is more than one {name} header")
        host = headers.get("host", "")
        if not self._known(host):
            raise Refused(403, "this server is not known under that name; name it with --allow-host")
        origin = headers.get("origin")
        if scope["method"] not in _SAFE:
            same = origin is None or origin.lower() == f"{scope['scheme']}://{host}".lower()
            listed = origin is not None and origin.lower() in self._origins
            other = headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not listed
            if other or not (same or listed):
                raise Refused(403, "pages of that site may not ask this server; allow it with --allow-origin")
        path = scope["path"]
        if self._token and not (path in _OPEN or path.startswith("/web/")):
            scheme, _, given = headers.get("authorization", "").partition(" ")
            client = _client(scope)
            if given and self._tries.spent(client):
                raise Refused(429, "too many wrong tokens came from this address; wait a few seconds")
            # compared in a time that does not depend on where they differ
            if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
                if given:
                    self._tries.wrong(client)
                raise Refused(401, "the token is missing or wrong: send Authorization: Bearer TOKEN")
            self._tries.right(client)

    def _known(self, host: str) -> bool:
        if not re.fullmatch(r"[\w.\-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?", host, re.ASCII):
            return False
        name = (urlsplit(f"//{host}").hostname or "").lower()
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
