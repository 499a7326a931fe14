"""Which lines are worth a close look: one of these words or signs stands in every line of furniture.

Asking each kind of furniture about each line, folded, costs a hundred times as much. The lists may say yes too often;
where they say no, the line stays.
"""

import re
from functools import lru_cache

from rag.script import spellings

__all__ = ["may_be_furniture"]

_IN_SENTENCE = (
    "版权 著作权 侵权 侵删 必究 授权 许可 未经 转载 转贴 摘编 首发 原载 转自 选自 摘自 节选自 信息存储 提供存储 "
    "作存储 仅代表 只代表 均代表 属于作者 属于原作 "
    "不代表 声明 免责 仅供 只供 不构成 题图 封面图 凡注 凡本 本文发表 来自网络 来自互联 来源于 源自 公众号 公号 "
    "订阅号 视频号 微信号 微信id 专栏作 作者简介 "
    "二维码 扫码 扫一扫 小程序 客户端 粉丝团 粉专 电子报 评论 留言 跟贴 抢沙发 文明上网 电子邮件 使用c"
).split()
_IN_FRAGMENT = (
    "关注 点击 点我 点个 返回 加入 打开 下载 前往 进入 记者 编辑 觉得 推广 追踪 按赞 加载 登录 登陆 登入 两句 喜欢这 "
    "喜欢本 示意图 资料图 资料照 图片来 图源 图/ "
    "来源 图片。 翻摄 长按 网友 位置 首页 主页 财经 股市 股票 科技 体育 娱乐 论坛 博客 新闻 国际 国内 社会 生活 文化 "
    "影音 即时 导航 会员 注册 搜索 搜寻 订阅 隐私 协议 条款 我们 "
    "反馈 帮助中心 招聘 友情链 举报 顶部 网站 广告 合作 回首页 回上 上一 下一 前一篇 后一篇 尾页 末页 浏览 阅读 观看 "
    "播放 人气 点阅 热度 收藏 点赞 "
    "分享 转发 转寄 分钟 字数 回复 微信 微博 朋友圈 空间 豆瓣 打印 列印 复制 字号 字体 字级 检举 纠错 识别 查看 全文 "
    "原文 在看 设为 求关注 置顶 赞助 "
    "展开 收起 说点什么 留下 相关 推荐 延伸 拓展 往期 热门 热点 猜你 为您 为你 最新 排行 今日热 更多 在看 看了 可能 "
    "也许 不可错过 不要错过 作者 投稿 商务 "
    "爆料 报料 原创 图片 素材 配图 备案 公网安备 icp 互联网新闻 经营许可 客服 图注 出处 责编 主编 校对 审核 审校 "
    "编审 监制 排版 美编 制图 "
    "菜单 选单 行动版 触屏 登出 游客 访客 欢迎 回应 围观 粉丝 篇文 篇原 传送 发送 海报 长图 网址 掌握 追踪 安装 锁定 "
    "记得 往下 向下 下拉 下滑 未完 余下 剩余 完整 本文共 全文共 账号 帐号 密码 知道了 投诉 滑动 轻触 轻点 人喜欢 赞赏 "
    "打赏 合集 说两 说几 抢先 图说 情境 档案 列表 目录 顶端 最上 页首 初审 复审 终审 一审 二审 三审 值班 编译 翻译 "
    "译者 译: 译： 译丨 译| 策划 统筹 出品 通讯员 撰文 撰稿 供图 供稿 "
    "采写 播报 实习生 标签 关键词 关键字 主题词 "
    "分类 栏目 发布 发表 更新 发稿 修改 上架 刊登 时间 日期 小时前 天前 日前 周前 月前 配图 网络图 合成图 情境图 "
    "截图 图: 图： 图丨 图| 图／ 照片 文/ 文／ "
    "文: 文： 文丨 文| 文｜ 图｜ 文字 摄/ 摄／ 摄: 摄： 摄影 评论员 主笔 报道 报导 全文完 (完 （完 —完 -完"
).split()
_WORDS_IN_SENTENCE = frozenset(
    "cookie cookies comment comments newsletter subscribe subscriber inbox updates alert alerts permission consent "
    "rights copyright "
    "reproduced redistributed republished published appeared expressed disclaimer wordpress hexo hugo ghost app "
    "affiliate email "
    "reporter editor correspondent contributor writer author qr follow advertisement account reach "
    "unsubscribe recaptcha".split()
)
_WORDS_IN_FRAGMENT = _WORDS_IN_SENTENCE | frozenset(
    "home news tech business world politics opinion sports login register search menu about contact english fb ig "
    "rss privacy terms careers "
    "settings help faq sitemap blog store sign log us map views view shares share likes like claps reads read min "
    "mins minute minutes words "
    "save print mail facebook twitter tweet linkedin whatsapp pinterest tumblr pin reddit instagram telegram threads "
    "plurk mastodon "
    "bluesky weibo wechat hacker qq x total like click continue keep skip loading scroll story already support buy "
    "listen "
    "show load see more back advertise sponsored reply replies response responses thought thoughts conversation "
    "discussion required notify "
    "related recommended trending popular recent latest posts previous prev older next newer don up most views "
    "opinions powered "
    "photo photos image images source sources credit credits authors tag tags tagged via category categories topics "
    "filed posted "
    "written edited editing reported reporting translated by updated modified ago icp id contributing staff senior "
    "end fin also join create copy bookmark e paper google available unlock unlimited top here welcome "
    "value respect agree accept allow got not maybe think sort be member open "
    "january february march april may june july august september october november december jan feb mar apr jun jul "
    "aug sept sep oct nov dec".split()
)
_WORD = re.compile(r"[A-Za-z]+")
_SIGN_IN_SENTENCE = re.compile(r"©|\([cC]\)")
_SIGN = re.compile(r"[>›»©#]|19\d\d|20\d\d|\d:\d\d|\([cC]\)|\A[|/·•-]|[Aa][-+]")
_SENTENCE_END = "。！？!?.…”」』"
_GOES_ON = "，、,;；"
_TINY = 5  # a button, a counter
_SHORT = 30  # a shorter line may be a call to the reader, full stop or not


@lru_cache(maxsize=2)
def _han(*, in_sentence: bool) -> re.Pattern[str]:
    """The Han words, in both scripts, sorted by first character: the fastest form for `re`."""
    tails: dict[str, list[str]] = {}
    for word in _IN_SENTENCE if in_sentence else _IN_SENTENCE + _IN_FRAGMENT:
        for spelling in spellings(word):
            tails.setdefault(spelling[0], []).append(re.escape(spelling[1:]))
    return re.compile("|".join(f"{re.escape(head)}(?:{'|'.join(rest)})" for head, rest in tails.items()))


def may_be_furniture(line: str) -> bool:
    """Whether `line`, without space at its ends, is worth folding and asking about.

    >>> may_be_furniture("責任編輯：小王"), may_be_furniture("它的虧損達到60億元。")
    (True, False)
    """
    if line[-1] in _GOES_ON:
        return False
    if len(line) <= _TINY:
        return True
    in_sentence = len(line) > _SHORT and line[-1] in _SENTENCE_END
    if _han(in_sentence=in_sentence).search(line) or (_SIGN_IN_SENTENCE if in_sentence else _SIGN).search(line):
        return True
    words = _WORD.findall(line)  # to lower the whole line would cost more than all else here
    return not (_WORDS_IN_SENTENCE if in_sentence else _WORDS_IN_FRAGMENT).isdisjoint(map(str.lower, words))
