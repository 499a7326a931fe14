"""Short lines that are furniture only for their place: at the edges of a page, beside other furniture.

`Login` between two paragraphs is a heading, and so may be the one line above a paragraph; between a breadcrumb and a
row of buttons it is a button. The edges end where prose begins.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from rag.clean.hints import may_be_furniture
from rag.script import fold

__all__ = ["at_edges"]

_DEEPEST = 40  # lines of one edge
_PROSE = 60  # characters: a longer line that is no furniture is a paragraph
_SHORT = 30  # no name and no button is longer
_NOT_PROSE = 160  # a longer one is not even looked at
_SENTENCE = re.compile(r"[。！!；…][”」』）)]?$|。|[a-z)][.][”\"’)]?(?:\s|$)")
_ENDS = "。！？；，、…"  # of no button, and of no name
_INTRODUCES = (":", "：")

_BUTTON = re.compile(
    r"(?:全部|更多|关闭|设置|语言|频道|目录|提交|取消|确定|发送|清空|刷新|忘记密码|记住我|购物车|消息|通知|历史记录|我的|"
    r"同意|接受|拒绝|我?(?:知道|明白)了|不感兴趣|举报|投诉|反馈|打赏|赞赏|继续阅读|下载|(?:立即|马上|免费|点击|扫码|本地)下载|"
    r"(?:安卓|苹果|iphone|ipad|android|ios|windows|mac|电脑|手机)\s?(?:版|端|客户端)?(?:下载)?|app(?:下载)?|"
    r"(?:mac )?app store|google play|应用商店|"
    r"昵称|姓名|用户名|密码|验证码|邮箱|电子邮件|网址|网站|手机号码?|name|e-?mail|website|password|username|url|"
    r"close|submit|cancel|send|toggle navigation|main menu|"
    r"(?:today['’]s |the )?(?:e-?)?paper|my account|the latest|live|"
    r"editorials?|columns?|columnists?|letters|obituaries|crosswords?|games|cooking|recipes|weather|markets|money|"
    r"economy|finance|companies|arts|books|style|fashion|food|magazine|film|tv|music|u\.?s\.?|uk|europe|asia|africa|"
    r"americas|middle east|china|local|national|international|climate|environment|education|jobs|classifieds|events|"
    r"shop|donate|membership|accept|decline|got it|no thanks|not now|maybe later|top|write|listen|follow|following|"
    r"dark mode|language|member login)\s?[:>»+▼∨*]*"
)
_PLACE = r"[^\s。,!?;:]{2,16}"
_BESIDE = re.compile(  # says little: beside other furniture only
    rf"(?:发表|发布|刊登|收录|首发)[于在]\s?{_PLACE}|来自(?:专栏|话题|合集)\s?{_PLACE}|"
    r"[^\s。,!?;:]{0,16}(?:签约|专栏|特约|认证|资深|自由|独立|优质|原创)(?:作[者家]|撰稿人|写手|记者|编辑|媒体人|博主|创作者|评论员)|"
    r"(?:published|posted) (?:in|on|by) .{2,40}|(?:our|the) (?:newsletters?|apps?|podcasts?)|"
    r"欢迎(?:来到|光临|访问)[^。,]{1,16}!?|what do you think\??|"
    r"[a-z][a-z.'’ -]{2,40} (?:writes|covers|reports on|is based in) [^.]{2,100}\.?"
)
_ALONE = re.compile(  # says enough by itself, at an edge
    r"more from [^.:]{2,40}|"
    r"[^.]{10,140}\. (?:you can )?(?:sign up|subscribe|register|read more|learn more)(?: \w{1,12}){0,3} here\.?|"
    r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}\s\d{1,2}:\d\d(?::\d\d)?(?:[\s|·/]{1,3}[^\s|·/。,!?;:]{1,12}){1,3}"
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔"
    "谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤温简施洪庄颜柯翁"
    "康季俞章鲁葛伍樊兰殷齐聂焦祝霍岳路尚游詹欧倪连卓池纪凌舒裴骆童阮柳包左辛管丘涂"
)
_DESK = re.compile(
    r"(?:本刊|本报|本站|网站|综合)?(?:编辑[部室]|编辑|评论部|小编|记者|管理员)|"
    r"(?:staff|guest) (?:writer|reporter)|admin|editor"
)
_HAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_LATIN_NAME = re.compile(r"[A-Z][\w.'’-]{0,20}(?: [A-Z][\w.'’-]{0,20}){1,2}")
_AUTHOR = re.compile(r"(?:关于|本文|文章)?作者(?:简介|介绍|信息)?\W*|(?:about the )?author\W*")
_SIGNED = frozenset({"byline", "author box"})  # kinds of lines that stand beside a bare name

KindOf = Callable[[str], str]
_Line = tuple[int, str, str]
"""Its number, its kind if it is or may be furniture, and `sure`, `menu`, `beside`, `name`, or empty for others."""


def at_edges(lines: Sequence[str], kind_of: KindOf) -> dict[int, str]:
    """Kinds of the lines, by number, that their place makes furniture. `kind_of` knows those that need no place.

    >>> page = ["Home", "Science", "Arts", "Of bees", "Login", "Bees, she said, have no need of it.", "Login"]
    >>> at_edges(page, lambda line: "")
    {0: 'navigation', 1: 'navigation', 2: 'navigation'}
    """
    head = _edge(lines, range(len(lines)), kind_of)
    tail = _edge(lines, range(len(lines) - 1, -1, -1), kind_of)
    if (not head and not tail) or (head and tail and head[-1][0] >= tail[-1][0]):
        return {}  # nothing but short lines is a list, and no page
    return dict([*_furniture(lines, head, above=True), *_furniture(lines, tail[::-1], above=False)])


def _edge(lines: Sequence[str], order: Iterable[int], kind_of: KindOf) -> list[_Line]:
    """The lines from one end of the page up to the prose."""
    found: list[_Line] = []
    for number in order:
        line = lines[number]
        if not line:
            continue
        if len(line) > _NOT_PROSE or len(found) == _DEEPEST:
            break
        why = kind_of(line)
        sort = "sure" if why else ""
        if not why:
            why, sort = _sort(line)
        if not sort and (len(line) > _PROSE or _SENTENCE.search(line)):
            break
        found.append((number, why, sort))
    return found


def _sort(line: str) -> tuple[str, str]:
    """Kind, and how much company `line` needs to be of it."""
    short = len(line) <= _SHORT
    if line[-1] in _ENDS or not (short or may_be_furniture(line)):
        return "", ""
    from rag.clean import furniture  # not at start-up, as in `lines`

    folded = fold(line).strip()
    if short and (_BUTTON.fullmatch(folded) or furniture.is_menu(folded)):
        return "navigation", "menu"
    if _ALONE.fullmatch(folded):
        stamped, more = folded[0].isdigit(), folded.startswith("more")
        return "byline" if stamped else "related articles" if more else "promotion", "sure"
    if _BESIDE.fullmatch(folded):
        return "author box", "beside"
    return ("author box", "name") if short and _is_name(line, folded) else ("", "")


def _is_name(line: str, folded: str) -> bool:
    han = _HAN_NAME.fullmatch(folded) is not None and folded[0] in _SURNAMES
    return han or _LATIN_NAME.fullmatch(line) is not None or _DESK.fullmatch(folded) is not None


def _furniture(lines: Sequence[str], edge: Sequence[_Line], *, above: bool) -> Iterator[tuple[int, str]]:
    """Of one edge, top to bottom, the lines that are furniture for their place; of the head where `above`."""
    edge = _named(lines, edge, titled=not above)
    at = 0
    for is_group, members in groupby(edge, key=lambda one: bool(one[2])):
        group = list(members)
        start, at = at, at + len(group)
        if not is_group:
            continue
        at_border = start == 0 if above else at == len(edge)
        sure = any(sort == "sure" for _, _, sort in group)
        if not sure and (not at_border or len(group) < 2):
            continue
        introduced = _above(lines, group[0][0]).endswith(_INTRODUCES)
        if above and at == len(edge) and group[-1][2] == "menu" and (len(group) == 1 or group[-2][2] == "sure"):
            group.pop()  # one word right above the prose, below a byline, may be a heading
        for number, why, sort in group:
            if sort == "sure" or not introduced:
                yield number, why


def _named(lines: Sequence[str], edge: Sequence[_Line], *, titled: bool) -> list[_Line]:
    """`edge` with the bare names that stand beside a byline below a title; other names may be anything."""
    named: list[_Line] = []
    for place, one in enumerate(edge):
        number, why, sort = one
        if sort == "name":
            after = edge[place + 1] if place + 1 < len(edge) else (0, "", "")
            before = named[-1] if named else (0, "", "")
            signed = titled and (
                (after[2] in ("sure", "beside") and after[1] in _SIGNED)
                or (before[2] == "sure" and _AUTHOR.fullmatch(fold(lines[before[0]]).strip()) is not None)
            )
            one = (number, why, "beside") if signed else (number, "", "")
        titled = titled or not one[2]
        named.append(one)
    return named


def _above(lines: Sequence[str], number: int) -> str:
    return next((lines[place] for place in range(number - 1, max(-1, number - 9), -1) if lines[place]), "")
