"""HTML as a reader sees it: tags go, and of a whole page also what stands around its article."""

import html as stdlib_html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from rag.clean import markup
from rag.clean.align import key, shared
from rag.clean.traced import TracedText
from rag.types import Edit

__all__ = ["REASON", "fields", "html"]

REASON: Final = "outside the main text"
"""The `why` of a line that is not the article's."""

_LARGEST = 2_000_000  # characters of a page that is looked at as a whole; a larger one is not an article
_MOST_TAGS = 20_000
_DEEPEST = 200
_LEAST = 0.1  # of the page's letters: with less, something was missed

# never closed, or closed by the next of their kind
_FLAT = frozenset("area base br col hr img input link meta param source wbr p li dt dd td th tr option".split())
_TITLE = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
_TITLE_WITHIN = 100_000  # characters
_HEADING_END = re.compile(r"</h1\b", re.IGNORECASE)
_HEADING_WITHIN = 2_000


def html(raw: str) -> Iterator[Edit]:
    """Deletes tags and writes entities out; of a whole page deletes also the lines that are not of its main text.

    A stretch of a page, such as a quotation, is no whole page: all its words stay.

    >>> [edit.why for edit in html("<p>A &amp; <b>B</b></p>")]
    ['<p>', 'entity', '<b>', '</b>', '</p>']
    """
    page = TracedText(raw)
    page = page.apply(markup.html(raw))
    page = page.apply(markup.entities(page.text))
    if _is_whole_page(raw):
        page = page.apply(_outside(raw, page.text))
    yield from page.edits


def fields(raw: str) -> dict[str, str]:
    """What a whole page says of itself, by field; nothing of a stretch of a page."""
    from rag.clean import extractor

    return extractor.fields(raw) if _is_whole_page(raw) else {}


def _is_whole_page(raw: str) -> bool:
    """Whether `raw` is a page that can be looked at as one: with a body, and of a size and depth that pages have."""
    if len(raw) > _LARGEST:
        return False
    found = raw.lstrip("\ufeff \t\r\n")[:14].lower() == "<!doctype html"
    opened: Counter[str] = Counter()
    depth = 0
    for number, tag in enumerate(markup.tags(raw)):
        if number > _MOST_TAGS or depth > _DEEPEST:
            return False
        found = found or tag.name in ("html", "body")
        if tag.name in _FLAT or not tag.name:
            continue
        if not tag.closing:
            opened[tag.name] += 1
            depth += 1
        elif opened[tag.name]:
            opened[tag.name] -= 1
            depth -= 1
    return found


def _outside(raw: str, text: str) -> Iterator[Edit]:
    from rag.clean import extractor

    main = [letters for letters in map(key, extractor.main_lines(raw)) if letters]
    if not main:
        return
    lines = text.split("\n")
    keys = [key(line) for line in lines]
    kept = shared(keys, main)
    if sum(len(one) for one, keep in zip(keys, kept, strict=True) if keep) < _LEAST * sum(map(len, keys)):
        return
    _keep_title(raw, keys, kept)
    at, before = 0, False
    for line, letters, keep in zip(lines, keys, kept, strict=True):
        if letters:
            before = keep
        if line.strip() and not before:
            yield Edit(at, at + len(line), "", REASON)
        at += len(line) + 1


def _keep_title(raw: str, keys: Sequence[str], kept: list[bool]) -> None:
    """Keep the line above the main text that shows the page's title, which often stands apart from it."""
    said = _TITLE.search(raw, 0, _TITLE_WITHIN)
    title = key(stdlib_html.unescape(said[1])) if said else ""
    shown = [number for number, one in enumerate(keys) if len(one) > 3 and title.startswith(one)]
    if any(kept[number] for number in shown):
        return
    above = [number for number in shown if number < kept.index(True)]
    if not above and (heading := _first_heading(raw)):
        above = [number for number, one in enumerate(keys[: kept.index(True)]) if one == heading]
    if above:
        kept[max(above, key=lambda number: (len(keys[number]), number))] = True


def _first_heading(raw: str) -> str:
    start = next((tag.end for tag in markup.tags(raw) if tag.name == "h1" and not tag.closing), -1)
    inside = raw[start : start + _HEADING_WITHIN] if start >= 0 else ""
    inside = inside[: end.start()] if (end := _HEADING_END.search(inside)) else ""
    return key(stdlib_html.unescape(TracedText(inside).apply(markup.html(inside)).text))
