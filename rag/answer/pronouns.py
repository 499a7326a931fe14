"""Pronouns of a follow-up question, and what they stand for."""

import re

from rag.answer.names import Turn, level, names, plain, topics
from rag.script import HAN, language

__all__ = ["pointing", "resolved"]

_PLEONASTIC = re.compile(
    r"\bit\s+(?:is|was|be|will be|take|takes|took|cost|costs|mean|means|matter|matters)\b.*\b(?:to|that|if|when)\b|"
    r"\b(?:is|was|isn't|would)\s+it\s+(?:\w+\s+)?\w+\s+(?:to|that)\b|"
    r"\b(?:is|was|isn't|will)\s+it\s+(?:be\s+)?(?:really\s+)?(?:true|possible|raining|snowing|cold|hot|warm|late|dark)\b|"
    r"what time is it|how is it going",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;:，；：、]|\b(?:when|because|after|before|if|while|and|but|that|than|since|although|as)\b", re.I
)
_OWN = re.compile(r"(?<![“\"「])\b(it|its|they|them|their|theirs|he|him|his|she|her|hers)\b(?![”\"」])", re.IGNORECASE)
_OWN_ZH = re.compile(
    "[它他她牠](?:们)?|(?:这|那|该|此)(?:一)?(?:家|个|款|种|位|间|项|部|本|些|名)?"
    "(?:公司|企业|产品|模型|平台|工具|应用|软件|软体|品牌|项目|机构|团队|创业公司|初创公司|行业|技术|创始人|负责人|人|书|电影|城市|国家|学校|大学|"
    f"(?<=[家个款位些])(?![{HAN}]|$))|(?:这|那)(?:家|个|款|位|些)(?=[的是在有怎为什呢吗?？]|$)|其(?![中他它余实次间二三])"
)
_NOT_OWN_ZH = re.compile("吉他|其[他它]|他[山乡人国者杀]|尤其|极其|与其|莫名其妙|维他命|排他")
_THE = re.compile(
    r"\b(?:the|this|that|these|those)\s+(?:same\s+)?(company|firm|startup|product|model|platform|tool|app|software|brand|project|"
    r"team|technology|book|film|movie|city|country|school|university|man|woman|person|founder)\b"
    r"(?!\s+(?:of|that|which|who|behind|called|named)\b)",
    re.IGNORECASE,
)
_ARTICLE_REF = re.compile(
    r"\b(?:this|that|the) (?:article|text|story|report)\b|(?:这|那|该)[篇则](?:文章|报道|新闻)?|本文", re.IGNORECASE
)
_THERE = re.compile(
    r"(?<!are )(?<!were )(?<!is )(?<!was )(?<!be )\bthere(?=\s*[?.]|\s*$)|那里|那儿|那边|当地", re.IGNORECASE
)
_OF_THEM = re.compile(r"\bof (?:them|those)$", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:how many|which|what)\s+([a-z]+)\s+(?:did|does|do|is|are|was|were|has|have|had)\b", re.IGNORECASE
)
_PEOPLE = frozenset("he him his she her hers".split())
_PERSON_EN = re.compile(r"\b[A-Z][a-z]+(?: [A-Z]\.)?(?: [A-Z][A-Za-z'’-]+){1,2}")
_SURNAME = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎"
    "薛尹雷黎史龙陶贺顾毛郝龚邵万钱严武戚莫孔汤印奚"
)
_PERSON_ZH = re.compile(
    f"(?:创始人|创办人|董事长|总裁|总经理|首席执行官|负责人|作者|导演|教授|博士|CEO|人|由)(?:是|为|叫)?\\s*([{_SURNAME}][{HAN}]{{1,2}}?)"
    f"(?=[^{HAN}]|创|说|表|认|在|于|和|与|的|是|担|曾|毕|出|等|执|导|写|主|设|撰|发|负|领|编|演|建|则|也|还|断|预|觉|强|解|回|透|看|对|把|曾|将|已|$)|"
    f"(?:^|[^{HAN}])([{_SURNAME}][{HAN}]{{1,2}}?)(?=说|表示|认为|指出|创立|创办|称|坦言|介绍|出生|毕业|担任)"
)
_WHO = re.compile(
    r"谁|哪位|何人|创始人|创办人|负责人|作者|导演|编剧|董事长|总裁|\bwho\b|\b(?:ceo|founders?|author|director|president)\b",
    re.I,
)


