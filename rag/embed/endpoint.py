"""An embedder behind an address that speaks the OpenAI embeddings API; and `call`, the HTTP it needs."""

import email.utils
import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import SplitResult, urlsplit, urlunsplit

import numpy as np

from rag.errors import ModelError
from rag.protocols import Floats

__all__ = ["EndpointEmbedder", "EndpointError", "call", "read_json"]

T = TypeVar("T")

BATCH = 32
"""Texts in one request. Text Embeddings Inference takes no more by default; a server that takes fewer is
asked again with half as many."""
LONGEST_WAIT = 30.0
"""Seconds. A server that says Retry-After with more is not waited for longer than this at a time."""
_HERE = ("localhost", "127.0.0.1", "::1")


class EndpointError(ModelError):
    """A server that refused. `status` is its HTTP status, or 0 when there was no answer at all."""

    def __init__(self, what: str, next_step: str = "", status: int = 0) -> None:
        super().__init__(what, next_step)
        self.status = status


class EndpointEmbedder:
    """Vectors from a server that speaks the OpenAI embeddings API.

    `address` is what the API's clients call the base address, as in `http://localhost:8000/v1`. Three rules:
    `/embeddings` is appended unless the path already ends so; an address without any path stands for `/v1`;
    a fragment names the model, as in `http://localhost:8000/v1#bge-m3`. Without one, it is the first model
    that `GET …/models` lists, or else `default`.

    The key, if the server wants one, comes from the environment only: `RAG_API_KEY`, or else
    `OPENAI_API_KEY`, which is not sent over plain http to another machine. `timeout` is in seconds, for one
    request; `tries` counts requests for one batch; `wait` is the pause in seconds after the first failure,
    doubled after each.

    The constructor asks for one vector, to learn `dimensions`. It and the methods raise `ModelError`, which
    names the address and what to do, when the server is not reached, refuses, or answers without vectors.
    """

    def __init__(self, address: str, *, timeout: float = 60.0, tries: int = 4, wait: float = 0.5) -> None:
        parts = _split(address)
        path = parts.path.rstrip("/") or "/v1"
        base = path.removesuffix("/embeddings")
        self.name = address
        self._ask: dict[str, Any] = {"timeout": timeout, "tries": tries, "wait": wait}
        self._batch = BATCH
        self._url = urlunsplit(parts._replace(path=f"{base}/embeddings", fragment=""))
        self.model = parts.fragment or self._first_model(urlunsplit(parts._replace(path=f"{base}/models", fragment="")))
        self.dimensions = 0
        self.dimensions = self._embed(["dimensions"]).shape[1]
        digest = hashlib.sha256(json.dumps([self._url, self.model, self.dimensions]).encode())
        self.fingerprint = f"endpoint:{digest.hexdigest()[:32]}"

    def embed_queries(self, texts: Sequence[str]) -> Floats:
        """Vectors of questions, shape (len(texts), dimensions), L2-normalised. Any prompt is the server's."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Floats:
        """Vectors of passages, shape (len(texts), dimensions), L2-normalised."""
        return self._embed(texts)

    def _first_model(self, url: str) -> str:
        try:
            listed = call(url, None, read_json, **self._ask)
        except EndpointError as error:
            if error.status in (0, 401, 403, 407) or error.status >= 500:
                raise
            return "default"
        try:
            return str(listed["data"][0]["id"])
        except (LookupError, TypeError):
            return "default"

    def _embed(self, texts: Sequence[str]) -> Floats:
        rows: list[Floats] = []
        at = 0
        while at < len(texts):
            batch = [text or " " for text in texts[at : at + self._batch]]  # the API refuses an empty text
            try:
                rows.append(self._vectors(batch))
            except EndpointError as error:
                if error.status not in (400, 413, 422) or len(batch) == 1:
                    raise
                self._batch = (len(batch) + 1) // 2  # too many for this server, perhaps
                continue
            at += len(batch)
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def _vectors(self, batch: list[str]) -> Floats:
        answer = call(self._url, {"model": self.model, "input": batch}, read_json, **self._ask)
        wrong = f"{_shown(self._url)} did not answer with embeddings"
        check = "check that this is an OpenAI-style embeddings API, and the model an embedding model"
        try:
            data = sorted(answer["data"], key=lambda item: int(item["index"]))
            numbers = [int(item["index"]) for item in data]
            vectors = np.array([item["embedding"] for item in data], dtype=np.float32)
        except (LookupError, TypeError, ValueError) as error:
            raise EndpointError(f"{wrong} ({type(error).__name__}: {error})", check, 200) from error
        if numbers != list(range(len(batch))):
            said = f"{wrong}: {len(data)} vectors are not one for each of {len(batch)} texts"
            raise EndpointError(said, check, 200)
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise EndpointError(f"{wrong}: its vectors are empty or not finite", check, 200)
        if self.dimensions and vectors.shape[1] != self.dimensions:
            said = f"{_shown(self._url)} gave vectors of {vectors.shape[1]} dimensions, before {self.dimensions}"
            raise EndpointError(said, "the server changed its model; name it again and rebuild the index", 200)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(Floats, (vectors / np.where(norms == 0, 1, norms)).astype(np.float32))


def read_json(response: http.client.HTTPResponse) -> Any:
    """The whole body as JSON; for `call`. Raises `ValueError` if it is not."""
    with response:
        return json.loads(response.read())


def call(
    url: str,
    payload: Any,
    read: Callable[[http.client.HTTPResponse], T],
    *,
    timeout: float = 60.0,
    tries: int = 4,
    wait: float = 0.5,
) -> T:
    """What `read` makes of the response to a POST of `payload` as JSON, or to a GET if `payload` is None.

    Tried again after 429, 5xx and broken connections, `tries` times in all: after `wait` seconds, then twice
    as many, or after what the server's Retry-After asks. A timeout (`timeout` seconds without a byte) and a
    redirection are not. Connections that break during `read` are tried again too; `read` closes the response,
    unless it hands it on to be streamed.

    Raises `EndpointError`, with the address, what went wrong and what to do. The key is in no message.
    """
    key = _key(urlsplit(url))
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "rag"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = None if payload is None else json.dumps(payload).encode()
    opener, shown = _opener(url), _shown(url)
    for left in reversed(range(max(tries, 1))):
        try:
            return read(opener.open(urllib.request.Request(url, body, headers), timeout=timeout))
        except urllib.error.HTTPError as error:
            failure = _refused(shown, error, key)
            if error.code != 429 and error.code < 500:
                raise failure from None
            pause = min(_retry_after(error.headers.get("Retry-After", "")) or wait, LONGEST_WAIT)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                hint = "check that the server is not overloaded, or give it less at a time"
                raise EndpointError(f"{shown} did not answer within {timeout:g} s", hint) from None
            pause = wait
            said = f"{shown} cannot be reached ({str(reason) or type(reason).__name__})"
            failure = EndpointError(said, "check the address and that the server runs")
        except ValueError as error:
            hint = "check that the address is that of an OpenAI-style API"
            raise EndpointError(f"{shown} did not answer in JSON ({error})", hint, 200) from None
        if left:
            time.sleep(pause)
            wait *= 2
    raise failure


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and parts.port != 0
        usable = usable and re.fullmatch(r"[!-~]+", address.partition("#")[0]) is not None
    except ValueError:
        usable = False
    if not usable:
        raise ModelError(f"{address!r} is not an address", "write it as http://host:port/v1#model")
    if parts.username or parts.password:
        raise ModelError(f"the address of {parts.hostname} carries a password", "put the key into RAG_API_KEY instead")
    return parts


def _key(url: SplitResult) -> str:
    private = url.scheme == "https" or url.hostname in _HERE
    key = os.environ.get("RAG_API_KEY") or (os.environ.get("OPENAI_API_KEY", "") if private else "")
    if not re.fullmatch(r"[!-~]*", key.strip()):
        raise ModelError("the key in the environment holds characters that no header may", "set RAG_API_KEY again")
    return key.strip()


class _Stay(urllib.request.HTTPRedirectHandler):
    """No redirection: it would hand the key to whoever is named there."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str) -> urllib.request.OpenerDirector:
    proxies: dict[str, str] | None = {} if urlsplit(url).hostname in _HERE else None
    return urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _Stay)


