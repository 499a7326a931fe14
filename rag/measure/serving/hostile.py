"""Requests that mean ill, thousands of them: none may get in, none may stop the server, and its memory stays."""

import json
import random
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from rag.measure.serving.server import Target

__all__ = ["attack"]

HELD = 100
"""Connections that are left open, with half a request."""
WAIT = 30.0
"""Seconds for an answer. To say nothing and close the connection is one."""

_TRAVERSALS = (
    "/api/documents/../../../../etc/passwd",
    "/api/documents/..%2f..%2f..%2fetc%2fpasswd",
    "/api/documents/%2e%2e/%2e%2e/etc/passwd",
    "/api/documents//etc/passwd",
    "/api/documents/%2Fetc%2Fpasswd",
    "/api/documents/file:///etc/passwd",
    "/api/documents/%00",
    "/api/documents/\\..\\..\\windows\\win.ini",
    "/web/../../../../etc/passwd",
    "/web/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/web/%2e%2e%2f%2e%2e%2fpyproject.toml",
    "/web//etc/passwd",
    "/../../etc/passwd",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
)
_SECRETS = (b"root:x:0", b"[build-system]", b"[extensions]")
"""What stands in the files that are asked for."""


def attack(server: Target, count: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """Send `count` requests of all kinds and say what came back.

    `got_in`: answered 2xx where nothing may be, or with the content of a file; `failures`: answered 5xx but 503;
    `silent`: nothing came in time. `alive`: the server answers a proper request at the end.
    """
    chance = random.Random(seed)
    kinds = [kind for kind in _KINDS if server.token or kind is not _wrong_token]
    held: deque[socket.socket] = deque()
    for number in range(20 * len(kinds)):  # what is allocated once is not what grows
        kind = kinds[number % len(kinds)]
        _answer(server, kind(server, chance)[0], held if kind is _slow else None)
    before = server.megabytes()
    statuses: dict[str, Counter[str]] = {kind.__name__.strip("_"): Counter() for kind in kinds}
    got_in: list[str] = []
    failures: list[str] = []
    began = time.perf_counter()
    for number in range(count):
        kind = kinds[number % len(kinds)]
        data, may_pass = kind(server, chance)
        status, body = _answer(server, data, held if kind is _slow else None)
        statuses[kind.__name__.strip("_")][str(status)] += 1
        if (200 <= status < 300 and not may_pass) or any(secret in body for secret in _SECRETS):
            got_in.append(repr(data[:200]))
        if status >= 500 and status != 503:
            failures.append(f"{status} {data[:200]!r}")
    while held:
        held.popleft().close()
    server.get("/api/indexes")
    after = server.megabytes()
    return {
        "requests": count,
        "seconds": round(time.perf_counter() - began, 1),
        "statuses": {name: dict(counts) for name, counts in statuses.items()},
        "got_in": got_in,
        "failures": failures,
        "silent": sum(counts["-1"] for counts in statuses.values()),
        "alive": True,
        "memory_mb": {"before": round(before, 1), "after": round(after, 1)},
        "memory_growth": round(after / before - 1, 4),
    }


def _answer(server: Target, data: bytes, held: "deque[socket.socket] | None" = None) -> tuple[int, bytes]:
    """Status and the beginning of what comes back; 0 for a connection that is closed, -1 where nothing comes.

    With `held` nothing is waited for, and the connection is put there; of those that are there the oldest is closed.
    """
    said = b""
    if held is not None:
        held.append(socket.create_connection((server.host, server.port), timeout=WAIT))
        held[-1].sendall(data)
        if len(held) > HELD:
            held.popleft().close()
        return 0, said
    try:
        with socket.create_connection((server.host, server.port), timeout=WAIT) as connection:
            connection.sendall(data)
            while len(said) < 1 << 16 and (part := connection.recv(1 << 16)):
                said += part
    except TimeoutError:
        return -1, said
    except OSError:  # closed while we were still sending, which is an answer too
        pass
    words = said.removeprefix(b"HTTP/1.1 100 \r\n\r\n").split(None, 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, said


Made = tuple[bytes, bool]
"""The bytes of a request, and whether a server may answer it with 2xx."""


def _request(server: Target, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    fields = {"Host": f"{server.host}:{server.port}", "Connection": "close", "Content-Length": str(len(body))}
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (fields | server.headers() | own).items() if value)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("utf-8", "surrogateescape") + body


def _route(chance: random.Random) -> str:
    return chance.choice(["/api/search", "/api/ask", "/v1/chat/completions", "/v1/embeddings"])


def _bad_json(server: Target, chance: random.Random) -> Made:
    good = json.dumps({"query": "x", "question": "x", "model": "rag", "k": 3}).encode()
    cut = chance.randrange(1, len(good))
    noise = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 40)))
    deep = b"[" * chance.choice([50, 5_000, 100_000])
    body = chance.choice([good[:cut], good[:cut] + noise, noise, deep, b'{"query":' * 5000, b"\xff\xfe{", b"NaN", b""])
    return _request(server, "POST", _route(chance), body), False


