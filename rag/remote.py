"""HTTP to a server that speaks the OpenAI API: its address, the key, retries, and errors that say what to do."""

import email.utils
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

from rag.errors import ModelError

__all__ = ["EndpointError", "call", "first_model", "key_for", "locate", "read_json", "said_by", "shown"]

T = TypeVar("T")

LONGEST_WAIT = 30.0
"""Seconds. A server that says Retry-After with more is not waited for longer than this at a time."""
_HERE = ("localhost", "127.0.0.1", "::1")


class EndpointError(ModelError):
    """A server that refused. `status` is its HTTP status, or 0 when there was no answer at all."""

    def __init__(self, what: str, next_step: str = "", status: int = 0) -> None:
        super().__init__(what, next_step)
        self.status = status


def locate(address: str, route: str) -> tuple[str, str, str]:
    """The URL of `route`, that of the list of models, and the model's name, or "" if the address names none.

    `address` is what the API's clients call the base address. Three rules: `route` is appended unless the path
    already ends so; an address without any path stands for `/v1`; a fragment names the model. Opens no socket.
    Raises `ModelError` for what is no address, and for one with a password in it.

    >>> locate("http://localhost:8000#m", "/embeddings")
    ('http://localhost:8000/v1/embeddings', 'http://localhost:8000/v1/models', 'm')
    """
    parts = _split(address)
    base = (parts.path.rstrip("/") or "/v1").removesuffix(route)
    made, models = (urlunsplit(parts._replace(path=base + path, fragment="")) for path in (route, "/models"))
    return made, models, parts.fragment


def first_model(url: str, **options: Any) -> str:
    """The first model that a GET of `url` lists, or else `default`; `options` are those of `call`."""
    try:
        listed = call(url, None, read_json, **options)
    except EndpointError as error:
        if error.status in (0, 401, 403, 407) or error.status >= 500:
            raise
        return "default"
    try:
        return str(listed["data"][0]["id"])
    except (LookupError, TypeError):
        return "default"


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
    key = key_for(url)
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "rag"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = None if payload is None else json.dumps(payload).encode()
    opener, place = _opener(url), shown(url)
    for left in reversed(range(max(tries, 1))):
        try:
            return read(opener.open(urllib.request.Request(url, body, headers), timeout=timeout))
        except urllib.error.HTTPError as error:
            failure = _refused(place, error, key)
            if error.code != 429 and error.code < 500:
                raise failure from None
            pause = min(_retry_after(error.headers.get("Retry-After", "")) or wait, LONGEST_WAIT)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                hint = "check that the server is not overloaded, or give it less at a time"
                raise EndpointError(f"{place} did not answer within {timeout:g} s", hint) from None
            pause = wait
            said = f"{place} cannot be reached ({str(reason) or type(reason).__name__})"
            failure = EndpointError(said, "check the address and that the server runs")
        except ValueError as error:
            hint = "check that the address is that of an OpenAI-style API"
            raise EndpointError(f"{place} did not answer in JSON ({error})", hint, 200) from None
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


def key_for(address: str) -> str:
    """The key in the environment for this URL, or "". Raises `ModelError` if no header can carry it."""
    url = urlsplit(address)
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


def shown(url: str) -> str:
    """`url` for a message: without its query, which some services put a key into."""
    return url.partition("?")[0]


def said_by(body: str, key: str = "") -> str:
    """What a server's error says, in one line of at most 300 characters, without the key.

    >>> said_by('{"error": {"message": "no model m"}}')
    'no model m'
    """
    said = body
    try:
        parsed = json.loads(body)
        inner = parsed.get("error", parsed)
        said = str(inner.get("message", inner) if isinstance(inner, dict) else inner)
    except (ValueError, AttributeError):
        pass
    return " ".join((said.replace(key, "***") if key else said).split())[:300]


def _refused(place: str, error: urllib.error.HTTPError, key: str) -> EndpointError:
    with error:
        try:
            body = error.read(2000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            body = ""
    said = said_by(body, key)
    hint = "check the address and the model's name, written as http://host:port/v1#model"
    if error.code in (401, 403, 407):
        hint = "put the server's key into the environment variable RAG_API_KEY"
    elif error.code == 429:
        hint = "wait, or ask the server's owner for a higher rate"
    elif error.code >= 500:
        hint = "look into the server's log"
    elif 300 <= error.code < 400:
        hint = f"give the address it moved to: {error.headers.get('Location', 'unknown')}"
    return EndpointError(f"{place} answered {error.code} {error.reason}{': ' + said if said else ''}", hint, error.code)
