"""Follow-up questions made whole from the conversation so far, without a language model.

A question that names something of its own and points at nothing stays as it is. Else, in this order: a new time,
place, side or name takes the place of the old one (`and in 2023?`, `那商汤呢？`); a pronoun gives way to what was
spoken of; and a question that names nothing is told what it is about (`why?`, `创始人是谁？`).
"""

import re
from collections.abc import Sequence

from rag.answer.exchange import END, exchanged, joined
from rag.answer.names import TIME, Level, Turn, begins_with_side, level, names, plain, topics
from rag.answer.pronouns import pointing, resolved
from rag.script import language

__all__ = ["Turn", "standalone"]


LONGEST = 200
"""Characters. A longer question stands by itself."""

_POLITENESS = re.compile(
    r"(?:hello|hi|hey|thanks|thank you|bye|ok|okay|你好|您好|谢谢|多谢|再见|好的)\W*", re.IGNORECASE
)
_LEAD = re.compile(
    r"\s*(?:(?:and then|and|but|so|okay|ok|well|then)\b(?!\?)|那么|所以|但是|可是|不过|好的|"
    r"那(?![个家年时是里边儿位款种]|一[年家个天]))[,，\s]*",
    re.IGNORECASE,
)
_POLITE = re.compile(r"(?:can|could|would) you (?:please )?(?=tell|explain|say|give)", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"(?:and )?(?:what|how) about (.+)", re.IGNORECASE)
_STARTS_A_CLAUSE = re.compile(
    r"(?:who|what|when|where|why|how|which|whose|is|are|was|were|did|do|does|has|have|had|can|could|will|would|should|"
    r"tell|explain|describe|show|give|list)\b",
    re.IGNORECASE,
)
_YOU = re.compile("你|您|我|大家|(?:you|me|us)\\b", re.IGNORECASE)
"""Of the one who answers, who is no subject of the articles."""
_COMPARED = re.compile("[和与跟同].{1,20}比|比起|compared", re.IGNORECASE)
_VERB = re.compile(r"\b(?:is|are|was|were|did|do|does|has|have|had|can|could|will|would|should)\b", re.IGNORECASE)
_ASKS_ZH = re.compile(r"谁|什么|哪|怎|为何|如何|多少|几|是否|吗|多[大久长高快]|何[时地处]|介绍|说说|解释")

_ADVERBIAL_ZH = re.compile("是?为|怎|何|什么原因|原因|(?:是)?什么时候|哪一?年|在")
_BARE_ZH = re.compile(
    r"(?:是?为什么|为啥|为何|怎么会|何以|什么原因|原因(?:是什么)?|(?:是)?什么时候|何时|哪一?年|在?哪里?|在?哪儿|谁|多少|多久|怎么样|如何|"
    r"怎么做到|怎么办|怎么回事|具体呢)(?:呢|呀|啊|的|会)*"
)
_UNTOLD_ZH = re.compile("(?:是?什么时候|何时|哪一?年|怎么|如何)(?:开始|成立|上市|推出|创立|发布|决定)[^，,]{0,8}的")
"""What happened, said as of something known, with nobody who did it."""
_UNTOLD_EN = re.compile(r"how (?:many|much) [a-z]+ (?:was|were) there", re.IGNORECASE)
_BARE_EN = re.compile(
    r"(why|when|where|how|who|how many|how much|since when|how long)(?: exactly| not| so)?", re.IGNORECASE
)
_WHY_EN = re.compile(r"(?:why (?:is|was) (?:that|this|it)|how come|for what reason)", re.IGNORECASE)
_WHICH = re.compile(
    r"^(?:继续|接着说|go on|continue|more)\W*$|"
    r"叫什么|^占|哪(?:一?[家个款种位]|些)|最[多少大小高低早晚好差强快]|还有|其他|例子|\bwhich (?:one|ones|of them)\b|"
    r"\b(?:tell|say) (?:me )?more\b|\b(?:anything|something|any|who|what) else\b|\b(?:examples?|details?|elaborate)\b",
    re.IGNORECASE,
)
_WH_PHRASE = re.compile(
    r"(how (?:many|much)|which|what|whose)\s+(?:([\w' -]{1,60}?)\s+)?"
    r"(did|does|do|is|are|was|were|has|have|had|will|can|could|would|should)\s+(.*)",
    re.IGNORECASE | re.DOTALL,
)
_PREPOSITION = re.compile(
    r"\s(?:in|on|at|from|for|since|during|before|after|by|to|with|between|last|this)\s", re.IGNORECASE
)
_WH_EN = re.compile(r"(?:why|when|where|how (?:many|much|long|old|big|far|often)|how|who|what|which)\s+", re.IGNORECASE)
_AUXILIARY = re.compile(r"^(?:did|does|do|is|are|was|were|has|have|had)\s+", re.IGNORECASE)
_WH_ZH = re.compile(
    r"请问|为什么|为啥|为何|何以|什么时候|什么样的?|什么|多少|怎么样|怎么|如何|哪一?[家个年些款位]|哪里|几[家个]|谁|吗|呢|[?？]"
)

