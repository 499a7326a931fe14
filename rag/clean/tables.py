"""Rows of HTML tables: a row of short cells is one line as in Markdown, `| Kaffa Pro | 249 euros |`, to be cited.

A row that is cited is cleaned again by itself, mostly without its outer tags, so nothing outside of it may decide.
"""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["CELLS", "joints"]

CELLS = ("td", "th")
_ROW_ENDS = frozenset(("tr", "table", "tbody", "thead", "tfoot", "caption"))
_BREAKS = frozenset(("br", "p", "div", "center"))
_TOO_MUCH = frozenset("ul ol li dl pre blockquote h1 h2 h3 h4 h5 h6 article section form hr nav footer aside".split())
"""What makes of a cell more than a value: such tables arrange a page."""
_LONGEST = 200
"""Characters of a cell, with its tags."""


class Tag(Protocol):
    """A tag of a text, `[start, end)`; `name` is in small letters."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def closing(self) -> bool: ...


def joints(text: str, tags: Sequence[Tag]) -> dict[int, str]:
    """For each tag inside of a row of values, by its number, what is written in its place: mostly nothing."""
    made: dict[int, str] = {}
    first = 0
    cells = 0
    for number in range(len(tags) + 1):
        if number == len(tags) or tags[number].name in _ROW_ENDS:
            if cells > 1:
                made |= _joined(text, tags, first, number)
            first, cells = number + 1, 0
        elif tags[number].name in CELLS:
            cells += 1
    return made


def _joined(text: str, tags: Sequence[Tag], first: int, last: int) -> dict[int, str]:
    """The same for the tags `[first, last)`, between which no row begins or ends; nothing for no row of values."""
    made: dict[int, str] = {}
    at = cell = tags[first - 1].end if first else 0
    cell_said = is_open = False
    opened = 0
    for number in range(first, last):
        tag = tags[number]
        cell_said = cell_said or bool(text[at : tag.start].strip())
        at = tag.end
        if tag.name in CELLS:
            if tag.start - cell > _LONGEST:
                return {}
            cell = tag.end
            cell_said = False
            made[number] = " |" if tag.closing else " | " if is_open else " " if opened else "| "
            opened += not tag.closing
            is_open = not tag.closing
        elif tag.name in _TOO_MUCH:
            return {}
        else:
            made[number] = " " if tag.name in _BREAKS and not tag.closing and cell_said else ""
    return made if opened > 1 else {}
