"""Single characters gone wrong: marks that take no room, look-alikes, and HTML entities left in text."""

import unicodedata
from functools import lru_cache
from random import Random

from rag.measure.cleaning.dirt.traced import Dirty, joined

__all__ = ["entities", "invisible", "look_alikes"]

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_ENTITY = {"&": "&amp;", '"': "&quot;", "“": "&ldquo;", "”": "&rdquo;", "’": "&rsquo;", "—": "&mdash;", "…": "&hellip;"}
_LOOK_ALIKES = (range(0x2F00, 0x2FD6), range(0xF900, 0xFA6E), range(0xFA70, 0xFADA))


def invisible(text: str, rng: Random) -> Dirty:
    """A character that takes no room behind one character in fifty."""
    return joined(
        (one + rng.choice(_INVISIBLE), one) if one != "\n" and rng.random() < 0.02 else (one, one) for one in text
    )


def entities(text: str, rng: Random) -> Dirty:
    """Marks and one Han character in fifty written as HTML entities, as a page escaped twice shows them."""

    def written(one: str) -> str:
        if one in _ENTITY:
            return _ENTITY[one]
        if not one.isascii() and rng.random() < 0.02:
            return rng.choice((f"&#{ord(one)};", f"&#x{ord(one):x};"))
        return one

    return joined((written(one), one) for one in text)


def look_alikes(text: str, rng: Random) -> Dirty:
    """Half of the characters that have one replaced by their Kangxi radical or compatibility ideograph."""
    return joined(
        (rng.choice(_twins()[one]), one) if one in _twins() and rng.random() < 0.5 else (one, one) for one in text
    )


@lru_cache(maxsize=1)
def _twins() -> dict[str, list[str]]:
    twins: dict[str, list[str]] = {}
    for block in _LOOK_ALIKES:
        for code in block:
            if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1 and plain != chr(code):
                twins.setdefault(plain, []).append(chr(code))
    return twins
