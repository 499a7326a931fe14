"""What a question names: its subjects, its times and places, and whether it names anything at all.

Without a language model this is done by leaving out what names nothing: words that ask or join, and general words
(`founder`, `revenue`, `亏损`) that say something only beside a name.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from rag.script import HAN, fold, language, terms, to_simplified

__all__ = ["FIGURE", "PLACE", "TIME", "Level", "Turn", "begins_with_side", "level", "names", "plain", "topics"]

Level = Literal["asks", "says", "names"]
"""`asks`: only words that ask (why? 哪家最多？); `says`: also general ones (创始人是谁？); `names`: more than that."""

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = (
    r"(?:[12]\d{3}|[一二][〇零一二三四五六七八九]{3})\s*年(?:\d{1,2}月(?:\d{1,2}日)?|[上下]半年|第?[一二三四]季度|年?[初底])?"
    r"|(?:今|去|前|明|同)年(?:[上下]半年|\d{1,2}月|[初底])?|[上下]半年|第[一二三四]季度|上个月|昨天|\d{1,2}月(?:\d{1,2}日)?"
    r"|(?<![A-Za-z])(?:(?:early|late|mid)[ -])?"
    rf"(?:(?:{_MONTHS})(?:\s\d{{1,2}},)?\s|Q[1-4]\s)?(?:the\s)?[12]\d{{3}}s?(?!\d)"
    r"|(?<![A-Za-z])(?:last|this|next|the previous|the following) (?:year|month|week|quarter)(?![a-z])"
)
TIME = rf"(?:{_DAY})(?:\s*(?:到|至|-|–|—|to|until)\s*(?:{_DAY}))?"
"""A time, or one and another up to which it goes, in simplified characters."""

PLACE = (
    "中国|美国|英国|法国|德国|日本|韩国|印度|俄罗斯|欧洲|亚洲|非洲|香港|台湾|新加坡|加拿大|澳大利亚|以色列|巴西|"
    "越南|泰国|柏林|莫斯科|首尔|悉尼|孟买|北京|上海|深圳|广州|杭州|成都|南京|武汉|重庆|天津|西安|苏州|台北|东京|纽约|伦敦|巴黎|国内|国外|海外|全球|"
    "(?<![A-Za-z])(?:China|America|the US|the United States|Britain|the UK|France|Germany|Japan|Korea|India|Russia|"
    "Europe|Asia|Africa|Hong Kong|Taiwan|Singapore|Canada|Australia|Israel|Brazil|Vietnam|Thailand|Beijing|"
    "Shanghai|Shenzhen|Tokyo|New York|London|Paris|Berlin)(?![A-Za-z])"
)

_LONGEST = 20
"""Han characters that a name with a verb behind it may have."""

_JOINTS = (" ", " of ", " of the ")
"""Between two words of one name."""

_NO_NAME_EN = frozenset(
    "chinese american english british european asian french german japanese korean indian russian i you we".split()
    + _MONTHS.lower().split("|")
)
_SPEAKERS = frozenset(("i", "you", "we"))
_SPEAKER = re.compile(r"\b(?:i|you|we)\s$", re.IGNORECASE)
_STATE = re.compile(r"\s*(?:is|are|was|were)\b", re.IGNORECASE)
_GENERIC_CLASS = frozenset("companies startups firms".split())
"""Bare plurals of general words name a whole class: `how do companies raise money` asks of no company in particular."""

_THIS = re.compile("[这那][首本部篇座条场张台辆只]")
"""Before a noun of one's own: 这首歌 is a name as a whole."""

_INDEFINITE = re.compile(r"\b(?:a|an|every|any)\s$", re.IGNORECASE)
"""Before a general word: `what does a CEO do` asks of no one in particular."""

