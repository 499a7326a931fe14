"""What a statement may not say unless its evidence does: numbers, names, titles and quoted words."""

import re
from collections.abc import Callable

from rag.script import HAN, fold, language

__all__ = ["missing", "negated", "numbers"]

_DIGIT = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = {"万": 10**4, "亿": 10**8}
_SCALE = {
    **{"万亿": 1e12, "千万": 1e7, "百万": 1e6, "十亿": 1e9, "亿": 1e8, "万": 1e4, "千": 1e3, "百": 1e2},
    **{"trillion": 1e12, "billion": 1e9, "million": 1e6, "thousand": 1e3, "hundred": 1e2},
    **{"bn": 1e9, "b": 1e9, "m": 1e6, "k": 1e3},
}
_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {word: 10 * value for value, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)}
_ORDINALS = {
    word: value
    for value, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)
} | {"once": 1, "twice": 2, "both": 2, "double": 2, "doubled": 2, "dozen": 12}
_MONTHS = {
    name: value
    for value, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
}
_MONTHS |= {name[:3]: value for name, value in _MONTHS.items()} | {"sept": 9}
_MAY_BE_A_WORD = frozenset({"may", "march", "mar", "jan", "sep", "dec", "one"})

_NUMBER = re.compile(
    r"(?P<of>百分之)?(?<![a-z])(?<![a-z]-)(?P<digits>\d+(?:,\d{3})*(?:\.\d+)?)[多余几]?\s?"
    r"(?P<scale>万亿|千万|百万|十亿|亿|万|千|百|(?:trillion|billion|million|thousand|hundred|bn|[bmk])\b)?"
    r"(?P<percent>\s?(?:%|percent\b|per cent\b|个百分点))?"
)
_HAN_NUMBER = re.compile(
    r"(?P<of>百分之)?(?P<han>[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?)[多余几]?(?P<scale>[万亿])?"
)
_LONGEST = 24
"""Signs in a Chinese number; a longer run of them is none."""
_COUNTED = re.compile(r"[个家年月日号天人名次倍成款部元种条分秒届岁位座项所篇章卷枚艘架支只层场轮期代周份吨米]")
_WORD_NUMBER = re.compile(r"\b(?:(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?([a-z]+)\b")
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|[(（]?\d{1,2}[.)、）])\s+")

_LATIN = re.compile(r"[^\W\d_" + HAN + r"](?:[^\W_" + HAN + r"]|[.'’&+-](?=[^\W_" + HAN + r"]))+")
_BEGINS = re.compile(r"(?:^|[.!?。！？:：\n])[\s\"'“‘(（\[]*$")
_QUOTED = re.compile(r"[《〈]([^《》〈〉]{1,60})[》〉]|[“「『\"]([^“”「」『』\"]{1,60})[”」』\"]")
_NEGATION = re.compile(
    r"不(?!仅|但|过|断|同|久|少|论|管|只|光|得不|可或缺)|没有|没能|尚未|未(?!来|婚)|并非|绝非|无法|无人|"
    r"\b(?:not|never|no longer|cannot|without|neither|nor)\b|n['’]t\b"
)


def numbers(text: str) -> tuple[set[str], set[str]]:
    """The numbers that `text` states for sure, and all that it may be read to offer, each written in one way.

    Of a Chinese numeral that is a single character only a count is sure (三家, but not 三星 or 一些). A share is in
    per cent. Digits that follow a letter, as in GPT-4, are part of a name.

    >>> numbers("營收5.3億")[0] == numbers("530 million")[0] == {"530000000"}
    True
    >>> [numbers(text)[0] for text in ("三成", "百分之三十", "30 percent", "十二亿三千万", "三星一些")]
    [{'30%'}, {'30%'}, {'30%'}, {'1230000000'}, set()]
    """
    folded = fold(_LIST_MARK.sub("", text))
    sure: set[str] = set()
    offered: set[str] = set()

    def add(value: float, percent: bool, certain: bool) -> None:
        plain = f"{value:.12g}"
        offered.update((f"{plain}%", plain) if percent else (plain,))
        if certain:
            sure.add(f"{plain}%" if percent else plain)

    for found in _NUMBER.finditer(folded):
        value = float(found["digits"].replace(",", "")) * _SCALE.get(found["scale"] or "", 1)
        add(value, bool(found["of"] or found["percent"]), True)
        if folded.startswith("年代", found.end()) and value < 100:
            offered.add(f"{1900 + value:.12g}")
    for found in _HAN_NUMBER.finditer(folded):
        _add_han(found, folded, add)
    for found in _WORD_NUMBER.finditer(folded):
        tens, word = _WORDS.get(found[1] or "", 0), found[2]
        value = tens + (_WORDS.get(word) or _ORDINALS.get(word) or _MONTHS.get(word) or 0)
        scale = re.compile(r"\s(trillion|billion|million|thousand|hundred)\b").match(folded, found.end())
        if value:
            certain = word not in _MAY_BE_A_WORD and word not in _ORDINALS
            add(value * (_SCALE[scale[1]] if scale else 1), False, certain or bool(scale))
    if re.search(r"一半|半数|\bhalf\b|\bhalves\b", folded):
        offered.add("50%")
    if "翻番" in folded or "翻倍" in folded or "双" in folded:
        offered.add("2")
    return sure, offered


