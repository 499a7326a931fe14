"""From the lines of printed pages to paragraphs: which lines go on, and which belong to the page and not to the text.

A line of the page is told from a line of the text by where it stands and how far it runs, never by what it is about.
The order of the lines is the one in which the file draws them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from rag.load.extracted import glue
from rag.script import HAN

__all__ = ["Flow", "Line", "flow"]

_EDGE = 2  # lines at the top and at the bottom of a page that may be its header and footer
_REPEATED = 3  # pages that have a line before it is taken for a header or footer
_PAGE_NUMBER = re.compile(
    r"[\s\W]*(?:(?:page|p\.?|第)\s*)?(?:\d{1,4}|[ivxlc]{1,7})\s*(?:页|頁)?"
    r"(?:\s*(?:of|/|\||共|，共|,共)\s*\d{1,4}\s*(?:页|頁)?)?[\s\W]*",
    re.IGNORECASE,
)
_NUMBER_AT_END = re.compile(r"\A\D{0,3}[0-9]{1,4}(?!\d)|(?<!\d)[0-9]{1,4}\D{0,3}\Z")
_NUMBER = re.compile(r"[0-9]{1,4}")
_HEADER = 60  # characters of the longest line that may be a page number with a title
_MARKER = re.compile(
    rf"(?:[•·●▪■◦‣○◆★※\-–—*]\s|[(（\[]?\d{{1,3}}[.)）\]、](?=\D)|[(（]?[一二三四五六七八九十]{{1,3}}[)）、]|"
    rf"第[\d{HAN}]{{1,4}}[章节節条條])"
)
_TERMINAL = re.compile(r"[。！？!?…：:.;；][”’」』》）)\]\"']*\Z")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")


class Line(NamedTuple):
    """A line as drawn. Its box is in points, y upward; the box is as high as the font, whatever the letters."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """Of the box, at least a point."""
        return max(self.top - self.bottom, 1.0)


class Flow(NamedTuple):
    """Text of the page with this index, to be written behind `before`: a newline, a space, or nothing."""

    page: int
    before: str
    text: str


def flow(pages: Sequence[Sequence[Line]]) -> list[Flow]:
    """The text of all pages, without what their edges repeat, lines of one paragraph joined, across pages too."""
    kept = _without_edges(pages)
    words = _hyphenated(kept)
    found: list[Flow] = []
    last: tuple[Line, float] | None = None  # the line before, and how far right its block runs
    for number, page in enumerate(kept):
        margin = max((line.right for line in page), default=0.0)
        for block in _blocks(page):
            right = max(line.right for line in block) if len(block) > 1 else margin
            left = min(line.left for line in block)
            for position, line in enumerate(block):
                above, its_right = last or (line, right)
                goes_on = _goes_on(above, line, its_right) if position else _continues(above, line, its_right, left)
                before = _join(found, line.text, words) if found and goes_on else "\n"
                found.append(Flow(number, before, line.text))
                last = line, right
    return found


# -- which lines go on


def _blocks(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines below one another at one distance and of one size."""
    pitches = [a.bottom - b.bottom for a, b in pairwise(page) if 0 < a.bottom - b.bottom < 4 * a.height]
    usual = median(pitches) if len(pitches) > 2 else 0.0
    block: list[Line] = []
    for line in page:
        if block:
            above = block[-1]
            pitch = above.bottom - line.bottom
            near = 0 < pitch <= 1.3 * max(usual, line.height * (1.2 if usual else 1.5))
            overlap = min(above.right, line.right) > max(above.left, line.left)
            if not (near and overlap and _same_size(above, line)):
                yield block
                block = []
        block.append(line)
    if block:
        yield block


def _same_size(a: Line, b: Line) -> bool:
    return 0.85 < a.height / b.height < 1.18


def _goes_on(above: Line, line: Line, right: float) -> bool:
    """Whether `line` goes on with the paragraph of the line above it in one block."""
    if _parted(above, line):
        return True
    ended = _TERMINAL.search(above.text) is not None
    short = _has_room(above, line, right)
    em = line.height
    if _MARKER.match(line.text) and (ended or short or abs(line.left - above.left) > em / 2):
        return False
    indented = line.left > above.left + 0.8 * em and not _MARKER.match(above.text)
    far = above.bottom - line.bottom > 1.8 * em
    return not short and not (ended and (indented or far))