def _wrong_types(server: Target, chance: random.Random) -> Made:
    values: list[Any] = [None, True, -1, 10**400, 1e308, "", " ", "\0", "\ud800", [], {}, [[]], {"a": {}}, ["x"] * 500]
    names = [
        "query",
        "question",
        "k",
        "mode",
        "since",
        "source",
        "site",
        "index",
        "history",
        "model",
        "messages",
        "input",
    ]
    body = {name: chance.choice(values) for name in chance.sample(names, chance.randrange(1, 6))}
    return _request(server, "POST", _route(chance), json.dumps(body).encode()), True  # some are right by chance


def _huge(server: Target, chance: random.Random) -> Made:
    size = chance.choice([2 << 20, 10**12, 10**30])
    if chance.random() < 0.3:
        return _request(server, "POST", _route(chance), Content_Length=str(size)) + b"{" * 1000, False
    if chance.random() < 0.5:
        return _request(server, "GET", "/api/status", X_Long="a" * chance.choice([20_000, 200_000])), False
    return _request(server, "POST", _route(chance), json.dumps({"query": "长" * 500_000}).encode()), False


def _slow(server: Target, chance: random.Random) -> Made:
    """Begun, and not gone on with."""
    whole = _request(server, "POST", "/api/search", b'{"query": "x"}')
    return whole[: chance.randrange(1, len(whole) - 1)], False


def _traversal(server: Target, chance: random.Random) -> Made:
    return _request(server, chance.choice(["GET", "HEAD", "DELETE"]), chance.choice(_TRAVERSALS)), False


def _wrong_token(server: Target, chance: random.Random) -> Made:
    wrong = chance.choice(
        ["", "Bearer", "Bearer x", f"Basic {server.token}", f"Bearer {server.token[:-1]}", "Bearer \xff"]
    )
    path = chance.choice(["/api/status", "/api/documents", "/v1/models", "/metrics"])
    return _request(server, "GET", path, Authorization=wrong), False


def _headers(server: Target, chance: random.Random) -> Made:
    tricks: list[dict[str, str]] = [
        {"Host": "evil.example"},
        {"Host": ""},
        {"Host": f"{server.host}\r\nHost: evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Content_Length": "-5"},
        {"Content_Length": "1\r\nContent-Length: 2"},
        {"Transfer_Encoding": "chunked, gzip"},
        {"Transfer_Encoding": "xchunked"},
        {"X-A": "b\0c"},
        {"X A": "b"},
        {"Content_Type": "application/xml"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"Content_Type": "text/plain"},
        {"Expect": "100-continue\r\nExpect: 200"},
    ]
    return _request(server, "POST", "/api/search", b'{"query": "x", "no": 1}', **chance.choice(tricks)), False


def _methods(server: Target, chance: random.Random) -> Made:
    method = chance.choice(["TRACE", "CONNECT", "PUT", "PATCH", "PROPFIND", "X" * 300, "get", "G\0T"])
    return _request(
        server, method, chance.choice(["/", "/api/status", "*", "http://evil.example/", "/api/documents"])
    ), False


def _noise(server: Target, chance: random.Random) -> Made:
    tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    random_bytes = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 2000)))
    return chance.choice(
        [tls, random_bytes, b"\r\n" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
    ) + b"\r\n\r\n", False


def _uploads(server: Target, chance: random.Random) -> Made:
    name = chance.choice(["../../x.exe", "x.svg", "/etc/cron.d/x", "a.docx", "a.epub", "a.pdf", "\0.txt\0", "x" * 5000])
    content = chance.choice([b"PK\3\4" + b"\0" * 100, b"MZ" * 100, b"<svg onload=alert(1)>"])
    part = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + content
    end = chance.choice([b"\r\n--b--\r\n", b"", b"\r\n--b" * 500])
    kind = "multipart/form-data; boundary=" + chance.choice(["b", "", "b" * 300])
    return _request(server, "POST", "/api/documents", part + end, Content_Type=kind), False


_KINDS: tuple[Callable[[Target, random.Random], Made], ...] = (
    _bad_json,
    _wrong_types,
    _huge,
    _slow,
    _traversal,
    _wrong_token,
    _headers,
    _methods,
    _noise,
    _uploads,
)
