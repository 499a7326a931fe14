"""Lexical search in the other language: each word of a question brings the words nearest to it there."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.background import Background
from rag.script import HAN_CHARACTER, terms

__all__ = ["PATH", "Neighbours", "load", "translated"]

PATH = Path(__file__).parent / "models" / "neighbours.npz"

LEAST = 0.15
"""Share of the greatest weight below which a term is left out: it costs a search time and hardly changes it."""


class Neighbours:
    """For a piece of the built-in model, the pieces nearest to it in the other language and their cosines.

    `path` is as `rag.train.neighbours` writes it. Raises OSError where it is missing.

    >>> [piece for piece, cosine in load().of("shareholder")][:2]
    ['股东', '股东会']
    """

    def __init__(self, path: Path = PATH) -> None:
        with np.load(path, allow_pickle=False) as found:
            self._pieces = found["pieces"].tobytes().decode("utf-8").split("\n")
            self._near, self._cosines = found["near"], found["cosines"]
        self._places = {piece: place for place, piece in enumerate(self._pieces)}

    def of(self, piece: str) -> list[tuple[str, float]]:
        """Nearest first; none for a piece that is not known."""
        place = self._places.get(piece)
        if place is None:
            return []
        found = zip(self._near[place].tolist(), self._cosines[place].tolist(), strict=True)
        return [(self._pieces[at], cosine / 255) for at, cosine in found if cosine]


def translated(pieces: list[str], background: Background, neighbours: Neighbours) -> dict[str, float]:
    """Terms of the other language for a question's pieces, with their weights.

    A term weighs as much as the rarer of the two words, times the square of their cosine, which is near 0 for loose
    neighbours. A longer Chinese word stands for its pairs of characters, which share its weight.
    """
    weights: dict[str, float] = {}
    for piece in dict.fromkeys(pieces):
        rarity = max(map(background.idf, terms(piece)), default=0.0)
        for near, cosine in neighbours.of(piece):
            found = terms(near)
            if len(near) > 1 and HAN_CHARACTER.match(near):
                found = found[len(near) :]
            for term in found:
                weight = cosine**2 * min(rarity, background.idf(term)) / len(found)
                weights[term] = max(weights.get(term, 0.0), weight)
    least = LEAST * max(weights.values(), default=0.0)
    return {term: weight for term, weight in weights.items() if weight >= least}


@lru_cache(maxsize=2)
def load(path: Path | None = None) -> Neighbours:
    """The neighbours in `path`, by default those in the package, read once for a process."""
    return Neighbours(PATH if path is None else path)
