"""Author and site as the lines around a title name them."""

import re
from collections.abc import Iterator

from rag.types import Span

__all__ = ["author_in", "site_in"]

_LONGEST = 200  # characters of a line that may be a byline
_HAN = "\u3400-\u9fff"
_END = r"(?=$|[\s|｜丨／/,，;；)）〕】\]]|\d{4}\s?[-/.年])"
_HAN_NAME = rf"[{_HAN}·]{{2,12}}(?:、[{_HAN}·]{{2,12}}){{0,4}}"
_LATIN_NAME = r"[A-Z][\w.'’-]{0,30}(?: (?:and |de |van |von |of )?[A-Z][\w.'’-]{0,30}){0,4}"
_NICKNAME = r"[^\s|｜丨／/,，。;；:：()（）〔〕【】]{2,30}"
_ROLE = "(?:作者|記者|记者|撰文|撰稿|文字)"
_AUTHOR = (
    re.compile(rf"{_ROLE}\s{{0,3}}[:：丨｜|/／]\s{{0,3}}(?P<name>{_HAN_NAME}{_END}|{_LATIN_NAME}|{_NICKNAME})"),
    re.compile(rf"(?:\A|[\s|｜丨〔（(【])文\s?[/／丨｜|:：]\s?(?P<name>{_HAN_NAME}{_END}|{_LATIN_NAME})"),
    re.compile(rf"(?:記者|记者)(?P<name>[{_HAN}]{{2,4}})\s?[／/][{_HAN}]{{1,8}}?(?:報導|報道|报道|電|电)"),
    re.compile(rf"(?:\A|[\s|｜丨〔（(【])(?:本[報报])?(?:記者|记者)\s{{1,3}}(?P<name>[{_HAN}]{{2,4}}){_END}"),
    re.compile(rf"(?:\A|[\s|·•])[Bb][Yy]:? (?P<name>{_LATIN_NAME})(?=\s*(?:$|[|·•,/]|on |\d))"),
    re.compile(
        rf"\A(?P<name>[{_HAN}]{{2,4}})\s{{0,3}}\d{{4}}\s?[-/.年]\s?\d{{1,2}}\s?[-/.月]\s?\d{{1,2}}日?[\s\d:]*\Z"
    ),
    re.compile(rf"(?:\A|[\s|])(?:Author|Written by):? (?P<name>{_LATIN_NAME})"),
)
_SITE = re.compile(
    r"(?:\A|[\s|｜丨／/·>（(〔\d])(?:(?:文章)?(?:来源|來源)|稿源|出[处處]|Source)\s{0,3}[:：]\s{0,3}"
    rf"(?!https?:)(?P<name>{_LATIN_NAME}(?![\w:：])|{_NICKNAME})"
)
_NO_SENTENCE = re.compile(r"[。！？!?]")


def author_in(line: str) -> Span:
    """The author whom a byline names, as a stretch of `line`; empty where it names none.

    >>> [author_in(line).of(line) for line in ("文／許明遠", "By Jane Doe | 4 March", "張小華2024-03-04")]
    ['許明遠', 'Jane Doe', '張小華']
    >>> author_in("記者 走訪了三個村。")
    Span(start=0, end=0)
    """
    return next(_found(_AUTHOR, line), Span(0, 0))


def site_in(line: str) -> Span:
    """The site or paper that a byline names, as a stretch of `line`; empty where it names none.

    >>> line = "2024-03-04 | 編輯:小王 | 來源:南岸日報"
    >>> site_in(line).of(line), site_in("圖片來源：南岸日報")
    ('南岸日報', Span(start=0, end=0))
    """
    return next(_found((_SITE,), line), Span(0, 0))


def _found(patterns: tuple[re.Pattern[str], ...], line: str) -> Iterator[Span]:
    if len(line) > _LONGEST or _NO_SENTENCE.search(line):
        return
    for pattern in patterns:
        if found := pattern.search(line):
            yield Span(*found.span("name"))
