"""Sentences, Chinese and English, and pieces of several sentences within a budget."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from rag.script import HAN
from rag.types import Piece, Span

__all__ = ["BUDGET", "chunk", "ends", "sentences", "size"]

BUDGET = 240
"""Size of a piece, in Han characters; other characters count a third. About four Chinese or ten English sentences."""

_LONGEST = 3 * BUDGET
_CLOSERS = "”’」』》〉）】〕］)]}\"'"
_PAIRS = dict(zip("“「『《〈（【〔［([", "”」』》〉）】〕］)]", strict=True))
_BRACKET = re.compile(f"[{re.escape(''.join(_PAIRS) + ''.join(_PAIRS.values()))}]")
_DEEPEST = 8  # brackets that may be open at once before the outer ones are taken for stray signs
_TERMINAL = "。！？!?…."
_ITEM = re.compile(r"\s*[(（]?\d{1,3}\.")
_END = re.compile(rf"(?:[。！？!?；]|…+|\.(?=[\s{re.escape(_CLOSERS)}]|$))+[{re.escape(_CLOSERS)}]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|inc|ltd|co|corp|dept|fig|gen|gov|sen|rep|rev|hon|approx|est|e\.g|i\.e|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)|\b[a-z](?:\.[a-z])*)\.$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:no|nos)\.$", re.IGNORECASE)
"""An abbreviation before a figure, a word elsewhere."""
_TITLE = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|gen|gov|sen|rep|rev|hon|vs|e\.g|i\.e|fig|approx)\.$", re.IGNORECASE)
"""Never the end of a sentence, whatever comes next."""
_UNIT = re.compile(r"(?:\d\s?[gmshltbd]|°\s?[CFK])\.$")
_STARTS = re.compile(
    r"\s+[\"“‘(]?(?:The|This|That|These|Those|It|Its|He|His|She|Her|They|Their|We|Our|You|There|In|On|At|By|For|From|After|"
    r"Before|During|When|While|If|As|But|And|However|Although|Since|With|Most|Many|Some|Both|Other|Another|One|Also|Then)"
    r"(?![\w.])"
)
"""A word that begins a sentence and no name."""
_SPEECH = re.compile(r"[^，。！？；,.!?\n]{0,8}?(?:说|說|道|表示|称|稱|问|問|认为|認為|坦言|解释|解釋)")
_MARK = re.compile(r"\s*(?:>|```|~~~|[-*+#_=>]+(?:\s|$))")  # opens a block where a citation begins with it
_SOFT = re.compile(r"[，,、;；:：]\s*|\s+")
_HAN = re.compile(f"[{HAN}\u3000-\u303f\uff00-\uffef]")
_TOKEN_INSIDE = re.compile(r"[^\W" + HAN + r"_][.,'’\-_/:@&+%]?\Z")
_WORD = re.compile(r"[^\W" + HAN + r"_]")


def size(text: str) -> float:
    """Size of `text` as the budget counts it.

    >>> size("衰落"), size("abc")
    (2.0, 1.0)
    """
    han = len(_HAN.findall(text))
    return han + (len(text) - han) / 3


@lru_cache(maxsize=1)
def _wide() -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """For each character of the Basic Plane, whether it counts whole."""
    wide = np.zeros(0x10000, dtype=np.bool_)
    wide[[found.start() for found in _HAN.finditer("".join(map(chr, range(0x10000))))]] = True
    return wide


def _sizes(text: str) -> Callable[[Span], float]:
    """`size` of any stretch of `text`, which is looked at once."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    wide = _wide()[np.minimum(codes, 0xFFFF)] | ((codes >= 0x20000) & (codes < 0x40000))
    before = np.cumsum(wide)

    def size_of(span: Span) -> float:
        han = int(before[span.end - 1] - before[span.start] + wide[span.start])
        return han + (len(span) - han) / 3

    return size_of


def sentences(text: str) -> list[Span]:
    """Spans of the sentences of `text`, in order, without the space around them; together they hold all other text.

    A line break ends a sentence. A bracket or quotation mark that closes on the same line is not cut open unless it
    holds more than a sentence may.

    >>> text = "“我們在研究！”他說。營收5.3億。Mr. Li left. OK?"
    >>> [span.of(text) for span in sentences(text)]
    ['“我們在研究！”他說。', '營收5.3億。', 'Mr. Li left.', 'OK?']
    """
    found: list[Span] = []
    at = 0
    for line in text.split("\n"):
        found += _in_line(text, at, at + len(line))
        at += len(line) + 1
    return found


def ends(text: str, at: int) -> bool:
    """Whether one of the sentences of `text`, a line or its beginning, ends at `at`, where no bracket is open.

    >>> ends("He saw Mr. Li.", 10), ends("He left. So did", 8), ends("他说：“先做。再", 7)
    (False, True, False)
    """
    before = text[:at].rstrip()
    still_open = dict.fromkeys(_PAIRS.values(), 0)
    for found in _BRACKET.findall(before):
        closing = _PAIRS.get(found, found)
        still_open[closing] = still_open[closing] + 1 if found in _PAIRS else max(still_open[closing] - 1, 0)
    return not any(still_open.values()) and any(span.end == len(before) for span in sentences(text))