def _continues(above: Line, line: Line, right: float, left: float) -> bool:
    """Whether `line`, the first of a block, goes on with a paragraph that the end of a page or column parted."""
    if above.bottom - line.bottom > 0 and line.left < above.right and above.left < line.right:
        return False  # it stands below it, so only a paragraph's distance parts them
    if not _same_size(above, line) or _parted(above, line):
        return _same_size(above, line)
    begins = _MARKER.match(line.text) or line.left > left + 0.8 * line.height
    return not (begins or _TERMINAL.search(above.text) or _has_room(above, line, right))


def _parted(above: Line, line: Line) -> bool:
    """Whether a hyphen parts a word between the two."""
    return _HYPHEN.search(above.text) is not None and line.text[:1].islower()


def _has_room(above: Line, line: Line, right: float) -> bool:
    """Whether the first word of `line` would have stood in the line above: then that one ended by intention."""
    width = (line.right - line.left) / max(1, len(line.text))
    first = line.text.split(maxsplit=1)[0] if glue(line.text[:1], line.text[:1]) else line.text[:2]
    return above.right + width * (len(first) + 1) + line.height / 2 < right


# -- how lines are joined


def _join(found: list[Flow], text: str, words: Counter[str]) -> str:
    """What stands between the last of `found` and `text`; takes the hyphen off that only parted a word."""
    before = found[-1]
    if not (_HYPHEN.search(before.text) and text[:1].islower()):
        return glue(before.text, text)
    head = before.text[:-1].rsplit(maxsplit=1)[-1]
    tail = _FIRST_WORD.match(text)
    whole = f"{head}-{tail[0] if tail else ''}".lower()
    if before.text[-1] != "-" or not (words[whole] or "-" in head):
        found[-1] = before._replace(text=before.text[:-1])
    return ""


def _hyphenated(pages: Sequence[Sequence[Line]]) -> Counter[str]:
    """Words that are written with a hyphen inside of a line, in lower case: these keep theirs at its end too."""
    return Counter(
        word.lower()
        for page in pages
        for line in page
        for word in re.findall(r"(?<![\w-])[^\W\d_]+-[^\W\d_]+(?![\w-])", line.text)
    )


# -- what belongs to the page


def _without_edges(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines without headers, footers and page numbers: lines at the edge that other pages have there too.

    A header stays where it stands first, for there it may be the title.
    """
    edges = [_edges(page) for page in pages]
    tops = Counter(key for top, _ in edges for key in {_key(line) for line in top})
    bottoms = Counter(key for _, bottom in edges for key in {_key(line) for line in bottom})
    shifts = Counter(
        shift
        for number, (top, bottom) in enumerate(edges)
        for shift in {s for line in top + bottom for s in _shifts(line, number)}
    )
    seen: set[str] = set()
    kept = []
    for number, (page, (top, bottom)) in enumerate(zip(pages, edges, strict=True)):
        gone = {line for line in bottom if bottoms[_key(line)] >= _REPEATED}
        for line in top:
            if tops[_key(line)] >= _REPEATED and _key(line) in seen:
                gone.add(line)
            seen.add(_key(line))
        for line in top + bottom:
            if any(shifts[shift] >= _REPEATED or (shift == 1 and _alone(line)) for shift in _shifts(line, number)):
                gone.add(line)
        kept.append([line for line in page if line not in gone])
    return kept


def _edges(page: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The lines at the top and those at the bottom; of a page of few lines only the very first and last."""
    lines = sorted(page, key=lambda line: -line.bottom)
    count = min(_EDGE, len(lines) // 3) or 1
    return (lines[:count], lines[-count:]) if len(lines) > 1 else ([], lines)


def _key(line: Line) -> str:
    """What pages have in common in a header."""
    return " ".join(line.text.split())


def _shifts(line: Line, page: int) -> set[int]:
    """If the line may be a page number, alone or beside a title: by how much it differs from the page's place."""
    if len(line.text) > _HEADER or (_TERMINAL.search(line.text) and not _alone(line)):
        return set()
    ends = line.text if _alone(line) else " ".join(found[0] for found in _NUMBER_AT_END.finditer(line.text))
    return {int(number) - page for number in _NUMBER.findall(ends)}


def _alone(line: Line) -> bool:
    return len(line.text) <= _HEADER and _PAGE_NUMBER.fullmatch(line.text) is not None
