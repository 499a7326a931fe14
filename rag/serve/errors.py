"""Errors as JSON: `{"error": {"type", "message"}}`, and in OpenAI's form under `/v1`."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from rag.errors import BadInput, IndexUnusable, ModelError, NotFound, RagError, Unreadable
from rag.serve import schemas

__all__ = ["Refused", "answered_by", "described", "install", "problem"]

_STATUS: tuple[tuple[type[RagError], int], ...] = (
    (BadInput, 400),
    (NotFound, 404),
    (Unreadable, 422),
    (ModelError, 502),
    (IndexUnusable, 503),
)
_TYPES = {
    400: "bad_input",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_type",
    422: "bad_input",
    431: "too_large",
    429: "too_many_requests",
    503: "overloaded",
    504: "timeout",
    507: "no_room",
}


_NOT_HERE = {
    404: "there is nothing here; GET /docs lists what there is",
    405: "this takes another method; GET /docs lists what there is",
}


class Refused(HTTPException):
    """A request that is not answered: the status, and what is wrong with it and what to do.

    `kind` is the type of the error, if the status does not say it; `param` and `code` are for `/v1`.
    """

    def __init__(
        self, status: int, what: str, *, kind: str = "", param: str | None = None, code: str | None = None
    ) -> None:
        headers = {"Retry-After": "1"} if status in (429, 503) else None
        if status in (408, 413):
            headers = {"Connection": "close"}  # what is left of the body is not waited for
        if status == 401:
            headers = {"WWW-Authenticate": "Bearer"}
        super().__init__(status, what, headers)
        self.kind, self.param, self.code = kind or _type(status), param, code


def described(error: RagError | Refused) -> tuple[int, str, str]:
    """Status, type and message of an error of the library, or of a request that is not answered."""
    if isinstance(error, Refused):
        return error.status_code, error.kind, str(error.detail)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return status, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower(), str(error)


def _type(status: int) -> str:
    return _TYPES.get(status, "internal" if status >= 500 else "refused")


def problem(
    path: str,
    status: int,
    message: str,
    *,
    kind: str = "",
    headers: Mapping[str, str] | None = None,
    param: str | None = None,
    code: str | None = None,
) -> JSONResponse:
    """The response for an error of a request to `path`."""
    kind = kind or _type(status)
    error: dict[str, Any] = {"type": kind, "message": message}
    if path.startswith("/v1/"):
        kind = "server_error" if status >= 500 else "invalid_request_error"
        error = {"message": message, "type": kind, "param": param, "code": code or _TYPES.get(status)}
    return JSONResponse({"error": error}, status, headers)


def answered_by(path: str, error: Exception) -> JSONResponse:
    """The response for an exception that has a meaning for whoever asks."""
    if isinstance(error, RagError):
        status, kind, message = described(error)
        return problem(path, status, message, kind=kind, headers={"Retry-After": "1"} if status == 503 else None)
    if isinstance(error, RequestValidationError):
        where, message = _invalid(error)
        if path == "/api/documents":
            message += "; send multipart/form-data in which each file is a part of the name files"
        bad = 400 if path.startswith("/v1/") else 422  # as OpenAI has it
        return problem(path, bad, message, param=where or None)
    assert isinstance(error, StarletteHTTPException)
    status, said, headers = error.status_code, str(error.detail), error.headers
    if isinstance(error, Refused):
        return problem(path, status, said, kind=error.kind, headers=headers, param=error.param, code=error.code)
    return problem(path, status, _NOT_HERE.get(status, said), headers=headers)


def _invalid(error: RequestValidationError) -> tuple[str, str]:
    """Which part of a request is wrong, and what is wrong with it and what to do."""
    found = error.errors()
    first = max(found, key=lambda one: len(one["loc"]))  # of what may be one thing or another, what came nearest
    names = [str(part) for part in first["loc"][1:] if re.fullmatch(r"\w+", str(part))]  # others name such a thing
    where = ".".join(names)
    if first["type"] == "json_invalid":
        return "", f"the body is not JSON; what is wrong is at character {where}"
    if first["loc"] == ("body",):
        return "", "the body must be a JSON object, sent with Content-Type: application/json"
    said = schemas.PATTERNS.get(first.get("ctx", {}).get("pattern", ""), first["msg"])
    return where, f"{where}: {said}" if where else said


def install(app: FastAPI) -> None:
    """Make `app` answer in this way."""

    async def handler(request: Request, error: Exception) -> JSONResponse:
        return answered_by(request.url.path, error)

    for kind in (RagError, RequestValidationError, StarletteHTTPException):
        app.add_exception_handler(kind, handler)
