"""For each piece of the built-in model the pieces nearest to it in the other language: a small bilingual dictionary."""

import re
from pathlib import Path

import numpy as np

from rag.embed.builtin import Builtin
from rag.late import unit
from rag.script import HAN

__all__ = ["make"]

MOST = 6
"""Neighbours that are kept of a piece."""

LEAST = 0.35
"""Cosine from which a piece is a neighbour. Unrelated ones lie below."""

BLOCK = 1024
_HAN = re.compile(f"[{HAN}]+")
_WORD = re.compile(rf"[^\W\d_{HAN}]{{2,}}")


def make(path: Path) -> None:
    """Write `pieces`, in UTF-8 with a line each; `near` (n, MOST), places in that list; `cosines`, in 1/255.

    Where there are fewer neighbours the cosine is 0.
    """
    model = Builtin()
    pieces, vectors = model.table()
    vectors = unit(vectors)
    chinese = np.array([number for number, piece in enumerate(pieces) if _HAN.fullmatch(piece)])
    english = np.array([number for number, piece in enumerate(pieces) if _WORD.fullmatch(piece)])
    own, near, cosines = [], [], []
    for side, others in ((chinese, english), (english, chinese)):
        for start in range(0, len(side), BLOCK):
            some = side[start : start + BLOCK]
            found = vectors[some] @ vectors[others].T
            places = np.argpartition(-found, MOST, axis=1)[:, :MOST]
            best = np.take_along_axis(found, places, axis=1)
            order = np.argsort(-best, axis=1)
            best = np.take_along_axis(best, order, axis=1)
            ids = others[np.take_along_axis(places, order, axis=1)]
            kept = best[:, 0] >= LEAST
            own.append(some[kept])
            near.append(np.where(best >= LEAST, ids, 0)[kept])
            cosines.append(np.where(best >= LEAST, best, 0)[kept])
    used, places = np.unique(np.concatenate([*own, *map(np.ravel, near)]), return_inverse=True)
    known = np.concatenate(own)
    table = np.zeros((len(used), MOST), dtype=np.int32)
    scores = np.zeros((len(used), MOST), dtype=np.uint8)
    table[places[: len(known)]] = places[len(known) :].reshape(-1, MOST)
    scores[places[: len(known)]] = np.round(255 * np.clip(np.concatenate(cosines), 0, 1))
    text = "\n".join(pieces[number] for number in used)
    np.savez_compressed(path, pieces=np.frombuffer(text.encode(), dtype=np.uint8), near=table, cosines=scores)
