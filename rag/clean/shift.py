"""Repairs text whose GBK bytes fell out of step: a lead byte was lost, and every following pair was read one byte late.

A page in GBK went through a program that wrote `?` for a byte that it could not place. What follows is read out of
step (`。“我們` becomes `?！拔覀`) until a byte of ASCII brings it back, as the second byte of a character (`現在`, AC46
D4DA, gives `F在`) or as a sign of its own. Where pinyin notes were written between the bytes of a character, the byte
before a note took the note's bracket with it: `以内` became `以?xún)?nèi)`, since D4 83 in the middle reads `詢`.

The bytes that are left are found again by encoding what is there. A lost byte is chosen among all that are possible by
the notes, which tell how the character was read that ended at this byte, and by how well the result reads. A repair is
made only where it reads so much better than what stands there that chance does not explain it.
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from rag.clean import prose
from rag.clean.readings import SYLLABLE, readings
from rag.types import Edit

__all__ = ["byte_shift"]

_LOST = "?？\ufffd"  # in full width only where a note gives it away
_START = re.compile(
    rf"[?\ufffd](?=[!-/:-@]?[^\x00-\x7f])|[{_LOST}](?=[!-/:-@，。！；：、]?[@-~]\({SYLLABLE}\)|{SYLLABLE}\))"
)
_CUT_NOTE = re.compile(rf"[{_LOST}]({SYLLABLE})\)")
_NOTE = re.compile(rf"\(({SYLLABLE})\)")
_LEADS = range(0x81, 0xFF)
_TRAILS = range(0x40, 0xFF)
_CHOICE = math.log(1 / 100)  # about as many bytes can stand in for a lost one
_NARROWED = -4.0  # nats for each sign that was made narrow
_MARGIN = 18.0
"""Nats by which a repaired stretch must read better than what stands there."""
_LONGEST = 2000
"""Characters of a run: no paragraph is longer, and no hostile text is read over and over."""
_ALTERNATIVES = 4
_PROBE = re.compile(r"[^\x00-\x7f]{4,12}")
_GARBLE = -8.0  # nats: mean of characters that are out of step is below this
_PATIENCE = 200  # attempts in vain after which a text is taken to be full of question marks
_BEFORE = re.compile(r"[^\s\U00010000-\U0010ffff]*\Z")
_AFTER = re.compile(rf"[^\s{_LOST}\U00010000-\U0010ffff]{{0,2}}")


@lru_cache(maxsize=1)
def _gbk() -> tuple[dict[tuple[int, int], str], dict[str, tuple[int, int]]]:
    """The character of each pair of bytes, and the reverse, which knows those of private use too."""
    characters: dict[tuple[int, int], str] = {}
    pairs: dict[str, tuple[int, int]] = {}
    for lead in _LEADS:
        for trail in _TRAILS:
            for codec in ("gb18030", "gbk"):
                character = bytes((lead, trail)).decode(codec, errors="ignore")
                if len(character) == 1 and character > "\x7f":
                    pairs[character] = (lead, trail)
                    if not "\ue000" <= character <= "\uf8ff":
                        characters[lead, trail] = character
    return characters, pairs


class _Run(NamedTuple):
    """The bytes of whole characters, some lost (`None`), up to `end` of the text; `tail` is ASCII behind them.

    `notes[i]` tells how the character is read, in step or out of it, whose second byte is `data[i]`. `narrowed` counts
    the signs of ASCII that are taken to have been full-width ones.
    """

    data: list[int | None]
    notes: dict[int, str]
    tail: str
    end: int
    narrowed: int


def byte_shift(text: str) -> Iterator[Edit]:
    """Writes characters that were read out of step as they were, see above; an edit takes in what it was judged by.

    >>> [edit.new for edit in byte_shift("干勁十足?！拔覀兠刻於荚谘芯空垓v，")]
    ['十足。“我們每天都在研究折騰']
    >>> [edit.new for edit in byte_shift("停留在10秒以?xún)?nèi)，也可以用?，F(xiàn)在")]
    ['秒以內，也', '以用。現']
    >>> list(byte_shift("这是真的吗?我们每天都在研究。"))
    []
    """
    at = vain = 0
    for found in _START.finditer(text):
        if found.start() < at:
            continue
        if vain > _PATIENCE:
            return
        end = found.start()
        probe = _PROBE.match(text, end + 1)
        if probe and prose.nats(probe[0]).mean() > _GARBLE:
            vain += 1
            continue
        first = max(_BEFORE.search(text, max(at, end - 2), end).start(), at)  # type: ignore[union-attr]
        new = text[first:end]
        while end < len(text) and text[end] in _LOST:
            _, end, more = _repair(text, end, new[-2:])
            new += more
            if not more:
                break
        if end > found.start():
            yield Edit(first, end, new, "GBK byte shift")
            at = end
        else:
            vain += 1


def _runs(text: str, start: int) -> Iterator[_Run]:
    """The runs that may begin with a lost byte at `start`: what could be a byte that ends one could also be a pair."""
    _, pairs = _gbk()
    data: list[int | None] = [None]
    cut = _CUT_NOTE.match(text, start)
    notes = {0: cut[1]} if cut else {}
    at = cut.end() if cut else start + 1
    narrowed = 0
    while at < min(len(text), start + _LONGEST):
        sign = text[at]
        pair = pairs.get(sign) if sign not in "€\ufffd" else None
        if pair and pair[1] < 0x80:
            yield _Run([*data, pair[0]], notes, chr(pair[1]), at + 1, narrowed)
            return
        if not pair:
            if sign in "?\ufffd":
                cut = _CUT_NOTE.match(text, at)
                read = notes | {len(data): cut[1]} if cut else notes
                yield _Run([*data, None], read, "", cut.end() if cut else at + 1, narrowed)
            elif "@" <= sign <= "~" or sign == "€":
                note = _NOTE.match(text, at + 1)
                read = notes | {len(data): note[1]} if note else notes
                last = 0x80 if sign == "€" else ord(sign)
                yield _Run([*data, last], read, "", note.end() if note else at + 1, narrowed)
            if not "!" <= sign <= "}":
                break
            pair = (0xA3, ord(sign) + 0x80)  # what made this of its full width came after the accident
            narrowed += 1
        data += pair
        at += 1
    if len(data) > 1 and (at == len(text) or text[at] not in "€\ufffd~"):
        yield _Run([*data, None], notes, "", at, narrowed)  # the last byte left no trace


def _repair(text: str, start: int, before: str, ahead: int = 1) -> tuple[float, int, str]:
    """By how much the run at `start` reads better when repaired, where it ends and what it was; 0 and "" if not better.

    A run behind which another begins is judged together with that one.
    """
    best, best_total = (0.0, start, ""), _MARGIN
    for run in islice(_runs(text, start), _ALTERNATIVES):
        after = ""
        if run.data[-1] is None:  # what follows helps to choose the last byte, and so belongs to the stretch
            after = _AFTER.match(text, run.end)[0]  # type: ignore[index]
        if not (repaired := _decoded(run, before, after)):
            continue
        end = run.end + len(after)
        gain = _reads(before, repaired) - _reads(before, text[start:end])
        gain += _CHOICE * run.data.count(None) + _NARROWED * run.narrowed
        total = gain
        if ahead and gain > _MARGIN and text[end : end + 1] and text[end] in _LOST:
            total += _repair(text, end, repaired[-2:], ahead - 1)[0]
        if total > best_total:
            best, best_total = (gain, end, repaired), total
    return best


def _reads(before: str, text: str) -> float:
    return float(prose.nats(f"\n{before}{text}\n")[1:].sum())


def _decoded(run: _Run, before: str, after: str) -> str:
    """The characters of a run, with the likeliest where bytes are lost; "" where no character has such bytes."""
    characters, pairs = _gbk()
    whole = [*zip(run.data[::2], run.data[1::2], strict=True)]
    known = [characters.get((lead, trail), "") if lead and trail else "" for lead, trail in whole]
    if "" in known[1:-1] or not ("".join(known) or run.notes):
        return ""
    previous = pairs.get(before[-1:], (None, None))[1]
    firsts = [c for c in _possible(*whole[0], run.notes.get(1)) if _fits(previous, pairs[c][0], run.notes.get(0))]
    lasts = _possible(*whole[-1], run.notes.get(len(run.data) - 1)) if len(whole) > 1 else [""]
    if not firsts or not lasts:
        return ""
    like = before + "".join(known)
    inner = "".join(known[1:-1])
    if len(whole) == 1:
        return _likeliest(before, firsts, after + run.tail, like) + after + run.tail
    first = _likeliest(before, firsts, inner or known[-1], like)
    last = _likeliest((before + first + inner)[-2:], lasts, after + run.tail, like)
    return first + inner + last + after + run.tail


def _possible(lead: int | None, trail: int | None, note: str | None) -> list[str]:
    """Characters with these bytes, and read so if there is a note."""
    characters, pairs = _gbk()
    if note is not None:
        read = (c for c in sorted(readings().get(note, ())) if c in pairs)
        return [c for c in read if lead in (None, pairs[c][0]) and trail in (None, pairs[c][1])]
    if lead is None and trail is None:
        return []
    leads = _LEADS if lead is None else (lead,)
    trails = _TRAILS if trail is None else (trail,)
    return [characters[a, b] for a in leads for b in trails if (a, b) in characters]


def _fits(lead: int | None, trail: int, note: str | None) -> bool:
    """Whether a note on a character that was read out of step agrees with its two bytes."""
    return note is None or lead is None or _gbk()[0].get((lead, trail), "") in readings().get(note, ())


def _likeliest(before: str, choices: list[str], after: str, like: str) -> str:
    """The choice that reads best between its neighbours, in the script of `like`."""
    before, after = f"\n\n{before}"[-2:], f"{after}\n"[:2]
    size = len(before) + 1 + len(after)
    score = prose.nats("".join(before + c + after for c in choices))
    score = np.append(score, 0).reshape(len(choices), size)[:, 1:-1].sum(axis=1)
    return choices[int(np.argmax(score + prose.variant_nats("".join(choices), like)))]
