"""How much of what was corrupted came back, and how much of what was not was changed."""

from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import TypeVar

from rag.measure.cleaning.dirt import Dirty
from rag.measure.cleaning.dirt.width import NARROW

__all__ = ["Counts", "Gate", "Score", "compare", "gate"]


_Counts = TypeVar("_Counts", bound="Counts")


class Counts:
    """A record of counts, which can be added up."""

    def __iadd__(self: _Counts, other: _Counts) -> _Counts:
        for field in fields(self):  # type: ignore[arg-type]
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        return self


@dataclass
class Score(Counts):
    """Counts of characters of the clean text, over pages; see `compare`."""

    corrupted: int = 0
    restored: int = 0
    untouched: int = 0
    changed: int = 0
    pages: int = 0
    exact: int = 0


@dataclass
class Gate(Counts):
    """Lines of pages that a reader wants and those that he does not: how many there are, and how many were found."""

    wanted: int = 0
    kept: int = 0
    unwanted: int = 0
    left: int = 0


def gate(text: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> Gate:
    """Which lines are still in `text`, spacing aside; an unwanted one has to be there as a line of its own.

    >>> gate("A headline\\nIt rained.", ("It rained.",), ("Share", "Headline"))
    Gate(wanted=1, kept=1, unwanted=2, left=0)
    """
    whole = "".join(text.split())
    lines = {"".join(line.split()) for line in text.splitlines()}
    kept = sum("".join(line.split()) in whole for line in wanted)
    return Gate(len(wanted), kept, len(unwanted), sum("".join(line.split()) in lines for line in unwanted))


def compare(dirty: Dirty, out: str, least: int = 1) -> Score:
    """What a cleaner that made `out` of `dirty.text` did for the clean text, character by character.

    A clean character is there if `out` has it in its place, with nothing strange between it and the next; what is
    strange between two is held against the corrupted one of them. Full-width marks count as their ASCII forms.
    Runs of fewer than `least` characters count neither as corrupted nor as untouched.

    >>> from rag.measure.cleaning.dirt import joined
    >>> dirty = joined([("當(dāng)", "當"), ("前", "前"), ("位(wèi)", "位"), ("置", "置")])
    >>> compare(dirty, "當前位(wèi)置")
    Score(corrupted=2, restored=1, untouched=2, changed=0, pages=1, exact=0)
    """
    corrupt = bytearray(len(dirty.clean))
    for run in dirty.runs:
        corrupt[run.clean_start : run.clean_end] = b"\1" * (run.clean_end - run.clean_start)
    clean = dirty.clean.rstrip("\n").translate(NARROW)
    short = bytearray(len(dirty.clean))
    for run in dirty.runs:
        if run.clean_end - run.clean_start < least:
            short[run.clean_start : run.clean_end] = b"\1" * (run.clean_end - run.clean_start)
    del corrupt[len(clean) :]
    there = _there(clean, out.rstrip("\n").translate(NARROW), corrupt)
    counted = [at for at in range(len(clean)) if not short[at]]
    total = sum(corrupt[at] for at in counted)
    restored = sum(there[at] for at in counted if corrupt[at])
    kept = sum(there[at] for at in counted) - restored
    untouched = len(counted) - total
    return Score(total, restored, untouched, untouched - kept, 1, int(all(there)))


def _there(clean: str, out: str, corrupt: bytearray) -> bytearray:
    """For each character of `clean` whether `out` has it, undisturbed."""
    there = bytearray(len(clean))
    if clean == out:
        return bytearray(b"\1" * len(clean))
    at = 0
    before = -1  # the last clean character that was found, and `at` where `out` goes on behind it
    for start, place, size in _blocks(clean, out):
        there[start : start + size] = b"\1" * size
        if place != at and before == start - 1:  # something between two that belong together
            there[start if before < 0 or (corrupt[start] and not corrupt[before]) else before] = 0
        at, before = place + size, start + size - 1
    if before == len(clean) - 1 and at != len(out):
        there[-1] = 0
    return there


def _blocks(clean: str, out: str) -> list[tuple[int, int, int]]:
    """Matching blocks: line by line where both have as many lines, else over all."""
    ours, theirs = clean.splitlines(keepends=True), out.splitlines(keepends=True)
    if len(ours) != len(theirs):
        ours, theirs = [clean], [out]
    blocks: list[tuple[int, int, int]] = []
    at = place = 0
    for one, other in zip(ours, theirs, strict=True):
        matches = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
        blocks += ((at + match.a, place + match.b, match.size) for match in matches if match.size)
        at += len(one)
        place += len(other)
    return blocks