def _in_line(text: str, start: int, end: int) -> Iterator[Span]:
    pairs = _bracketed(text, start, end)
    pair = 0
    begin, at = start, start
    while stop := _END.search(text, at, end):
        at = stop.end()
        while pair < len(pairs) and pairs[pair].end <= stop.start():
            pair += 1
        close = pairs[pair].end if pair < len(pairs) and pairs[pair].start < stop.start() else 0
        if close > at and close - begin <= _LONGEST:  # inside of a quotation: on to where it ends
            at = close
            if text[close - 2] not in _TERMINAL:
                continue
        elif text[at - 1] == "." and _goes_on(text, begin, at, end):
            continue
        if text[at - 1] in _CLOSERS and _SPEECH.match(text, at, end):
            continue
        if at - begin <= _LONGEST and _MARK.match(text, at, end):
            continue
        yield from _trimmed(text, begin, at)
        begin = at
    yield from _trimmed(text, begin, end)


def _goes_on(text: str, begin: int, at: int, end: int) -> bool:
    """Whether the full stop that ends at `at` only shortens a word or numbers an item."""
    following = text[at : min(at + 4, end)].lstrip()
    if _ITEM.fullmatch(text, begin, at) or following[:1].islower():
        return True
    low = max(begin, at - 12)
    if _NUMBERED.search(text, low, at):
        return following[:1].isdecimal()
    if not _ABBREVIATION.search(text, low, at):
        return False
    if _UNIT.search(text, low, at):
        return not (following[:1].isupper() or _HAN.match(following))
    return bool(_TITLE.search(text, low, at)) or not _STARTS.match(text, at, end)


def _bracketed(text: str, start: int, end: int) -> list[Span]:
    """Outermost pairs of brackets that close within `[start, end)`, in order."""
    pairs: list[Span] = []
    stack: list[tuple[str, int]] = []
    for found in _BRACKET.finditer(text, start, end):
        if found[0] in _PAIRS:
            stack.append((_PAIRS[found[0]], found.start()))
            continue
        for depth in range(len(stack) - 1, max(-1, len(stack) - 1 - _DEEPEST), -1):
            if stack[depth][0] == found[0]:
                opened = stack[depth][1]
                del stack[depth:]
                while pairs and pairs[-1].start > opened:
                    pairs.pop()
                pairs.append(Span(opened, found.end()))
                break
    return pairs


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without space at its ends, in parts where it is too long for one piece."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > _LONGEST and size(text[start : min(end, start + 3 * _LONGEST)]) >= _LONGEST:
        cut = _cut(text, start, end)
        yield Span(start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield Span(start, end)


def _cut(text: str, start: int, end: int) -> int:
    """Where to cut a sentence without end: after a comma or space if there is one, never inside a word or number."""
    room, best = 0.0, 0
    at = start
    for at in range(start, end):
        room += 1 if _HAN.match(text[at]) else 1 / 3
        if room > BUDGET:
            break
        if _SOFT.match(text, at):
            best = at + 1
    if best > start:
        return best
    cut = at
    while cut > start and _WORD.match(text[cut]) and _TOKEN_INSIDE.search(text[max(start, cut - 2) : cut]):
        cut -= 1
    if cut == start:  # one word longer than the budget: it ends where the word does
        cut = at
        while cut < end and not text[cut].isspace() and not _HAN.match(text[cut]):
            cut += 1
    return cut


def chunk(text: str, breaks: Sequence[int] = (), budget: float = BUDGET) -> list[Piece]:
    """Pieces of whole sentences, in order, of at most `budget`; a longer sentence is a piece by itself.

    No piece crosses one of `breaks`, places where something that stood between was taken out. Together the pieces hold
    all of `text` but space. A last piece of less than a quarter of the budget joins the one before it.
    """
    stops = sorted(set(breaks))
    size_of = _sizes(text)
    groups: list[list[Span]] = []
    room = 0.0
    stop = 0
    for span in sentences(text):
        needs = size_of(span)
        while stop < len(stops) and stops[stop] <= span.start:
            stop += 1
            room = 0.0
        if groups and room and needs <= room:
            groups[-1].append(span)
            room -= needs
        else:
            groups.append([span])
            room = max(budget - needs, 0.0)
    for before, last in [*pairwise(groups)][::-1]:
        small = size_of(Span(last[0].start, last[-1].end)) < budget / 4
        stop = bisect_left(stops, before[-1].end)
        if small and (stop == len(stops) or stops[stop] > last[0].start):
            before += last
            last.clear()
    return [Piece(Span(group[0].start, group[-1].end), tuple(group)) for group in groups if group]
