"""What is seen of the server from outside: a line of JSON for each request, figures for Prometheus, safe headers.

No question, no text and no name of an article is in any of them.
"""

import json
import logging
import secrets
import sys
import time
import traceback
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.serve.errors import problem

__all__ = ["Figures", "Watch", "log", "log_to_stderr"]

_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HEADERS = tuple((name.lower().encode(), value.encode()) for name, value in _SAFE.items())
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

_logger = logging.getLogger("rag.serve")


def log(event: str, **fields: Any) -> None:
    """One line: when, what happened, and `fields`."""
    _logger.info(json.dumps({"time": round(time.time(), 3), "event": event} | fields, ensure_ascii=False))


def log_to_stderr() -> None:
    """Have the lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _logger.handlers[:] = [handler]
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


class Figures:
    """What Prometheus is told."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        names = ("route", "method", "status")
        self.requests = Counter("rag_requests", "Requests answered.", names, registry=self.registry)
        self.seconds = Histogram(
            "rag_request_seconds",
            "Time until a request was answered.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.open = Gauge("rag_requests_open", "Requests being answered.", registry=self.registry)
        self.jobs = Counter("rag_jobs", "Jobs finished.", ("index", "state"), registry=self.registry)


class Watch:
    """The outermost layer: whatever happens inside, there is an answer with safe headers, and a line about it."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app, self._figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, name, status = time.perf_counter(), secrets.token_hex(8), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message["headers"]
                cached = any(key == b"cache-control" for key, _ in own)
                more = _HEADERS if cached else (*_HEADERS, (b"cache-control", b"no-store"))
                message["headers"] = [*own, (b"x-request-id", name.encode()), *more]
            await send(message)

        self._figures.open.inc()
        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log("failure", id=name, error=type(error).__name__, at=_frames(error))
            if not status:
                message = f"the server failed; its log says more under {name}"
                await problem(scope["path"], 500, message)(scope, receive, sending)
        finally:
            self._figures.open.dec()
            took = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "other")  # as declared: without what was asked for
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._figures.requests.labels(route, method, str(status)).inc()
            self._figures.seconds.labels(route).observe(took)
            log("request", id=name, method=method, route=route, status=status, ms=round(took * 1000, 1))


def _frames(error: BaseException) -> list[str]:
    """Where it happened; what an exception says could hold text of an article."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
