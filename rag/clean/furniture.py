r"""What a line of page furniture looks like, kind by kind.

Every `is_...` takes one line, folded by `rag.script.fold`, without space at its ends. The word lists were collected
from Chinese, Taiwanese, Hong Kong and English news sites, WeChat pages and blogs.

A line is hostile until proven otherwise: no pattern may have two ways to read the same stretch inside of a repetition.
"""

import re
from collections.abc import Callable

from rag.clean import credits

__all__ = ["KINDS", "kind"]

_HAN = "\u4e00-\u9fff"
_LETTER = re.compile(r"[^\W\d_]")

_CRUMB = re.compile(
    r"(?:(?:您|你)?(?:当前|现在|目前)?(?:的|所在)?的?位置\s*(?:[:：]|(?:是|在)[:：])|"
    r"(?:网站)?(?:首页|主页|home)\s*(?:[>›»/|]|-+>)|you are here\s*:).*|"
    # no arrow, tag or comparison with a number
    r"(?:\s*[^\s<>›»。,?!:;][^<>›»。,?!:;]{0,15}(?<![-=])[>›»](?!\s*(?:=|\d{1,3}\b))){2,}[^<>›»。,?!:;]{0,40}"
)


def is_breadcrumb(line: str) -> bool:
    """Such as `当前位置:首页 > 股市 >` and `home > technology`."""
    return _CRUMB.fullmatch(line) is not None and _LETTER.search(line) is not None and not line.endswith("。")


_MENU_WORDS = (
    "网站首页 首页 主页 新闻 财经 股市 股票 基金 科技 体育 娱乐 汽车 房产 视频 图片 论坛 博客 专题 国内 国际 社会 "
    "军事 教育 健康 "
    "旅游 时尚 游戏 数码 生活 文化 评论 要闻 即时 热门 政治 两岸 全球 产经 影音 直播 滚动 导航 登录 登入 登出 "
    "会员中心 会员 注册 "
    "退出 搜索 搜寻 订阅 电子报 订阅电子报 投稿 手机版 电脑版 触屏版 行动版 桌面版 移动版 繁体版 简体版 无障碍 客户端 "
    "上一页 下一页 尾页 末页 繁体 简体 english 中文 菜单 选单 会员登出 加入会员 设为首页 加入收藏 收藏本站 fb ig line "
    "youtube rss "
    "home news tech technology business world politics opinion science health sports entertainment lifestyle travel "
    "culture video videos photos podcast podcasts newsletter newsletters about contact login register "
    "subscribe search menu privacy terms careers advertise cookies settings help faq sitemap blog store e-paper"
).split()
_PAGES = (  # a line of its own in a page's head or foot, whatever stands beside it
    "会员登[录入]|免费注册|关于我们|联[系络]我们|网站(?:地图|导览)|加入我们|隐私(?:权)?(?:政策|声明|条款)|用户协议|服务(?:条款|协议)|使用条款|"
    "广告(?:服务|合作|刊登)|商务合作|[意用][见户]反馈|帮助中心|招聘信息|人才招聘|友情链接|举报中心|免责声明|版权声明|返回(?:顶部|首页)|回(?:到顶部|首页|上一?页)|"
    "privacy(?: policy)?|terms (?:of (?:use|service)|(?:and|&) conditions)|(?:about|contact) us|sign "
    "(?:in|up|out)|log (?:in|out)|"
    "cookie (?:policy|settings|preferences)|(?:my )?account|advertise with us|(?:site )?map"
)
_PAGE = re.compile(_PAGES)
_MENU = re.compile(rf"(?:{_PAGES}|{'|'.join(sorted(_MENU_WORDS, key=len, reverse=True))})(?![a-z])[\s|·•/>»、-]*")
_MENU_BAR = re.compile(rf"[|·•/>»]|[{_HAN}][\s、-]+")
_WELCOME = re.compile(
    r"(?:(?:您好|你好|hi|hello)[,!]?\s?)?(?:(?:欢迎(?:您|你)?(?:来到|光临|访问|回到|回来)?[^。,!]{0,16}|游客|访客)[,!]?\s?)?"
    r"(?:(?:请|请先|立即|马上)\s?(?:登[录入陆]|注册)[账帐]?[号户]?(?:会员)?|"
    r"登[录入陆]\s?[或/|]\s?(?:免费)?注册)(?:\s?[或/|、和]?\s?(?:免费|立即)?(?:注册|登[录入陆]|加入会员))?[账帐]?[号户]?[!。]?"
)


