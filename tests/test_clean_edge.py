"""Lines that are furniture only for their place: at the edges of a page, beside other furniture."""

import pytest

from rag.clean import clean
from rag.clean.edge import at_edges
from rag.library.passages import prepare
from rag.types import Document

TITLE = "山里的邮递员"
BODY = ["他每天走二十公里山路，把信送到最远的一户人家。", "村里通车以后，信少了，他带的药却多了。"]


ABOVE = [
    "首页/国际/文化/健康",
    "登录/注册",
    "選單/會員/搜尋",
    "首页 > 文化 > 正文/下载APP",
    "Menu/Search/Home",
    "Toggle navigation/Home/Arts/Weather",
    "欢迎来到山城晚报，请登录",
    "加入会员 | 订阅电子报 | 登入",
    "简体版 繁体版 English",
    "人事考试培训-公务员面试辅导-教师资格报名-会计证",
]

BELOW = [
    "返回顶部",
    "▲回到頂端",
    "Back to top",
    "轻点两下取消赞，轻点两下取消在看",
    "向上滑动看下一个",
    "微信扫一扫/关注该公众号",
    "喜欢作者/3人喜欢",
    "Android版/iPhone版/立即下载",
    "Available on the App Store/Get it on Google Play",
    "关注山城晚报，每天早上读一条好新闻",
    "打开客户端，随时随地看直播",
    "追蹤我們的粉專，精彩不漏接！",
    "#乡村# #邮政#",
    "#山村 #郵差",
    "12 条回应/发表回应/昵称：/验证码：/提交",
    "尚無回應，快來留言",
    "我也来说两句",
    "Sign in to leave a comment/Be the first to comment!",
    "Sort by newest/No comments yet",
    "看更多周遠的文章",
    "More articles by Ann Lee",
    "关于作者/周远/山城晚报特约撰稿人/共发表 12 篇文章",
    "About the author/Ann Lee/Follow @annlee",
    "本文經作者授權轉載",
    "展开剩余80%",
    "全文共2300字，阅读大约需要6分钟",
    "继续往下阅读",
    "请往下继续阅读",
    "Open in app",
    "You can unsubscribe at any time.",
    "We value your privacy/Accept all/No thanks",
    "已有账号？立即登录",
    "举报/分享",
    "侵权举报",
    "延伸阅读/山路上还有谁？/信的一百年！/1. 邮票为什么有齿孔？",
    "More from The Hill Paper/A road for the last village",
]

UNDER_TITLE = [
    "周远/2023-05-06 08:00",
    "周远/2023-05-06 08:00/发表于 山城晚报",
    "编辑部/发布时间：2023-05-06",
    "2023-05-06 08:00 山城晚报 周远",
    "Ann Lee/Published May 6, 2023",
    "A- A A+",
    "字号：A- A A+",
    "阅读时长：6分钟",
    "Reading time: 6 minutes",
    "点击 1,024 次",
    "320 次点阅 4 则回应",
    "人氣(12) 推薦(3)",
    "▲示意圖。（圖／山城晚報提供）",
    "（資料照／山城晚報）",
]


@pytest.mark.parametrize("above", ABOVE)
def test_what_stands_above_a_title_goes(above: str) -> None:
    assert clean("\n".join([*above.split("/"), TITLE, *BODY])).text.split() == [TITLE, *BODY]


@pytest.mark.parametrize("below", BELOW)
def test_what_stands_below_an_article_goes(below: str) -> None:
    assert clean("\n".join([TITLE, *BODY, *BODY, *below.split("/")])).text.split() == [TITLE, *BODY, *BODY]


@pytest.mark.parametrize("under", UNDER_TITLE)
def test_what_stands_between_a_title_and_its_article_goes(under: str) -> None:
    assert clean("\n".join([TITLE, *under.split("/"), *BODY])).text.split() == [TITLE, *BODY]


STAYS = {
    "how to log in": """怎样注册和登录

首页

首页右上角有两个按钮：注册和登录。

注册

点击“注册”，填写用户名和密码。

登录

登录以后就能看到自己的购物车。忘记密码时，点击“忘记密码”。

需要填写的内容：
昵称
邮箱
验证码""",
    "cooking": """分享一道家常豆腐

食材

豆腐两块，葱一根，酱油两勺。

做法

豆腐切块，小火煎到两面金黄。

打开盖子，加水焖五分钟。

分享给家人之前，撒一点葱花。

收藏
把剩下的豆腐放进冰箱，可以收藏两天。""",
    "the law of copyright": """转载与版权的边界

一、什么是版权

版权所有者有权决定谁可以复制他的作品。

二、转载

报纸之间可以互相转载，但要说明来源。

三、声明

作者声明不得转载的，其他报纸就不能转载。""",
    "newsletters": """Why newsletters came back

Home

Readers open them at home, on the way to work, and in bed.

Newsletters

A newsletter reaches its readers without asking a machine.

Contact

Writers say that the contact with their readers is what keeps them going.

More from less

The best ones are short, and say so.""",
    "a title of one word": """登录

登录是网站认出你的办法。

它有两步。""",
    "a poem": """早春

雨停了
首页翻过去
山还在
论坛散了
人还在""",
    "a list of words": """首页
登录
注册
搜索
退出""",
    "a diary": """三月

周远
去年的这个时候，我们还不认识。

2019年3月6日

他来了。""",
    "names": """参加者

赵明
钱亮
孙红
他们都住在山里，每个月见一次面。""",
    "talk": """对话录

“你看见他了吗？”

知道了

她只说了这三个字，就走了。

Top

那是山顶的意思。""",
    "code": """Py_True | Py_False | Py_None in C

The objects Py_True, Py_False and Py_None are compared by address.

PyLong_Type is a type.""",
    "shares": """市场周报

财经

本周财经新闻不多，股市平稳。

推荐

分析师推荐观望。

体育

体育板块上涨百分之三。""",
}


@pytest.mark.parametrize("name", STAYS)
def test_an_article_that_speaks_of_such_things_stays_as_it_is(name: str) -> None:
    text = STAYS[name]
    assert [(edit.why, text[edit.start : edit.end]) for edit in clean(text).edits if edit.new != "\n"] == []
    assert clean(text).text == text


def test_every_passage_of_a_page_with_furniture_is_proven() -> None:
    for above, under, below in zip(ABOVE, UNDER_TITLE, BELOW, strict=False):
        raw = "\n".join([*above.split("/"), TITLE, under, *BODY * 4, *below.split("/")])
        _, passages = prepare(Document("page", "page", raw, ""))
        for passage in passages:
            assert clean(raw[passage.start : passage.end]).text == passage.text


def test_a_button_beside_prose_is_a_heading() -> None:
    body = ["One line of prose, and it ends here.", "Another line of prose that ends."]
    assert at_edges(["Bees", *body, "Login", body[0]], lambda _: "") == {}
    assert at_edges(["Login", *body], lambda _: "") == {}
    assert at_edges(["Bees", *body, "Steps:", "Login", "Search"], lambda _: "") == {}
    assert at_edges(["Bees", *body, "Login", "Search"], lambda _: "") == {3: "navigation", 4: "navigation"}


def test_a_word_over_its_own_paragraph_is_a_heading_unless_that_is_furniture_too() -> None:
    body = "\n".join([TITLE, *BODY])
    assert clean(f"{body}\n收藏\n旧信可以收藏十年。\n{BODY[0]}").text.endswith(f"收藏\n旧信可以收藏十年。\n{BODY[0]}")
    assert clean(f"{body}\n关注\n更多故事，请关注山城晚报微信公众号。").text == body
