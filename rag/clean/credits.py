"""Lines that say who wrote, owns and dated a text: author boxes, credits, notices of copyright, bylines.

As in `rag.clean.furniture`: each `is_...` takes one folded line, and no pattern may have two ways to read the same
stretch inside of a repetition.
"""

import re

__all__ = ["glued_byline", "is_author_box", "is_byline", "is_copyright_or_credit", "is_english_byline"]

_HAN = "\u4e00-\u9fff"
_SENTENCE_END = re.compile(r"[。!?;]|[.](?:\s|$)")
_QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」|《[^《》]*》|‘[^‘’]*’|\"[^\"]*\"")
_ACCOUNT = re.compile(
    r"(?:公众号|公号|订阅号|视频号|微信号|微信id)\s?[:丨|]\s?\S|(?:公众号|微信|专栏|作者|"
    r"来源).{0,20}\(id\s?[:]\s?[a-z0-9_-]+\)|"
    r"专栏作(?:家|者)(?:[,;|]|$)|^作者(?:简介|介绍|信息)(?:$|[:丨|])|^关于作者$|^(?:投稿|商务|爆料|报料)(?:邮箱|电邮|"
    r"微信|电话|热线)\s?[:]|"
    r"^(?:about the author|author bio)\b|"
    r"^[a-z .'-]{2,40} is an? (?:[a-z-]+ ){0,4}(?:reporter|editor|correspondent|contributor|staff writer)(?: (?:at|"
    r"for|with|based) .{2,80})?\.?$|"
    r"^(?:staff writer|contributing writer|senior (?:reporter|editor))\b.{0,60}$|^(?:you can )?reach (?:him|her|them|"
    r"me) at "
)


_REPORTED = re.compile(r"^据|\d月\d{1,2}日|近日|日前|消息称|注意到")  # what an account has written is news


def is_author_box(line: str) -> bool:
    """Who the author is and where to follow or reach them."""
    return _ACCOUNT.search(_QUOTED.sub("", line)) is not None and not _REPORTED.search(line)