_OF = re.compile(r"\bof\s(?:a\s|an\s|the\s)?$", re.IGNORECASE)
_WORD = r"[A-Za-z][A-Za-z0-9]*(?:[-.&+][A-Za-z0-9]+)*(?: \d{1,3}(?![\d年月日%.]))?"
FIGURE = (
    "营业额|研发费用|销售开支|行政开支|管理费用|费用|开支|支出|营收|收入|销售额|净利润|利润|亏损|市值|估值|股价|融资|人数|价格|售价|成本|产量|销量|份额|增速|用户数?|客户|员工|"
    r"(?<![A-Za-z])(?:revenues?|income|sales|profits?|loss(?:es)?|valuation|funding|prices?|costs?|users|customers|staff|"
    r"employees|population|area|length|height|weight|age)(?![A-Za-z])"
)
"""A noun for something that is counted, in simplified characters."""


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    """The sections of words.txt, longer words first."""
    parts = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split("\n[")[1:]
    sections = (part.partition("]\n") for part in parts)
    return {name: sorted(words.split(), key=len, reverse=True) for name, _, words in sections}


@lru_cache(maxsize=1)
def _tokens() -> re.Pattern[str]:
    words = _words()
    say = "|".join(sorted(words["side zh"] + words["say zh"], key=len, reverse=True))
    cut = (  # single characters that may stand in a name are words only where another word follows
        rf"[会能要想不](?={say})|[对从到](?=什么|哪|谁|何)|[个家款种位次年月日](?=的|$|[^{HAN}])|比(?=[今去前明]年|以前|之前)|"
        r"[慢快高低贵大小长短早晚好坏难](?=吗|呢|[?？]|$|多少|了)|"
        r"[死吃喝写拍演打住去来走跑唱投融掉涨跌画做搞造建修译编办签养种杀抓输赢学教](?=[了过着得这那]|多少|几|什么|吗|哪|谁|呢|的?(?:[?？]|$))"
    )
    return re.compile(
        r"(?P<quoted>《[^《》]{1,40}》|“[^“”]{1,40}”|「[^「」]{1,40}」|\"[^\"]{1,40}\")"
        rf"|(?P<time>{TIME})|(?P<word>{_WORD})|(?P<say>{say})"
        rf"|(?P<ask>{'|'.join(words['ask zh'])}|{cut})|(?P<han>[{HAN}])",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _asking() -> frozenset[str]:
    return frozenset(_words()["ask en"])


@lru_cache(maxsize=1)
def _saying() -> frozenset[str]:
    return frozenset(terms(" ".join(_words()["say en"])))


def begins_with_side(text: str) -> bool:
    """Whether a Chinese question begins with a side of what it does not name.

    >>> begins_with_side("創始人是誰？"), begins_with_side("什么时候上市？")
    (True, False)
    """
    return plain(text).startswith(tuple(_words()["side zh"]))


class Turn(NamedTuple):
    """What was asked, in full; what was answered; and the titles of the articles cited."""

    question: str
    answer: str = ""
    titles: tuple[str, ...] = ()

    @property
    def context(self) -> str:
        """Text that shows how names are written."""
        return "\n".join((self.answer, *self.titles))


def plain(text: str) -> str:
    """`text` in simplified characters, each in its place.

    >>> plain("它為什麼衰落？")
    '它为什么衰落？'
    """
    return text.translate(to_simplified())


def level(text: str) -> Level:
    """How much a question brings of its own.

    >>> level("Why?"), level("什麼時候成立的？"), level("红烧肉要炖多久？"), level("how many users in 2023")
    ('asks', 'says', 'names', 'says')
    """
    found: Level = "asks"
    for token in _tokens().finditer(plain(text)):
        if token.lastgroup in ("quoted", "han"):
            return "names"
        if token.lastgroup == "word":
            kind = _kind(token[0])
            if kind == "names" or (
                kind == "says" and _INDEFINITE.search(text[max(0, token.start() - 8) : token.start()])
            ):
                return "names"
            found = "says" if kind == "says" else found
        elif token.lastgroup in ("say", "time"):
            found = "says"
    return found


def _kind(word: str) -> Level:
    low = word.lower()
    if low in _asking():
        return "asks"
    return "says" if low not in _GENERIC_CLASS and set(terms(low)) <= _saying() else "names"


def names(text: str, context: str = "") -> list[str]:
    """Names in `text`, in order: quoted, with a capital letter, in Latin letters among Han, or left of Han characters.

    `context` is text that shows which words are names: a word that is written with a capital there, the beginning of a
    run of Han characters that goes on otherwise there.

    >>> names("Which investor put money into SenseTime?"), names("商湯2022年賠了多少錢？"), names("Jasper为什么衰落")
    (['SenseTime'], ['商湯'], ['Jasper'])
    """
    found: list[tuple[int, int]] = []
    chinese = language(text) == "zh"
    previous = ""
    for start, end, kind in _parts(text):
        part = text[start:end]
        named = kind in ("quoted", "han") or (
            kind == "word" and (chinese or part != part.lower() or part.capitalize() in context)
        )
        if not named:
            previous = ""
            continue
        joined = previous == kind == "word" and text[found[-1][1] : start] in _JOINTS
        if joined:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        previous = kind
    seen = fold(context)
    return list(dict.fromkeys(_trimmed(text[start:end], seen) for start, end in found))


def _parts(text: str) -> Iterator[tuple[int, int, str]]:
    """What names something: (start, end, quoted, word or han)."""
    run = (0, 0)
    for token in chain(_tokens().finditer(plain(text)), [None]):
        if token and token.lastgroup == "han" and token.start() == run[1] and run[0] < run[1]:
            run = (run[0], token.end())
            continue
        if run[0] < run[1]:
            yield run[0] - bool(_THIS.match(plain(text[run[0] - 1 : run[1]]))) if run[0] else 0, run[1], "han"
        run = token.span() if token and token.lastgroup == "han" else (0, 0)
        if token and token.lastgroup == "quoted":
            yield *token.span(), "quoted"
        if token and token.lastgroup == "word" and _kind(token[0]) == "names" and token[0].lower() not in _NO_NAME_EN:
            yield *token.span(), "word"


def _trimmed(name: str, seen: str) -> str:
    """A run of Han characters up to where the context goes on otherwise: there the name ends and a verb begins."""
    own = fold(name)
    if len(own) != len(name) or not 2 < len(own) <= _LONGEST or own in seen or own[0].isascii():
        return name
    return next((name[:end] for end in range(len(name) - 1, 1, -1) if own[:end] in seen), name)


def topics(text: str, context: str = "") -> list[str]:
    """The names in `text`; without any, the longest run of words of its own, as the one topic.

    >>> topics("How long is a single episode of a Chinese short drama?")
    ['Chinese short drama']
    """
    if found := [one for one in names(text, context) if len(one) > 1 or text.startswith(one)]:
        return found  # a single Han character is a subject in front (猫为什么怕水？), and a verb elsewhere
    runs: list[list[re.Match[str]]] = [[]]
    for token in _tokens().finditer(plain(text)):
        if token.lastgroup == "word" and _kind(token[0]) != "asks" and token[0].lower() not in _SPEAKERS:
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    own = [run for run in runs if any(_kind(token[0]) == "names" for token in run)]
    if not own:
        return []
    whole = [
        run for run in own if _OF.search(text[max(0, run[0].start() - 8) : run[0].start()])
    ]  # of a side and what it is of, the latter
    best = max(whole or own, key=len)
    if len(best) > 1 and _SPEAKER.search(text[: best[0].start()]):  # how do I book flights
        best = best[1:]
    if _STATE.match(text):  # is ibuprofen safe
        best = best[: max(1, sum(_kind(token[0]) == "names" for token in best))]
    return [text[best[0].start() : best[-1].end()]]
