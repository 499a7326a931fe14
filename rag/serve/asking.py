"""Searching and asking."""

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

from rag.library import Library
from rag.serve import schemas
from rag.serve.state import State
from rag.types import Hit
from rag.wire import answer_record, hit_record

__all__ = ["routes"]

_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}


def routes(state: State) -> APIRouter:
    """The routes, for the collections of `state`."""
    router = APIRouter()
    collection, work = state.collection, state.work

    @router.post("/api/search", response_model=schemas.Found)
    async def search(body: schemas.Search) -> Response:
        """The best passages."""
        where = collection(body.index)

        def find() -> Response:
            with where.reader() as library:
                began = time.perf_counter()
                hits = library.search(body.query, **body.arguments())
                took = round((time.perf_counter() - began) * 1000, 2)
                mode = body.mode or library.settings.mode
            record = {"query": body.query, "index": where.name, "mode": mode, "took_ms": took}
            return JSONResponse(record | {"hits": [hit_record(hit) for hit in hits]})

        return await work.run(find)

    @router.post("/api/ask", response_model=schemas.Asked, responses={200: {"content": _STREAM}})
    async def ask(request: Request, body: schemas.Ask) -> Response:
        """An answer in which every statement is cited, or a refusal.

        With `Accept: text/event-stream` the events are `hits`, then `text` for each piece that the writer writes, not
        verified yet, then `answer`, or `error`.
        """
        where = collection(body.index)

        def given(tell: Callable[[str, dict[str, Any]], None] | None = None) -> dict[str, Any]:
            def on_hits(hits: Sequence[Hit]) -> None:
                if tell:
                    tell("hits", {"hits": [hit_record(hit) for hit in hits]})

            def on_text(piece: str) -> None:
                if tell:
                    tell("text", {"text": piece})

            with where.reader() as library:
                return _asked(library, body, on_hits, on_text)

        if "text/event-stream" not in request.headers.get("accept", ""):
            return JSONResponse(await work.run(given, slow=where.waits))

        async def events() -> AsyncIterator[ServerSentEvent]:
            async for name, data in work.events(lambda tell: tell("answer", given(tell)), slow=where.waits):
                yield ServerSentEvent(json.dumps(data, ensure_ascii=False), event=name, sep="\n")

        return EventSourceResponse(events(), sep="\n")

    return router


def _asked(
    library: Library,
    body: schemas.Ask,
    on_hits: Callable[[Sequence[Hit]], None],
    on_text: Callable[[str], None],
) -> dict[str, Any]:
    """The JSON of an answer, to a question that may lean on its history."""
    talk = library.chat([(turn.question, turn.answer) for turn in body.history])
    answer = talk.ask(body.question, on_hits=on_hits, on_text=on_text, **body.arguments())
    return {"asked": answer.asked} | answer_record(answer)
