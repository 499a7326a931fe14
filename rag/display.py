"""Showing an answer in the script of the reader, and where it stands. Citations stay as their author wrote them."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.script import script, to_simplified
from rag.types import Citation, Span

__all__ = ["in_script_of", "located", "place_named"]

_PLACE = re.compile(r"(.+?)(?::(\d{1,9}))?(?::(\d{1,12})-(\d{1,12}))?", re.DOTALL)


def located(citation: Citation) -> tuple[str, str]:
    """Where a citation stands, as `place_named` and so `rag show` reads it, and what a person wants to know beside."""
    stretch = f"{citation.start}-{citation.end}"
    if citation.offsets == "text field":
        return f"{citation.source}:{citation.line}:{stretch}", "of its text"
    of = ", of its text" if citation.offsets == "extracted text" else ""
    return f"{citation.source}:{stretch}", (citation.place or f"line {citation.line}") + of


def place_named(words: str) -> tuple[str, int, Span | None]:
    """A file or document id, a line or 0, and a stretch: of `NAME`, `NAME:LINE`, `NAME:START-END`, or all of them.

    >>> place_named("a.txt:432-508"), place_named("notes.jsonl:7:0-56"), place_named("a.txt:16")
    (('a.txt', 0, Span(start=432, end=508)), ('notes.jsonl', 7, Span(start=0, end=56)), ('a.txt', 16, None))
    """
    found = _PLACE.fullmatch(words)
    if not found or _is_file(words):
        return words, 0, None
    span = Span(int(found[3]), int(found[4])) if found[3] else None
    return found[1], int(found[2] or 0), span


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long for the system, or with a NUL
        return False


def in_script_of(question: str, answer: str) -> str:
    """`answer` in the Chinese script of `question`, line by line, by OpenCC's tables of phrases.

    A line that is in that script already, or in neither, stays as it is; so does all where the question is in neither.
    么 stays: Traditional text has it only where it was written in Simplified, and OpenCC takes it for 幺.

    >>> in_script_of("商汤为什么亏损", "公司只顧著擴張,管理跟不上。[1]")
    '公司只顾着扩张,管理跟不上。[1]'
    """
    wanted = script(question)
    if not wanted:
        return answer
    return "\n".join(_line(line, wanted) for line in answer.split("\n"))


def _line(line: str, wanted: str) -> str:
    if wanted == "traditional":
        return _converter(wanted).convert(line) if script(line) == "simplified" else line
    if not any(ord(sign) in to_simplified() for sign in line):  # many signs are of both, but these of one alone
        return line
    return "么".join(_converter(wanted).convert(part) for part in line.split("么"))


@lru_cache(maxsize=2)
def _converter(wanted: str) -> Any:
    from opencc import OpenCC

    return OpenCC({"simplified": "tw2s", "traditional": "s2tw"}[wanted])