def _retry_after(value: str) -> float:
    """Seconds that a Retry-After header asks for, given in seconds or as a date; 0 if it says nothing."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _shown(url: str) -> str:
    """`url` for a message: without its query, which some services put a key into."""
    return url.partition("?")[0]


def _refused(shown: str, error: urllib.error.HTTPError, key: str) -> EndpointError:
    with error:
        try:
            said = error.read(2000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            said = ""
    try:
        parsed = json.loads(said)
        inner = parsed.get("error", parsed)
        said = str(inner.get("message", inner) if isinstance(inner, dict) else inner)
    except (ValueError, AttributeError):
        pass
    if key:
        said = said.replace(key, "***")
    said = " ".join(said.split())[:300]
    hint = "check the address and the model's name, written as http://host:port/v1#model"
    if error.code in (401, 403, 407):
        hint = "put the server's key into the environment variable RAG_API_KEY"
    elif error.code == 429:
        hint = "wait, or ask the server's owner for a higher rate"
    elif error.code >= 500:
        hint = "look into the server's log"
    elif 300 <= error.code < 400:
        hint = f"give the address it moved to: {error.headers.get('Location', 'unknown')}"
    return EndpointError(f"{shown} answered {error.code} {error.reason}{': ' + said if said else ''}", hint, error.code)
