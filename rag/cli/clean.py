"""`rag clean`: articles as cleaned, with the way back, without an index."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli import render
from rag.cli.records import page_record, print_json
from rag.errors import BadInput
from rag.types import Document, Span

if TYPE_CHECKING:  # searching needs nothing of it
    from rag.clean import TracedText

__all__ = ["clean"]

_STRANGE = re.compile(r"[^\w.-]+")


def clean(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders; - is standard input.")],
    changes: Annotated[bool, typer.Option("--changes", help="Every change, where and why, and not the text.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="One file for each article, and its map back.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Print articles as cleaned, or what cleaning changed and why."""
    from rag.library.pages import pages_of

    if out and out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file", "name a folder after --out")
    skipped: list[tuple[str, str]] = []
    records = []
    done = 0
    taken: set[str] = set()
    for document, page in pages_of(paths, lambda where, why: skipped.append((where, why))):
        done += 1
        if out:
            _write(document, page, out, taken)
        if as_json:
            records.append(page_record(document, page))
        elif changes:
            render.page(document, page, None, cleaned=True, changes=True)
        elif not out:
            sys.stdout.write(page.text + "\n" * (2 if document.kind == "record" else 1))
    if as_json:
        print_json({"documents": records})
    for where, why in skipped:
        sys.stderr.write(f"rag: skipped {where}: {why}\n")
    if skipped and not done:
        raise typer.Exit(1)


def _write(document: Document, page: "TracedText", out: Path, taken: set[str]) -> None:
    """`NAME.txt`, and `NAME.map.json`: what `rag show --json` has but the text, and the span of each line.

    `lines[n]` is the stretch `[start, end)` of the original for which line n of the text stands. `taken`: names so far.
    """
    stem = Path(document.source).name.removesuffix(Path(document.source).suffix)
    stem = _STRANGE.sub("-", f"{stem}-{document.doc_id}" if document.kind == "record" else stem).strip("-") or "article"
    stem = stem.encode()[:150].decode(errors="ignore")
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name)
    spans, at = [], 0
    for line in page.text.split("\n"):
        raw = page.to_raw(Span(at, at + len(line)))
        spans.append([raw.start, raw.end])
        at += len(line) + 1
    record = page_record(document, page)
    del record["text"]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(f"cannot make the folder {out}: {problem.strerror}", "name another with --out") from problem
    (out / f"{name}.txt").write_bytes((page.text + "\n").encode("utf-8", errors="replace"))
    (out / f"{name}.map.json").write_text(
        json.dumps(record | {"lines": spans}, ensure_ascii=False) + "\n", encoding="utf-8", errors="replace"
    )
