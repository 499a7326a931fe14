"""Lists and tables in an article: what opens a list, what its items are, and what is a row."""

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.script import fold
from rag.types import Span

__all__ = ["is_row", "items", "opens"]

MOST_ITEMS = 9
"""More are no answer any more."""
_OPENS = re.compile(r"(?:[:：]|如下[。.]?|as follows[.:]?)\s*$")
_ENDS = re.compile(r"[。.!！?？…]$")
_NUMBERED = re.compile(r"\W?\d+\W")
_ROW = re.compile(r"^\|.*\|.*\|$")


def opens(text: str) -> bool:
    """Whether a sentence ends so that what it names comes next."""
    return bool(_OPENS.search(fold(text)))


def is_row(text: str) -> bool:
    """Whether a line is a row of a table: it ends like no sentence and states a fact all the same."""
    return bool(_ROW.match(text))


def items(opening: Span, following: Sequence[tuple[str, Span]]) -> int:
    """How many of the sentences that follow one that opens a list are its items, each on a line of its own.

    Items lie equally far from one another, at most an empty line; where the first ends like no sentence, none does
    but a numbered last one.
    Sentences are two items at most, and none behind an empty line, where a paragraph begins.

    >>> items(Span(0, 9), [("a mat", Span(11, 16)), ("a torch", Span(17, 24)), ("It rained.", Span(26, 36))])
    2
    """
    if not following or following[0][1].start - opening.end > 2:
        return 0
    finished = bool(_ENDS.search(following[0][0]))
    if finished and following[0][1].start - opening.end > 1:
        return 0  # a paragraph
    count = 1
    gap = 0
    for (_, before), (text, span) in pairwise(following[:MOST_ITEMS]):
        apart = span.start - before.end
        ends = bool(_ENDS.search(text))
        if not 0 <= apart <= 2 or (count > 1 and apart != gap) or (ends and not finished and not _NUMBERED.match(text)):
            break
        gap = apart
        count += 1
        if ends:  # the last of them may be a whole sentence
            break
    return count
