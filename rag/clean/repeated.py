"""Furniture learned across the articles of one site: short lines that stand at the edges of many of them.

Only the edges of a page are looked at, up to the first long line and from the last one on: what repeats between two
paragraphs is a heading. Versions of one article are one article, known by their longest line, else three drafts in a
folder would rob each other of their title.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from itertools import chain

from rag.script import fold
from rag.types import Edges, Edit, Span

__all__ = ["REASON", "common", "edges", "repeated"]

REASON = "repeated on this site"

_LONG = 80  # a line with more characters is a paragraph
_SHORTEST = 4
_DEEPEST = 20  # lines of one edge
_ARTICLES, _SHARE = 3, 0.2  # that must have a line before it is furniture


def _key(line: str) -> int:
    return int.from_bytes(blake2b(fold(line).encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


def _edge_lines(text: str) -> Iterator[tuple[Span, str]]:
    """The lines at both edges that may be furniture; none of a text of fewer than two lines."""
    lines, at = [], 0
    for line in text.split("\n"):
        if line:
            lines.append((Span(at, at + len(line)), line))
        at += len(line) + 1
    long = [number for number, (_, line) in enumerate(lines) if len(line) > _LONG] or [len(lines) // 2]
    head, tail = min(long[0], _DEEPEST), max(long[-1] + 1, len(lines) - _DEEPEST, min(long[0], _DEEPEST))
    if len(lines) > 1:
        yield from (one for one in lines[:head] + lines[tail:] if _SHORTEST <= len(one[1]) <= _LONG)


def edges(text: str) -> Edges:
    """What is to be remembered of a cleaned text."""
    return Edges(_key(max(text.split("\n"), key=len)), frozenset(_key(line) for _, line in _edge_lines(text)))


def common(pages: Iterable[Edges]) -> frozenset[int]:
    """Keys of the lines that three articles and a fifth of all have at their edges.

    >>> pages = [edges(f"Example Daily\\nTitle {n}\\n{'word ' * 20}{n}") for n in range(4)]
    >>> len(common(pages)), len(common(pages[:2]))
    (1, 0)
    """
    articles: dict[int, frozenset[int]] = {}
    for page in pages:
        own = articles.get(page.body)
        articles[page.body] = page.keys if own is None else own | page.keys
    counts = Counter(chain.from_iterable(articles.values()))
    enough = max(_ARTICLES, _SHARE * len(articles))
    return frozenset(key for key, count in counts.items() if count >= enough)


def repeated(text: str, known: Collection[int]) -> Iterator[Edit]:
    """Deletes the lines at the edges of a cleaned text whose keys are `known`."""
    for span, line in _edge_lines(text):
        if _key(line) in known:
            yield Edit(span.start, span.end, "", REASON)
