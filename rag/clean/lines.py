"""The step on whole lines: what belongs to the page and not to the article.

A line goes only when all of it is furniture, and a text of one line is left alone: a quoted sentence must come out of
cleaning as it went in.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rag.clean.hints import may_be_furniture
from rag.script import fold
from rag.types import Edit

__all__ = ["REASONS", "furniture"]

REASONS = frozenset(
    "spam title,breadcrumb,navigation,byline,related articles,share bar,promotion,comment form,author box,"
    "copyright or credit".split(",")
)
"""The `why` of every edit in this module."""

_LONGEST = 300
_LISTED = 12  # titles that a related-articles heading may have below it
_LISTED_LENGTH = 60
_SENTENCE_END = re.compile(r"[。！？!?；;…]|[.](?:\s|$)")
_DATE = re.compile(r"(?:19|20)\d\d\s?[-/.年]")


def furniture(text: str) -> Iterator[Edit]:
    """Deletes lines of page furniture, each with its kind as the reason, and a byline that is glued to a title.

    >>> page = "商汤的亏损\\n責任編輯：小王\\n它亏损了60亿元。\\n相关阅读：别的文章\\n"
    >>> [edit.why for edit in furniture(page)]
    ['copyright or credit', 'related articles']
    """
    if "\n" not in text.strip():
        return
    lines = text.split("\n")
    at, listed = 0, 0
    first = next(number for number, line in enumerate(lines) if line)
    for number, line in enumerate(lines):
        start, at = at, at + len(line) + 1
        if not line or len(line) > _LONGEST:
            listed = listed if not line else 0
            continue
        why = kind_of(line)
        if number == first and _is_spam(line, text[at:]):
            why = "spam title"
        if listed and not why and _may_be_listed(line):
            why, listed = "related articles", listed - 1
        elif why:
            listed = _listed_below(lines, number) if why == "related articles" and 2 * start > len(text) else 0
        else:
            listed = 0
            cut = _glued(line)
            if cut:
                yield Edit(start + cut, start + len(line), "", "byline")
        if why:
            yield Edit(start, start + len(line), "", why)


@lru_cache(maxsize=20_000)  # the pages of a site share their furniture
def kind_of(line: str) -> str:
    """The kind of furniture that `line` is; empty for a line of the article."""
    if not may_be_furniture(line):
        return ""
    from rag.clean import furniture as looks  # its patterns take a tenth of a second to compile: not at start-up

    return looks.kind(line.strip(), fold(line).strip())


def _glued(line: str) -> int:
    """Where date, editor and source begin that stand behind a title on its line; 0 where they do not."""
    if line[-1] in "。！？，,、" or not _DATE.search(line):
        return 0
    from rag.clean import credits

    folded = fold(line)
    start = credits.glued_byline(folded)
    # folding can change the length of a line, so the place is found again from its end
    cut = len(line) - (len(folded) - start)
    return cut if start > 0 < cut and fold(line[cut:]) == folded[start:] else 0


def _may_be_listed(line: str) -> bool:
    return len(line) <= _LISTED_LENGTH and not _SENTENCE_END.search(line)


def _listed_below(lines: Sequence[str], number: int) -> int:
    """How many titles stand below a heading of related articles. One short line above prose is a section's heading."""
    count = 0
    for line in lines[number + 1 : number + 1 + 3 * _LISTED]:
        if line and not _may_be_listed(line):
            return count if count > 1 else 0
        count += bool(line)
    return min(count, _LISTED)


def _is_spam(line: str, body: str) -> bool:
    """Whether a first line is unrelated keywords: several parts, no sentence, and the article speaks of none."""
    parts = [part.strip() for part in re.split(r"[_|｜]", line) if part.strip()]
    if len(parts) < 3:
        parts = [part.strip() for part in re.split(r"[,，、]", line) if part.strip()]
        if len(parts) < 4:
            return False
    if _SENTENCE_END.search(line) or body.count("\n", 0, len(body.rstrip())) < 1:
        return False
    return not (_is_known(parts, body) or _is_known(map(fold, parts), fold(body)))


def _is_known(parts: Iterator[str] | Sequence[str], body: str) -> bool:
    return any(part[i : i + 4] in body for part in parts for i in range(max(1, len(part) - 3)))
