"""Lines of page furniture go, lines of the article stay."""

import pytest
from growth import assert_linear, hostile

from rag.clean import clean
from rag.clean.furniture import KINDS
from rag.clean.lines import REASONS, kind_of
from rag.script import spellings

FURNITURE = [
    "當前位置:首頁 > 股市 >",
    "您现在的位置：首页 > 新闻中心 > 正文",
    "Home > Technology > AI",
    "0 评论 746 浏览 2 收藏 14 分钟",
    "分享到： 微信 微博 QQ空间",
    "Share on Facebook Tweet Pin",
    "评论请登录",
    "目前还没评论，等你发挥！",
    "本文由某某原创发布于某平台，未经许可，禁止转载",
    "© 2024 Example Media. All rights reserved.",
    "责任编辑：小王",
    "（相關資料圖）",
    "相关阅读：另一篇文章的标题",
    "首页 | 新闻 | 财经 | 科技 | 登录",
    "更多精彩内容，请关注某某微信公众号或下载App",
    "Subscribe to our newsletter",
    "编辑室2024-03-05 10:20",
    "首页 > 财经 > 正文",
    "首頁 / 財經 / 產業",
    "你的位置：首页 » 科技 » 文章",
    "登录 | 注册",
    "會員登入 | 訂閱電子報",
    "关于我们 | 联系我们 | 网站地图 | 免责声明",
    "Home | About | Contact",
    "News Sports Opinion",
    "Sign in",
    "Privacy Policy",
    "阅读 1.2万 评论 36",
    "12,345 views",
    "5 min read",
    "瀏覽人次：3,021",
    "分享到朋友圈",
    "Share on X",
    "Share this article",
    "Tweet",
    "字號 大 中 小",
    "0",
    "打开APP阅读全文",
    "扫码关注公众号，第一时间获取更多资讯",
    "長按識別二維碼關注我們",
    "点击阅读原文",
    "立即下載APP",
    "加入LINE好友",
    "按讚粉絲團",
    "訂閱電子報",
    "點我看更多",
    "關注我們的微博",
    "Sign up for our weekly newsletter",
    "We use cookies to improve your experience.",
    "Accept all cookies",
    "Click here to download the report",
    "Advertisement",
    "Follow us on Facebook",
    "返回顶部",
    "发表评论",
    "暂无评论",
    "登录后发表评论",
    "网友评论",
    "Leave a comment",
    "3 Comments",
    "No comments yet",
    "Your email address will not be published.",
    "文章来源：某某日报",
    "責任編輯：王小明",
    "編輯／王小明",
    "记者 王小明 通讯员 李红",
    "某某晚報記者 王小明",
    "記者王小明／台北報導",
    "（圖／翻攝自網路）",
    "▲示意圖",
    "图片来源：网络",
    "关键词：人工智能 大模型",
    "标签：AI、创业",
    "Tags: AI, startups",
    "Filed under: Business",
    "By Jane Doe",
    "By Jane Doe and Li Hong",
    "Photo: Jane Doe",
    "本文系作者授权发布，未经许可不得转载。",
    "转载请注明出处。",
    "未經授權，請勿轉載",
    "以上内容仅代表作者个人观点，不代表本站立场。",
    "免责声明：本文内容来自合作方，版权与责任均由原作者承担，本站只作展示之用。",
    "如有侵权，请联系我们删除。",
    "本文首发于某某杂志",
    "版權所有，翻印必究",
    "京ICP备00000000号",
    "Originally published in The Example Review.",
    "No part of it may be reproduced without permission.",
    "某某观察，微信公众号：某某观察（ID：example），关注公司与市场的专栏。",
    "作者简介：王小明，专栏作者。",
    "About the author",
    "2024-03-05 10:20:11 来源：某某网 作者：王小明",
    "发布时间：2024-03-05",
    "发布于2024年3月5日 10:20",
    "Published March 5, 2024",
    "Posted on March 5, 2024 by Admin",
    "3小时前",
    "延伸閱讀：另一篇文章的标题",
    "相關報導》另一篇文章的标题",
    "更多新聞",
    "看更多",
    "推荐阅读",
    "猜你喜欢",
    "下一篇：另一篇文章的标题",
    "Related articles",
    "Next: another title",
    "You may also like",
    "Most popular",
]

