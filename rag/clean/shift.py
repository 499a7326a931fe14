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
from typing import Final, NamedTuple

import numpy as np

from rag.clean import prose
from rag.readings import SYLLABLE, readings
from rag.types import Edit

__all__ = ["LOST", "REPAIRED", "byte_shift"]

REPAIRED: Final = "GBK byte shift"
"""The `why` of every edit in this module."""

LOST = "[?？\ufffd]"
_LOST = LOST[1:-1]  # in full width only where a note gives it away
_START = re.compile(
    rf"[?\ufffd](?=[!-/:-@]?[^\x00-\x7f])|[{_LOST}](?=[!-/:-@，。！；：、]?[@-~]\({SYLLABLE}\)|{SYLLABLE}\))"
)
_CUT_NOTE = re.compile(rf"[{_LOST}]({SYLLABLE})\)")
_NOTE = re.compile(rf"\(({SYLLABLE})\)")
_LEADS = range(0x81, 0xFF)
_TRAILS = range(0x40, 0xFF)
_CHOICE = math.log(1 / 100)  # about as many bytes can stand in for a lost one
_NARROWED = -4.0  # nats for each sign that was made narrow
_DOUBT = -10.0  # nats
_MARGIN = 18.0
"""Nats by which a repaired stretch must read better than what stands there."""
_LONGEST = 2000
"""Characters of a run: no paragraph is longer, and no hostile text is read over and over."""
_ALTERNATIVES = 6
_PROBE = re.compile(r"[^\x00-\x7f]{4,12}")
_MAYBE, _GARBLE = -8.0, -10.0  # nats: a mean of characters below this may be, or is, one of characters out of step
_PATIENCE = 200  # attempts in vain, on text that does not read as prose, after which it is taken to be no prose
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
    the signs of ASCII that are taken to have been full-width ones. `doubtful`: other runs are looked at before.
    """

    data: list[int | None]
    notes: dict[int, str]
    tail: str
    end: int
    narrowed: int
    doubtful: bool = False


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
        if probe and not _is_garble(text, end + 1, _MAYBE):
            continue
        first = max(_BEFORE.search(text, max(at, end - 2), end).start(), at)  # type: ignore[union-attr]
        new = text[first:end]
        while end < len(text) and text[end] in _LOST and (repaired := _repair(text, end, new[-2:])):
            end, more = repaired
            new += more
        if end > found.start():
            yield Edit(first, end, new, REPAIRED)
            at = end
        else:
            vain += 1


def _runs(text: str, start: int) -> Iterator[_Run]:
    """The runs that may begin with a lost byte at `start`, the likelier first."""
    characters, pairs = _gbk()
    data: list[int | None] = [None]
    cut = _CUT_NOTE.match(text, start)
    notes = {0: cut[1]} if cut else {}
    at = cut.end() if cut else start + 1
    narrowed = 0
    while at < min(len(text), start + _LONGEST):
        sign = text[at]
        if sign in "?\ufffd":
            if cut := _CUT_NOTE.match(text, at):
                yield _Run([*data, None], notes | {len(data): cut[1]}, "", cut.end(), narrowed)
                yield _Run([*data, None], notes, f"({cut[1]})", cut.end(), narrowed)  # no note
            else:
                if note := _NOTE.match(text, at + 1):
                    yield _Run([*data, None], notes | {len(data): note[1]}, "", note.end(), narrowed)
                yield _Run([*data, None], notes, "", at + 1, narrowed, text[at + 1 : at + 2] in _LOST)
            last = data[-1]
            if last is None or (last, 0x80) not in characters:
                return
            data += (0x80, None)  # the byte 80 begins no character: it and the next were lost together
            at += 1
            continue
        pair = pairs.get(sign) if sign != "€" else None
        if pair and pair[1] < 0x80:
            yield _Run([*data, pair[0]], notes, chr(pair[1]), at + 1, narrowed)
            return
        if not pair:
            if "@" <= sign <= "~" or sign == "€":
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
    if len(data) > 1 and (at == len(text) or text[at] not in "€~"):
        yield _Run([*data, None], notes, "", at, narrowed)  # the last byte left no trace


def _repair(text: str, start: int, before: str) -> tuple[int, str] | None:
    """Where the run at `start` ends and what it was; None if it reads better as it is.

    The first run will do behind which the text is in step; else the one that reads best.
    """
    best, found = _MARGIN, None
    for run in islice(_runs(text, start), _ALTERNATIVES):
        after = ""
        if (
            run.data[-1] is None and not run.tail
        ):  # what follows helps to choose the byte, and so belongs to the stretch
            after = _AFTER.match(text, run.end)[0]  # type: ignore[index]
        if not (repaired := _decoded(run, before, after)):
            continue
        end = run.end + len(after)
        gain = _reads(before, repaired) - _reads(before, text[start:end])
        gain += _CHOICE * run.data.count(None) + _NARROWED * run.narrowed + _DOUBT * run.doubtful
        if gain > best:
            best, found = gain, (end, repaired)
        if gain > _MARGIN and not run.doubtful and not _is_garble(text, end, _GARBLE):
            return end, repaired
    return found


def _is_garble(text: str, at: int, below: float) -> bool:
    probe = _PROBE.match(text, at)
    return bool(probe) and float(prose.nats(probe[0]).mean()) < below  # type: ignore[index]


def _reads(before: str, text: str) -> float:
    return float(prose.nats(f"\n{before}{text}\n")[1:].sum())


def _decoded(run: _Run, before: str, after: str) -> str:
    """The characters of a run, with the likeliest where bytes are lost; "" where no character has such bytes."""
    characters, pairs = _gbk()
    whole = [*zip(run.data[::2], run.data[1::2], strict=True)]
    known = [characters.get((lead, trail), "") if lead and trail else "" for lead, trail in whole]
    if not ("".join(known) or run.notes):
        return ""
    like = before + "".join(known)
    trail = pairs.get(before[-1:], (None, None))[1]
    new = ""
    for number, (one, codes) in enumerate(zip(known, whole, strict=True)):
        if not one:
            choices = _possible(*codes, run.notes.get(2 * number + 1), trail, run.notes.get(2 * number))
            if not choices:
                return ""
            rest = "".join(known[number + 1 : number + 3]) if number + 1 < len(known) else after + run.tail
            one = _likeliest((before + new)[-2:], choices, rest, like)
        new += one
        trail = pairs[one][1]
    return new + after + run.tail


def _possible(lead: int | None, trail: int | None, note: str | None, before: int | None, off: str | None) -> list[str]:
    """Characters with these bytes, read as `note` says; `off` tells how `before` and their first byte are read."""
    characters, pairs = _gbk()
    if note is not None:
        read = (c for c in sorted(readings().get(note, ())) if c in pairs)
        found = [c for c in read if lead in (None, pairs[c][0]) and trail in (None, pairs[c][1])]
    elif lead is None and trail is None and off is None:
        return []
    else:
        leads = [*_LEADS] if lead is None else [lead]
        if lead is None and off is not None and before is not None:
            leads = [a for a in leads if characters.get((before, a), "") in readings().get(off, ())]
        trails = _TRAILS if trail is None else (trail,)
        found = [characters[a, b] for a in leads for b in trails if (a, b) in characters]
    if off is None or before is None:
        return found
    return [c for c in found if characters.get((before, pairs[c][0]), "") in readings().get(off, ())]


def _likeliest(before: str, choices: list[str], after: str, like: str) -> str:
    """The choice that reads best between its neighbours, in the script of `like`."""
    before, after = f"\n\n{before}"[-2:], f"{after}\n"[:2]
    size = len(before) + 1 + len(after)
    score = prose.nats("".join(before + c + after for c in choices))
    score = np.append(score, 0).reshape(len(choices), size)[:, 1:-1].sum(axis=1)
    return choices[int(np.argmax(score + prose.variant_nats("".join(choices), like)))]
