"""`rag status` and `rag repair`: what an index holds, whether it is sound, and mending it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from rag.cli import render
from rag.cli.options import IndexOption, JsonOption
from rag.cli.records import print_json
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
        render.problems(record)
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
        render.repaired(record)
    if done.left:
        raise typer.Exit(1)


def _tell(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        render.status(record)
