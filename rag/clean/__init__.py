"""Cleaning: text that remembers where it came from, and the steps in their order."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Final

from rag.clean import about, characters, codepage, lines, main_text, markup, shift
from rag.clean.about import GUESSED
from rag.clean.codepage import wrong_code_page
from rag.clean.markdown import markdown
from rag.clean.repeated import REASON, common, edges, repeated
from rag.clean.shift import REPAIRED
from rag.clean.signs import Signs
from rag.clean.traced import TracedText
from rag.types import Document, Edit, Kind

__all__ = ["GUESSED", "REPAIRED", "STEPS", "TracedText", "breaks", "clean", "common", "described", "edges", "without"]

Step = Callable[[str], Iterable[Edit]]

# controls, private characters and odd forms tell how a text was wrongly decoded: they are removed after that is mended
_DECODED: Final[tuple[Step, ...]] = (wrong_code_page,)
_CHARACTERS: Final[tuple[Step, ...]] = (characters.line_breaks, characters.invisible)
_READABLE: Final[tuple[Step, ...]] = (
    *_CHARACTERS,
    characters.pinyin_notes,
    shift.byte_shift,
    characters.pinyin_notes,  # on characters that were out of step
    characters.private_use,
    characters.odd_forms,
    characters.line_spacing,
)
_TEXT: Final[tuple[Step, ...]] = (
    *_READABLE,
    lines.furniture,
    characters.blank_lines,
)

STEPS: Final[Mapping[Kind, tuple[Step, ...]]] = {
    "text": (markup.left_entities, *_DECODED, *_TEXT),
    "record": (markup.left_entities, *_DECODED, *_TEXT),
    # a mark may stand behind a byte order mark or a bare "\r"
    "markdown": (markup.left_entities, *_DECODED, *_CHARACTERS, markdown, *_TEXT),
    "html": (main_text.html, *_DECODED, *_TEXT),
    "pdf": (*_DECODED, *_TEXT),  # the text that was read out of these holds no markup
    "docx": (*_DECODED, *_TEXT),
    "epub": (*_DECODED, *_TEXT),
}
"""Each step looks at the text as the steps before it left it, and yields edits, sorted and disjoint."""


@lru_cache(maxsize=1)
def _signs() -> tuple[Signs, dict[Step, int]]:
    """Looks for what steps act on; and of each of these the number that is in the sum, if it is there."""
    acts_on: dict[Step, str] = {
        markup.left_entities: "&",
        wrong_code_page: codepage.signs(),
        characters.line_breaks: characters.BREAKS,
        characters.invisible: characters.INVISIBLE,
        characters.pinyin_notes: r"\(",
        shift.byte_shift: shift.LOST,
        characters.private_use: characters.PRIVATE,
        characters.odd_forms: characters.ODD,
        characters.line_spacing: r"[^\S\n]",
        lines.furniture: r"\n",
        characters.blank_lines: r"\n",
    }
    return Signs([*acts_on.values()]), {step: 1 << number for number, step in enumerate(acts_on)}


_TAKEN_OUT: Final = lines.REASONS | {main_text.REASON, REASON}


def breaks(page: TracedText) -> list[int]:
    """Places in `page.text` where lines of the page were taken out, so that what is left does not read on."""
    return [
        place.start
        for edit, place in zip(page.edits, page.written, strict=True)
        if not _TAKEN_OUT.isdisjoint(edit.why.split(" + "))
    ]


def clean(raw: str, kind: Kind = "text") -> TracedText:
    """`raw` with its dirt removed, traced back to `raw` character by character.

    >>> page = clean("當(dāng)前位置:首頁(yè) > 股市 >\\n\\n創(chuàng)業(yè)者不必懼怕Sora\\n孔月昕2024-03-04 07:46\\n")
    >>> page.text
    '創業者不必懼怕Sora'
    >>> [edit.why for edit in page.edits]
    ['pinyin note + breadcrumb', 'space', 'pinyin note', 'pinyin note', 'byline + space']
    """
    return _through(STEPS[kind], raw)


def described(document: Document, page: TracedText) -> Document:
    """`document` with title, author, site and date as far as they can be found; `page` is its text as cleaned.

    What it states of these is cleaned too: the dirt of a page is in its title as well.
    """
    form: Kind = "markdown" if document.kind == "markdown" else "text"
    if document.title or document.author or document.site:
        document = replace(
            document,
            title=clean(document.title, form).text or document.title,
            author=clean(document.author, form).text or document.author,
            site=clean(document.site, form).text or document.site,
        )
    tags = (markup.html, markup.entities) if document.kind == "html" else ()
    return about.described(document, page, lambda raw: _through((*tags, *_DECODED, *_READABLE), raw))


def _through(steps: Iterable[Step], raw: str) -> TracedText:
    traced = TracedText(raw)
    if not raw:
        return traced
    signs, number = _signs()
    there = signs.of(raw)
    for step in steps:
        if step in number and not number[step] & there:
            continue
        after = traced.apply(step(traced.text))
        if after is not traced:
            traced, there = after, signs.of(after.text)
    return traced


def without(page: TracedText, known: frozenset[int]) -> TracedText:
    """`page` without the lines that its site repeats on its articles, as `common` has learned them."""
    if not known:
        return page
    shorter = page.apply(repeated(page.text, known))
    return shorter.apply(characters.blank_lines(shorter.text))


class _Callable(ModuleType):
    """`rag.clean(raw)` is this package's own name: called, it does what its function does.

    So `import rag` need not load the cleaning, which searching has no use for.
    """

    def __call__(self, raw: str, kind: Kind = "text") -> TracedText:
        return clean(raw, kind)


sys.modules[__name__].__class__ = _Callable