def is_navigation(line: str) -> bool:
    """Two or more menu words and nothing else; three where they might be a heading in English."""
    parts = _parts(_MENU, line)
    if parts > 2 or (parts == 2 and _MENU_BAR.search(line) is not None):
        return True
    return _PAGE.fullmatch(line) is not None or _WELCOME.fullmatch(line) is not None


def is_menu(line: str) -> bool:
    """Menu words and nothing else: one of them may as well be a heading, so the place of the line has to tell."""
    return _parts(_MENU, line) > 0


_NUMBER = r"\d+(?:[.,]\d+)*[万kwm+]?\+?"
_TOLD = (
    r"评论|留言|回应|回复|跟贴|浏览|阅读|点阅|点击|观看|播放|访问|围观|点赞|按赞|赞同|赞|喜欢|推荐|收藏|分享|转发|人气|热度|"
    r"粉丝"
)
_COUNTED = (
    rf"[次人条则]?(?:{_TOLD})(?:人次|次数|数|量)?|个粉丝|篇(?:原创)?文章|次(?:赞同|收藏|感谢)|分钟(?:阅读|读完)?|字数|"
    r"views?|comments?|shares?|likes?|claps?|reads?|min(?:ute)?s?(?: read)?|words|followers|following"
)
_COUNT_OF = (
    rf"(?:总|本文|文章|累计)?(?:{_TOLD})(?:人次|次数|人数|总数|时长|时间|数|量)?|字数|(?:estimated )?reading time|"
    r"views?|comments?|shares?|likes?|claps?|reads?|words"
)
_COUNTER = re.compile(  # a label and a number, or a number and what is counted
    rf"(?:(?:{_COUNT_OF})\s*[:(]?\s*(?:约\s?)?{_NUMBER}\s?(?:人次|次|人|分钟|字|minutes?|mins?)?\)?|"
    rf"(?:(?:共|已|累计)?(?:发表|获得|收获|发布|收录)了?\s*)?{_NUMBER}\s*(?:{_COUNTED}))(?![a-z])[\s|·,]*"
)
_COUNTER_ALONE = re.compile(r"(?:total )?shares?|total|\d|[|/·•>»\s-]+")
_LETTER_SIZES = re.compile(
    r"(?:字[号级体]\s?:?\s?)?(?=.*a ?[-+])a(?: ?[-+])?(?: [|/] | )?a(?: ?[-+])?(?:(?: [|/] | )?a(?: ?[-+])?)?"
)
_HASHTAG = re.compile(r"#(?=[^\s#]*[^\s#0-9a-f])[^\s#]{1,30}#?[\s,、|]*")
_SHARE = re.compile(
    r"(?:(?:一键)?分享(?:此文|本文)?(?:到|至|给)?(?:好友|朋友圈|微信|微博)?|扫一扫|扫码(?:分享|关注)|微信(?:好友|"
    r"扫一扫|分享|扫码分享)?|朋友圈|海报|生成海报|生成长图|保存图片|复制网址|"
    r"用?\s?(?:line|微信|qq|e-?mail|邮件)\s?(?:传送|分享|发送)(?:给好友|给朋友)?|"
    r"新浪微博|微博|qq空间|qq好友|qq|豆瓣|人人网|打印(?:本页)?|列印|友善列印|转寄|转贴|收藏(?:本文|本页)?|加入收藏|"
    r"点赞|赞|按赞|踩|"
    r"转发|复制链接|复制连结|字号|字体|字级|大|中|小|超大|举报|检举|纠错|留言|关注|已关注|取消|关闭|返回|更多|"
    r"用微信扫描二维码|分享至好友和朋友圈|share(?: this| it)?(?: article| story| post| page)?(?: on| via| to| with)?|"
    r"facebook|fb|line|plurk|telegram|threads|instagram|mastodon|bluesky|hacker news|weibo|wechat|"
    r"twitter|tweet|linkedin|whatsapp|pinterest|tumblr|pin(?: it)?|"
    r"reddit|e-?mail|print|copy(?: link| url)?|save|bookmark|like|follow|x)(?: ?\d+)?(?![a-z])[\s:|/、,·•]*"
)


