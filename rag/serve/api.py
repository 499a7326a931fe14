"""The routes that say how the server and its indexes are; the others under `/api` are those of `asking`, `articles`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from rag import __version__
from rag.serve import articles, asking, schemas
from rag.serve.state import State

__all__ = ["routes"]


def routes(state: State) -> APIRouter:
    """The routes, for the collections of `state`."""
    router = APIRouter(responses=schemas.ERRORS)
    collection, work = state.collection, state.work
    router.include_router(asking.routes(state))
    router.include_router(articles.routes(state))

    @router.get("/health", response_model=schemas.Health)
    async def health() -> Response:
        """Whether the server lives."""
        return JSONResponse({"status": "ok", "version": __version__})

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(generate_latest(state.figures.registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/api/indexes", response_model=schemas.Indexes)
    async def indexes() -> Response:
        """The indexes that are served."""
        counted = await work.run(lambda: [one.counts() for one in state.collections.values()])
        return JSONResponse({"indexes": counted, "default": collection(None).name})

    @router.get("/api/status")
    async def status(index: Annotated[schemas.Name | None, Query()] = None) -> dict[str, Any]:
        """What an index holds, which model built it, and whether it is sound."""
        where = collection(index)

        def read() -> dict[str, Any]:
            with where.reader() as library:
                return library.status() | {"index": where.name}

        return await work.run(read)

    return router
