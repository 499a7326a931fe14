"""GBK read one byte late.

Programs that treat GBK as plain bytes do two things to it. One cuts a line at the bytes of a full-width mark, wherever
they stand, also across two characters: `。“` is A1A3 A1B0, and holds A3A1, which is `！`. What stands before the cut
ends in half a character, shown as `?`, and what follows is read one byte late, until an ASCII byte, or the next cut,
brings the reader back in step. The other writes notes of readings behind the bytes of a character, wherever they stand.
After that, many a page has its full-width marks changed to ASCII: `?！拔覀` becomes `?!拔覀`.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from random import Random

from rag.measure.cleaning.dirt.notes import readings
from rag.measure.cleaning.dirt.traced import Dirty, joined
from rag.measure.cleaning.dirt.width import NARROW

__all__ = ["byte_shift", "byte_shift_at_marks", "byte_shift_with_notes", "read_cut", "read_late"]

MARKS = (b"\xa3\xa1", b"\xa3\xac", b"\xa3\xbf", b"\xa3\xba")
"""The bytes of ！，？：, at which a line is cut."""

SHORTEST = 4
"""Characters: a shorter run says too little about what it was."""

_NOTED = (0.1, 0.4)  # share of the characters of a line, as read at either byte, that get notes
_TRIES = 8

_Bytes = list[tuple[int, int]]  # each byte, and the number of the clean character to which it belongs


def byte_shift(text: str, rng: Random) -> Dirty:
    """In most lines, the lead byte of one character turned into `?`, and what follows read one byte late."""
    parts: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        parts += _late_at_random(line, rng)
    return joined(parts)


def byte_shift_at_marks(text: str, rng: Random) -> Dirty:
    """Each line cut at the bytes of full-width marks; in every second page these marks are ASCII afterwards."""
    parts = [part for line in text.splitlines(keepends=True) for part in read_cut(line, {})]
    return joined(_narrowed(parts) if rng.random() < 0.5 else parts)


def byte_shift_with_notes(text: str, rng: Random) -> Dirty:
    """Notes written behind characters as read at any byte, then `byte_shift_at_marks`."""
    parts: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        seen = sorted({character for character in _either_way(line) if character in readings()})
        share = rng.uniform(*_NOTED)
        noted = [character for character in seen if rng.random() < share]
        rng.shuffle(noted)
        parts += read_cut(line, {character: rng.choice(readings()[character]) for character in noted})
    return joined(_narrowed(parts) if rng.random() < 0.5 else parts)


def read_late(line: str, at: int) -> list[tuple[str, str]]:
    """Parts `(dirty, clean)` of a line in which the lead byte of the character at `at` was lost.

    >>> "".join(dirty for dirty, _ in read_late("足。同樣的思路換上", 1))
    '足?Ｍ瑯拥乃悸窊Q上'
    """
    data = _encoded(line)
    lost = next(place for place, (_, owner) in enumerate(data) if owner == at)
    data[lost] = (ord("?"), at)
    return _read([data], line)


def read_cut(line: str, notes: dict[str, str]) -> list[tuple[str, str]]:
    """Parts `(dirty, clean)` of a line with these notes of readings, cut at the bytes of full-width marks.

    >>> "".join(dirty for dirty, _ in read_cut("以內", {"內": "nèi", "詢": "xún"}))
    '以?xún)?nèi)'
    >>> "".join(dirty for dirty, _ in read_cut("。現在", {"現": "xiàn"}))
    '?，F(xiàn)在'
    """
    data = _encoded(line)
    if not data:
        return [(line, line)]
    for character, reading in notes.items():
        data = _noted(data, character.encode("gb18030"), f"({reading})".encode("gb18030"))
    return _read(list(_cut(data)), line)


def _narrowed(parts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Full-width marks made ASCII; where nothing else is wrong that is how the clean text has them too."""
    for dirty, clean in parts:
        yield dirty.translate(NARROW), clean.translate(NARROW) if dirty == clean else clean


def _late_at_random(line: str, rng: Random) -> list[tuple[str, str]]:
    """`read_late` at a place that gives a run of `SHORTEST` characters or more, if a few tries find one."""
    places = [at for at, character in enumerate(line) if not character.isascii()]
    if not _encoded(line) or rng.random() < 0.25:
        return [(line, line)]
    for _ in range(min(_TRIES, len(places))):
        parts = read_late(line, rng.choice(places))
        if all(run.clean_end - run.clean_start >= SHORTEST for run in joined(parts).runs):
            return parts
    return [(line, line)]


def _encoded(line: str) -> _Bytes:
    """The bytes of a line; none where GBK lacks one of its characters."""
    data: _Bytes = []
    for at, character in enumerate(line):
        encoded = character.encode("gb18030")
        if len(encoded) > 2:
            return []
        data += ((byte, at) for byte in encoded)
    return data


def _either_way(line: str) -> str:
    """The line as read from its first byte and from its second."""
    data = [byte for byte, _ in _encoded(line)]
    return "".join(_pair(lead, trail) for lead, trail in pairwise(data))


def _noted(data: _Bytes, pair: bytes, note: bytes) -> _Bytes:
    """`note` behind each occurrence of `pair`, as replacing it in a string of bytes would."""
    made: _Bytes = []
    at = 0
    while at < len(data):
        if at + 1 < len(data) and (data[at][0], data[at + 1][0]) == (pair[0], pair[1]):
            made += data[at : at + 2]
            made += ((byte, data[at + 1][1]) for byte in note)
            at += 2
        else:
            made.append(data[at])
            at += 1
    return made


def _cut(data: _Bytes) -> Iterator[_Bytes]:
    """Stretches that are read by themselves: what lies between marks, and the marks."""
    raw = bytes(byte for byte, _ in data)
    begin = at = 0
    while at < len(raw):
        if raw[at : at + 2] in MARKS:
            yield data[begin:at]
            yield data[at : at + 2]
            at = begin = at + 2
        else:
            at += 1
    yield data[begin:]


def _read(stretches: list[_Bytes], line: str) -> list[tuple[str, str]]:
    """Decode each stretch, and match it with `line` wherever both have the end of a character."""
    data = [byte for stretch in stretches for byte in stretch]
    parts: list[tuple[str, str]] = []
    dirty, clean_at, at = "", 0, 0
    for character, length in (one for stretch in stretches for one in _decoded(stretch)):
        dirty += character
        at += length
        owner = data[at - 1][1]
        if at == len(data) or data[at][1] != owner:  # the clean character ends here as well
            parts.append((dirty, line[clean_at : owner + 1]))
            dirty, clean_at = "", owner + 1
    return parts


def _decoded(stretch: _Bytes) -> Iterator[tuple[str, int]]:
    """Each character with its length in bytes."""
    at = 0
    while at < len(stretch):
        lead = stretch[at][0]
        if lead < 0x80:
            yield chr(lead), 1
            at += 1
        elif at + 1 == len(stretch) or stretch[at + 1][0] == ord("\n"):
            yield "?", 1
            at += 1
        else:
            yield _pair(lead, stretch[at + 1][0]), 2
            at += 2


@cache
def _pair(lead: int, trail: int) -> str:
    """The character of two bytes; `?` where they are none, as Windows has it."""
    if not 0x81 <= lead <= 0xFE or trail < 0x40 or trail in (0x7F, 0xFF):
        return "?"
    return bytes((lead, trail)).decode("gb18030")
