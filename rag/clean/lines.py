"""Steps on whole lines: what belongs to the page and not to the article.

A line goes only when all of it is furniture, and a text of one line is left alone: a quoted sentence must come out of
cleaning as it went in. The word lists were collected from Chinese and English news pages.

A line is hostile until proven otherwise: no pattern may have two ways to read the same stretch inside of a repetition.
"""

import re
from collections.abc import Callable, Iterator

from rag.script import fold
from rag.types import Edit, Span

__all__ = [
    "REASONS",
    "breadcrumb",
    "byline",
    "comments",
    "copyright_notice",
    "navigation",
    "related",
    "share",
    "spam_title",
]

REASONS = frozenset(
    ("spam title", "breadcrumb", "navigation", "share bar", "comment form", "copyright or credit", "byline")
    + ("related articles",)
)
"""The `why` of every edit in this module."""

_BARE = re.compile(r"专栏作家|关键词|标签|热门?新闻|热门?推荐|推荐内容|最新(?:发布|更新)|staff writer.{0,60}|tags?")
_SENTENCE_END = re.compile(r"[。！？!?；…]|[.](?:\s|$)")
_COUNTED = r"评论|浏览|阅读|收藏|点赞|赞|分享|转发|分钟|views?|comments?|shares?|likes?|min(?:ute)?s?(?: read)?"
_NUMBER = r"\d+(?:[.,]\d+)*[万kw]?"
_COUNTER = re.compile(rf"(?:{_NUMBER}\s*(?:{_COUNTED})|(?:{_COUNTED})[:：(]?\s*{_NUMBER}\)?)[\s|·,]*")
_COUNTER_ALONE = re.compile(r"total|shares?|\d+|[\s|/·]+")
_CRUMB = re.compile(
    r"(?:(?:您|你)?(?:当前|现在|所在)?的?位置\s*[:：]|(?:首页|主页|home)\s*[>›»/|]).*|"
    r"(?:\s*[^\s>›»。,?!:;][^>›»。,?!:;]{0,15}[>›»]){2,}[^>›»。,?!:;]{0,40}"
)
_NAVIGATION_WORDS = (
    "首页 主页 新闻 财经 股市 科技 体育 娱乐 汽车 房产 视频 图片 论坛 博客 专题 "
    "滚动 导航 登录 注册 退出 搜索 订阅 关于我们 "
    "联系我们 网站地图 加入我们 隐私政策 用户协议 返回顶部 home news tech technology "
    "business sports about contact login "
    "register sign subscribe search menu privacy terms careers advertise in up us policy of use "
    "cookie cookies settings help"
).split()
_NAVIGATION = re.compile(rf"(?:{'|'.join(sorted(_NAVIGATION_WORDS, key=len, reverse=True))})[\s|｜·•/>»]*")
_SHARE = re.compile(
    r"(?:(?:一键)?分享(?:到|至|给)?(?:好友|朋友圈)?|扫一扫|扫码(?:分享|关注)|微信(?:好友|扫一扫)?|朋友圈|新浪微博|微博|qq空间|qq好友|qq|豆瓣|"
    r"人人网|打印(?:本页)?|收藏(?:本文|本页)?|点赞|赞|转发|复制链接|字号|大|中|小|举报|纠错|"
    r"share(?: this)?(?: article| story)?(?: on| via| to)?|facebook|twitter|tweet|linkedin|whatsapp|pinterest|"
    r"pin(?: it)?|"
    r"reddit|email|print|copy link|save|x)(?: \d+)?(?![a-z])[\s:：|｜/、,·•]*"
)
_COPYRIGHT = re.compile(
    r"版权(?:所有|声明|归|与)|著作权|(?:未经|如未)[^。]{0,12}(?:许可|授权|允许|同意)|(?:禁止|不得|严禁|谢绝)(?:[^。]{0,6})转载|转载请|"
    r"原创发布|原创首发|(?:仅代表|只代表|只属于)作者|不代表本(?:网|站|平台)|信息存储|存储(?:空间)?服务|题图来自|如有侵权|免责声明|侵权必究|"
    r"all rights reserved|copyright|©|\(c\) ?\d{4}|without (?:prior )?(?:written )?permission|terms of (?:use|service)"
)
_CREDIT = re.compile(
    r"(?:(?:图源|图片来源|题图|配图|图注|资讯来源|信息来源|原文链接|文章来源|稿源|责任编辑|责编|编辑|校对|审核|作者|记者|文|来源|撰文|"
    r"photo|image|source|author|tags?|filed under|标签|关键词|by|"
    r"written by|edited by|editor)\s*[:：/丨|]|by )\s*\S.{0,38}"
)
_CAPTION = re.compile(
    r"[(（【\[]?\s*(?:相关)?(?:资料图片?|图片|配图|示意图|图文无关|"
    r"(?:图片来自|图源|图片来源)[^)）]{0,24})\s*[)）】\]]?"
)
_DATE = r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?(?:t?\s?\d{1,2}:\d\d(?::\d\d)?)?"
_DATELINE = re.compile(
    r"[^\s，。！？,|]{0,12}\s*(?:(?:于|发布于|发表于|published|updated|posted)\s*)?(?:on\s*)?(?:[:：]\s*)?"
    rf"{_DATE}\s*(?:发布|发表)?"
)
_BYLINE = re.compile(rf"{_DATE}\s*[|｜丨/·](?=[^。！？\n]*$).*(?:编辑|来源|作者|记者|责编|source|author|editor)")
_RELATED = re.compile(
    r"(?:相关(?:阅读|文章|推荐|新闻|报道|链接|内容)|推荐(?:阅读|文章)|延伸阅读|热门(?:文章|推荐|新闻|排行)|猜你喜欢|最新(?:文章|资讯|新闻)|"
    r"更多(?:精彩|新闻|资讯|文章)|大家都在看|你可能(?:也|还)?(?:喜欢|感兴趣)|上一篇|下一篇|"
    r"related (?:posts?|articles?|stories|news)|"
    r"you may (?:also )?like|more (?:from|stories|news)|read (?:more|next|also)|recommended|trending|"
    r"most (?:read|popular)|"
    r"previous (?:post|article)|next (?:post|article))(?:[:：>».\s]|$).{0,60}"
)
_TITLE_LENGTH = 300
_LISTED = 12  # titles that a related-articles heading may have below it
_PROMOTION = re.compile(
    r".{0,12}(?:关注[^。]{0,20}(?:公众号|微信|微博)|下载[^。]{0,10}app|打开app|app(?:内)?(?:打开|查看)|扫描?(?:下方)?二维码|"
    r"点击(?:阅读原文|查看更多|下载|关注)|阅读原文|展开全文|加载更多|广告$|advertisement$|sponsored$|"
    r"(?:subscribe|sign up) (?:to|for) .{0,30}newsletter|download (?:our|the) app|"
    r"follow us|get (?:the|our) .{0,40} in your inbox|accept (?:all )?cookies|"
    r"click here|continue reading|skip to (?:main )?content).{0,40}"
)
_COMMENT = re.compile(
    r"评论(?:区|\s*\(?\d*\)?)?|(?:发表|写|查看|全部|网友|最新|热门)评论.{0,10}|评论请登录|.{0,6}(?:登录|登陆)后.{0,6}评论.{0,6}|"
    r"(?:\d+\.\s*)?(?:目前还没|暂无|还没有)(?:人|网友)?评论.{0,16}|\d+\s*条评论|"
    r"(?:leave|post|add|write) a (?:comment|reply)|"
    r"\d* ?comments?(?: \(\d+\))?|log in to (?:comment|reply).{0,20}|(?:no|be the first to) comments?.{0,20}|"
    r"your email address will not be published.{0,60}"
)


