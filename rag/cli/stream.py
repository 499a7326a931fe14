"""What a model writes, shown while it writes, and taken away again when the verified answer is there."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from rag.library import Library

__all__ = ["streaming"]


@contextmanager
def streaming(library: Library, *, active: bool = True) -> Iterator[Callable[[str], None] | None]:
    """What to call with each part of the text; None where nobody looks at standard output, or if not `active`.

    None for `extract` too: its statements are there within milliseconds of one another.
    """
    if not active or not sys.stdout.isatty() or library.writer_name == "extract":
        yield None
        return
    from rich.live import Live

    text = Text("…", style="dim")
    console = Console(highlight=False)
    with Live(text, console=console, transient=True, refresh_per_second=8) as live:

        def on_text(part: str) -> None:
            nonlocal text
            text = text + part if text.plain != "…" else Text(part, style="dim")
            lines = text.wrap(console, console.width)  # what does not fit on the screen could not be taken away
            live.update(Text("\n").join(lines[-max(console.height - 2, 1) :]))

        yield on_text
