"""What a model writes, shown while it writes, and taken away again when the verified answer is there."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

__all__ = ["streaming"]


@contextmanager
def streaming(active: bool) -> Iterator[Callable[[str], None] | None]:
    """What to call with each part of the text; None where nobody looks at standard output, or if not `active`."""
    if not active or not sys.stdout.isatty():
        yield None
        return
    from rich.live import Live

    text = Text(style="dim")
    with Live(text, console=Console(highlight=False), transient=True, refresh_per_second=8):

        def on_text(part: str) -> None:
            text.append(part)

        yield on_text
