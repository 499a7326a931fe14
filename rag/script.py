"""Chinese script and word forms, for matching only: nothing that is shown or cited passes through here."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from operator import add
from pathlib import Path

import numpy as np
import tantivy

__all__ = [
    "HAN",
    "HAN_CHARACTER",
    "HAN_RUN",
    "content",
    "fold",
    "han_share",
    "is_han",
    "joined_terms",
    "language",
    "script",
    "spellings",
    "terms",
    "to_simplified",
]

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Inside of a character class: the Han characters."""

_OTHER = re.compile(rf"[^\W{HAN}_]+")
_RUN = re.compile(rf"[{HAN}]+|{_OTHER.pattern}")
HAN_CHARACTER = re.compile(rf"[{HAN}]")
"""Matches one of them."""

HAN_RUN = re.compile(rf"[{HAN}]+")
"""Matches as many of them as follow each other."""

_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1)
def to_simplified() -> dict[int, int]:
    """Code point to code point. The table was derived from OpenCC once, by `python -m rag.train.fold_table`."""
    traditional, simplified = Path(__file__).with_name("script.txt").read_text(encoding="utf-8").split("\n")[:2]
    return dict(zip(map(ord, traditional), map(ord, simplified), strict=True))


class _Folded(dict[int, str]):
    """Code points as `fold` has them, each worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        self[point] = folded = _fold(chr(point))
        return folded


_FOLDED = _Folded()


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().translate(to_simplified())


def fold(text: str) -> str:
    """`text` with the differences removed that must not decide a match: width, case, Traditional or Simplified.

    Characters are mapped one by one, so this is quick, and wrong where a phrase decides (乾坤 folds to 干坤).

    >>> fold("ＡＩ技術的發展")
    'ai技术的发展'
    """
    folded = text.translate(_FOLDED)
    # marks that combine with what stands before them, and the sigma at a word's end, are no matter of one character
    return folded if unicodedata.is_normalized("NFKC", folded) and "Σ" not in text else _fold(text)


@lru_cache(maxsize=1)
def _from_simplified() -> dict[str, str]:
    back: dict[str, str] = {}
    for traditional, simplified in to_simplified().items():
        back[chr(simplified)] = back.get(chr(simplified), "") + chr(traditional)
    return back


def script(text: str) -> str:
    """`simplified` or `traditional`, whichever more characters are of; "" where as many, or none, tell.

    >>> script("商汤为什么亏损"), script("商湯為什麼虧損"), script("小米手机"), script("why 人")
    ('simplified', 'traditional', 'simplified', '')
    """
    traditional = sum(ord(sign) in to_simplified() for sign in text)
    simplified = sum(sign in _from_simplified() for sign in text)
    return "" if traditional == simplified else "traditional" if traditional > simplified else "simplified"


def spellings(word: str) -> list[str]:
    """The ways to write a folded word: each character of it in Simplified or in Traditional form.

    >>> spellings("版权")
    ['版权', '版權']
    """
    back = _from_simplified()
    return list(map("".join, product(*(sign + back.get(sign, "") for sign in word))))


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_STEMMER.analyze(word)[0]) if word.isascii() and word.isalpha() else word


_STEMMER = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer("english")).build()


def terms(text: str) -> list[str]:
    """The terms of lexical search: each Han character and each pair of neighbours, each other word stemmed.

    >>> terms("Jasper為何衰落")
    ['jasper', '为', '何', '衰', '落', '为何', '何衰', '衰落']
    >>> terms("declining users")
    ['declin', 'user']
    """
    found: list[str] = []
    for run in _RUN.findall(fold(text)):
        if run.isascii() or not HAN_CHARACTER.match(run):
            found.append(_stem(run))
            continue
        characters = [*run]  # once: each access makes a string
        found += characters
        found += map(add, characters, characters[1:])
    return found


def joined_terms(texts: Sequence[str]) -> list[str]:
    """The terms of each text in another order, with spaces between; in a third of the time for many texts.

    >>> joined_terms(["Jasper為何衰落"])
    ['为 何 衰 落 为何 何衰 衰落 jasper']
    """
    folded = [fold(text) for text in texts]
    encoded = [text.encode("utf-16-le", "surrogatepass") for text in folded]
    units = np.frombuffer(b"".join(one + b"\n\0" for one in encoded), dtype="<u2")
    ends = np.cumsum([len(one) // 2 + 1 for one in encoded])
    han = is_han()[units]
    single = np.flatnonzero(han)
    pairs = np.flatnonzero(han[:-1] & han[1:])
    spaced = np.full((len(single), 2), ord(" "), dtype="<u2")
    spaced[:, 0] = units[single]
    spaced_pairs = np.full((len(pairs), 3), ord(" "), dtype="<u2")
    spaced_pairs[:, 0], spaced_pairs[:, 1] = units[pairs], units[pairs + 1]
    parts = []
    for made, places in ((spaced, single), (spaced_pairs, pairs)):
        all_of = made.tobytes().decode("utf-16-le")
        bounds = (made.shape[1] * np.searchsorted(places, ends)).tolist()
        parts.append([all_of[start:stop] for start, stop in zip([0, *bounds], bounds, strict=False)])
    joined = [
        one + two + " ".join(map(_stem, _OTHER.findall(text))) for one, two, text in zip(*parts, folded, strict=True)
    ]
    beyond = np.searchsorted(ends, np.flatnonzero((units & 0xF800) == 0xD800), side="right")
    for number in dict.fromkeys(beyond.tolist()):  # it has characters of two units, of which some are Han
        joined[number] = " ".join(terms(texts[number]))
    return joined


@lru_cache(maxsize=1)
def is_han() -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """For each UTF-16 code unit, whether it is a Han character."""
    han = np.zeros(0x10000, dtype=np.bool_)
    for run in HAN_RUN.finditer("".join(map(chr, range(0x10000)))):
        han[run.start() : run.end()] = True
    return han


def han_share(text: str) -> float:
    """Share of Han characters among the letters of `text`; a Latin letter counts a third, as it carries less.

    >>> han_share("Jasper的衰落"), han_share("the decline"), han_share("123")
    (0.6, 0.0, 0.0)
    """
    han = sum(map(len, HAN_RUN.findall(text)))
    other = (sum(map(len, _LETTERS.findall(text))) - han) / 3
    return han / (han + other) if han else 0.0


def language(text: str) -> str:
    """`zh` or `en`, by what most of the text is written in.

    >>> language("為什麼Jasper衰落"), language("why did 商汤 lose money")
    ('zh', 'en')
    """
    return "zh" if han_share(text) >= 0.4 else "en"


_FUNCTION_ZH = (
    "为什么 为何 为啥 何以 怎么样 怎么 怎样 如何 什么样 什么时候 什么 多少 多大 多久 多长 多高 "
    "几个 几年 几时 何时 何地 何处 "
    "哪些 哪里 哪个 哪家 哪一 哪 谁 吗 呢 是不是 有没有 是否 能否 可否 请问 告诉我 关于 由于 的 原因 他们 她们 它们"
).split()
_FUNCTION_EN = (
    "a an the and or but if of at by for with about against between into through during before after above below to "
    "from up down in out on off over under again further then once here there when where why how what which who whom "
    "whose is am are was were be been being have has had having do does did doing will would shall should can could "
    "may might must i me my we our you your he him his she her it its they them their this that these those as than "
    "so such not no nor too very just also s t many much long far old tell please say said cause reason"
).split()
_FUNCTION_RUN = re.compile("|".join(sorted(_FUNCTION_ZH, key=len, reverse=True)))
_FUNCTION_WORDS = frozenset(_FUNCTION_EN)


def content(question: str) -> str:
    """`question`, folded, with a space for every word that asks or only joins, so that it cannot choose a passage.

    A question made of such words alone is given back folded but whole.

    >>> content("Jasper為什麼衰落"), content("Why did Jasper decline?")
    ('jasper 衰落', 'jasper decline?')
    """
    folded = fold(question)
    kept = re.sub(r"[^\W_]+", lambda word: " " if word[0] in _FUNCTION_WORDS else word[0], folded)
    kept = " ".join(_FUNCTION_RUN.sub(" ", kept).split())
    return kept if _LETTER.search(kept) else folded