def _lines(text: str) -> Iterator[tuple[Span, str]]:
    """Each line that holds more than space, with its folded text; nothing for a text of fewer than two such lines."""
    found, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            found.append((Span(at, at + len(line)), fold(line).strip()))
        at += len(line) + 1
    if len(found) > 1:
        yield from found


def _drop(text: str, why: str, is_furniture: Callable[[str], object]) -> Iterator[Edit]:
    for span, line in _lines(text):
        if is_furniture(line):
            yield Edit(span.start, span.end, "", why)


def _made_of(item: re.Pattern[str], line: str) -> bool:
    """Whether `line` is items one after another. A repetition in the pattern would try all ways to part them."""
    at = 0
    while found := item.match(line, at):
        at = found.end()
    return 0 < at == len(line)


def spam_title(text: str) -> Iterator[Edit]:
    """Deletes a first line of unrelated keywords: several parts, no sentence, and the article speaks of none."""
    lines = list(_lines(text))
    if len(lines) < 3:
        return
    span, line = lines[0]
    if len(line) > _TITLE_LENGTH:  # each part of it is looked for in the whole article
        return
    parts = [part.strip() for part in re.split(r"[_|｜,，、]", line) if part.strip()]
    if len(parts) < 3 or _SENTENCE_END.search(line):
        return
    body = "\n".join(folded for _, folded in lines[1:])
    known = sum(any(part[i : i + 4] in body for i in range(max(1, len(part) - 3))) for part in parts)
    if known == 0:
        yield Edit(span.start, span.end, "", "spam title")


