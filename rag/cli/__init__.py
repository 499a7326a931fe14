"""The command line: parse the words, call the library, print. It decides nothing."""

import os
import sys
import time
from typing import Annotated, Any

import typer

from rag import __version__
from rag.cli import bench, models, render
from rag.cli.chat import chat
from rag.cli.clean import clean
from rag.cli.index import repair, status
from rag.cli.mcp import mcp
from rag.cli.options import (
    CountOption,
    EmbedderOption,
    IndexOption,
    JsonOption,
    MmrOption,
    ModeOption,
    QuietOption,
    RerankerOption,
    SinceOption,
    SiteOption,
    SourceOption,
    UnderOption,
    UntilOption,
    WriterOption,
    add,
    open_library,
)
from rag.cli.records import page_record, print_json, report_record
from rag.cli.serve import serve
from rag.cli.stream import streaming
from rag.display import place_named
from rag.errors import BadInput, RagError
from rag.library import Library
from rag.types import Span
from rag.wire import answer_record, hit_record

__all__ = ["app", "main"]

app = typer.Typer(
    name="rag",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"rag {__version__}\n")
        raise typer.Exit


@app.callback()
def rag(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Answers from your own articles, with every word traced back to its source."""


app.add_typer(bench.app, name="bench")
app.add_typer(models.app, name="models")

app.command()(clean)
app.command()(chat)
app.command()(status)
app.command()(repair)
app.command()(serve)
app.command()(mcp)


@app.command("index")
def index_command(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders; - is standard input.")],
    index: IndexOption = None,
    embedder: EmbedderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring an index in step with files and folders: new, changed, removed."""
    began = time.perf_counter()
    with Library(index, embedder=embedder) as library:
        report = add(library, paths, quiet or as_json)
        if as_json:
            print_json(report_record(report, library.path, time.perf_counter() - began))
    if report.skipped and not (report.added or report.changed or report.unchanged or report.removed):
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    index: IndexOption = None,
    source: SourceOption = None,
    k: CountOption = None,
    mode: ModeOption = None,
    embedder: EmbedderOption = None,
    reranker: RerankerOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    under: UnderOption = "",
    site: SiteOption = "",
    mmr: MmrOption = 1.0,
    explain: Annotated[bool, typer.Option("--explain", help="What each measure added to each hit's score.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find the best passages."""
    names = {"embedder": embedder, "reranker": reranker}
    with open_library(index, source, quiet or as_json, k=k, mode=mode, **names) as library:
        began = time.perf_counter()
        hits = library.search(query, since=since, until=until, under=under, site=site, mmr=mmr)
        took = round((time.perf_counter() - began) * 1000, 2)
        if as_json:
            record: dict[str, Any] = {
                "query": query,
                "index": str(library.path),
                "mode": library.settings.mode,
            }
            print_json(record | {"took_ms": took, "hits": [hit_record(hit) for hit in hits]})
        else:
            render.hits(query, hits, library.known(hits), explain=explain)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    index: IndexOption = None,
    source: SourceOption = None,
    k: CountOption = None,
    mode: ModeOption = None,
    embedder: EmbedderOption = None,
    reranker: RerankerOption = None,
    writer: WriterOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    under: UnderOption = "",
    site: SiteOption = "",
    show_unsupported: Annotated[
        bool, typer.Option("--show-unsupported", help="What was left out for want of support, struck through.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer a question from the articles, with citations, or say that they do not say."""
    names = {"embedder": embedder, "reranker": reranker, "writer": writer}
    with open_library(index, source, quiet or as_json, k=k, mode=mode, **names) as library:
        with streaming(library, active=not as_json) as on_text:
            answer = library.ask(question, since=since, until=until, under=under, site=site, on_text=on_text)
        if as_json:
            print_json(answer_record(answer))
        else:
            render.answer(answer, library.known(answer.hits), unsupported=show_unsupported)


@app.command()
def show(
    place: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE[:LINE][:START-END]",
            help="A file or document id; a line, which in a JSON lines file is an article; a stretch.",
        ),
    ],
    index: IndexOption = None,
    cleaned: Annotated[bool, typer.Option("--cleaned", help="The page as cleaned.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="What cleaning changed, where and why.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show an original with a stretch of it lit up, the page as cleaned, or what cleaning changed."""
    name, line, span = place_named(place)
    with Library(index) as library:
        pages = library.pages(name, line)
    if as_json:
        print_json({"source": name, "documents": [page_record(*page) for page in pages]})
        return
    if span is not None and len(pages) > 1:
        raise BadInput(f"{name} holds {len(pages)} articles", "name one by its line: rag show FILE:LINE:START-END")
    for document, page in pages:
        if span is None and line and document.kind != "record" and not cleaned and not changes:
            lines = document.text.split("\n")
            if line > len(lines):
                raise BadInput(f"{name} has {len(lines)} lines", "check the number of the line")
            start = len("\n".join([*lines[: line - 1], ""]))
            span = Span(start, start + len(lines[line - 1]))
        if span is not None and not 0 <= span.start <= span.end <= len(document.text):
            raise BadInput(
                f"{name} has {len(document.text)} characters, {span.start}-{span.end} is not inside",
                "check the stretch",
            )
        render.page(document, page, span, cleaned=cleaned, changes=changes)


_CLOSED = 141
"""Status of a program that SIGPIPE ended, 128 + 13, as `cat` and `grep` have it."""


def main() -> None:
    """Run the program. Status 0: done, a refusal too; 1: the work failed; 2: the words of the call are wrong.

    141, and silence: who read the output stopped, as `head` does.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except RagError as error:
        sys.stderr.write(f"rag: {render.visible(str(error))}\n")
        raise SystemExit(2 if isinstance(error, BadInput) else 1) from None
    except (SystemExit, BrokenPipeError) as end:
        if not isinstance(end, BrokenPipeError) and not isinstance(end.__context__, BrokenPipeError):
            raise
        # else what is still unwritten would fail once more when Python ends, and be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(_CLOSED) from None
