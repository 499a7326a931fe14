"""Which of many patterns may be found in a text, by one look at its characters instead of a search for each."""

import re
from collections.abc import Sequence

import numpy as np

__all__ = ["Signs"]


class Signs:
    """Looks for the characters of up to 16 patterns; each pattern is of one character.

    >>> signs = Signs(["[0-9]", "&"])
    >>> signs.of("R&D"), signs.of("R2D2"), signs.of("no")
    (2, 1, 0)
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        characters = "".join(map(chr, range(0x10000)))
        self._bits = np.zeros(0x10000, dtype=np.uint16)
        for number, pattern in enumerate(patterns):
            self._bits[[found.start() for found in re.finditer(pattern, characters)]] |= 1 << number
        self._bits[0xD800:0xE000] = (1 << len(patterns)) - 1  # halves of other characters, which may be any

    def of(self, text: str) -> int:
        """The sum of 2 to the number of each pattern that may be found in `text`; no other is found there."""
        units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
        return int(np.bitwise_or.reduce(self._bits[units]))