def breadcrumb(text: str) -> Iterator[Edit]:
    """Deletes lines such as `當前位置:首頁 > 股市 >` and `Home > Technology`."""
    return _drop(text, "breadcrumb", lambda line: len(line) <= 80 and _CRUMB.fullmatch(line))


def navigation(text: str) -> Iterator[Edit]:
    """Deletes menu lines: two or more menu words and nothing else."""
    return _drop(
        text,
        "navigation",
        lambda line: len(line.split()) + line.count("|") >= 2 and _made_of(_NAVIGATION, line),
    )


def share(text: str) -> Iterator[Edit]:
    """Deletes share bars, counters and calls to subscribe, follow or download."""
    return _drop(
        text,
        "share bar",
        lambda line: (
            len(line) <= 120
            and (_made_of(_SHARE, line) or _made_of(_COUNTER, line) or _is_counter(line) or _PROMOTION.fullmatch(line))
        ),
    )


def _is_counter(line: str) -> bool:
    return bool(_COUNTER_ALONE.fullmatch(line)) and not re.fullmatch(r"\d{2,}", line)


def comments(text: str) -> Iterator[Edit]:
    """Deletes the lines of an empty or closed comment form."""
    return _drop(text, "comment form", lambda line: len(line) <= 80 and _COMMENT.fullmatch(line))


def copyright_notice(text: str) -> Iterator[Edit]:
    """Deletes lines that say who owns the text, where it came from and what one may not do with it."""
    return _drop(
        text,
        "copyright or credit",
        lambda line: len(line) <= 120 and (_COPYRIGHT.search(line) or _is_credit(line)),
    )


def _is_credit(line: str) -> bool:
    return bool(_CAPTION.fullmatch(line) or _BARE.fullmatch(line)) or (
        bool(_CREDIT.fullmatch(line)) and not _SENTENCE_END.search(line)
    )


def byline(text: str) -> Iterator[Edit]:
    """Deletes a line of author and date, and date, editor and source where they were glued to the title."""
    for span, line in _lines(text):
        if len(line) <= 200 and _DATELINE.fullmatch(line):
            yield Edit(span.start, span.end, "", "byline")
        elif len(line) <= 200 and (found := _BYLINE.search(line)):
            # folding can change the length of a line, so the place is found again from its end
            start = span.end - (len(line) - found.start())
            if fold(text[start : span.end]).strip() == line[found.start() :]:
                yield Edit(start, span.end, "", "byline")


def related(text: str) -> Iterator[Edit]:
    """Deletes a related-articles heading, and below the middle of the page also the titles that follow it."""
    lines = list(_lines(text))
    listed = 0
    for number, (span, line) in enumerate(lines):
        if len(line) <= 80 and _RELATED.fullmatch(line):
            listed = _LISTED if number >= len(lines) / 2 else 0
            yield Edit(span.start, span.end, "", "related articles")
        elif listed and len(line) <= 60 and not _SENTENCE_END.search(line):
            listed -= 1
            yield Edit(span.start, span.end, "", "related articles")
        else:
            listed = 0
