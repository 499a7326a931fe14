"""`rag mcp`: the Model Context Protocol, for assistants that call tools."""

from contextlib import suppress
from typing import Annotated

import typer

from rag.cli.options import EmbedderOption, IndexOption, SourceOption, WriterOption, open_library
from rag.errors import RagError

__all__ = ["mcp"]


def mcp(
    index: IndexOption = None,
    source: SourceOption = None,
    embedder: EmbedderOption = None,
    writer: WriterOption = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Over HTTP, on this port of this machine alone.")
    ] = None,
) -> None:
    """Let an assistant search, ask and read the articles (Model Context Protocol, on standard input and output)."""
    try:
        from rag.serve.mcp import run_http, run_stdio
    except ModuleNotFoundError as missing:
        raise RagError(f"{missing.name} is not installed", "pip install 'rag[mcp]'") from missing
    with open_library(index, source, True, embedder=embedder, writer=writer) as library, suppress(KeyboardInterrupt):
        library.index  # noqa: B018 - what is wrong with it is said before a client connects
        if port is None:
            run_stdio(library)
        else:
            run_http(library, port)
