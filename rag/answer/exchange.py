"""The question before with something else in it: `and in 2023?`, `那商汤呢？`."""

import re

from rag.answer.names import FIGURE, PLACE, TIME, Turn, level, plain, topics
from rag.script import language

__all__ = ["END", "exchanged", "joined"]

END = re.compile(r"[\s?？.。!！]*$")
"""How a question ends."""

_ARTICLE = re.compile(r"(?:(in|for|at|of|on|by|during|with|from)\s+)?(?:the\s+)?", re.IGNORECASE)
_ARTICLE_ZH = re.compile("(?:在|对于|对|关于|至于|到)?")
_IN_ALL = re.compile("(?:一共|总共|總共|合计|合計|加起来|加起來)$")
_WHY = re.compile(r"为什么|为何|为啥|\bwhy\b", re.IGNORECASE)
_OWNED = re.compile(r"\w['’]s\s+\w")
_POSSESSIVE = re.compile(r"^['’]s\b|['’]s$")


def exchanged(part: str, last: Turn) -> str:
    """The last question with `part` in the place of what is of its kind there."""
    before = last.question
    part = part.removesuffix("的") or part
    found = _ARTICLE.match(part)
    preposition, bare = (found[1], part[found.end() :]) if found else (None, part)
    bare = _IN_ALL.sub("", bare) or bare
    bare = bare[_ARTICLE_ZH.match(plain(bare)).end() :] or bare  # type: ignore[union-attr]  # it matches nothing too
    own = plain(bare)
    if re.fullmatch(TIME, own, re.IGNORECASE):
        return _dated(bare, preposition or "in", before)
    if re.fullmatch(PLACE, own, re.IGNORECASE) and (old := re.search(PLACE, plain(before), re.IGNORECASE)):
        return before[: old.start()] + bare + before[old.end() :]
    if level(bare) == "says":
        return _side(bare, last)
    if preposition:
        return f"{END.sub('', before)} {preposition} {bare}?"
    return f"What about {bare}?" if _OWNED.search(bare) else _named(bare, last)


def joined(about: str, core: str) -> str:
    """A question told what it is about."""
    return f"{about}，{core}" if language(core) == "zh" else f"{about}: {core}"


def _side(bare: str, last: Turn) -> str:
    """Another side of the same subject."""
    before = last.question
    old = re.search(FIGURE, plain(before), re.IGNORECASE)
    if old and re.fullmatch(FIGURE, plain(bare), re.IGNORECASE) and not _WHY.search(plain(before)):
        return before[: old.start()] + bare + before[old.end() :]
    subject = topics(before, last.context)[0]
    if language(bare) == "zh":
        return f"{subject}的{bare}？"
    named = subject != subject.lower() or " " not in subject
    return f"What about {subject}'s {bare}?" if named else f"What about the {bare} of {subject}?"


def _named(bare: str, last: Turn) -> str:
    """Another subject.

    What is written small in Latin letters is a thing, and takes the place of no name and of nothing in a Chinese
    question; nor does a Chinese word that of a thing: those are joined, for one cannot see where they belong.
    """
    before = last.question
    subjects = topics(before, last.context)
    old = next((one for one in subjects if one[0].isascii() and bare[0].isascii()), subjects[0])
    if (_is_thing(bare) and old != old.lower()) or (
        old[0].isascii() != bare[0].isascii() and (_is_thing(bare) or _is_thing(old))
    ):
        return joined(old, f"{bare}呢？" if language(bare) == "zh" else f"what about {bare}?")
    at = before.find(old)
    rest = before[at + len(old) :]
    return before[:at] + bare + (_POSSESSIVE.sub("", rest) if _POSSESSIVE.search(bare) else rest)


def _is_thing(name: str) -> bool:
    first = name.split(maxsplit=1)[0]
    return first.isascii() and first == first.lower()


def _dated(time: str, preposition: str, before: str) -> str:
    """A question with another time, in its own way of writing years."""
    year = re.fullmatch(r"([12]\d{3})\s*年?", plain(time))
    if old := re.search(TIME, plain(before), re.IGNORECASE):
        whole = f"{year[1]}年" if year and "年" in old[0] else year[1] if year else time
        return before[: old.start()] + whole + " " * old[0].endswith(" ") + before[old.end() :]
    if language(before) == "zh":
        return (f"{year[1]}年" if year else time) + before
    joint = "" if re.match("last|this|next|the (?:prev|foll)", time) else f"{preposition} "
    return f"{END.sub('', before)} {joint}{time}?"
