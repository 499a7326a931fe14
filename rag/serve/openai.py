"""The routes under `/v1`, which speak as OpenAI's do. An index is a model that chats, an embedder one that embeds."""

import base64
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from rag.errors import RagError
from rag.serve.chat import Completion, Message, answered, asked_in
from rag.serve.collection import Collection
from rag.serve.errors import Refused, described
from rag.serve.state import State
from rag.serve.work import Work

__all__ = ["routes"]

DEFAULT = "rag"
"""The first index under a name that does not change."""

Piece = Annotated[str, Field(min_length=1, max_length=100_000)]


class Error(BaseModel):
    message: str
    type: str
    param: str | None
    code: str | None


class Failure(BaseModel):
    """What went wrong."""

    error: Error


class Streaming(BaseModel):
    """What a stream tells beside the text."""

    include_usage: bool = False


class Chat(BaseModel):
    """A conversation; what is not named here, such as a temperature, has no meaning for a cited answer."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1, max_length=500)]
    stream: bool | None = False
    stream_options: Streaming | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None


class Embed(BaseModel):
    """Texts to be embedded."""

    model: str
    input: Piece | Annotated[list[Piece], Field(min_length=1, max_length=2048)]
    encoding_format: Literal["float", "base64"] | None = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None


def routes(state: State) -> APIRouter:
    """The routes, for the collections of `state`."""
    router = APIRouter(
        responses={status: {"model": Failure, "description": "As OpenAI has it."} for status in ("4XX", "5XX")}
    )
    first = state.collection(None)

    def unknown(model: str) -> Refused:
        return Refused(404, f"no model {model!r}; GET /v1/models names them", param="model", code="model_not_found")

    def chatting(model: str) -> Collection:
        if model != DEFAULT and model not in state.collections:
            raise unknown(model)
        return first if model == DEFAULT else state.collections[model]

    @router.get("/v1/models")
    async def models() -> dict[str, Any]:
        """The indexes, to chat with, and the embedder of the first one."""
        names = dict.fromkeys([DEFAULT, *state.collections, first.embedder.name])
        return {"object": "list", "data": [_model(name) for name in names]}

    @router.get("/v1/models/{model:path}")
    async def model(model: str) -> dict[str, Any]:
        """One of the models."""
        if model not in (DEFAULT, first.embedder.name, *state.collections):
            raise unknown(model)
        return _model(model)

    @router.post("/v1/chat/completions", responses={200: {"content": {"text/event-stream": {}}}})
    async def chat(request: Request, body: Chat) -> Response:
        """An answer with its citations as annotations, and below it as a list.

        Nothing is streamed that is not verified: a stream brings each statement when it is.
        """
        where, base = chatting(body.model), str(request.base_url)
        question, history = asked_in(body.messages)

        def work(on_verified: Callable[[str], None] | None = None) -> Completion:
            with where.reader() as library:
                return answered(library, question, history, f"{base}api/documents/", where.name, on_verified)

        if not body.stream:
            completion = await state.work.run(work, slow=where.waits)
            message = {"role": "assistant"} | vars(completion)
            del message["usage"]
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            whole = {"choices": [choice], "usage": completion.usage}
            return JSONResponse(_record("chat.completion", body.model) | whole)

        where.room()  # a client that waits and comes again knows a status, not an event
        return EventSourceResponse(_streamed(state.work, work, body, where.waits), sep="\n")

    @router.post("/v1/embeddings")
    async def embeddings(body: Embed) -> Response:
        """Vectors of texts, of unit length, as passages have them."""
        if body.model != first.embedder.name:
            raise unknown(body.model)
        texts = [body.input] if isinstance(body.input, str) else body.input

        def work() -> Response:
            with first.reader() as library:
                vectors = library.embedder.embed_passages(texts)
                tokens = sum(map(len, library.words.numbers(texts)))
            if body.dimensions not in (None, vectors.shape[1]):
                raise Refused(400, f"vectors have {vectors.shape[1]} dimensions", param="dimensions")
            packed = body.encoding_format == "base64"
            data = [
                {
                    "object": "embedding",
                    "index": number,
                    "embedding": base64.b64encode(row.astype("<f4").tobytes()).decode() if packed else row.tolist(),
                }
                for number, row in enumerate(vectors)
            ]
            usage = {"prompt_tokens": tokens, "total_tokens": tokens}
            return JSONResponse({"object": "list", "model": body.model, "data": data, "usage": usage})

        return await state.work.run(work, slow=True)

    return router


async def _streamed(
    work: Work, answer: Callable[[Callable[[str], None]], Completion], body: Chat, slow: bool
) -> AsyncIterator[ServerSentEvent]:
    record, said = _record("chat.completion.chunk", body.model), 0

    def told(tell: Callable[[str, dict[str, Any]], None]) -> None:
        try:
            tell("answer", vars(answer(lambda part: tell("verified", {"text": part}))))
        except (Refused, RagError) as error:
            status, kind, message = described(error)
            tell("error", {"error": {"type": kind, "message": message}, "status": status})

    yield _event(_chunk(record, {"role": "assistant", "content": ""}))  # at once: somebody is there
    async for name, data in work.events(told, slow=slow):
        if name == "error":
            kind = "server_error" if data.get("status", 500) >= 500 else "invalid_request_error"
            error = data["error"] | {"type": kind, "param": None, "code": data["error"]["type"]}
            yield _event({"error": error})
            return
        if name == "verified":
            said += len(data["text"])
            yield _event(_chunk(record, {"content": data["text"]}))
            continue
        yield _event(_chunk(record, {"content": data["content"][said:]}))
        yield _event(_chunk(record, {"annotations": data["annotations"]}))
        yield _event(_chunk(record, {}, "stop"))
        if body.stream_options and body.stream_options.include_usage:
            yield _event(record | {"choices": [], "usage": data["usage"]})
    yield ServerSentEvent("[DONE]", sep="\n")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "rag"}


def _record(kind: str, model: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": kind, "created": int(time.time()), "model": model}


def _chunk(record: dict[str, Any], delta: dict[str, Any], end: str | None = None) -> dict[str, Any]:
    return record | {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}


def _event(data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(data, ensure_ascii=False), sep="\n")
