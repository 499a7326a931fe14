"""What kind of answer a question asks for, whether a sentence offers one, and what the question names."""

import re

from rag.script import HAN, content, fold

__all__ = ["KINDS", "kind", "names", "offers"]

_ASKS = {
    "why": r"为什么|为何|为啥|何以|原因|何故|怎么会|\bwhy\b|\breasons?\b|\bcauses?d?\b|how come|what made|what led",
    "when": r"什么时候|何时|几时|哪一?年|哪一?天|哪一?月|几月|几号|时间|日期|年份|年代|\bwhen\b|"
    r"(?:what|which) (?:year|date|day|month|time|century|decade)",
    "number": r"多少|多大|多久|多长|多高|多快|多远|多重|几[个家年款倍名人次岁种届座位所条级集部]|百分之|占比|"
    r"\bhow (?:many|much|long|large|big|far|old|fast|often|high|tall)\b|"
    r"what (?:share|percentage|percent|proportion|number|amount)",
    "who": r"谁|哪位|何人|哪些人|什么人|哪名|\bwho(?:m|se)?\b|(?:what|which) (?:person|man|woman|author|actor|king)",
    "where": r"哪里|哪儿|何处|何地|在哪|什么地方|哪[个座一]*[国省市县区州城镇]|位于|\bwhere\b|"
    r"(?:which|what) (?:city|country|place|state|county|town|continent|region)",
    "list": r"哪些|哪几|分别是|包括什么|有什么|哪[两三四五六七八]|\b(?:what|which) are\b|\blist\b|"
    r"name (?:two|three|four|some)",
    "meaning": r"是什么意思|什么是|是什么[?？]?$|指的是什么|是指|定义|\bwhat (?:is|was|does .{1,80} mean)|\bdefin",
    "how": r"怎么|怎样|如何|方法|步骤|\bhow\b",
}
_KINDS = {name: re.compile(pattern) for name, pattern in _ASKS.items()}
KINDS = (*_ASKS, "what")
"""Kinds of questions, in the order in which they are tried; `what` where nothing says more."""

_NUMERAL = r"[一二两三四五六七八九十百千万亿]+(?:个|家|年|月|日|天|人|名|次|倍|成|款|部|元|种|条|分|秒|多)"
_OFFERS = {
    name: re.compile(pattern)
    for name, pattern in {
        "why": r"因为|由于|因此|所以|导致|原因|缘于|源于|使得|以致|随着|归根|造成|缺乏|没有|不再|被迫|令|让|由此|为了|"
        r"\bbecause\b|\bsince\b|\bdue to\b|\bas\b|\bso\b|\btherefore\b|\bled to\b|\bcaus\w+|\breasons?\b|"
        r"\bdriv\w+|\black\w*",
        "when": r"\d{4}年|\d{1,2}月|\d{1,2}日|\d+年|去年|今年|前年|昨天|近日|世纪|年间|\b(?:1\d|20)\d\d\b|"
        r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|"
        r"tuesday|wednesday|thursday|friday|saturday|sunday|century)\b",
        "number": r"\d|" + _NUMERAL + r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|"
        r"thousand|million|billion|half|third)\b",
        "who": r"[创董总经理裁长师员家授士者人王帝后将]|"
        r"\b(?:mr|ms|mrs|dr|ceo|founder|said|says|president|director|analyst)\b",
        "where": r"[省市县区国州城镇村路街里]|位于|\b(?:in|at|near|from)\b",
        "list": r"、|以及|和|包括|分别|\band\b|\binclud|;|；",
        "meaning": r"是|指|称为|\b(?:is|are|was|were|means?|refers?|called)\b",
        "how": r"通过|用|以|将|使|先|然后|可以|\b(?:by|using|with|through|then)\b",
    }.items()
}
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_LATIN = re.compile(rf"[^\W\d_{HAN}]{{2,}}")
_WORD = re.compile(rf"{_NUMBER.pattern}|{_LATIN.pattern}")
_MOST = 50  # names of a question that are looked for in each sentence
_TITLED = re.compile(r"[《「『“\"〈]([^》」』”\"〉]{2,30})[》」』”\"〉]")


def kind(question: str) -> str:
    """One of `KINDS`.

    >>> kind("Jasper為什麼衰落"), kind("how many users did it have"), kind("它讲了些什么")
    ('why', 'number', 'what')
    """
    folded = fold(question)
    return next((name for name, pattern in _KINDS.items() if pattern.search(folded)), "what")


def offers(asked: str, folded: str) -> bool:
    """Whether a folded sentence has what an answer of this kind must have, such as a number or a cause."""
    pattern = _OFFERS.get(asked)
    return pattern is not None and bool(pattern.search(folded))


def names(question: str) -> list[str]:
    """Numbers, names in Latin letters and titles in quotation marks that the question has, folded, each once.

    Among English words a name is one that begins with a capital and does not begin the question.

    >>> names("《战国无双3》2009年在Wii上卖了多少?"), names("What did Jasper lose in 2023?")
    (['战国无双3', '3', '2009', 'wii'], ['2023', 'jasper'])
    """
    found = [fold(title) for title in _TITLED.findall(question)]
    chinese = re.search(f"[{HAN}]", question)
    kept = set(_WORD.findall(content(question)))
    for word in [*_NUMBER.finditer(question), *_LATIN.finditer(question)]:
        capital = word[0][0].isupper() and word.start() > 0
        if (chinese or capital or word[0][0].isdigit()) and (folded := fold(word[0])) in kept:
            found.append(folded)
    return list(dict.fromkeys(found))[:_MOST]
