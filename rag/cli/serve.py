"""`rag serve`: the library over HTTP."""

from typing import Annotated

import typer

from rag.cli.options import EmbedderOption, WriterOption
from rag.errors import BadInput
from rag.library import Library

__all__ = ["serve"]


def serve(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH...]", help="Files and folders to bring in step now and at each refresh."),
    ] = None,
    index: Annotated[
        list[str] | None, typer.Option("--index", metavar="DIR", help="Folder of an index; several times for several.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8000,
    token: Annotated[
        str, typer.Option("--token", envvar="RAG_TOKEN", show_default=False, help="What clients must know.")
    ] = "",
    open_to_all: Annotated[bool, typer.Option("--open-to-all", help="Answer other machines without a token.")] = False,
    allow_origin: Annotated[
        list[str] | None, typer.Option("--allow-origin", metavar="URL", help="Another site whose pages may ask.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", metavar="NAME", help="Another name of this server.")
    ] = None,
    embedder: EmbedderOption = None,
    writer: WriterOption = None,
) -> None:
    """Serve indexes over HTTP: the web page, /api, and /v1 for programs that speak to OpenAI."""
    try:
        from rag.serve.options import Options
        from rag.serve.start import run
    except ImportError as missing:
        raise BadInput(f"{missing.name} is not installed", "pip install 'rag[serve]'") from missing

    options = Options(host, port, token, open_to_all, origins=tuple(allow_origin or ()), hosts=tuple(allow_host or ()))
    if "-" in (paths or []):
        raise BadInput("standard input cannot be kept in step", "name files and folders")
    arguments = {"embedder": embedder, "writer": writer}
    if index:
        libraries = [Library(one, **arguments) for one in index]
    else:
        libraries = [Library.of(paths, **arguments) if paths else Library(**arguments)]
    run(libraries, options, paths or (), named=bool(index))
