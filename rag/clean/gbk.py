"""UTF-8 that was read as GBK: where it is, and what it says."""

import re
from collections.abc import Iterator
from functools import lru_cache

from rag import likely

__all__ = ["as_utf8", "first", "surest", "utf8_stretches"]

_SURE = 3.0  # nats by which one filling of a gap must be likelier than all others
_HOLE = re.compile("([\x80?\ufffd])")  # 0x80, which leads no pair of GBK; decoders have a replacement for it
_EUROS = re.compile("(.?)(€+)", re.DOTALL)
_WORD = re.compile("[A-Za-z0-9]")
_RUN = re.compile(r"(?:[^\x00-\x7f]|\?)+")
_STAND_IN = b"\xfe\xfe"  # for a hole: two bytes that no UTF-8 has
_MORE = rb"(?:[\x80-\xbf]|\xfe\xfe)"
_UNIT = re.compile(  # punctuation, signs, kana, Han, full width; emoji; Latin-1; an ASCII letter after one of these
    rb"(?:\xe2(?:[\x80-\x9e]|\xfe\xfe)|[\xe3-\xe9]%b|\xef(?:[\xbc-\xbf]|\xfe\xfe))%b|\xf0\x9f%b{2}|[\xc2\xc3]%b|[\x40-\x7e]"
    % (_MORE, _MORE, _MORE, _MORE)
)
_GAP = re.compile(rb"[\xc2-\xf0][\x80-\xbf]*\xff[\x80-\xbf\xff]*")
_LOST = (0x80, *range(0xAA, 0xB0))  # bytes that decoders replace: no lead of GBK, or one of its private area only
_PRIVATE = re.compile("[\ue000-\uf8ff]")


@lru_cache(maxsize=1000)
def surest(fillings: tuple[bytes, ...]) -> str:
    """The one character among `fillings`, in UTF-8, that is far likelier than the others; U+FFFD where none is.

    >>> surest((b"\\xe4\\xb8\\x80", b"\\xe4\\xb8\\x82"))
    '一'
    """
    characters = {filling.decode("utf-8", "ignore") for filling in fillings}
    ranked = sorted(((likely.of(one), one) for one in characters if len(one) == 1), reverse=True)
    sure = ranked and (len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= _SURE)
    return ranked[0][1] if sure else "\ufffd"


@lru_cache(maxsize=1)
def _gate() -> re.Pattern[str]:
    """A character whose two bytes begin one of three or four bytes in UTF-8, and behind it what may go on with it."""
    return re.compile(rf"{first()}(?=[^\x00-\x3e\x40-\x7f])(?!{first()})")


def first() -> str:
    """A class of characters, one of which begins every stretch of UTF-8."""
    pairs = bytes(byte for lead in (*range(0xE2, 0xEA), 0xEF) for more in range(0x80, 0xC0) for byte in (lead, more))
    pairs += b"\xf0\x9f"
    return f"[{pairs.decode('gb18030', 'ignore')}]"


def utf8_stretches(text: str, stops: str) -> Iterator[tuple[int, list[int]]]:
    """Start of each stretch that is UTF-8, with the places in it that are behind one of `stops`, and last its end."""
    ends = {stop.encode() for stop in stops}
    done = begin = end = 0  # of the stretch before; of what `data` is
    data = b""
    for found in _gate().finditer(text):
        start = found.start()
        if start < done or not _UNIT.match(_two_bytes_each(text[start : start + 3])):
            continue
        if start >= end and (run := _RUN.match(text, start)):
            begin, end = run.span()
            data = _two_bytes_each(run[0])
        cuts: list[int] = []
        several = 0
        at = 2 * (start - begin)
        while unit := _UNIT.match(data, at):
            at = unit.end()
            several += unit[0][0] >= 0x80
            if at % 2 == 0:  # not in the middle of a character
                done = begin + at // 2
                if unit[0].replace(_STAND_IN, b"\x80") in ends:
                    cuts.append(done)
        # proof enough: two, or one of “、，, which are often alone, or one before the rest of a Latin word
        if done > start and (several > 1 or text[start] in "鈥銆锛" or _WORD.match(text, done)):
            yield start, cuts if cuts[-1:] == [done] else [*cuts, done]


def _two_bytes_each(run: str) -> bytes:
    """`run` in GBK, with a stand-in for each hole and ff ff for each character that is not in GBK."""
    run = _HOLE.sub(_STAND_IN.decode("gb18030"), _EUROS.sub(_euros, run))
    data = run.encode("gb18030", "replace")
    if len(data) == 2 * len(run):
        return data
    each = (character.encode("gb18030", "replace") for character in run)
    return b"".join(pair if len(pair) == 2 else b"\xff\xff" for pair in each)


def _euros(found: re.Match[str]) -> str:
    """Euro signs as the bytes that they were: cp936 reads 0x80 as one, and a2 e3, the middle of “面。”, as another."""
    before = found[1].encode("gb18030", "replace")[-1:]
    count = len(found[2])
    return found[1] + ("\x80" * count if count == 1 or before >= b"\xe2" else "€" + "\x80" * (count - 1))


def as_utf8(stretch: str) -> str:
    """What the bytes of `stretch`, in GBK, say in UTF-8.

    A hole is one byte, at the very end any, else one of those that decoders replace.

    >>> as_utf8("涓€浜?")
    '一\ufffd'
    """
    pieces = _HOLE.split(_EUROS.sub(_euros, stretch))
    data = b"".join(
        piece.encode("gb18030", "replace") if number % 2 == 0 else b"\x80" if piece == "\x80" else b"\xff"
        for number, piece in enumerate(pieces)
    )
    lost = _LOST[:1] if _PRIVATE.search(stretch) else _LOST  # this decoder has the private area

    def filled(gap: re.Match[bytes]) -> bytes:
        at_end = gap.end() == len(data) and data.endswith(b"\xff")
        if at_end or gap[0].count(b"\xff") > 1:
            return "\ufffd".encode()
        return surest(tuple(gap[0].replace(b"\xff", bytes((byte,))) for byte in lost)).encode()

    return _GAP.sub(filled, data).decode("utf-8", "replace")
