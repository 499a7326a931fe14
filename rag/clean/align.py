"""Which lines of one text stand in another text of the same page, whose lines may be cut elsewhere."""

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["key", "shared"]

_GRAM = 8  # letters; such stretches of the other text are looked for, each _STEP letters behind the one before
_STEP = 4
_JOINED = 4  # lines of the other text that may be one short line
_MOST = 8  # places of one stretch that are looked at: what stands everywhere says nothing
_NEAR = 64  # letters that may be missing on one side between two stretches of a line
_SHARE = 0.6  # of the stretches that a line would have in common with itself

_SILENT = re.compile(r"[\W_]+")


class _Place(NamedTuple):
    """Where a line may stand in the other text, and how much speaks for it."""

    start: int
    end: int
    weight: int


def key(line: str) -> str:
    """The letters and digits of a line, which any two ways to strip tags have in common.

    >>> key("| 高潮, High\\u00a0Water: 5.3 |")
    '高潮highwater53'
    """
    return _SILENT.sub("", unicodedata.normalize("NFKC", line)).casefold()


def shared(lines: Sequence[str], other: Sequence[str]) -> list[bool]:
    """For each of `lines`, whether it stands in `other`; both are keys.

    One line may be several there, and several one. The order counts: of two equal lines the one whose neighbours stand
    in `other` too is meant, and a menu word is none that the article happens to use. Time is n log n in the letters.

    >>> shared(["news", "thebridge", "itopenedatnoonyesterday", "news"], ["thebridge", "itopenedatnoonyesterday"])
    [False, True, True, False]
    """
    whole = "".join(other)
    places = list(_places(lines, other, whole))
    chain = _heaviest_chain(places, len(whole))
    taken = sorted(chain.values())
    between = _between(lines, chain, whole)
    return [
        number in chain
        or number in between
        or any(_is_free(place, taken) for place in found if len(lines[number]) >= 2 * _GRAM)
        for number, found in enumerate(places)
    ]


def _places(lines: Sequence[str], other: Sequence[str], whole: str) -> Iterator[list[_Place]]:
    equal: dict[str, list[int]] = defaultdict(list)
    at = 0
    for number, line in enumerate(other):
        joined = ""
        for one in other[number : number + _JOINED]:
            joined += one
            if len(equal[joined]) < _MOST:
                equal[joined].append(at)
            if len(joined) > 2 * _GRAM:
                break
        at += len(line)
    grams: dict[str, list[int]] = defaultdict(list)
    for at in range(0, len(whole) - _GRAM + 1, _STEP):
        if len(found := grams[whole[at : at + _GRAM]]) < _MOST:
            found.append(at)
    for line in lines:
        if not line:
            yield []
        elif line in equal:
            yield [_Place(at, at + len(line), 2 * len(line)) for at in equal[line]]
        else:
            yield _by_grams(line, grams)


def _by_grams(line: str, grams: dict[str, list[int]]) -> list[_Place]:
    together: dict[int, list[int]] = defaultdict(list)  # by how far the line would have to be moved
    for i in range(len(line) - _GRAM + 1):
        for at in grams.get(line[i : i + _GRAM], ()):
            together[(at - i) // _NEAR].append(at)
    enough = max(1, _SHARE * ((len(line) - _GRAM + 1) // _STEP))
    found = [at for group in together.values() for at in group]
    if len(set(found)) < enough:
        return []
    best = sorted(together.values(), key=len)[-_MOST:]
    places = [_Place(min(group), max(group) + _GRAM, 2 * _STEP * len(group)) for group in best]
    return [place._replace(weight=max(1, place.weight - len(line))) for place in places]


def _heaviest_chain(places: Sequence[list[_Place]], length: int) -> dict[int, _Place]:
    """A place for some of the lines, each behind the one before, so that their weights are the most together."""
    best = [(0, 1)] * (length + 2)  # a Fenwick tree: the heaviest chain that ends at or before a place, its last step
    steps: list[tuple[int, _Place, int]] = []  # line, place, the step before
    for number, found in enumerate(places):
        ends = []
        for place in found:
            at, before = place.start + 1, (0, 1)
            while at > 0:
                before = max(before, best[at])
                at -= at & -at
            ends.append((place, before))
        for place, (weight, step) in ends:
            steps.append((number, place, -step))
            entry, at = (weight + place.weight, 1 - len(steps)), place.end + 1
            while at < len(best):
                best[at] = max(best[at], entry)
                at += at & -at
    heaviest, at = (0, 1), len(best) - 1
    while at > 0:
        heaviest = max(heaviest, best[at])
        at -= at & -at
    chain: dict[int, _Place] = {}
    step = -heaviest[1]
    while step >= 0:
        number, place, step = steps[step]
        chain[number] = place
    return chain


def _between(lines: Sequence[str], chain: dict[int, _Place], whole: str) -> set[int]:
    """The lines outside of the chain that stand where it leaves room, in order: of one long line most are too short to
    be found by stretches.
    """
    found: set[int] = set()
    limits = [len(whole)]  # where the next line of the chain begins
    for number in range(len(lines) - 1, 0, -1):
        limits.append(chain[number].start if number in chain else limits[-1])
    at = 0
    for number, (line, limit) in enumerate(zip(lines, reversed(limits), strict=True)):
        if number in chain:
            at = chain[number].end
        elif line and (start := whole.find(line, at, min(limit, at + (_NEAR if len(line) > 1 else _STEP)))) >= 0:
            found.add(number)
            at = start + len(line)
    return found


def _is_free(place: _Place, taken: Sequence[_Place]) -> bool:
    """Whether most of a place is in no place of the chain: the other text has it in another order."""
    covered = 0
    at = max(0, bisect_right(taken, place) - 1)
    while at < len(taken) and taken[at].start < place.end:
        covered += max(0, min(place.end, taken[at].end) - max(place.start, taken[at].start))
        at += 1
    return 2 * covered < place.end - place.start
