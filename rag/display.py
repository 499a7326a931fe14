"""Showing an answer in the script of the reader. Citations stay as their author wrote them."""

from functools import lru_cache
from typing import Any

from rag.script import script, to_simplified

__all__ = ["in_script_of"]


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
