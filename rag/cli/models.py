"""`rag models`: which models are here and usable offline; `rag models fetch NAME` brings one."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from rag import hub
from rag.cli.records import print_json

__all__ = ["app"]

app = typer.Typer(help="What models are here and usable offline; fetch one by name.", invoke_without_command=True)
BUILT_IN = (("builtin", "embedder"), ("extract", "writer"))


@app.callback()
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """List the models that are usable without the network."""
    if context.invoked_subcommand:
        return
    found = hub.cached()
    if as_json:
        records = [{"name": name, "use": use, "size": 0, "folder": ""} for name, use in BUILT_IN]
        records += [asdict(model) for model in found]
        print_json({"models": records})
        return
    console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
    for name, use in BUILT_IN:
        console.print(Text(f"{name:40}", style="bold").append(f"  {use:9}  built in", style="dim"))
    for model in found:
        row = Text(f"{model.name:40}", style="bold")
        console.print(row.append(f"  {model.use or '-':9}  {_megabytes(model.size)}  {model.folder}", style="dim"))


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model id of the Hugging Face hub.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
) -> None:
    """Bring a model into the hub's cache; from then on it is usable offline."""
    if name in dict(BUILT_IN):
        if not quiet:
            sys.stderr.write(f"rag: {name} is built in\n")
        return

    def announce(size: int) -> None:
        if not quiet:
            sys.stderr.write(f"rag: fetching {name}, {_megabytes(size)}, from the Hugging Face hub, once\n")

    folder = hub.fetch(name, announce, bar=not quiet and sys.stderr.isatty())
    sys.stdout.write(f"{folder}\n")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"