_RIGHTS = r"(?:许可|授权|允许|同意)"
_COPYING = r"(?:转载|转贴|摘编|复制|翻印|镜像)"
_NOTICE = re.compile(
    r"版权(?:所有(?![者人权])|归|属于|属)[^。]{0,20}(?:[,。!:;】)]|$)|版权(?:所有|声明|说明|与免责|及免责)\s?[:©|]|"
    r"着作权(?:所有|归|属)|(?:侵权|盗版|翻印)必究|"
    rf"(?:未经|非经|如未|未获)[^。]{{0,20}}{_RIGHTS}(?:$|[^。]{{0,10}}{_COPYING})|"
    rf"(?:禁止|不得|严禁|谢绝|请勿|拒绝|欢迎)(?:任何形式的?|擅自|私自|非法|随意)?{_COPYING}(?![的者过量])|转载(?:请|须|需|时请|"
    rf"必须|务必|或引用)|"
    r"(?:如|若)[需要欲]*转载|^(?:本文|文章|原文|该文|此文)?(?:由.{0,20})?(?:原创|首次|授权)(?:发布|首发|发表)[于在]|"
    r"^(?:本文|该文|此文)(?:已?获|由|经)[^。,]{0,20}授权(?:本[站刊网报])?(?:转载|转发|刊登|刊载|发布|发表)|"
    r"^(?:本文|文章|原文|该文)(?:首发|原载|发表|转载|来源|转自|选自|摘自|节选自|来自)[于自:].{0,60}$|^(?:转载|转|选|"
    r"摘|节选)自\s?[:《“].{0,40}$|"
    r"(?:仅|只|均|纯)(?:代表|属于|为|是|属)(?:其|该|原)?(?:作者|个人|本人|投稿人|发言者)[^。,]{0,6}(?:观点|立场|看法|"
    r"意见|言论|$)|(?:仅|只)(?:代表|属于)(?:原)?作者|"
    r"不代表[^。,]{0,14}(?:网|站|平台|公司|号|机构|报|本刊|我们|经观)[^。,]{0,4}(?:观点|立场|看法|意见|态度|同意|"
    r"赞同)|不代表(?:本|其|该)(?:网|站|平台|号|刊)|"
    r"信息存储空间|(?:仅|只)(?:提供|作)(?:信息)?存储|^(?:题图|封面图?|头图|首图)(?:来自|来源)|^(?:文中|部分)?(?:图片|"
    r"素材|配图)(?:均)?(?:来自|来源于|源自)(?:网络|互联网|视觉中国|pixabay|unsplash).{0,16}$|"
    r"(?:如|若)[有涉存]*(?:侵权|侵犯|版权)[^。]{0,20}(?:联系|删除|告知|处理)|侵权[,]?(?:立|请|即|必|请联系|联系)?删|侵权[^。,]{0,4}(?:联系|告知)(?:删|我们|作者|后台|本|小编)|"
    r"侵删|"
    r"^(?:以上|本文|文中|该文|此文|文章|内容|资料|数据|图片|本(?:站|网|号|内容)).{0,30}(?:仅供|"
    r"只供)[^。,]{0,10}(?:参考|学习|交流|娱乐)[,;]?[^。]{0,8}(?:不构成|不作为|之用|请勿|。?$)|"
    r"不构成[^。,]{0,8}(?:投资|任何)[^。,]{0,6}建议[^。,]{0,12}(?:[。,]|$)|"
    r"^声明[:]\s?(?:本文|该文|此文|本|文章|以上|转载|图片)|^凡(?:本网|本站|注明)|"
    r"icp[备证]\s?\S|[京沪粤浙苏鲁川闽湘鄂豫皖渝津]公网安备|^(?:增值电信业务|网络文化经营许可|"
    r"互联网新闻信息服务许可)|^\S{0,8}违法和不良信息举报[^。,]{0,20}$|"
    r"^(?:违法和不良信息|不良信息|侵权|版权)?(?:举报|客服)(?:电话|热线|邮箱)\s?[:]|"
    r"all rights reserved|^\W*copyright\s?(?:©|\(c\)|\d{4}|notice|policy)|^\W*©|©\s?(?:\d{4}|copyright)|©.{0,40}$|"
    r"\(c\) ?\d{4}|"
    r"without (?:the )?(?:prior |express )*(?:written )?(?:permission|consent)(?: of .{0,60})?\.?$|"
    r"^terms of (?:use|service)$|may not be (?:published|reproduced|republished|copied|"
    r"redistributed)[^.]{0,60}(?:permission|consent|redistributed|$)|"
    r"^(?:this (?:article|story|post) )?(?:was )?(?:originally|first) (?:published|appeared) (?:on|in|at|by) .{2,60}$|"
    r"^(?:the )?(?:views|opinions)(?: and (?:views|opinions))? expressed .{0,40}(?:author|do not)|"
    r"powered by (?:wordpress|hexo|hugo|ghost)"
)
_STATUTE = re.compile(  # law says the same; "著" is folded
    r"\([一二三四五六七八九十]+\)|第[一二三四五六七八九十百\d]+条|未经(?:着作权人|权利人)"
)
_DECLARATION = re.compile(
    r"\W*(?:免责|版权|郑重|特别|重要|本站|本网|网站|转载|法律|权利)?(?:与免责|及免责)?声明\s?[:丨|].*(?:版权|转载|"
    r"侵权|责任|作者|本站|本网|"
    r"立场|观点|建议|授权|转发|删除)|\W*版权说明\s?[:丨|]|\W*版权(?:与|及)免责\s?[:丨|]|\W*(?:免责|版权|郑重|特别|"
    r"本站)声明\W*$|disclaimer\s?:"
)
_LABELS = (
    "图源 图片来源 图片 图 题图 封面 配图 图注 资讯来源 信息来源 新闻来源 消息来源 资料来源 参考来源 原文链接 原文 "
    "原文地址 本文链接 本文地址 "
    "文章来源 文章链接 稿源 来源 内容来源 出处 转自 责任编辑 责编 编辑 流程编辑 值班编辑 执行编辑 审核编辑 见习编辑 "
    "主编 校对 审核 审校 编审 监制 排版 "
    "美编 制图 初审 复审 终审 一审 二审 三审 值班主任 值班编委 编译 翻译 译者 译 策划 统筹 出品 作者 本文作者 "
    "文章作者 原作者 记者 通讯员 "
    "撰文 撰稿 文 文字 摄影 摄 摄像 剪辑 供图 供稿 采写 播报 实习生 标签 关键词 关键字 主题词 文章标签 tags 分类 "
    "栏目 所属分类 发布者 发布人"
).split()
_LABEL = "|".join(sorted(_LABELS, key=len, reverse=True))
_CREDIT = re.compile(
    rf"(?:(?:{_LABEL})\s?(?:[:丨|]|\([^()]{{1,8}}\)\s?[:])|(?:文|图|摄|摄影|记者|编辑|来源|撰文|翻译)\s?/|"
    r"(?:photos?|images?|source|authors?|editor|editing|credits?|tags?|tagged|via|categor(?:y|ies)|topics|"
    r"filed under|posted in|"
    r"(?:written|edited|reported|reporting|photo|photographs?|images?|translated) by|(?:photo|image) (?:credit|"
    r"source)s?)\s?[:|])"
    r"\s*[^\s].{0,60}"
)
_NAMES = rf"[{_HAN}]{{2,4}}(?:[\s、,/&·][{_HAN}]{{2,4}}){{0,5}}"
_REPORTER = re.compile(
    rf"\(?(?:[{_HAN}]{{0,10}}(?:见习|实习|特约|本报|首席|资深)?(?:记者|编辑|通讯员|特约撰稿人?|摄影|撰文|主笔|"
    rf"评论员)[\s:/丨|]+{_NAMES}|"
    rf"[{_HAN}]{{0,6}}记者[{_HAN}]{{2,8}}[/／][{_HAN}]{{2,6}}(?:报道|报导|电|摄影)|{_NAMES}[/|"
    rf"][{_HAN}]{{2,6}}(?:报道|报导))"
    rf"(?:\s?(?:报道|报导|摄|文|综合报道|[{_HAN}]{{2,4}}(?:报道|报导)))?\)?"
)
_CAPTION = re.compile(
    r"[▲△▼]?\s?[(\[【]?\s*(?:相关|网络|新闻)?(?:资料图?片?|资料照片?|图片|配图|示意图|情境图|合成图|网络图片|"
    r"图文无关|截图|视频截图|"
    r"(?:图片来自|图源|图片来源|图/|图片/|资料图)[^),。]{0,24}。?)\s*[)\]】]?|"
    r"\((?:图|照片|摄影|图片|翻摄|影像|画面|(?:示意|资料|情境|合成|档案|配)[图照]片?)(?:[/:]|自|由)[^)]{1,30}\)|"
    r"[▲△▼↑↓]\s?(?:图说|图为|照片|图片)?(?:示意|资料|配|情境|档案)[图照]?片?[照图]?。?\s?(?:\([^()]{1,30}\))?"
)
_BARE = re.compile(
    r"专栏作家|关键词|关键字|标签|热门?新闻|热门?推荐|推荐内容|最新(?:发布|更新)|精彩推荐|作者简介|关于作者|声明|免责|"
    r"tags?|filed under|about the author|原创|转载|文章标签|本文来源|(?:完|全文完|end|the end|fin|-+\s?(?:完|"
    r"end)\s?-+)|"
    r"(?:this (?:post|article) )?(?:was )?(?:posted|filed) (?:in|under) .{1,60}"
)


