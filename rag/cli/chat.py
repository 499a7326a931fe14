"""`rag chat`: a conversation with one's articles, in a terminal or line by line through a pipe."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from rag.cli import render
from rag.cli.options import (
    CountOption,
    EmbedderOption,
    IndexOption,
    JsonOption,
    ModeOption,
    QuietOption,
    SinceOption,
    SourceOption,
    UntilOption,
    WriterOption,
    open_library,
)
from rag.cli.records import page_record, print_json
from rag.cli.stream import streaming
from rag.errors import BadInput, RagError
from rag.wire import answer_record

if TYPE_CHECKING:
    from rag.library.conversation import Conversation

__all__ = ["chat"]

HELP = """\
/sources     the citations of the last answer, word for word
/open 2      the original with citation 2 lit up
/clear       forget the conversation
/save FILE   write it as Markdown; /save! FILE writes over a file that is there
/quit        leave; so does Ctrl-D. Ctrl-C stops an answer."""


def chat(
    index: IndexOption = None,
    source: SourceOption = None,
    k: CountOption = None,
    mode: ModeOption = None,
    embedder: EmbedderOption = None,
    writer: WriterOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask question after question; a later one may lean on those before. /help says what else can be typed."""
    if "-" in (source or []):
        raise BadInput("standard input holds the questions", "name files and folders with --source")
    person = sys.stdin.isatty() and sys.stdout.isatty()
    with open_library(index, source, quiet or as_json, k=k, mode=mode, embedder=embedder, writer=writer) as library:
        talk = library.chat()
        if person and not quiet:
            render.note("Ask something. /help says what else can be typed, Ctrl-D leaves.")
        for line in _lines(person):
            if line in ("/quit", "/exit"):
                return
            try:
                if line.startswith("/"):
                    _command(talk, line, as_json)
                else:
                    _ask(talk, line, as_json, since, until)
            except KeyboardInterrupt:
                sys.stderr.write("\nrag: stopped\n")
            except RagError as error:  # of this question; the next may do better
                if as_json:
                    print_json({"asked": line, "error": str(error)})
                else:
                    sys.stderr.write(render.visible(f"rag: {error}") + "\n")
            sys.stdout.flush()


def _lines(person: bool) -> Iterator[str]:
    """What is typed, or what comes through a pipe, one line at a time, without the empty ones."""
    if not person:
        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
        yield from filter(None, map(str.strip, sys.stdin))
        return
    with suppress(ImportError):  # Windows has none, and its console edits by itself
        import readline  # noqa: F401 - arrow keys, and the lines before, in input()
    while True:
        try:
            line = input("> ").strip()
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            continue
        except EOFError:
            sys.stdout.write("\n")
            return
        if line:
            yield line


def _ask(talk: "Conversation", question: str, as_json: bool, since: str, until: str) -> None:
    if as_json:
        answer = talk.ask(question, since=since, until=until)
        print_json({"asked": answer.asked} | answer_record(answer))
        return
    whole = talk.whole(question)
    if whole != question:
        render.note(f"-> {whole}")
    with streaming(talk.library) as on_text:
        answer = talk.ask(question, since=since, until=until, on_text=on_text)
    render.answer(answer, talk.library.known(answer.hits), quotes=False)
    sys.stdout.write("\n")


def _command(talk: "Conversation", line: str, as_json: bool) -> None:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if name == "/help":
        sys.stderr.write(HELP + "\n") if as_json else render.note(HELP)
    elif name == "/sources":
        if as_json:
            print_json({"citations": [asdict(citation) for citation in talk.last.citations]})
        else:
            render.sources(talk.last, talk.library.known(talk.last.hits))
    elif name == "/open":
        document, page, span = talk.original(int(rest) if rest.isdecimal() and len(rest) < 9 else 0)
        if as_json:
            print_json(page_record(document, page) | {"start": span.start, "end": span.end})
        else:
            render.page(document, page, span, cleaned=False, changes=False)
    elif name == "/clear":
        talk.clear()
    elif name in ("/save", "/save!") and rest:
        talk.save(rest, overwrite=name == "/save!")
        sys.stderr.write(f"{rest} is written\n")
    else:
        raise BadInput(f"{line} is no command", "/help lists them")