def pointing(text: str) -> bool:
    """Whether there is a pronoun in `text`, or what stands for one: the company, 这家公司."""
    own = plain(text)
    return bool(_OWN.search(text) or _THE.search(text) or (_OWN_ZH.search(own) and not _NOT_OWN_ZH.search(own)))


def resolved(core: str, last: Turn) -> str:
    """`core` with what it points at in the place of its pronouns."""
    text = core
    if last.titles and (found := _ARTICLE_REF.search(plain(text))):
        title = last.titles[0]
        chinese = not text[found.start()].isascii()
        return text[: found.start()] + (f"《{title}》" if chinese else f"“{title}”") + text[found.end() :]
    if _PLEONASTIC.search(text):
        return core
    for pattern in (_THE, _OWN, _OWN_ZH, _THERE):
        own = plain(text)
        if (found := pattern.search(own)) and not (pattern is _OWN_ZH and _NOT_OWN_ZH.search(own)):
            if not _outside(text, found):
                continue
            new = _antecedent(found[0], text, last)
            if new and re.search(rf"\bthe {re.escape(new)}", last.question, re.IGNORECASE):
                new = f"the {new}"
            if new and _OF_THEM.search(before := text[: found.end()]) and (what := _COUNTED.match(last.question)):
                text = f"{before[: found.start()]}{new}'s {what[1]}{text[found.end() :]}"
            elif new:
                text = _put(text, found, new)
    return text


def _outside(text: str, found: re.Match[str]) -> bool:
    """Whether a pronoun points out of its own question: nothing that it could stand for comes before it.

    The object of a verb is never its subject: `did Google kill it` points elsewhere, `did Google raise its prices` not.
    """
    before = text[: found.start()]
    if level(before) != "names":
        return True
    possessive = found[0].lower() in ("its", "their", "his", "her") or plain(text)[found.end() :].startswith("的")
    return not possessive and not _CLAUSE.search(before)


def _antecedent(pronoun: str, text: str, last: Turn) -> str:
    """What was spoken of last that is not named in `text`; of several for `they`, all."""
    low = plain(pronoun).lower()
    person = low in _PEOPLE or low[:1] in ("他", "她") or low.endswith(("人", "man", "woman", "person", "founder"))
    many = low in ("they", "them", "their", "theirs") or low.endswith("们") or "些" in low or low.startswith("these")
    if (person or many) and _WHO.search(plain(last.question)) and (people := _people(last)):
        return people[0]
    found = [
        one for one in topics(last.question, last.context) if one not in text and not (person and one[0] in "《“「")
    ]
    if many and len(found) > 1 and re.search(r"\band\b|[和与跟、及]", plain(last.question)):
        return f"{found[0]}和{found[1]}" if language(last.question) == "zh" else f"{found[0]} and {found[1]}"
    return found[0] if found else ""


def _people(last: Turn) -> list[str]:
    """Persons of the last answer that its question does not name."""
    answer = plain(last.answer)
    found = [m.span(1) if m[1] else m.span(2) for m in _PERSON_ZH.finditer(answer)]
    people = [last.answer[start:end] for start, end in found]
    people += [one for one in _PERSON_EN.findall(last.answer) if level(one.split()[0]) == "names"]
    known = names(last.question)
    return [one for one in people if one not in last.question and not any(name in one for name in known)]


def _put(text: str, found: re.Match[str], new: str) -> str:
    """`new` for a pronoun, in its case."""
    low, after = found[0].lower(), text[found.end() :]
    if low in ("its", "their", "his") or (low == "her" and re.match(r"\s+[a-z]", after)):
        new += "'s"
    elif low == "there":
        new = f"at {new}"
    elif plain(low) == "其" and re.match(f"[{HAN}]", after):
        new += "的"
    return text[: found.start()] + new + after