ARTICLE = [
    "苹果发布新机当天，一家版权所有者起诉了它。",
    "版权法的修改引起争论",
    "他们认为未经同意不得公开信件是对的",
    "《著作权法》第三次修改完成",
    "转载量是传播力的一个指标",
    "把面团分享给邻居，是这道菜的乐趣",
    "分享经济的三个难题",
    "评论家与他的时代",
    "推荐系统如何工作",
    "相关系数不等于因果",
    "首页设计的三个原则",
    "最新的数据显示，增速放缓",
    "下载速度提高了一倍",
    "更多的人选择留在家乡",
    "编辑部的故事",
    "编辑一个文件需要三步",
    "作者认为，这是一个误会",
    "作者是谁并不重要",
    "来源不明的资金",
    "记者在现场看到，工人正在清理道路",
    "记者：您怎么看这件事？",
    "问：作者写了多久？",
    "关注老人的孤独",
    "扫码点餐引起的争议",
    "小程序的开发流程",
    "登录月球的人",
    "注册一家公司要多少钱",
    "打开窗户，让空气流通",
    "声明发表之后，股价下跌",
    "公司声明：裁员计划已经取消",
    "据新华社报道",
    "2019年3月1日",
    "成立日期：2015年3月1日",
    "2024年3月5日，公司宣布裁员。",
    "时间：2024年3月5日下午",
    "9 > 5 > 3",
    "北京、上海、广州、深圳",
    "第三章 导航与定位",
    "二、评论的力量",
    "大与小",
    "一、二、三",
    "5.3",
    "2023",
    "她点了赞，又取消了",
    "专栏作家李红认为，房价不会上涨",
    "他是某杂志的专栏作家。",
    "公众号的兴起改变了阅读",
    "据某某公众号：近日，有人见到了那只猫。",
    "Related work",
    "Next steps",
    "Next-generation batteries",
    "More research is needed",
    "Read the instructions first",
    "Copyright law in the digital age",
    "The copyright term was extended in 1998.",
    "He published the book without permission, and was sued.",
    "Comments on the draft were many",
    "Home and school",
    "About a third of them left",
    "Health and science",
    "By the end of the year it was gone",
    "by and large",
    "Cookies are small files that a site stores.",
    "Bake the cookies for ten minutes.",
    "Share prices fell",
    "He said he would share on the terms they offered",
    "Most read it in translation",
    "Contact with the patient was lost",
    "Sources say the deal is done",
    "Source code",
    "Editor in chief",
    "The End of History",
]


@pytest.mark.parametrize("line", FURNITURE)
def test_furniture_goes_and_its_neighbours_stay(line: str) -> None:
    before, after = "商汤科技2022年营收下滑近两成。", "它的亏损达到60亿元。"
    page = clean(f"{before}\n{line}\n{after}")
    assert page.text.split() == [before, after]
    assert [edit.why for edit in page.edits if not REASONS.isdisjoint(edit.why.split(" + "))]
    assert clean(line).text == line.strip(), "a text of one line is a quotation, not a page"


@pytest.mark.parametrize("line", ARTICLE)
def test_a_line_that_speaks_of_such_things_stays(line: str) -> None:
    page = f"商汤科技2022年营收下滑近两成。\n{line}\n它的亏损达到60亿元。"
    assert clean(page).text == page


@pytest.mark.parametrize("line", ["版权所有", "责任编辑：某人", "相关阅读", "扫码关注公众号", "发表评论", "关于我们"])
def test_furniture_is_known_in_every_spelling(line: str) -> None:
    written = spellings(line)
    assert len(written) > 1
    assert {kind_of(one) for one in written} == {kind_of(line)} != {""}


