"""A dirty text that knows the clean text it was made of, stretch by stretch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

__all__ = ["Dirt", "Dirty", "Run", "joined"]


@dataclass(frozen=True, slots=True)
class Run:
    """A corrupted stretch: `[start, end)` of the dirty text stands for `[clean_start, clean_end)` of the clean one."""

    start: int
    end: int
    clean_start: int
    clean_end: int


@dataclass(frozen=True, slots=True)
class Dirty:
    """A dirty `text` and the `clean` one. Between `runs`, sorted and disjoint, the two are the same.

    `lossy`: a reader could not tell all of the clean text from the dirty one, however clever.
    """

    text: str
    clean: str
    runs: tuple[Run, ...]
    lossy: bool = False

    def restored(self) -> str:
        """`text` with each run replaced by what it stands for: the exact inverse, which is `clean`."""
        parts: list[str] = []
        at = 0
        for run in self.runs:
            parts += (self.text[at : run.start], self.clean[run.clean_start : run.clean_end])
            at = run.end
        return "".join(parts) + self.text[at:]


Dirt: TypeAlias = Callable[[str, Random], Dirty]
"""A mechanism: from a clean text and the choices of a generator to a dirty text."""


def joined(parts: Iterable[tuple[str, str]], *, lossy: bool = False) -> Dirty:
    """The dirty text of pieces `(dirty, clean)` in order; pieces that differ are runs, and one run if they touch.

    >>> joined([("我", "我"), ("們(men)", "們"), ("走", "走")]).runs
    (Run(start=1, end=7, clean_start=1, clean_end=2),)
    """
    dirty: list[str] = []
    clean: list[str] = []
    runs: list[Run] = []
    at = clean_at = 0
    for piece, was in parts:
        dirty.append(piece)
        clean.append(was)
        end, clean_end = at + len(piece), clean_at + len(was)
        if piece != was:
            if runs and (runs[-1].end, runs[-1].clean_end) == (at, clean_at):
                runs[-1] = Run(runs[-1].start, end, runs[-1].clean_start, clean_end)
            else:
                runs.append(Run(at, end, clean_at, clean_end))
        at, clean_at = end, clean_end
    return Dirty("".join(dirty), "".join(clean), tuple(runs), lossy)
