"""The text of a book's chapter: its blocks, one after another, without markup."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from rag.load.extracted import glue
from rag.load.package import Tags, local

__all__ = ["Block", "Chapter"]

_BLOCKS = frozenset(
    "address article aside blockquote body br caption center dd details div dl dt figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NOT_SHOWN = ("head", "script", "style", "template", "svg", "math", "rt", "rp", "noscript", "iframe", "object")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_CELL = "\x1f"  # stands for the border of a cell until the space around it is gone


class Block(NamedTuple):
    """A paragraph, heading, row or line; `section` is the title of the section that begins with it, mostly ""."""

    text: str
    heading: bool = False
    section: str = ""


class Chapter(Tags):
    """Told the tags of a chapter, collects its `blocks`; `sections` has titles by the ids at which they begin."""

    def __init__(self, sections: Mapping[str, str]) -> None:
        self.blocks: list[Block] = []
        self._sections = sections
        self._section = ""
        self._parts: list[str] = []
        self._hidden = 0  # depth inside of what is not shown
        self._heading = self._kept = False  # whether inside of a heading, of preformatted text

    def start(self, tag: str, attributes: Any) -> None:
        name = local(tag)
        if self._hidden or name in _NOT_SHOWN:
            self._hidden += 1
            return
        if name in _BLOCKS:
            self._finish()
        elif name in ("td", "th") and self._parts:
            self._parts.append(_CELL)
        if title := self._sections.get(attributes.get("id") or attributes.get("name") or "#", ""):
            self._finish()
            self._section = title
        self._heading = self._heading or name in _HEADINGS
        self._kept = self._kept or name == "pre"

    def data(self, text: str) -> None:
        if not self._hidden:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        name = local(tag)
        if self._hidden:
            self._hidden -= 1
            return
        if name in _BLOCKS:
            self._finish()
        if name in _HEADINGS:
            self._heading = False
        if name == "pre":
            self._kept = False

    def close(self) -> None:
        self._finish()

    def _finish(self) -> None:
        """What was collected is a block."""
        text = "".join(self._parts)
        self._parts = []
        if self._kept:
            text = text.strip("\n").replace("\r", "")
        else:
            text = _SPACE.sub(lambda space: _one(text, space), text)
            text = text.replace(_CELL + " ", _CELL).replace(" " + _CELL, _CELL).strip()
        text = text.strip(_CELL).replace(_CELL, "\t")
        if text.strip():
            self.blocks.append(Block(text, self._heading, self._section))
            self._section = ""


def _one(text: str, space: re.Match[str]) -> str:
    """What a run of space shows as; a line break inside of Chinese text shows as nothing."""
    return (
        glue(text[max(0, space.start() - 1) : space.start()], text[space.end() : space.end() + 1])
        if "\n" in space[0]
        else " "
    )