_IS_THAT = re.compile(r"(?:is|was|does|did|will) (?:that|this)\b|这(?:[对跟和会]|意味)", re.IGNORECASE)
_OF_THAT = re.compile(r"\b(?:about|of|to|by|from) (?:this|that)\W*$|对[此这](?!时)", re.IGNORECASE)
_THAT_TIME = re.compile(r"(?:那|这|同)一?年|当年|\b(?:that|the same) year\b", re.IGNORECASE)
_THAT = re.compile(
    r"\b(?:this|that)\b(?!\s+[a-z]+\s+(?:is|are|was|were|do|does|did)\b)|[这那](?=[是意会有怎为]|件事|事)",
    re.IGNORECASE,
)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """`question` in words that need no conversation around them; `history` has the oldest turn first.

    >>> talk = [Turn("Why did Jasper decline in 2022?")]
    >>> standalone("and in 2023?", talk), standalone("那它后来怎么样了？", talk)
    ('Why did Jasper decline in 2023?', 'Jasper后来怎么样了？')
    >>> standalone("How do I bake bread?", talk), standalone("创始人是谁？", talk)
    ('How do I bake bread?', 'Jasper的创始人是谁？')
    """
    if len(question) > LONGEST or _POLITENESS.fullmatch(plain(question.strip())):
        return question
    subjects = (turn for turn in reversed(history) if topics(turn.question, turn.context))
    last = next((turn for turn in subjects if not _POLITENESS.fullmatch(plain(turn.question.strip()))), None)
    core = _POLITE.sub("", question.strip()[_led(question) :])
    if not last or not re.search(r"\w", core):
        return question
    part = _fragment(core, led=bool(_led(question)))
    if _YOU.match(part):
        return question
    if part and any(one in part for one in topics(last.question, last.context)):
        return question
    whole = _substituted(core, part, last) if part or _COMPARED.match(plain(core)) else ""
    whole = whole or _bare(core, last) or _completed(core, last)
    return question if whole == core else whole


def _substituted(core: str, part: str, last: Turn) -> str:
    """The last question with `part`, which alone is new in `core`; "" where it does not go into the last question."""
    if _COMPARED.match(plain(part or core)):
        return joined(_AUXILIARY.sub("", _stated(last.question)), core)
    if not pointing(part):
        return exchanged(part, last)
    if _WHAT_ABOUT.fullmatch(END.sub("", core)):
        return ""
    return resolved(f"{part}呢？" if language(part) == "zh" else f"What about {part}?", last)


def _completed(core: str, last: Turn) -> str:
    """`core` with its pronouns and times resolved, or told what it is about."""
    when = re.search(TIME, plain(last.question), re.IGNORECASE) or re.search(TIME, plain(last.answer), re.IGNORECASE)
    then = _THAT_TIME.search(plain(core))
    dated = core[: then.start()] + when[0].strip() + core[then.end() :] if when and then else core
    whole = resolved(dated, last)
    if whole == core and (
        _IS_THAT.match(plain(core))
        or _OF_THAT.search(plain(core))
        or (level(core) != "names" and _THAT.search(plain(core)))
    ):
        return joined(_AUXILIARY.sub("", _stated(last.question)), core)
    return (_told(dated, last) or dated) if whole == dated else whole


