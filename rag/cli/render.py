"""What a person reads: colours on a terminal, plain text elsewhere."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text as Styled

from rag.display import located
from rag.index import Address
from rag.library import Report
from rag.protocols import Progress
from rag.types import PROPERTIES, Answer, Citation, Document, Hit, Span

if TYPE_CHECKING:  # searching needs nothing of it
    from rag.clean import TracedText

__all__ = [
    "Text",
    "answer",
    "console_of",
    "hits",
    "note",
    "page",
    "progress",
    "report",
    "sources",
    "visible",
]

_AROUND = 200  # characters of the original shown on either side of a stretch
_SIGNS = (">>>", "<<<")
_EXCERPT = 160
_ALSO = 3


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    """`text` with control characters spelt out: what an article or a file name holds may not command a terminal.

    >>> visible("a\\x1b[2J b\\r\\n")
    'a\\\\x1b[2J b\\n'
    """
    return _CONTROL.sub(lambda sign: "" if sign[0] == "\r" else f"\\x{ord(sign[0]):02x}", text)


class Text(Styled):
    """Styled text in which control characters are visible."""

    def __init__(self, text: str = "", **style: Any) -> None:
        super().__init__(visible(text), **style)

    def append(self, text: Styled | str, style: Any = None) -> "Text":
        """Add text with a style."""
        super().append(visible(text) if isinstance(text, str) else text, style)
        return self


def console_of(*, stderr: bool = False) -> Console:
    """Standard output, or standard error."""
    stream = sys.stderr if stderr else sys.stdout
    # a pipe gets whole lines: only a terminal has a width
    return Console(file=stream, highlight=False, soft_wrap=not stream.isatty())


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """A bar with the time left on standard error, if a person looks at it; removed when done."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console_of(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def on_progress(done: float, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(visible(what[-40:])))

        yield on_progress


def report(done: Report, index: Path | Address) -> None:
    """A line on what indexing did, and one for each file that was skipped; nothing when nothing was to do."""
    console = console_of(stderr=True)
    counts = {"added": done.added, "changed": done.changed, "moved": done.moved, "removed": done.removed}
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    if done.unchanged and not parts:
        parts.append(f"nothing to do, {done.unchanged} unchanged")
    if parts or done.skipped:
        console.print(f"[dim]{escape(visible(str(index)))}: {', '.join(parts) or 'nothing added'}[/dim]")
    for where, why in done.skipped:
        console.print(f"[yellow]skipped[/yellow] {escape(visible(where))}: {escape(visible(why))}")


Known = Mapping[str, Document]
"""Articles by id, of which more is shown than a hit has."""


def answer(given: Answer, known: Known, *, quotes: bool = True, unsupported: bool = False) -> None:
    """The answer, then its sources, numbered, with the quotes or without.

    With `unsupported`, what was left out stands between them, struck through.
    """
    console = console_of()
    left_out = [one.text for one in given.statements if one.status == "unsupported"] if unsupported else []
    if given.refused:
        console.print(Text(given.reason, style="yellow"))
        _struck(console, left_out)
        if given.hits:
            nearest = given.hits[0]
            console.print(Text(f"Nearest: {nearest.title}  {_where(nearest)}", style="dim"))
        return
    text = Text(given.answer)
    text.highlight_regex(r"\[\d+\]", "bold cyan")
    found = re.search(rf"(?<!\[){re.escape(given.short)}(?!\d*\])", text.plain)  # no number of a marker
    if given.short and found:
        text.stylize("bold", *found.span())
    console.print(text)
    _struck(console, left_out)
    console.print()
    sources(given, known, quotes=quotes)


def sources(given: Answer, known: Known, *, quotes: bool = True) -> None:
    """The citations of an answer."""
    for citation in given.citations:
        date = next((h.date for h in given.hits if h.doc_id == citation.doc_id), "")
        _source(console_of(), citation, _dated(date, known.get(citation.doc_id)), quotes)
        said = [one.text for one in given.statements if citation.marker in one.markers and one.text in citation.text]
        if quotes and given.writer == "extract" and said and max(map(len, said)) < len(citation.text):
            note("    (longer than the statement: the signs at its edge were repaired as one and cannot be parted)")


def _dated(date: str, document: Document | None) -> str:
    """A day, with where it is from if that is no word of the article."""
    origin = document.provenance.get("date") if document else None
    weak = date and origin and origin.where == PROPERTIES
    return f"{date[:10]} ({PROPERTIES})" if weak else date[:10]


def note(text: str) -> None:
    """A line beside the matter."""
    console_of().print(Text(text, style="dim"))


def _struck(console: Console, statements: Sequence[str]) -> None:
    for statement in statements:
        console.print(Text("unsupported: ", style="yellow").append(statement, style="strike dim"))


def _source(console: Console, citation: Citation, date: str, quote: bool) -> None:
    head = Text(f"[{citation.marker}] ", style="bold cyan")
    head.append(citation.title, style="bold")
    if date:
        head.append(f"  {date}", style="dim")
    place, more = located(citation)
    head.append(f"  {place}", style="green")
    head.append(f"  {more}", style="dim")
    console.print(head)
    if quote:
        console.print(Text("    " + " ".join(citation.quote.split()), style="dim"))


