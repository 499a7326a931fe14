"""Steps on HTML: tags and entities go, the words between them stay. Markdown is next door."""

import html as stdlib_html
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from rag.clean import tables
from rag.types import Edit

__all__ = ["entities", "html", "left_entities", "tags"]

_BLOCK = frozenset(
    "address article blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "h1 h2 h3 h4 h5 h6 head hr html legend li main ol p pre section summary table tbody td tfoot th "
    "thead title tr ul".split()
)
_DROPPED = frozenset("script style noscript template svg math iframe object select textarea title".split())
_FURNITURE = frozenset("nav footer aside form button menu".split())
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_CLOSE = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE | re.ASCII) for name in _DROPPED}
_VALUE_OR_END = re.compile(r"=\s*([\"'])|>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_MOST_HIDDEN = 1000  # characters; whole pages are hidden too, until a script shows them
_SPACE = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_LEFT = re.compile(  # "said" is a tag or an entity of an entity
    r"&(?:(?P<said>lt;[/!?]?[a-zA-Z](?:[^&<>\n]|&(?:quot|#39|amp);){0,80}&gt;|amp;#?\w{1,30};)"
    r"|(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});)"
)
_QUOTED = re.compile(r"[`\"'“‘「『]&#?\w+;[`\"'”’」』]")


class _Tag(NamedTuple):
    start: int
    end: int  # behind the content too, where all of that is dropped
    name: str  # "" for a comment and the like
    closing: bool


def html(text: str) -> Iterator[Edit]:
    """Deletes tags, comments, scripts and the elements of page navigation; a block element becomes a line of its own.

    >>> from rag.clean.traced import TracedText
    >>> source = "<nav><a>Home</a></nav><p>A <b title='a > b'>word</b></p>"
    >>> TracedText(source).apply(html(source)).text.strip()
    'A word'
    """
    found = list(tags(text))
    ends = _unseen(text, found)
    joints = tables.joints(text, found)
    at = number = 0
    before = False
    while number < len(found):
        first = found[number]
        last = ends.get(number, number)
        value = number in joints and first.name in tables.CELLS
        yield from _spaces(text, at, first.start, trim=(before, value))
        before = value
        at = found[last].end
        new = joints.get(number, "\n" if first.name in _BLOCK or first.name in _FURNITURE else "")
        hidden = last > number and first.name not in _FURNITURE
        why = "hidden text" if hidden else f"<{'/' * first.closing}{first.name or '!'}>"
        yield Edit(first.start, at, new, why)
        number = last + 1
    yield from _spaces(text, at, len(text))


def _unseen(text: str, found: list[_Tag]) -> dict[int, int]:
    """Which opening tag of page furniture or of hidden words is closed by which; one never closed hides nothing."""
    ends: dict[int, int] = {}
    opened: dict[str, list[int]] = defaultdict(list)
    for number, tag in enumerate(found):
        if not tag.closing:
            opened[tag.name].append(number)
        elif opened[tag.name]:
            first = opened[tag.name].pop()
            if tag.name in _FURNITURE or (tag.end - found[first].start < _MOST_HIDDEN and _hides(text, found[first])):
                ends[first] = number
    return ends


def _hides(text: str, tag: _Tag) -> bool:
    """Whether the tag says that its element is not shown."""
    written = text[tag.start : min(tag.end, tag.start + _MOST_HIDDEN)].lower()
    if "hidden" not in written and "none" not in written:
        return False
    has = {attribute[1]: attribute[2] or "" for attribute in _ATTRIBUTE.finditer(written, len(tag.name) + 1)}
    return "hidden" in has or "display:none" in has.get("style", "").replace(" ", "")


def _spaces(text: str, start: int, end: int, *, trim: tuple[bool, bool] = (False, False)) -> Iterator[Edit]:
    """A line break inside of a paragraph's source is a space; to `trim` begin and end is to leave no space there."""
    for found in _SPACE.finditer(text, start, end):
        at_edge = (trim[0] and found.start() == start) or (trim[1] and found.end() == end)
        if at_edge or "\n" in found[0] or len(found[0]) > 1:
            yield Edit(found.start(), found.end(), "" if at_edge else " ", "space")


def tags(text: str) -> Iterator[_Tag]:
    """The tags of `text`, disjoint and in order.

    One pass from left to right: a search that found nothing is not made again, so unclosed tags cost linear time.
    """
    at = 0
    lost: set[str] = set()  # what does not occur in the rest of the text
    while (start := text.find("<", at)) >= 0:
        tag = _tag(text, start, lost)
        if tag:
            yield tag
        at = tag.end if tag else start + 1  # a lone "<" is text


def _tag(text: str, start: int, lost: set[str]) -> _Tag | None:
    if text.startswith("<!--", start):
        end = _find(text, "-->", start + 2, lost)  # "<!-->" is a whole comment
        return _Tag(start, end + 3 if end >= 0 else start + 4, "", False)
    if text.startswith(("<!", "<?"), start):
        end = _find(text, ">", start, lost)
        return _Tag(start, end + 1, "", False) if end >= 0 else None
    named = _NAME.match(text, start)
    end = _end_of_tag(text, named.end(), lost) if named else -1
    if not named or end < 0:
        return None
    name, closing = named[1].lower(), text[start + 1] == "/"
    if name in _DROPPED and not closing and text[end - 2] != "/" and name not in lost:
        close = _CLOSE[name].search(text, end)
        if not close:
            lost.add(name)
        elif (behind := _end_of_tag(text, close.end(), lost)) >= 0:
            end = behind
    return _Tag(start, end, name, closing)


def _end_of_tag(text: str, at: int, lost: set[str]) -> int:
    """Behind the `>` that ends the tag, which is none inside of a quoted value; -1 where there is none."""
    plain = _find(text, ">", at, lost)
    if plain < 0 or "quoted" in lost:
        return plain + 1 or -1
    while found := _VALUE_OR_END.search(text, at):
        if not found[1]:
            return found.end()
        close = _find(text, found[1], found.end(), lost)
        at = close + 1 if close >= 0 else found.end()
    lost.add("quoted")  # a quote swallows the rest of the page: from here on quotes mean nothing
    return plain + 1


def _find(text: str, what: str, start: int, lost: set[str]) -> int:
    """`text.find` that remembers what is not there any more."""
    if what in lost:
        return -1
    at = text.find(what, start)
    if at < 0:
        lost.add(what)
    return at


def entities(text: str) -> Iterator[Edit]:
    """Writes character references as the characters that they stand for.

    >>> list(entities("a&amp;b &nosuch;"))
    [Edit(start=1, end=6, new='&', why='entity')]
    """
    for found in _ENTITY.finditer(text):
        plain = stdlib_html.unescape(found[0])
        if plain != found[0]:
            yield Edit(found.start(), found.end(), plain, "entity")


def left_entities(text: str) -> Iterator[Edit]:
    """As `entities`, for text that is no HTML any more: leaves what an article about HTML says.

    That is a whole tag, an entity of an entity, and one that stands alone between quotation marks.

    >>> [edit.new for edit in left_entities("A&nbsp;&lt; B, the tag &lt;br&gt;, &amp;lt; for a &lt; sign, `&nbsp;`")]
    ['\\xa0', '<', '<']
    """
    for found in _LEFT.finditer(text):
        plain = stdlib_html.unescape(found[0])
        if not found["said"] and plain != found[0] and not _QUOTED.match(text, max(0, found.start() - 1)):
            yield Edit(found.start(), found.end(), plain, "entity")