def is_copyright_or_credit(line: str) -> bool:
    """Who owns, wrote, edited or pictured the text, where it came from, and what one may not do with it."""
    if _DECLARATION.match(line):
        return True
    if len(line) > 120 or line.endswith("?") or _STATUTE.match(line):
        return False
    return (
        _NOTICE.search(_QUOTED.sub("", line)) is not None
        or any(known.fullmatch(line) for known in (_CAPTION, _BARE, _REPORTER))
        or (_CREDIT.fullmatch(line) is not None and not _SENTENCE_END.search(line))
    )


_BY = re.compile(
    r"(?:By|Written by|Words by|Story by|Text by|Posted by) (?:[A-Z][\w.'’-]{0,20}\s?){1,4}(?:(?:,|and|"
    r"&)\s?(?:[A-Z][\w.'’-]{0,20}\s?){1,4}){0,3}"
    r"(?:[,|·-]\s?[^.!?]{0,40})?"
)


def is_english_byline(line: str) -> bool:
    """The author's name alone. Takes the line as it is written: only capitals tell a name."""
    return len(line) <= 80 and _BY.fullmatch(line) is not None


_TIME = r"\d{1,2}:\d\d(?::\d\d)?"
_DATE = rf"(?:19|20)\d\d\s?[-/.年]\s?\d{{1,2}}\s?[-/.月]\s?\d{{1,2}}日?(?:t?\s?{_TIME})?"

