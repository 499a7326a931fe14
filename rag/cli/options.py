"""Options that several commands share, and the library that they name."""

import sys
from typing import Annotated, Any

import typer

from rag.cli import render
from rag.library import Library, Report

__all__ = [
    "CountOption",
    "EmbedderOption",
    "IndexOption",
    "JsonOption",
    "MmrOption",
    "ModeOption",
    "QuietOption",
    "RerankerOption",
    "SinceOption",
    "SiteOption",
    "SourceOption",
    "UnderOption",
    "UntilOption",
    "WriterOption",
    "add",
    "open_library",
]

IndexOption = Annotated[
    str | None, typer.Option("--index", metavar="DIR", help="Folder of the index, or milvus://HOST:PORT/COLLECTION.")
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="PATH", help="File or folder to index on the way; may be given several times."),
]
CountOption = Annotated[int | None, typer.Option("-k", help="How many passages.")]
ModeOption = Annotated[str | None, typer.Option("--mode", metavar="MODE", help="hybrid, dense or lexical.")]
EmbedderOption = Annotated[
    str | None,
    typer.Option("--embedder", metavar="NAME", help="builtin, a sentence-transformers id or folder, or an address."),
]
RerankerOption = Annotated[
    str | None,
    typer.Option("--reranker", metavar="NAME", help="A cross-encoder of sentence-transformers: hub id or folder."),
]
WriterOption = Annotated[
    str | None,
    typer.Option(
        "--writer", metavar="NAME", help="extract, a transformers id or folder, an http(s):// address, or auto."
    ),
]
SinceOption = Annotated[str, typer.Option("--since", metavar="DATE", help="Only articles of this ISO date or later.")]
UntilOption = Annotated[str, typer.Option("--until", metavar="DATE", help="Only articles of this date or earlier.")]
UnderOption = Annotated[
    str, typer.Option("--in", metavar="PATH", help="Only articles in this file or folder, or of this glob.")
]
SiteOption = Annotated[str, typer.Option("--site", metavar="HOST", help="Only articles of this web site.")]
MmrOption = Annotated[
    float, typer.Option("--mmr", metavar="WEIGHT", help="Below 1: less alike passages (maximal marginal relevance).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]


def open_library(index: str | None, source: list[str] | None, quiet: bool, **arguments: Any) -> Library:
    """The library of `--index`; with `--source` brought in step first, in an index of these files if none is named."""
    if not source:
        return Library(index, **arguments)
    library = Library(index, **arguments) if index else Library.of(source, **arguments)
    add(library, source, quiet)
    return library


def add(library: Library, paths: list[str], quiet: bool) -> Report:
    try:
        with render.progress(quiet) as on_progress:
            report = library.add(*paths, on_progress=on_progress)
    except KeyboardInterrupt:
        sys.stderr.write("rag: stopped; what was committed is kept, and the same call goes on from there\n")
        raise typer.Exit(130) from None
    if not quiet:
        render.report(report, library.path)
    return report
