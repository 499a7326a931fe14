"""Readings written behind characters, as a converter that keeps a reading for each character leaves them."""

from collections import defaultdict
from functools import lru_cache
from importlib.resources import files
from random import Random

from rag.measure.cleaning.dirt.traced import Dirty, joined

__all__ = ["pinyin_notes", "readings"]

SHARE = (0.1, 0.6)
"""Of the different Han characters of a page, the share that gets notes; in real pages a third is usual."""


@lru_cache(maxsize=1)
def readings() -> dict[str, tuple[str, ...]]:
    """The readings of each character that are written with a tone mark."""
    table: dict[str, list[str]] = defaultdict(list)
    for line in files("rag").joinpath("readings.txt").read_text(encoding="utf-8").splitlines():
        syllable, characters = line.split()
        if not syllable.isascii():
            for character in characters:
                table[character].append(syllable)
    return {character: tuple(syllables) for character, syllables in table.items()}


def pinyin_notes(text: str, rng: Random) -> Dirty:
    """A reading in brackets behind every occurrence of a share of the characters, the same one each time.

    >>> pinyin_notes("創業", Random(26)).text
    '創(chuàng)業(yè)'
    """
    share = rng.uniform(*SHARE)
    note = {
        character: f"({rng.choice(readings()[character])})"
        for character in sorted(set(text))
        if character in readings() and rng.random() < share
    }
    return joined((character + note.get(character, ""), character) for character in text)