def _led(question: str) -> int:
    """Length of an `and` or `那么` that leads over to more."""
    own = plain(question.strip())
    found = _LEAD.match(own)
    return found.end() if found and END.sub("", own[found.end() :]) else 0


def _fragment(core: str, *, led: bool) -> str:
    """What alone is new in `what about X`, `X呢`, `and X`; "" if `core` is more than that."""
    body = END.sub("", core)
    if found := _WHAT_ABOUT.fullmatch(body):
        return "" if _VERB.search(found[1]) else found[1]
    own = plain(body)
    if _ASKS_ZH.search(own) or _STARTS_A_CLAUSE.match(body):
        return ""
    if own.endswith("呢"):
        part = body[:-1]
        return part if part and len(part) <= 30 and level(part) != "asks" else ""
    asked = core.rstrip().endswith(("?", "？"))
    short = len(body) <= 8 if language(body) == "zh" else len(body.split()) <= 5
    timely = re.fullmatch(f"(?:in |在)?(?:{TIME})", own, re.IGNORECASE)
    return body if short and level(body) != "asks" and ((led and asked) or (timely and (asked or led))) else ""


def _bare(core: str, last: Turn) -> str:
    """A question word alone, asked of what the last question states."""
    body = END.sub("", core)
    before = END.sub("", last.question)
    if _BARE_ZH.fullmatch(plain(body)):
        stated = _AUXILIARY.sub("", _stated(before))
        if not _ADVERBIAL_ZH.match(plain(body)):
            return joined(stated, core)
        return f"{body.removesuffix('呢')}{' ' if stated[:1].isascii() else ''}{stated}？"
    found = _BARE_EN.fullmatch(body)
    asked = "Why" if _WHY_EN.fullmatch(body) else found[1].capitalize() if found else ""
    if not asked:
        return ""
    return joined(_stated(before), core) if language(before) == "zh" else _bare_english(asked, before)


def _bare_english(asked: str, before: str) -> str:
    """`asked` of an English question: how many users did it lose in 2021? -> why did it lose users in 2021?"""
    if re.match(r"who\s", before, re.IGNORECASE):
        return f"{before}, and {asked.lower()}?"
    found = _WH_PHRASE.fullmatch(before)
    if not found:
        return f"{asked} {_stated(before)}?"
    what, where = found[4], ""
    if found[2] and (more := _PREPOSITION.search(what)):
        what, where = what[: more.start()], what[more.start() :].strip()
    return " ".join(filter(None, (asked, found[3], what, found[2], where))) + "?"


def _stated(question: str) -> str:
    """A question without the words that ask."""
    body = END.sub("", question)
    if language(body) != "zh":
        body = body[found.end() :] if (found := _WH_EN.match(body)) else body
        return body[0].lower() + body[1:] if _AUXILIARY.match(body) else body
    kept, at = "", 0
    for found in _WH_ZH.finditer(plain(body)):
        kept, at = kept + body[at : found.start()], found.end()
    return (kept + body[at:]).removesuffix("是")


def _told(core: str, last: Turn) -> str:
    """A question that names nothing, with what it is about; "" for one that names something."""
    body = plain(core)
    own: Level = level(core)
    if _UNTOLD_ZH.fullmatch(END.sub("", body)):
        own = "says"
    elif _UNTOLD_EN.fullmatch(END.sub("", body)):
        own = "asks"
    if own == "names":
        return ""
    if own == "asks" or _WHICH.search(body) or not names(last.question, last.context):
        about = _AUXILIARY.sub("", _stated(last.question))
    else:
        about = topics(last.question, last.context)[0]
        if language(core) == "zh":
            about += "的" if begins_with_side(core) else ""
            return about + core
    return joined(about, core)
