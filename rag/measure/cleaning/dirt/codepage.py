"""Text read in an encoding that is not its own, as browsers read it."""

import re
from collections.abc import Iterator
from random import Random

from rag.measure.cleaning.dirt.traced import Dirty, joined

__all__ = [
    "big5_as_western",
    "clauses_of_utf8_as_gbk",
    "gbk_as_western",
    "utf8_as_gbk",
    "utf8_as_gbk_lossy",
    "utf8_as_latin1",
    "utf8_as_western",
]

_CLAUSE = re.compile(r"[^，；。！？]+[，；。！？”）]*")
_STRETCH = re.compile(r"[^\x00-\x7f]+|[\x00-\x7f]+")


def _western(data: bytes) -> str:
    """`data` as windows-1252; the five bytes that it lacks are controls, as in every browser."""
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in b"\x81\x8d\x8f\x90\x9d" else chr(byte) for byte in data
    )


def _lines(text: str, encoding: str) -> Iterator[str]:
    """The lines that `encoding` can write."""
    for line in text.splitlines(keepends=True):
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            continue  # such a line could not have been on that page
        yield line


def utf8_as_western(text: str, rng: Random) -> Dirty:
    """The whole text in UTF-8, read as windows-1252.

    >>> utf8_as_western("国", Random(0)).text
    'å›½'
    """
    return joined((_western(one.encode()), one) for one in text)


def utf8_as_latin1(text: str, rng: Random) -> Dirty:
    """The whole text in UTF-8, read as ISO 8859-1, with controls in it."""
    return joined((one.encode().decode("latin-1"), one) for one in text)


def gbk_as_western(text: str, rng: Random) -> Dirty:
    """The whole text in GBK, read as windows-1252; lines that GBK cannot write are left out.

    >>> gbk_as_western("国内", Random(0)).text
    '¹úÄÚ'
    """
    return joined((_western(one.encode("gbk")), one) for line in _lines(text, "gbk") for one in line)


def big5_as_western(text: str, rng: Random) -> Dirty:
    """The whole text in Big5, read as windows-1252; lines that Big5 cannot write are left out."""
    return joined((_western(one.encode("cp950")), one) for line in _lines(text, "cp950") for one in line)


def utf8_as_gbk(text: str, rng: Random) -> Dirty:
    """The text in UTF-8, read as GBK, a clause a line; clauses that do not survive it whole are left out.

    >>> utf8_as_gbk("国内", Random(0)).text.splitlines()
    ['鍥藉唴']
    """
    return joined(part for clause in _clauses(text) if _survives(clause) for part in _as_gbk(clause))


def clauses_of_utf8_as_gbk(text: str, rng: Random) -> Dirty:
    """Half of the clauses that survive as in `utf8_as_gbk`, the others as they were, each a line."""
    parts: list[tuple[str, str]] = []
    for clause in _clauses(text):
        broken = _survives(clause) and rng.random() < 0.5
        parts += _as_gbk(clause) if broken else [(clause, clause)]
    return joined(parts)


def utf8_as_gbk_lossy(text: str, rng: Random) -> Dirty:
    """The whole text in UTF-8, read as GBK, with a replacement character for each byte that stays alone."""
    parts = _as_gbk(text)
    return joined(parts, lossy=any("\ufffd" in dirty for dirty, _ in parts))


def _clauses(text: str) -> list[str]:
    return [found + "\n" for line in text.splitlines() for found in _CLAUSE.findall(line)]


def _survives(clause: str) -> bool:
    return not any("\ufffd" in dirty for dirty, _ in _as_gbk(clause))


def _as_gbk(text: str) -> list[tuple[str, str]]:
    """Parts `(dirty, clean)`: ASCII is always in step."""
    return [(found if found.isascii() else _gbk(found.encode()), found) for found in _STRETCH.findall(text)]


def _gbk(data: bytes) -> str:
    """`data`, without ASCII in it, as browsers read GBK: a byte 80 is the euro sign."""
    read, at = "", 0
    while at < len(data):
        pair = data[at : at + 2]
        if pair[0] == 0x80:
            read, at = read + "€", at + 1
        elif len(pair) < 2:
            read, at = read + "\ufffd", at + 1
        else:
            read, at = read + pair.decode("gb18030"), at + 2
    return read