def is_share_bar(line: str) -> bool:
    """A row of share buttons, of counters or of hashtags."""
    if _parts(_SHARE, line) > 0 or _parts(_COUNTER, line) > 0 or _parts(_HASHTAG, line) > 1:
        return True
    return any(known.fullmatch(line) for known in (_COUNTER_ALONE, _LETTER_SIZES))


_PROMOTION = re.compile(
    r"(?:(?:想看|想了解|查看|获取|了解)?更多[^。]{0,20}[,:]?)?(?:请|敬请|欢迎|快来|赶快|马上|立即|立刻|点击|长按|"
    r"微信)?(?:"
    r"(?:扫码|扫描|长按|识别|扫一扫)[^。]{0,14}(?:二维码|qr ?code)|"
    r"(?:扫码|扫一扫)(?:关注|下载|加入|阅读|进群|添加|查看|观看|订阅)|关注[^。]{0,24}(?:公众号|公号|微信|微博|视频号|"
    r"头条号|百家号)|"
    r"(?:下载|打开|前往|进入)[^。,]{0,12}(?:app|客户端|小程序)(?:内)?(?:查看|打开|阅读|观看|!)|(?:下载|打开)(?:app|"
    r"客户端)|"
    r"app(?:内)?(?:打开|查看|下载)|点击(?:阅读原文|查看更多|查看原文|展开|下载|关注|进入|上方|下方|蓝字|加载|这里|"
    r"此处)|"
    r"点(?:我|这里)(?:看|下载|订阅|加入|了解|追踪|去)?|阅读原文|阅读全文|查看原文|查看全文|展开全文|收起全文|"
    r"展开阅读全文|加载更多|查看更多|"
    r"返回(?:搜狐|顶部|首页|列表)|订阅[^。]{0,12}(?:电子报|快讯|频道|newsletter)|加入[^。]{0,12}(?:好友|粉丝团|粉专|"
    r"社群|会员)|"
    r"追踪[^。]{0,16}(?:粉丝团|粉专|脸书|ig|instagram|google新闻|google news)|按赞[^。]{0,10}(?:粉丝团|粉专)|"
    r"(?:粉丝团|粉专)按赞|喜欢(?:这|本)篇文章|觉得(?:文章|本文|不错|有用)[^。]{0,16}(?:点赞|赞|分享|在看|转发)|"
    r"点(?:个|亮)[“「]?(?:在看|赞)[”」]?|分享、点赞|求关注|设为星标|星标)"
    r"[^。,]{0,30}(?:,[^。,]{0,16}(?:更多|获取|了解|查看|第一时间|领取|回复|不迷路|阅读|订阅|加入|"
    r"下载)[^。]{0,30})?[。!]?|"
    r"[^。]{0,8}更多[^。]{0,24}下载[^。]{0,20}(?:app|客户端)[^。]{0,20}[。!]?"
    r"|广告|advertisements?|sponsored(?: content)?|赞助商?(?:内容|链接|广告)|展开|收起|推广|置顶"
)
_GAIN = (
    r"随时随地|第一时间|掌握|畅[享读]|尽享|免费|更多|精彩|资讯|新闻|快讯|好礼|优惠|福利|不漏|不错过|不迷路|抢先|独家|每[日天周]|"
    r"即时|实时|精选|好文|好康|看个够"
)
_OFFER = re.compile(  # a call, and what the reader gains
    r"(?:请|欢迎|立即|马上|赶快|快来|现在就?|点击|记得)?(?:"
    r"(?:下载|打开|安装|使用)[^。,]{0,16}(?:app|客户端|小程序)|(?:加入|追踪|订阅|关注|按赞|收藏|星标|锁定)[^。,]{1,20})"
    rf"[,!\s][^。,]{{0,12}}(?:{_GAIN})[^。,]{{0,16}}[。!]?"
)
_STORE = re.compile(  # under a page's own buttons, and the marks of a page that goes on
    r"(?:get it|available|download) (?:on|in|at|from) (?:the )?(?:google play|(?:mac )?app ?store|microsoft store|"
    r"appgallery|itunes)|open in app|(?:read|view|listen) (?:this )?(?:article )?in (?:the |our )?app|"
    r"member-only story|"
    r"already have an account\?.{0,20}|"
    r"(?:←|↑|⇧|\^)? ?(?:(?:go |back )to(?: the)? top|top ?(?:↑|⇧|▲))|"
    r"(?:read |show |see |view )?(?:more|all)(?: (?:posts|articles|stories|news))? (?:by|written by) .{1,40}|"
    r"(?:see|view|read) (?:all|more) (?:posts|articles|stories|news|from) .{1,40}|"
    r"follow @\w{1,30}.{0,30}|you can unsubscribe at any ?time\.?|this site is protected by recaptcha.{0,80}|"
    r"we (?:value|respect|care about) your privacy\.?|"
    r"(?:accept|agree|allow) (?:all|(?:&|and) (?:close|continue|proceed))|"
    r"(?:unlock|get) unlimited (?:digital )?access.{0,40}|"
    r"(?:↑\s?|▲\s?)?(?:返?回(?:到)?(?:页面)?(?:顶部|顶端|最上[方面层]|页首|首页|列表|目录|上一[层级])|回列表|置顶 ?↑)|"
    r"(?:广告|内文)?(?:请)?(?:继续)?(?:往下|向下|下拉|下滑)(?:继续|滑动)?(?:阅读|观看|看)(?:更多|全文|内文|下一[个篇])?[。!]?|"
    r"(?:文章|内容|故事|广告)?未完[,;]?(?:请)?(?:继续|点击|接下页|下拉)[^。]{0,12}|"
    r"(?:阅读|展开|查看|显示)(?:余下|剩余|其余|完整)(?:全文|内容|部分|\d{1,2}%)?|(?:剩余|还剩)\s?\d{1,2}%.{0,12}|"
    r"(?:本文|全文)共?\s?\d{2,6}\s?字[,;]?.{0,24}|(?:预计)?阅读(?:本文|全文)?(?:大?约|需要?|时长|时间)[^。]{0,4}\d{1,3}\s?分钟|"
    r"(?:看|查看)更多[^\s。,]{1,12}的(?:文章|作品|报道|报导)|"
    r"(?:已有|没有|还没有?)[账帐]号[?,]?\s?(?:请|立即|马上|去|直接)?(?:登[录入陆]|注册)[>»]*|(?:忘记密码\??|记住(?:我|密码)|换一张|看不清.{0,8})|"
    r"(?:侵权|内容|文章|我要|违规)(?:举报|投诉)|(?:举报|投诉)[/与和及、](?:举报|投诉|反馈|建议)|"
    r"(?:继续|向[上下左右])滑动看下一[个篇]|轻触阅读原文|预览时标签不可点|微信扫一扫\s?(?:关注该公众号|使用小程序|打赏作者)?|"
    r"(?:人喜欢|喜欢作者|赞赏作者|打赏作者|使用小程序|收录于合集.{0,24}|个人收藏|在看)|"
    r"(?:[,，]?\s?轻点两下取消(?:赞|在看)\s?)+|(?:视频\s?)?(?:小程序\s?)?赞\s?[,，].{0,40}轻点两下.{0,24}"
)
_PROMOTION_EN = re.compile(
    r"(?:please )?(?:subscribe(?: now| today)?(?: to| for| via) .{0,50}|sign up (?:to|for) .{0,50}(?:newsletter|"
    r"updates?|alerts?).{0,30}|"
    r"subscribe(?: now| today)?[.!]?|join our (?:newsletter|mailing list).{0,40}|"
    r"(?:download|get) (?:our|the) app.{0,40}|follow (?:us|me) (?:on|at) .{0,60}|follow us|like us on facebook.{0,20}|"
    r"get .{0,50} (?:in|to) your inbox.{0,40}|enter your email.{0,40}|"
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies.{0,80}|by (?:using|continuing|"
    r"clicking) .{0,60}(?:cookies?|terms).{0,40}|"
    r"(?:accept|reject|allow|manage) (?:all )?(?:cookies?|preferences)(?: .{0,30})?|cookie (?:settings|preferences|"
    r"policy)|"
    r"(?:本(?:网站|站|网)|我们)(?:会)?使用\s?cookies?.{0,60}|"
    r"click here(?: to .{0,40})?|continue reading(?: .{0,60})?|keep reading|skip to (?:main )?content|skip to .{0,20}|"
    r"loading(?:\.{3}|…)?|scroll (?:down|to continue).{0,30}|story continues below.{0,20}|"
    r"advertisement(?: .{0,30})?|this (?:article|post) (?:may )?contains? affiliate links.{0,60}|"
    r"sign in|log in|sign in to continue.{0,20}|already a (?:member|subscriber)\?.{0,30}|create (?:a free|"
    r"an) account.{0,20}|"
    r"support us|buy me a coffee.{0,30}|listen to this article.{0,20}|view all(?: .{0,20})?|show more|load more|"
    r"see more|back to top)"
)


def is_promotion(line: str) -> bool:
    """A call to follow, subscribe, download, scan or log in, a cookie banner, a marked advertisement."""
    return any(known.fullmatch(line) for known in (_PROMOTION, _OFFER, _STORE, _PROMOTION_EN))


_COMMENT = re.compile(
    r"评论(?:区|列表|\s*\(?\d*\)?)?|(?:发表|写|查看|全部|所有|网友|最新|热门|精彩|我要|更多)(?:评论|留言|"
    r"跟贴).{0,10}|(?:发表|撰写|张贴|提交|我要)(?:回应|回复|意见|观点)|(?:评论|留言)请登[录入]|"
    r"(?:网友)?(?:评论|留言|跟贴)?.{0,4}请?先?(?:登[录入陆])(?:后|后再|才能|即可|再)?.{0,6}(?:评论|留言|发言|"
    r"回复|回应).{0,6}|"
    r"(?:\d+\.\s*)?(?:目前|现在)?(?:还没|没|暂无|暂时没|尚无|尚未)(?:有|人|网友|任何|最新)?(?:评论|留言|"
    r"回复|回应)[^。]{0,20}|共?\s*\d+\s*[条则](?:评论|留言|回应)|成为第一个(?:评论|留言|回应|发言)的人.{0,4}|"
    r"(?:我(?:也|要|有话|来)*)?来?说[两几]句吧?.{0,8}|(?:抢先|快来|立即)(?:评论|留言).{0,8}|快来(?:抢沙发|评论|发表).{0,12}|抢沙发|说点什么.{0,8}|留下(?:你|您)的(?:评论|看法|留言).{0,8}|"
    r"文明上网.{0,20}|网友评论仅供.{0,30}|电子邮件地址不会被公开.{0,30}|"
    r"(?:leave|post|add|write) (?:a|your) (?:comment|reply).{0,20}|cancel reply|leave a reply .{0,30}|post comment|"
    r"\d* ?(?:comments?|replies|responses)(?: \(\d+\))?|(?:\d+|one|two|no) (?:thoughts?|comments?|"
    r"responses?)(?: on .{0,60}| yet)|"
    r"(?:you must be |please )?(?:log(?:ged)?|sign(?:ed)?) in to (?:post a |leave a )?(?:comment|reply).{0,20}|(?:no|"
    r"be the first to) comments?.{0,20}|be the first(?: to .{1,20})?[.!]?|"
    r"sort by (?:newest|oldest|best)|"
    r"comments are closed\.?|join the (?:conversation|discussion)|your email address will not be published.{0,60}|"
    r"required fields are marked.{0,10}|save my name,? email.{0,80}|notify me of .{0,40}"
)


def is_comment_form(line: str) -> bool:
    """A line of an empty or closed comment form, or the heading of one."""
    return _COMMENT.fullmatch(line) is not None


_RELATED = re.compile(
    r"(?:[▲▼◆■●★☆►▶◎※【\[>《]\s?)*(?:(?:[^\s。,:]{0,4})?相关(?:阅读|文章|推荐|新闻|报道|报导|链接|连结|专题|话题|"
    r"资讯|标签|主题)|"
    r"(?:热门|精彩|编辑|猜你|为您|为你|今日|本周|精选|站长|小编)?推荐(?:阅读|文章|新闻|内容|给您|给你)|延伸(?:阅读|"
    r"报道|报导)|拓展阅读|往期(?:推荐|回顾|精彩|文章)|"
    r"热门(?:文章|推荐|新闻|排行|话题|标签|关键字|点阅|报导)|热点(?:新闻|推荐|排行)|热新闻|人气(?:文章|排行|点阅)|"
    r"猜你喜欢|"
    r"最新(?:文章|资讯|新闻|发布|更新|消息)|(?:点击|阅读|浏览|新闻)(?:排行|排行榜)|今日热(?:点|搜|门)|"
    r"更多(?:精彩|新闻|资讯|文章|报道|报导|相关|热门|内容|推荐|阅读)|看更多(?:新闻|文章|报导)?|其他人也(?:在看|看了)|"
    r"(?:大家|网友|读者)(?:都|也)在看|"
    r"(?:你|您)可能(?:也|还)?(?:喜欢|感兴趣|会喜欢|想看)|(?:你|您)也许(?:还)?(?:喜欢|感兴趣)|不(?:可|要)错过|"
    r"上一?(?:篇|则)|下一?(?:篇|则)|前一篇|后一篇|"
    r"related (?:posts?|articles?|stories|news|reading|content|topics|coverage|links)|"
    r"you (?:may|might) (?:also )?(?:like|enjoy|be interested in)|more (?:from|stories|news|on this story|like this|"
    r"posts)|"
    r"read (?:more|next|also)|see also|up next|don't miss|recommended(?: for you| stories| reading| articles)?|"
    r"trending(?: now)?|"
    r"most (?:read|popular|viewed)|popular posts|recent posts|latest (?:news|posts|stories)|"
    r"(?:← ?)?(?:previous|prev|older)(?: (?:post|article|story|entries|posts))?|"
    r"(?:next|newer)(?: (?:post|article|story|posts))?(?: ?→)?)"
    r"(?:排行榜?|列表|专区)?[\]】]?\s?(?:[:>»》▼↓→|]+.{0,60}|[:>».▼↓→|…-]*)"
)


def is_related_heading(line: str) -> bool:
    """The heading of a list of other articles, or a link to one of them."""
    return _RELATED.fullmatch(line) is not None and not line.endswith("。")


def _parts(item: re.Pattern[str], line: str) -> int:
    """How many items one after another make up `line`; 0 where something else stands in it.

    A repetition in the pattern would try all ways to part them.
    """
    at = parts = 0
    while found := item.match(line, at):
        at, parts = found.end(), parts + 1
    return parts if at == len(line) else 0


KINDS: tuple[tuple[str, int, Callable[[str], bool]], ...] = (
    ("breadcrumb", 80, is_breadcrumb),
    ("navigation", 300, is_navigation),
    ("byline", 200, credits.is_byline),
    ("related articles", 80, is_related_heading),
    ("share bar", 120, is_share_bar),
    ("promotion", 120, is_promotion),
    ("comment form", 120, is_comment_form),
    ("author box", 120, credits.is_author_box),
    ("copyright or credit", 300, credits.is_copyright_or_credit),
)
"""Reason, length of the longest line that is asked about, and the question, in the order in which they are asked."""


def kind(line: str, folded: str) -> str:
    """The kind of furniture that `line` is; empty for a line of the article."""
    for why, longest, is_it in KINDS:
        if len(folded) <= longest and is_it(folded):
            return why
    return "byline" if credits.is_english_byline(line) else ""
