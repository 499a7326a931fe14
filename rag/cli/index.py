"""`rag status` and `rag repair`: what an index holds, whether it is sound, and mending it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from rag.cli.options import IndexOption, JsonOption
from rag.cli.records import print_json
from rag.cli.render import Text, console_of, visible
from rag.library import Library

__all__ = ["repair", "status"]


def status(
    index: IndexOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Verify all of it, changing nothing; exit status 1 if anything is wrong.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what an index holds, which model built it, and whether it is sound."""
    with Library(index) as library:
        if not check:
            _tell(library.status(), as_json)
            return
        found = library.check()
        record = {"index": str(library.path), "sound": not found, "problems": [asdict(one) for one in found]}
    if as_json:
        print_json(record)
    else:
        _problems(record)
    if found:
        raise typer.Exit(1)


def repair(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Rebuild what is damaged and can be rebuilt, and say what must be indexed again."""
    with Library(index) as library:
        done = library.repair()
        record = {"index": str(library.path), "sound": not done.left} | asdict(done)
    if as_json:
        print_json(record)
    else:
        _repaired(record)
    if done.left:
        raise typer.Exit(1)


def _tell(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        _status(record)


def _status(record: dict[str, Any]) -> None:
    """One line for each fact, then the files."""
    console = console_of()
    for name, value in record.items():
        if name != "sources":
            console.print(f"[dim]{name:>12}[/dim]  {escape(visible(str(value)))}")
    for source in record["sources"]:
        console.print(Text(f"  {source}", style="green"))


def _problems(record: dict[str, Any]) -> None:
    """What a check has found, or that there is nothing."""
    console = console_of()
    for one in record["problems"]:
        console.print(Text(f"{one['what']}: ", style="red").append(one["why"], style="default"))
    if record["problems"]:
        console.print(Text(f"`rag repair --index {record['index']}` mends what can be mended."))
    else:
        console.print(Text(f"{record['index']} is sound."))


def _repaired(record: dict[str, Any]) -> None:
    """What a repair found, did, and left."""
    console = console_of()
    for one in record["found"]:
        console.print(Text(f"found {one['what']}: {one['why']}", style="dim"))
    if record["published"]:
        console.print("shown: what an interrupted run had left")
    if record["rebuilt"]:
        console.print(f"rebuilt: {', '.join(record['rebuilt'])}")
    for path in record["again"]:
        console.print(Text(f"index again: {path}", style="yellow"))
    if record["aside"]:
        console.print(Text(f"the damaged database is kept as {record['aside']}", style="dim"))
        console.print("`rag index` with all your folders now looks into each file and brings back what was lost")
    for one in record["left"]:
        console.print(Text(f"still wrong: {one['what']}: {one['why']}", style="red"))
    if not record["found"] and not record["published"]:
        console.print(Text(f"{record['index']} is sound; nothing to do."))