_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_ENGLISH_DATE = (
    rf"(?:{_MONTH} \d{{1,2}},? (?:19|20)\d\d|\d{{1,2}} {_MONTH} (?:19|20)\d\d)"
    rf"(?:,? (?:at )?{_TIME}(?: ?[ap]\.?m\.?)?(?: [a-z]{{2,4}})?)?"
)
_STAMPED = (
    r"(?:发布|发表|更新|发稿|最后更新|修改|上架|刊登|published|posted|updated|last (?:updated|modified)|modified)"
)
_DATELINE = re.compile(
    # a label before the date; or name and time of day, or a date in figures alone: `2023年3月1日` may be a heading
    rf"{_STAMPED}\s?(?:时间|日期|于|在|on)?\s?[:]?\s?(?:{_DATE}|{_ENGLISH_DATE}).{{0,30}}|"
    rf"(?:时间|日期)\s?:\s?(?:19|20)\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:\s?{_TIME})?|"
    rf"[^\s。!?,|\d]{{0,12}}\s?(?:19|20)\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}t?\s?{_TIME}\s?[^\s。!?,]{{0,12}}|"
    rf"[^\s。!?,|\d]{{0,12}}\s?(?:19|20)\d\d年\d{{1,2}}月\d{{1,2}}日\s?{_TIME}\s?(?:{_STAMPED})?|"
    rf"(?:19|20)\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}\s?(?:{_STAMPED})?|"
    rf"{_DATE}\s?{_STAMPED}|"
    rf"(?:by [a-z][a-z .'-]{{2,40}}[|·,-]?\s?)(?:{_STAMPED}\s?)?(?:on\s)?{_ENGLISH_DATE}.{{0,20}}|"
    rf"{_ENGLISH_DATE}\s?[|·-].{{0,40}}|{_ENGLISH_DATE} by [a-z .'-]{{2,40}}|\d{{1,2}} (?:hours?|minutes?|days?|"
    rf"weeks?|months?) ago|"
    rf"\d{{1,2}}\s?(?:小时|分钟|天|日|周|个?月)前"
)
_STAMP = re.compile(rf"(?:{_DATE}|\d{{1,2}}[-/]\d{{1,2}} {_TIME})")
_ABOUT = re.compile(
    r"(?:来源|作者|编辑|责编|记者|发布者?|source|author|editor)\s?[:|丨/]|(?:阅读|浏览|评论|点击)(?:数|"
    r"量)?\s?[:(]?\s?\d|\d\s?(?:阅读|浏览|评论|comments)|字号"
)
_NO_STAMP = re.compile(r"[。!?,;“「]")


def is_byline(line: str) -> bool:
    """Author, source and date of publication in one line."""
    if _DATELINE.fullmatch(line):
        return True
    stamp = _STAMP.search(line)
    if stamp is None or len(line) > 100 or _NO_STAMP.search(line):
        return False
    before = line[: stamp.start()]  # a title may stand there
    return _ABOUT.search(line) is not None and (len(before) <= 12 or _ABOUT.search(before) is not None)


_GLUED = re.compile(rf"{_DATE}\s*[|丨/·](?=[^。!?\n]*$).*(?:编辑|来源|作者|记者|责编|source|author|editor)")


def glued_byline(line: str) -> int:
    """Where date, editor and source begin that stand behind a title on the same line; -1 where there are none."""
    found = _GLUED.search(line)
    return found.start() if found else -1
