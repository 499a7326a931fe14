"""The application: the routes inside of the layers that guard them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from rag import __version__
from rag.serve import api, errors, openai, page
from rag.serve.collection import Collection
from rag.serve.guard import Guard
from rag.serve.limits import Limits
from rag.serve.options import Options
from rag.serve.state import State
from rag.serve.watch import Figures, Watch

__all__ = ["create"]


def create(
    collections: Sequence[Collection], options: Options | None = None, figures: Figures | None = None
) -> FastAPI:
    """The application that serves `collections`, of which the first is the default; it closes them when it stops."""
    options = options or Options()
    figures = figures or Figures()
    state = State.of(collections, options, figures)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        for one in collections:
            await anyio.to_thread.run_sync(one.close)

    app = FastAPI(title="rag", version=__version__, docs_url=None, redoc_url=None, lifespan=life)
    errors.install(app)
    app.include_router(api.routes(state))
    app.include_router(openai.routes(state))
    page.mount(app)
    # the last one added is the outermost
    app.add_middleware(Limits, options=options)
    app.add_middleware(Guard, options=options)
    if options.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=options.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    app.add_middleware(Watch, figures=figures)
    return app
