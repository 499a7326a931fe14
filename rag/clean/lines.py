"""The step on whole lines: what belongs to the page and not to the article.

A line goes only when all of it is furniture, and a text of one line is left alone: a quoted sentence must come out of
cleaning as it went in.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rag.clean.edge import at_edges
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
_WORD_LENGTH = 6
_SENTENCE_END = re.compile(r"[。！？!?；;…]|[.](?:\s|$)")
_NUMBER = re.compile(r"\A\d{1,2}[.．](?=\s)")
_ASKED = re.compile(r"[！？!?](?=.)|[！？!?]\Z")
_WORD = re.compile(r"[A-Za-z]{4,}")
_JOINED = (
    (re.compile(r"[|｜]|_(?![A-Za-z0-9])|(?<![A-Za-z0-9])_"), 3),
    (re.compile(r"(?<=[\u4e00-\u9fff])\s?[,，、]"), 4),
    (re.compile(r"\s[-–—]\s|(?<=[\u4e00-\u9fff])-(?=[\u4e00-\u9fff])"), 4),
)
"""What stands between the keywords of a spam title, and how many keywords tell it."""
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
    title = lines[first]
    row = title.startswith("|") and title.endswith("|")  # of a table
    spam = (
        not row and len(title) <= _LONGEST and _is_spam(title, text, first + len(title) + 1)
    )  # the lines above it are empty
    placed = at_edges(lines, lambda line: "spam title" if spam and line is title else kind_of(line))
    for number, line in enumerate(lines):
        start, at = at, at + len(line) + 1
        if not line or len(line) > _LONGEST:
            listed = listed if not line else 0
            continue
        why = "spam title" if spam and number == first else placed.get(number) or kind_of(line)
        if listed and not why and _may_be_headline(line):
            why, listed = "related articles", listed - 1
        elif why:
            listed = _listed_below(lines, number) if why == "related articles" and 2 * start > len(text) else 0
        else:
            listed = 0
            cut = _glued(line)
            if cut:
                yield Edit(start + cut, start + len(line), "", "byline")
        if why and not _is_heading(lines, number):
            yield Edit(start, start + len(line), "", why)


@lru_cache(maxsize=20_000)  # the pages of a site share their furniture
def kind_of(line: str) -> str:
    """The kind of furniture that `line` is; empty for a line of the article."""
    if not may_be_furniture(line):
        return ""
    from rag.clean import furniture as looks  # its patterns take a tenth of a second to compile: not at start-up

    return looks.kind(line.strip(), fold(line).strip())


def _is_heading(lines: Sequence[str], number: int) -> bool:
    """Whether the line is one word, and the prose right below it speaks of it."""
    word = lines[number]
    if not 2 <= len(word) <= _WORD_LENGTH or word.isdigit():
        return False
    below = next((line for line in lines[number + 1 : number + 3] if line), "")
    if word not in below or len(below) <= 3 * len(word) or not _SENTENCE_END.search(below):
        return False
    return len(below) > _LONGEST or not kind_of(below)


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
    return len(line) <= _LISTED_LENGTH and not _SENTENCE_END.search(_NUMBER.sub("", line, count=1))


def _may_be_headline(line: str) -> bool:
    """A looser question than `_may_be_listed`: headlines ask and cry out, but so do lines of an article."""
    return _may_be_listed(_ASKED.sub("", line))


def _listed_below(lines: Sequence[str], number: int) -> int:
    """How many titles stand below a heading of related articles. One short line above prose is a section's heading."""
    strict = loose = 0
    counting = True
    for line in lines[number + 1 : number + 1 + 3 * _LISTED]:
        if not line:
            continue
        if kind_of(line):
            break
        if not _may_be_headline(line):
            return strict if strict > 1 else 0
        counting = counting and _may_be_listed(line)
        strict += counting
        loose += 1
    return min(loose, _LISTED)


def _is_spam(line: str, text: str, end: int) -> bool:
    """Whether a first line is unrelated keywords: several parts, no sentence, and the article speaks of none."""
    if line[-1] in ":：" or _SENTENCE_END.search(line):
        return False
    for sign, least in _JOINED:
        parts = [part.strip() for part in sign.split(line) if part.strip()]
        if len(parts) >= least:
            break
    else:
        return False
    body = text[end:]
    if body.count("\n", 0, len(body.rstrip())) < 1:
        return False
    return not (_is_known(parts, body) or _is_known(map(fold, parts), fold(body)))


def _is_known(parts: Iterator[str] | Sequence[str], body: str) -> bool:
    return any(_is_spoken_of(part, body) for part in parts)


def _is_spoken_of(part: str, body: str) -> bool:
    """Whether four characters of `part` stand in `body`; of English, two of its words or its only one."""
    if part.isascii():
        words = _WORD.findall(part)
        return bool(words) and sum(word in body for word in words) >= min(2, len(words))
    return any(part[i : i + 4] in body for i in range(max(1, len(part) - 3)))
