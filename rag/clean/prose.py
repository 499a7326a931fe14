"""How well a stretch reads as Chinese prose: a model of which character follows which, in either script."""

import string
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from rag.protocols import Floats, Ids
from rag.script import to_simplified

__all__ = ["PATH", "STEPS_PER_NAT", "folded", "nats", "units", "variant_nats"]

PATH: Final = Path(__file__).parents[1] / "models" / "characters.npz"
STEPS_PER_NAT: Final = 12
"""Negated log-probabilities are stored in bytes, in twelfths of a nat."""

_ALIKE = dict(zip(",.:;!?()\t\n\u3000\xa0", "，.：；！？（）    ", strict=True))


@lru_cache(maxsize=1)
def _fold() -> "np.ndarray[tuple[int], np.dtype[np.uint16]]":
    """Each UTF-16 code unit as it is counted: Simplified, all letters and all digits alike, one kind of comma."""
    table = np.arange(0x10000, dtype=np.uint16)
    for code, simplified in to_simplified().items():
        if code < 0x10000 and simplified < 0x10000:
            table[code] = simplified
    for letters, one in ((string.ascii_letters, "a"), (string.digits, "0")):
        table[[ord(letter) for letter in letters]] = ord(one)
    for sign, one in _ALIKE.items():
        table[ord(sign)] = ord(one)
    return table


def units(text: str) -> "np.ndarray[tuple[int], np.dtype[np.uint16]]":
    """The UTF-16 code units of `text`, shape `(n,)`."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")


def folded(text: str) -> "np.ndarray[tuple[int], np.dtype[np.uint16]]":
    """The characters of `text` as they are counted, shape `(n,)`, in UTF-16 code units."""
    found: np.ndarray[tuple[int], np.dtype[np.uint16]] = _fold()[units(text)]
    return found


class _Model(NamedTuple):
    """Log-probabilities of characters, of pairs, of triples, each with what is left for those not kept."""

    number: Ids
    single: Floats
    left: Floats
    pairs: Ids
    chance: Floats
    left_pair: Floats
    triples: Ids
    chance_3: Floats


@lru_cache(maxsize=1)
def _model() -> _Model:
    with np.load(PATH, allow_pickle=False) as found:
        characters = found["characters"].astype(np.int64)
        number = np.full(0x10000, len(characters), dtype=np.int64)
        number[characters] = np.arange(len(characters))

        def nats(name: str) -> Floats:
            values: Floats = found[name].astype(np.float32) / -STEPS_PER_NAT
            return values

        return _Model(
            number,
            nats("single"),
            nats("left"),
            np.cumsum(found["gaps"], dtype=np.int64),
            nats("chance"),
            nats("left_pair"),
            np.cumsum(found["gaps_3"], dtype=np.int64),
            nats("chance_3"),
        )


def _look_up(keys: Ids, wanted: Ids) -> tuple[Ids, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted


def nats(text: str) -> Floats:
    """Log-probability of each character of `text` but the first, given the two before it; shape `(len(text) - 1,)`.

    Code units outside the Basic Plane count as two. Prose has a mean of -3 to -5, characters at random -10 to -14.

    >>> bool(nats("我们每天都在研究").mean() > nats("拔覀兠刻於荚谘芯").mean() + 4)
    True
    """
    model = _model()
    ids = model.number[folded(text)]
    size = len(model.single)
    place, known = _look_up(model.pairs, ids[:-1] * size + ids[1:])
    found: Floats = np.where(known, model.chance[place], model.left[ids[:-1]] + model.single[ids[1:]])
    triple, known_3 = _look_up(model.triples, place[:-1] * size + ids[2:])
    left = np.where(known[:-1], model.left_pair[place[:-1]], 0)
    found[1:] = np.where(known[:-1] & known_3, model.chance_3[triple], left + found[1:])
    return found


@lru_cache(maxsize=1)
def _shares() -> Floats:
    shares = np.zeros((2, 0x10000), dtype=np.float32)
    with np.load(PATH, allow_pickle=False) as found:
        shares[:, found["variants"]] = found["shares"].astype(np.float32) / -STEPS_PER_NAT
    return shares


def variant_nats(text: str, like: str) -> Floats:
    """Log-probability of each character of `text` among its variants, in the script in which `like` is written.

    All are 0 where `like` could be in either. Shape: one for each code unit.

    >>> simplified, traditional = variant_nats("来來", like="我們")
    >>> bool(simplified < traditional - 3)
    True
    """
    shares = _shares()
    hans, hant = shares[:, units(like)].sum(axis=1)
    if hans == hant:
        return np.zeros(len(units(text)), dtype=np.float32)
    of_script: Floats = shares[int(hant > hans), units(text)]
    return of_script
