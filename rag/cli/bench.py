"""`rag bench`: measures, by commands that anyone can run."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["bench"]

bench = typer.Typer(help="Measure what the library does.", no_args_is_help=True)


@bench.callback()
def _group() -> None:
    """Measure what the library does."""


@bench.command()
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
    from rag.measure import table
    from rag.measure.clean import measure

    record: dict[str, Any] = measure(data or (), costs=costs)
    if html:
        from rag.measure.html import report

        html.write_text(report(table.tables(record)), encoding="utf-8")
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120)
    for one in table.tables(record):
        shown = Table(title=Text(one.title, style="bold"), title_justify="left", box=None, header_style="dim")
        for number, name in enumerate(one.columns):
            shown.add_column(name, justify="right" if number else "left", no_wrap=not number)
        for row in one.rows:
            shown.add_row(*(Text(cell) for cell in (row.name, *(cell.text for cell in row.cells))))
        console.print(shown)
        console.print(Text(one.note, style="dim"))
        console.print()
