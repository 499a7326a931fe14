"""`rag bench`: how well and how fast articles are found, how clean they get, and how well questions are answered."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.core import TyperGroup

from rag.cli import render
from rag.cli.records import print_json
from rag.config import MODES
from rag.errors import BadInput
from rag.types import Mode

if TYPE_CHECKING:
    from rag.measure.cleaning.table import Table

__all__ = ["app"]


class _DatasetsOrCommand(TyperGroup):
    """A first word that names no command begins a call of `datasets`, so that `rag bench FOLDER` needs no verb."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = args if args and args[0] in self.commands else ["datasets", *args]
        return super().parse_args(ctx, words)


app = typer.Typer(cls=_DatasetsOrCommand, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback()
def _bench() -> None:
    """Measure finding on data sets of articles; `clean` measures cleaning, `answers` answers, `serve` a server."""


@app.command()
def datasets(
    folders: Annotated[
        list[str],
        typer.Argument(
            metavar="DATASET...",
            help="Folders with corpus.jsonl, queries.jsonl and qrels/test.tsv (BEIR), or topics and qrels (TREC).",
        ),
    ],
    embedder: Annotated[
        list[str] | None, typer.Option("--embedder", metavar="NAME", help="May be given several times.")
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="MODE", help="hybrid, dense or lexical; may be given several times."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where indexes, runs and reports are kept.")] = Path(
        "bench"
    ),
    again: Annotated[bool, typer.Option("--again", help="Measure anew what is already there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
) -> None:
    """Measure finding: quality with confidence, speed, memory. A call that was stopped goes on where it was."""
    from rag.measure.finding import bench  # nothing of it is needed for searching
    from rag.measure.finding.report import page, table

    modes = list(mode or MODES)
    if unknown := [name for name in modes if name not in MODES]:
        raise BadInput(f"unknown mode {unknown[0]!r}", "use " + ", ".join(MODES))
    with render.progress(quiet or as_json) as on_progress:
        record = bench(
            folders,
            embedders=embedder or ["builtin"],
            modes=cast(list[Mode], modes),
            out=out,
            again=again,
            on_progress=on_progress,
        )
    text = json.dumps(record, ensure_ascii=False, indent=1)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
    (out / "report.html").write_text(page(record), encoding="utf-8")
    if as_json:
        print_json(record)
        return
    sys.stdout.write(table(record))
    if not quiet:
        sys.stderr.write(f"{out / 'report.html'}, {out / 'report.json'} and the runs beside them are written\n")


@app.command()
def clean(
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="DIR", help="Also passages of a BEIR folder or .jsonl file; several times."),
    ] = None,
    costs: Annotated[bool, typer.Option("--costs", help="Also speed, and growth from 1 to 10 MB; minutes.")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a report with bars.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Dirt made by known mechanisms: how much of it is undone, and how much else is changed."""
    from rag.measure.cleaning import measure, table

    record: dict[str, Any] = measure(data or (), costs=costs)
    if html:
        from rag.measure.cleaning.html import report

        html.write_text(report(table.tables(record)), encoding="utf-8")
    if as_json:
        print_json(record)
        return
    _print_tables(table.tables(record))


@app.command()
def answers(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="DATASET...",
            help="JSON lines, plain or .gz: qid, question, passage_id, passage, title, answers, answerable.",
        ),
    ],
    questions: Annotated[
        str | None, typer.Option("--questions", metavar="FILE", help="Ask in the words of this file, by qid.")
    ] = None,
    outside: Annotated[
        str | None, typer.Option("--outside", metavar="FILE", help="Also ask questions of this file, to be refused.")
    ] = None,
    count: Annotated[int | None, typer.Option("-n", help="How many questions of each file; without it all.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which ones.")] = 0,
    passage: Annotated[bool, typer.Option(help="Also ask each question of its own passage alone.")] = True,
    k: Annotated[int | None, typer.Option("-k", help="How many passages an answer may draw on.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", metavar="MODE", help="hybrid, dense or lexical.")] = None,
    embedder: Annotated[str | None, typer.Option("--embedder", metavar="NAME", help="As of rag ask.")] = None,
    writer: Annotated[str | None, typer.Option("--writer", metavar="NAME", help="As of rag ask.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where indexes are kept.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a report with bars.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
) -> None:
    """Questions with known answers: evidence cited, answers, citations proven, refusals, time."""
    from rag.measure.answering import measure, table

    with render.progress(quiet or as_json) as on_progress:
        record = measure(
            files,
            questions=questions,
            outside=outside,
            count=count,
            seed=seed,
            passage=passage,
            out=out,
            on_progress=on_progress,
            k=k,
            mode=mode,
            embedder=embedder,
            writer=writer,
        )
    if html:
        from rag.measure.cleaning.html import report

        html.write_text(report(table.tables(record), "How well questions are answered"), encoding="utf-8")
    if as_json:
        print_json(record)
        return
    _print_tables(table.tables(record))


@app.command()
def serve(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="Of a server on this machine.")] = None,
    index: Annotated[str, typer.Option("--index", metavar="DIR", help="Without URL: serve this index.")] = "",
    token: Annotated[
        str, typer.Option("--token", envvar="RAG_TOKEN", show_default=False, help="What the server wants to know.")
    ] = "",
    clients: Annotated[int, typer.Option("--clients", min=1, max=1000, help="How many at once.")] = 20,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long they are busy.")] = 120,
    think: Annotated[float, typer.Option("--think", min=0, help="Seconds between two requests of one.")] = 1,
    asks: Annotated[float, typer.Option("--asks", min=0, max=1, help="Share of questions; the rest searches.")] = 0.2,
    hostile: Annotated[int, typer.Option("--hostile", metavar="N", min=0, help="Requests that mean ill, instead.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """A server under load: throughput, waiting times, errors, memory; or under attack.

    Without URL the same clients also call the library of the index itself, for as long, without HTTP.
    """
    from contextlib import nullcontext

    from rag.config import settings
    from rag.measure.serving import Clients, attack, cost, load, load_in_process, started, table, target

    folder = settings({"index": index or None}).index
    with nullcontext(target(url, token)) if url else started(folder) as server:
        record: dict[str, Any] = {}
        if hostile:
            record["hostile"] = attack(server, hostile)
        else:
            busy = Clients(clients, seconds, think, asks, server.questions(1000))
            record["load"] = load(server, busy)
            record["in_process"] = None if url else load_in_process(folder, busy)
            record["cost"] = None if url else cost(server, folder)
    if as_json:
        print_json(record)
    else:
        _print_tables(table.tables(record))
    attacked = record.get("hostile")
    if attacked and (attacked["got_in"] or attacked["failures"] or attacked["silent"]):
        raise typer.Exit(1)


def _print_tables(made: Iterable["Table"]) -> None:
    from rich.console import Console
    from rich.table import Table as Shown
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120)
    for one in made:
        shown = Shown(title=Text(one.title, style="bold"), title_justify="left", box=None, header_style="dim")
        for number, name in enumerate(one.columns):
            shown.add_column(name, justify="right" if number else "left", no_wrap=not number)
        for row in one.rows:
            shown.add_row(*(Text(cell) for cell in (row.name, *(cell.text for cell in row.cells))))
        console.print(shown)
        console.print(Text(one.note, style="dim"))
        console.print()
