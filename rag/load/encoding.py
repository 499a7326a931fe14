"""Which encoding a file is written in, by how its bytes read and not by what it says about itself.

The encodings looked for: UTF-8, UTF-16 and UTF-32 (each with or without byte order mark), GB18030, Big5 with
its Windows and Hong Kong extensions, and Western (cp1252, latin-1). Another one is believed only where a page
declares it, its bytes agree, and none of these reads well.
"""

import codecs
import math
import re
from typing import NamedTuple

from rag import likely

__all__ = ["Guess", "decode", "detect", "errors"]

SAMPLE = 400_000
"""Bytes on which encodings are compared; whether a decoding is valid is always checked on all bytes."""

STRANGE = 9.0
"""Above this mean (nats for each character outside ASCII) nothing reads well: of 38,000 Chinese texts of 50
characters and more 99.9 % have less than 8.4; Japanese, Korean and Russian encodings read as GB18030 have over 9.1."""

_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BIG5 = ("big5", "cp950", "big5hkscs")
_HINT_WORTH = 6.0  # nats: a declaration decides between readings that are nearly equal, and nothing else
_HIGH = re.compile(rb"[\x80-\xff]")
_PAIR = re.compile(rb"[\xa1-\xff]{2}")
_INSIDE_WORD = re.compile(r"(?<=[A-Za-z])[\u4e00-\u9fff](?=[A-Za-z])")
_FEW = 6  # so few characters outside ASCII may be valid UTF-8 by chance
_WELL_FORMED = 4.0  # nats by which being valid UTF-8 speaks for it, where it can be by chance
_LONELY = 4.0  # nats against each Han character inside of an English word
_NEIGHBOURS = 4.0  # nats against each pair of neighbouring accented letters, which Western text hardly has
_CAUTION = 4.0  # characters are not independent: a margin counts for this many times less


class Guess(NamedTuple):
    """`encoding` is a Python codec name, `confidence` 0 to 1, `errors` how often it cannot read the bytes."""

    encoding: str
    confidence: float
    errors: int = 0


def decode(data: bytes) -> tuple[str, str]:
    """Text and Python codec name; `data.decode(name, errors="replace")` is the same text, newlines untouched.

    >>> decode("數據與模型".encode("big5"))
    ('數據與模型', 'big5')
    """
    encoding = detect(data).encoding
    return data.decode(encoding, errors="replace"), encoding


def detect(data: bytes, hint: str = "") -> Guess:
    """The encoding in which `data` reads best. Never fails: what is no text at all gets a confidence near 0.

    `hint` is a declared encoding, such as that of `<meta charset>`; it decides where the bytes hardly do.

    >>> detect("为什么".encode("gb18030")).encoding, detect("naïve café".encode("latin-1")).encoding
    ('gb18030', 'cp1252')
    """
    for mark, name in _MARKS:
        if data.startswith(mark) and (name != "utf-32" or len(data) % 4 == 0):
            return Guess(name, 1.0, errors(data, name))
    nul = b"\0" in data
    broken = _broken(data, "utf-8")
    if broken is None and not nul:
        text = data.decode("utf-8")
        if text.isascii() or len(text) - len(text.encode("ascii", "ignore")) > _FEW:
            return Guess("utf-8", 1.0)
    declared = _known(hint)
    sample = _sample(data)
    scores = {name: _score(sample, name) for name in _candidates(data, nul)}
    if broken is None:
        scores["utf-8"] += _WELL_FORMED
    elif broken.reason == "unexpected end of data" and len(data) - broken.start > 1:
        scores["utf-8"] += _WELL_FORMED - likely.BROKEN  # only cut off in its last character
    if declared in scores:
        scores[declared] += _HINT_WORTH
    best = max(scores, key=lambda name: scores[name])
    confidence = 1 / sum(math.exp(max((score - scores[best]) / _CAUTION, -700)) for score in scores.values())
    strange = _strangeness(sample, best)
    if strange > STRANGE and declared and declared not in scores and not _broken(data, declared):
        return Guess(declared, 0.5)
    if best == "cp950":
        best = max(_BIG5, key=lambda name: _score(sample, name))
    if best == "cp1252" and _broken(data, best):
        best = "latin-1"
    return Guess(best, confidence * min(1.0, math.exp(STRANGE - strange)), errors(data, best))


def _broken(data: bytes, name: str) -> UnicodeDecodeError | None:
    try:
        data.decode(name)
    except UnicodeDecodeError as broken:
        return broken
    return None


def _candidates(data: bytes, nul: bool) -> list[str]:
    """Names to compare; an earlier one wins a tie."""
    names = ["utf-8", "gb18030", "cp950", "cp1252"]
    if nul or len(data) <= SAMPLE:  # a long text in UTF-16 has line feeds, and so NULs
        names += ["utf-16-le", "utf-16-be"]
    if nul and len(data) % 4 == 0:
        names += [name for name in ("utf-32-le", "utf-32-be") if not _broken(data, name)]
    return names


def _score(sample: bytes, name: str) -> float:
    """Log-probability of the bytes as read in that encoding, less what tells against it."""
    text = sample.decode(name, errors="replace")
    if name == "cp1252":
        return likely.of(text) - _NEIGHBOURS * len(_PAIR.findall(sample))
    return likely.of(text) - _LONELY * len(_INSIDE_WORD.findall(text))


def _strangeness(sample: bytes, name: str) -> float:
    """As `likely.strangeness`; words that are nearly all accented letters make Western text strange."""
    strange = likely.strangeness(sample.decode(name, errors="replace"))
    if name == "cp1252":
        strange += 4 * _NEIGHBOURS * len(_PAIR.findall(sample)) / max(1, len(_HIGH.findall(sample)))
    return strange


def _sample(data: bytes) -> bytes:
    """All of a short file; of a long one the bytes that tell, which are not ASCII, each with its neighbour.

    Neighbours go together because characters outside ASCII have two or four bytes, or (UTF-8) none that are
    ASCII. UTF-16 and UTF-32 need their alignment, so there the beginning is taken as it is.
    """
    if len(data) <= SAMPLE:
        return data
    if b"\0" in data:
        return data[:SAMPLE]
    pairs: list[bytes] = []
    size = 0
    for found in re.finditer(rb"(?s:[\x80-\xff].){1,500}", data):
        pairs.append(found[0])
        size += len(found[0])
        if size >= SAMPLE:
            break
    return b"".join(pairs)


def errors(data: bytes, name: str) -> int:
    """How many replacement characters decoding puts in, not counting those that the file itself has."""
    if not _broken(data, name):
        return 0
    own = "\ufffd".encode(name.removesuffix("-sig")) if name.startswith(("utf-8", "gb")) else b""
    return max(1, data.decode(name, errors="replace").count("\ufffd") - (data.count(own) if own else 0))


def _known(hint: str) -> str:
    """The Python name of a declared encoding, "" for none; what browsers take as another is that other."""
    try:
        name = codecs.lookup(hint.strip()).name if hint else ""
    except (LookupError, ValueError):
        return ""
    name = _SAME.get(name, name)
    return name if _BELIEVED.fullmatch(name) else ""


_SAME = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "cp950",
    "big5hkscs": "cp950",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_BELIEVED = re.compile(r"utf-8|gb18030|cp950|cp932|euc_jp|cp949|cp874|cp125\d|iso8859-\d+|koi8-[ru]")