def _where(one: Hit) -> str:
    """The file, with a line where it has lines, else with a place."""
    return f"{one.source} {one.place}" if one.place else f"{one.source}:{one.line}"


def hits(query: str, found: Sequence[Hit], known: Known, *, explain: bool = False) -> None:
    """One block for each passage; with `explain`, what made its score, the largest part first."""
    console = console_of()
    if not found:
        console.print(Text(f"Nothing found for {query!r}.", style="yellow"))
    for hit in found:
        head = Text(f"{hit.rank:>2}. ", style="bold cyan")
        head.append(hit.title or hit.doc_id, style="bold")
        head.append(f"  {_dated(hit.date, known.get(hit.doc_id))}" if hit.date else "", style="dim")
        head.append(f"  {_where(hit)}", style="green")
        head.append(f"  {hit.score:.2f}", style="dim")
        sides = ", ".join(f"{side} {found.rank}" for side, found in hit.found_by.items())
        head.append(f" ({sides})", style="dim")
        console.print(head)
        if explain:
            console.print(Text(f"    {_explained(hit)}", style="magenta"))
        excerpt = " ".join(hit.text.split())
        console.print(Text("    " + excerpt[:_EXCERPT] + ("…" if len(excerpt) > _EXCERPT else "")))
        if hit.also:
            more = f" and {len(hit.also) - _ALSO} more" if len(hit.also) > _ALSO else ""
            others = ", ".join(_named(one, known) for one in hit.also[:_ALSO])
            console.print(Text(f"    also in {others}{more}", style="dim"))


def _named(doc_id: str, known: Known) -> str:
    document = known.get(doc_id)
    return f"{document.source}:{document.line}" if document else doc_id


def _explained(hit: Hit) -> str:
    """
    >>> from rag.types import Found
    >>> _explained(Hit(1, 2.5, *[""] * 5, 0, 0, 1, "", {"dense": Found(3, 0.5)}, why={"lexical": -1.0, "alone": 3.5}))
    'alone +3.50, lexical -1.00; dense found it at rank 3 with 0.500'
    """
    parts = sorted(hit.why.items(), key=lambda part: -abs(part[1]))
    added = ", ".join(f"{name} {part:+.2f}" for name, part in parts)
    sides = (f"{side} found it at rank {one.rank} with {one.score:.3f}" for side, one in hit.found_by.items())
    return "; ".join(filter(None, (added, *sides)))


def page(document: Document, cleaned_page: "TracedText", span: Span | None, *, cleaned: bool, changes: bool) -> None:
    """The original with `span` lit up, or the page as cleaned, or each change with its place and reason.

    Of a PDF, DOCX or EPUB it is the text that was read out of it, with the place of `span`, or with all its places.
    """
    console = console_of()
    if changes:
        for edit in cleaned_page.edits:
            place = document.place(Span(edit.start, edit.end))
            line = document.text.count("\n", 0, edit.start) + 1
            old = document.text[edit.start : edit.end]
            row = Text(f"{document.source} {place}" if place else f"{document.source}:{line}", style="green")
            row.append(f"  {edit.start}-{edit.end}  {edit.why}  ", style="dim")
            row.append(repr(old[:_EXCERPT]), style="red").append(" -> ").append(repr(edit.new), style="cyan")
            console.print(row)
        kept = len(cleaned_page.text)
        console.print(f"{len(cleaned_page.edits)} changes; {len(document.text)} characters, {kept} after cleaning")
        return
    text = cleaned_page.text if cleaned else document.text
    if span is not None:
        if place := document.place(span):
            console.print(Text(_hint(place), style="dim"))
        _stretch(console, text, cleaned_page.to_text(span) if cleaned else span)
        return
    if not cleaned:
        _about(console, document)
    at = 0
    for one in document.places if document.kind != "docx" else ():  # a line about each paragraph would hide them
        start = cleaned_page.to_text(Span(one.start, one.start)).start if cleaned else one.start
        if before := text[at:start].removesuffix("\n"):
            console.print(Text(before))
        console.print(Text(_hint(one.label), style="dim"))
        at = start
    console.print(Text(text[at:]))


def _about(console: Console, document: Document) -> None:
    """A line for each field that is known, with where it was found."""
    known = 0
    for name in ("title", "author", "site", "date"):
        if value := getattr(document, name):
            known += 1
            row = Text(f"{name:>6}  ", style="dim").append(value, style="bold")
            if origin := document.provenance.get(name):
                row.append(f"  ({origin.where})", style="dim")
            console.print(row)
    if known:
        console.print()


def _hint(place: str) -> str:
    return f"— {place} —"


def _stretch(console: Console, text: str, span: Span) -> None:
    """`span` lit up, or between signs where nothing can be lit up, with what stands around it."""
    before, after = ("", "") if console.color_system else _SIGNS
    shown = Text("…" if span.start > _AROUND else "")
    shown.append(text[max(0, span.start - _AROUND) : span.start], style="dim")
    shown.append(before + span.of(text) + after, style="bold reverse")
    shown.append(text[span.end : span.end + _AROUND], style="dim")
    shown.append("…" if span.end + _AROUND < len(text) else "")
    console.print(shown)
