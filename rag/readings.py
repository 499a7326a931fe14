"""How characters are read: the table behind the steps that deal with pinyin notes."""

from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["SYLLABLE", "readings"]

SYLLABLE: Final = r"[a-z\u00e0-\u01dc\u0144\u0148\u01f9\u1e3f]{1,6}"
"""Inside of a pattern: one syllable of pinyin with its tone mark."""


@lru_cache(maxsize=1)
def readings() -> dict[str, frozenset[str]]:
    """The characters that are read so, for each syllable with its tone mark.

    >>> "長" in readings()["cháng"], "長" in readings()["zhǎng"]
    (True, True)
    """
    lines = Path(__file__).with_name("readings.txt").read_text(encoding="utf-8").splitlines()
    return {syllable: frozenset(characters) for syllable, characters in map(str.split, lines)}