def _add_han(found: re.Match[str], folded: str, add: Callable[[float, bool, bool], None]) -> None:
    run = found["han"]
    if len(run) > _LONGEST:
        return
    if not found["of"] and found.start() and folded[found.start() - 1].isdigit():
        return  # the unit of a number in digits
    value = _value(run) * _MYRIAD.get(found["scale"] or "", 1)
    share = folded.startswith("成", found.end()) and len(run) == 1 and value < 10
    counted = _COUNTED.match(folded, found.end()) is not None
    digits = any(sign in _DIGIT and sign != "一" for sign in run)
    certain = bool(found["of"]) or share or (digits and (len(run) > 1 or counted))
    add(value * 10 if share else value, share or bool(found["of"]), certain)


def _value(run: str) -> float:
    """What a run of Chinese numerals says: by place (二〇二三) or by unit (两千零二十三)."""
    whole, _, fraction = run.partition("点")
    after = float("0." + "".join(str(_DIGIT[sign]) for sign in fraction)) if fraction else 0.0
    if all(sign in _DIGIT for sign in whole):
        return int("".join(str(_DIGIT[sign]) for sign in whole)) + after
    for sign, size in (("亿", 10**8), ("万", 10**4)):
        before, here, behind = whole.rpartition(sign)
        if here:
            return (_value(before) if before else 1) * size + (_value(behind) if behind else 0) + after
    total, digit = 0, 0
    for sign in whole:
        if sign in _UNIT:
            total += (digit or 1) * _UNIT[sign]
            digit = 0
        else:
            digit = _DIGIT[sign]
    return total + digit + after


def _required_names(statement: str, evidence_language: str) -> set[str]:
    """Names, folded, that evidence in this language must have too.

    Every Latin word of a Chinese statement is one; of an English statement each that is written large within a
    sentence, where the evidence is English: in Chinese it may have another name.
    """
    own = language(statement)
    found = set()
    for word in _LATIN.finditer(statement):
        large = any(sign.isupper() for sign in word[0])
        begins = _BEGINS.search(statement, max(0, word.start() - 4), word.start()) is not None or not word.start()
        if own == "zh" or (large and not begins and evidence_language == "en"):
            found.add(fold(word[0]).removesuffix("'s").removesuffix("’s"))
    if own == evidence_language:
        for quoted in _QUOTED.finditer(statement):
            found.add(fold(quoted[1] or quoted[2]).strip(" ,.;:!?，。；：！？"))
    return {name for name in found - _MONTHS.keys() if name}


def missing(statement: str, evidence: str, context: str = "") -> set[str]:
    """What `statement` says and `evidence` does not: numbers, and names that `context` has not either.

    `context` is what the evidence stands in, where a name may stand for which the evidence has a pronoun.

    >>> missing("Jasper有12萬用戶", "公司有12万用户", "Jasper的衰落"), missing("Jasper有13萬用戶", "Jasper有12万用户")
    (set(), {'130000'})
    """
    sure, _ = numbers(statement)
    _, offered = numbers(evidence)
    around = " ".join(fold(f"{context}\n{evidence}").split())
    names = _required_names(statement, language(evidence))
    return (sure - offered) | {name for name in names if " ".join(name.split()) not in around}


def negated(text: str) -> int:
    """How often `text` denies something.

    >>> negated("它没有盈利，也不大"), negated("不但盈利"), negated("It didn't"), negated("It did")
    (2, 0, 1, 0)
    """
    return sum(1 for _ in _NEGATION.finditer(fold(text)))