def test_spam_title_only_where_the_article_knows_none_of_it() -> None:
    article = "\n大厂为何不跟进Sora\n国内大厂布局的重点不在文生视频。\n它们要先追上别人。"
    assert clean("手游攻略大全_红烧肉家常做法_今日彩票开奖_天气预报" + article).text == article.strip()
    kept = "大厂为何不跟进Sora_人人网_产品_频道"
    assert clean(kept + article).text.startswith(kept)


def test_every_kind_is_a_reason() -> None:
    assert {"spam title", *(why for why, _, _ in KINDS)} == REASONS


def test_a_list_of_titles_goes_with_its_heading_and_a_section_does_not() -> None:
    article = "商汤的亏损\n商汤科技2022年营收下滑近两成。\n它的亏损达到60亿元。\n"
    assert clean(article + "相关阅读\n第一篇的标题\n第二篇的标题\n").text == article.strip()
    section = "相关推荐\n推荐系统的历史\n推荐系统从协同过滤开始。"
    assert clean(article + section).text.endswith("推荐系统的历史\n推荐系统从协同过滤开始。")


LINE_BITS = [
    "赞 ",
    "赞1,,,",
    "赞11赞",
    "1,5",
    "赞1,5,5浏览",
    "分享到 ",
    "首页 ",
    "cookie",
    "us",
    "a>   ",
    "a> > ",
    "home>",
]
LINE_BITS += [
    "2024-1-1|",
    "2024-1-1 | 编辑",
    "于 ",
    "2024-1-1 1:11 ",
    "评论",
    "登录后",
    "1 评论 ",
    "by ",
    "图片来自 ",
    "作者: ",
]
LINE_BITS += [
    "版权",
    "未经",
    "关注",
    "关注公众号",
    "the  in your inbox ",
    "subscribe to newsletter ",
    "相关阅读 ",
    "x ",
    "_a",
    ",",
]
LINE_BITS += [
    "(",
    " ",
    "\n",
    "\t\u3000",
    "图(t",
    "?",
    "（",
    "首页>",
    "a\n",
    "赞\n",
    "的\n\n\n",
    "来源:\n",
    "当(dāng)",
    "\u200b字",
]


@pytest.mark.parametrize("bit", LINE_BITS)
def test_hostile_lines_cost_linear_work(bit: str) -> None:
    for short, long in zip(hostile(bit, 2_500), hostile(bit, 20_000), strict=True):
        assert_linear(clean, short, long)
    once, between, *_ = hostile(bit, 200_000)
    assert_linear(clean, hostile(bit, 20_000)[0], once)
    assert_linear(clean, hostile(bit, 20_000)[1], between)


@pytest.mark.parametrize("bit", ["?", "(", "（", "的", "首页>", "a\n"])
def test_ten_megabytes_cost_ten_times_one(bit: str) -> None:
    size = 200_000 if "\n" in bit else 1_000_000  # of the lines, a million
    assert_linear(clean, bit * (size // len(bit)), bit * (10 * size // len(bit)))


@pytest.mark.parametrize(
    "line",
    [
        "If x > 5 and y > 3 then stop",
        "x -> y -> z",
        "数据 => 模型 => 结果",
        "<b>x</b> and a > b > c",
        "（一）未经著作权人许可，复制、发行其作品的；",
        "第五十三条 未经著作权人许可，不得转载其作品",
        "未经著作权人许可，不得转载、复制、发行其作品。",
    ],
)
def test_formulas_and_law_are_no_furniture(line: str) -> None:
    assert kind_of(line) == ""


@pytest.mark.parametrize(
    "line",
    [
        "新闻 > 2024 > 三月",
        "本文著作权归作者所有",
        "本文著作權歸作者所有。",
        "home » tech » ai",
        "未经许可，不得转载。",
        "未经作者许可，禁止转载",
    ],
)
def test_breadcrumbs_and_notices_still_are(line: str) -> None:
    assert kind_of(line) != ""
