"""Steps on markup: tags, entities and Markdown signs go, the words between them stay."""

import html as stdlib_html
import re
from collections.abc import Iterator

from rag.types import Edit

__all__ = ["entities", "html", "markdown"]

_BLOCK = frozenset(
    "address article blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "h1 h2 h3 h4 h5 h6 head hr html legend li main ol p pre section summary table tbody td tfoot th "
    "thead title tr ul".split()
)
_DROPPED = frozenset("script style noscript template svg math iframe object select textarea title".split())
_FURNITURE = frozenset("nav footer aside form button menu".split())
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_SPACE = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")


def html(text: str) -> Iterator[Edit]:
    """Deletes tags, comments, scripts and the elements of page navigation; a block element becomes a line of its own.

    One pass from left to right: each search for an end is made at most once from any place, so that unclosed tags cost
    linear time.
    """
    at, skip_until, depth = 0, "", 0
    lost: set[str] = set()  # ends that do not occur in the rest of the text
    hidden_from = -1
    while (start := text.find("<", at)) >= 0:
        if not skip_until:
            yield from _spaces(text, at, start)
        end, name, closing = _tag(text, start, lost)
        if end < 0:  # a lone "<" is text
            at = start + 1
            continue
        if skip_until:
            if name == skip_until:
                depth += -1 if closing else 1
                if depth == 0:
                    yield Edit(hidden_from, end, "\n", f"<{name}>")
                    skip_until = ""
        elif name in _FURNITURE and not closing and f"</{name}" not in lost and _find(text, f"</{name}", end, lost) > 0:
            skip_until, depth, hidden_from = name, 1, start
        else:
            yield Edit(start, end, "\n" if name in _BLOCK else "", f"<{'/' * closing}{name or '!'}>")
        at = end
    if skip_until:  # never closed: only the tag itself is furniture
        yield Edit(hidden_from, text.index(">", hidden_from) + 1, "\n", f"<{skip_until}>")
    else:
        yield from _spaces(text, at, len(text))


def _spaces(text: str, start: int, end: int) -> Iterator[Edit]:
    """A line break inside of a paragraph's source is a space."""
    for found in _SPACE.finditer(text, start, end):
        if "\n" in found[0] or len(found[0]) > 1:
            yield Edit(found.start(), found.end(), " ", "space")


def _find(text: str, what: str, start: int, lost: set[str]) -> int:
    """`text.find` that remembers what is not there any more."""
    if what in lost:
        return -1
    at = text.find(what, start)
    if at < 0:
        lost.add(what)
    return at


def _tag(text: str, start: int, lost: set[str]) -> tuple[int, str, bool]:
    """End, name and whether it closes, of the tag at `start`; with a dropped element's content. End -1: no tag."""
    if text.startswith("<!--", start):
        end = _find(text, "-->", start + 4, lost)
        return (end + 3 if end >= 0 else start + 4), "", False
    if text.startswith(("<!", "<?"), start):
        end = _find(text, ">", start, lost)
        return (end + 1 if end >= 0 else -1), "", False
    named = _NAME.match(text, start)
    end = _find(text, ">", start, lost) if named else -1
    if not named or end < 0:
        return -1, "", False
    name, closing = named[1].lower(), text[start + 1] == "/"
    end += 1
    if name in _DROPPED and not closing and text[end - 2] != "/":
        close = _find(text, f"</{named[1]}", end, lost)
        close = _find(text, ">", close, lost) if close >= 0 else -1
        if close >= 0:
            end = close + 1
    return end, name, closing


def entities(text: str) -> Iterator[Edit]:
    """Writes character references as the characters that they stand for.

    >>> list(entities("a&amp;b &nosuch;"))
    [Edit(start=1, end=6, new='&', why='entity')]
    """
    for found in _ENTITY.finditer(text):
        plain = stdlib_html.unescape(found[0])
        if plain != found[0]:
            yield Edit(found.start(), found.end(), plain, "entity")


_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(?:[^\n]*\n){0,60}?---[ \t]*(?:\r?\n|\Z)")
_MARKDOWN = re.compile(
    r"(?P<fence>^[ \t]*(?:```|~~~)[^\n]*\n?)"
    r"|(?P<heading>^[ \t]{0,3}\#{1,6}[ \t]+)"
    r"|(?P<rule>^[ \t]*(?:[-*_][ \t]*){3,}$)"
    r"|(?P<quote>^[ \t]*>[ \t]?)"
    r"|(?P<bullet>^[ \t]*[-*+][ \t]+)"
    r"|(?P<image>!\[[^\]\n]{0,300}\]\([^)\n]{0,2000}\))"
    r"|(?P<open>\[(?=[^\[\]\n]{1,300}\]\([^)\n]{0,2000}\)))"
    r"|(?P<close>(?<=[^\[\n])\]\([^)\n]{0,2000}\))"
    r"|(?P<strong>\*\*|__|~~)"
    r"|(?P<comment><!--[^>]{0,2000}-->)",
    re.MULTILINE,
)


def markdown(text: str) -> Iterator[Edit]:
    """Deletes Markdown signs: front matter, heading and list marks, emphasis, images and the targets of links.

    >>> from rag.clean.traced import TracedText
    >>> source = "# Why **Sora**\\n- see [the report](http://x.y/z)"
    >>> TracedText(source).apply(markdown(source)).text
    'Why Sora\\nsee the report'
    """
    front = _FRONT_MATTER.match(text)
    if front:
        yield Edit(0, front.end(), "", "front matter")
    for found in _MARKDOWN.finditer(text, front.end() if front else 0):
        yield Edit(found.start(), found.end(), "", f"markdown {found.lastgroup}")
