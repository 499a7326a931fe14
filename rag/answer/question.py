"""What kind of answer a question asks for, and whether a sentence offers one."""

import re

from rag.script import fold

__all__ = ["kind", "offers"]

_KINDS = (
    (
        "why",
        r"为什么|为何|为啥|何以|原因|何故|怎么会|\bwhy\b|\breasons?\b|\bcauses?d?\b|how come|what made|what led",
    ),
    (
        "when",
        r"什么时候|何时|几时|哪一?年|哪一?天|哪一?月|几月|几号|时间|日期|\bwhen\b|"
        r"(?:what|which) (?:year|date|day|month|time)",
    ),
    (
        "number",
        r"多少|多大|多久|多长|多高|多快|几个|几家|几年|几款|几倍|百分之|占比|"
        r"\bhow (?:many|much|long|large|big|far|old|fast|often|high)\b|"
        r"what (?:share|percentage|proportion|number|amount)",
    ),
    ("who", r"谁|哪位|何人|哪些人|什么人|\bwho(?:m|se)?\b"),
    ("where", r"哪里|哪儿|何处|何地|在哪|什么地方|\bwhere\b|which (?:city|country|place)"),
)
_OFFERS = {
    "why": r"因为|由于|因此|所以|导致|原因|缘于|源于|使得|以致|随着|归根|造成|缺乏|没有|不再|被迫|令|让|由此|为了|"
    r"\bbecause\b|\bsince\b|\bdue to\b|\bas\b|\bso\b|\btherefore\b|\bled to\b|\bcaus\w+|\breasons?\b|"
    r"\bdriv\w+|\black\w*",
    "when": r"\d{4}年|\d{1,2}月|\d{1,2}日|\d+年|去年|今年|前年|昨天|近日|世纪|\b(?:1[89]|20)\d\d\b|"
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday)\b",
    "number": r"\d|[一二两三四五六七八九十百千万亿]+(?:个|家|年|月|日|天|人|名|次|倍|成|款|部|元|种|条|分|秒|多)|"
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million|billion|half|third)\b",
    "who": r"[创董总经理裁长师员家授士者人]|\b(?:mr|ms|mrs|dr|ceo|founder|said|says|president|director|analyst)\b",
    "where": r"[省市县区国州城镇村路街里]|位于|\b(?:in|at|near|from)\b",
}


def kind(question: str) -> str:
    """`why`, `when`, `number`, `who`, `where`, or `what` where nothing says more.

    >>> kind("Jasper為什麼衰落"), kind("how many users did it have"), kind("Sora是什么")
    ('why', 'number', 'what')
    """
    folded = fold(question)
    return next((name for name, pattern in _KINDS if re.search(pattern, folded)), "what")


def offers(asked: str, sentence: str) -> bool:
    """Whether `sentence` has what an answer of this kind must have, such as a number or a cause."""
    pattern = _OFFERS.get(asked)
    return pattern is None or bool(re.search(pattern, fold(sentence)))
