"""How likely a text is as an article: the sum of the log-probabilities of its characters, each taken alone.

Rough is enough: a wrong decoding of a Chinese text is some 5 nats a character worse than the right one.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.protocols import Floats

__all__ = ["BROKEN", "commonest", "of", "strangeness"]

BROKEN = -16.0
"""Of U+FFFD: so much that bytes are broken rarely, so little that a few do not outweigh a decoding that fits."""

# log-probability of the character of a rank, as counted by `rag.train.common_characters`
_RANKS = (1, 2, 10, 50, 100, 200, 500, 1000, 1500, 2000, 2500, 3000, 3500)
_AT_RANK = (-3.4, -4.2, -4.9, -5.8, -6.2, -6.7, -7.7, -9.0, -10.0, -10.9, -11.6, -12.3, -13.0)
_TWO_SCRIPTS = -0.69  # a character may come from either list, one half each

_UNSEEN = -18.0  # private use, unassigned, Yi: what a wrong decoding is full of
_RANGES = (
    # first, last, log-probability; a later line overrules an earlier one
    (0x0000, 0x001F, -14.0),  # control characters
    (0x007F, 0x009F, -14.0),
    (0x00A0, 0x00FF, -7.0),  # signs of Western text, then its capitals and small letters
    (0x00C0, 0x00DE, -6.0),
    (0x00DF, 0x00FF, -4.5),
    (0x0100, 0x036F, -11.0),
    (0x0370, 0x1FFF, -11.0),  # Greek, Cyrillic and all other alphabets
    (0x2010, 0x2027, -7.5),
    (0x2030, 0x203F, -8.0),
    (0x20A0, 0x2BFF, -10.0),  # currency, arrows, boxes, circled numbers, bullets
    (0x3000, 0x303F, -6.0),  # Chinese punctuation
    (0x3040, 0x30FF, -9.0),  # kana
    (0x3100, 0x312F, -10.0),  # bopomofo
    (0x3130, 0x33FF, -12.0),
    (0x3400, 0x4DBF, -16.0),  # rare Han
    (0x4E00, 0x9FFF, -15.0),  # Han that are in neither list
    (0xAC00, 0xD7A3, -12.0),  # hangul
    (0xD800, 0xDFFF, -8.0),  # halves of emoji and of rare Han, two for each character
    (0xFE30, 0xFE6F, -9.0),
    (0xFF01, 0xFF5E, -6.0),  # full width
    (0xFFE0, 0xFFE6, -9.0),
    (0xFFFD, 0xFFFD, BROKEN),
)
_SINGLE = {
    -2.0: " ",
    -2.7: "etaoinsrhl",
    -3.5: "dcumfpgwybv",
    -4.0: "\n\t0123456789.,，。的",
    -4.3: "ABCDEFGHIJKLMNOPQRSTUVWXYZkxjqz\r-'\"/:()<>=、“”",
    -5.0: "!?;#%&*+_[]{}\xa0’‘：；！？（）《》「」—…\u3000",
    -6.0: "@\\^`|~$\xa9\xae\xb0\xb7\xab\xbb–•～·『』",
}


@lru_cache(maxsize=1)
def _table() -> Floats:
    """Log-probability of each UTF-16 code unit, shape (65536,)."""
    table = np.full(0x10000, _UNSEEN, dtype=np.float32)
    for first, last, value in _RANGES:
        table[first : last + 1] = value
    for line in commonest():
        codes = _codes(line)
        ranks = np.arange(1, len(codes) + 1)
        values = np.interp(np.log(ranks), np.log(_RANKS), _AT_RANK) + _TWO_SCRIPTS
        table[codes] = np.logaddexp(np.where(table[codes] > -14.5, table[codes], -np.inf), values)
    for value, characters in _SINGLE.items():
        table[_codes(characters)] = value
    return table


def commonest(count: int | None = None) -> list[str]:
    """The `count` commonest Simplified characters and the Traditional ones, in this order; all that are known for None.

    >>> commonest(3)
    ['的一在', '的之人']
    """
    lines = Path(__file__).with_name("common.txt").read_text(encoding="utf-8").split("\n")[:2]
    return [line[:count] for line in lines]


def _codes(text: str) -> "np.ndarray[tuple[int], np.dtype[np.uint16]]":
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")


def of(text: str) -> float:
    """Log-probability of `text`, in nats: at most 0, and comparable between decodings of the same bytes.

    >>> of("我们的") > of("鎴戜滑鐨")
    True
    """
    return float(_table()[_codes(text)].sum(dtype=np.float64))


def strangeness(text: str) -> float:
    """Mean of the negated log-probabilities of the characters outside ASCII; 0.0 where there are none.

    Chinese prose has 6 to 8, a text decoded wrongly 10 to 16.
    """
    codes = _codes(text)
    outside = codes[codes >= 0x80]
    return -float(_table()[outside].mean(dtype=np.float64)) if len(outside) else 0.0
