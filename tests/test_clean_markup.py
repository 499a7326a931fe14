"""HTML and Markdown: signs go, words stay, and a quote of them cleans to what was cited."""

import re

import pytest
from growth import assert_linear, hostile
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunk import chunk
from rag.clean import breaks, clean
from rag.types import Kind, Span


def test_html_keeps_the_way_back() -> None:
    raw = (
        "<html><head><title>T</title><style>p{}</style></head><body><nav><a>Home</a></nav>"
        "<p>商汤&amp;云从\n  的<b>亏损</b>。</p><script>if (a < b) {}</script><p>A &lt; B</p><!-- x --></body>"
    )
    page = clean(raw, "html")
    assert page.text == "商汤&云从 的亏损。\n\nA < B".replace("\n\n", "\n" * page.text.count("\n"))
    start = page.text.index("亏损")
    assert page.to_raw(Span(start, start + 2)).of(raw) == "亏损"
    quote = page.to_raw(Span(0, start + 3)).of(raw)
    assert quote.startswith("商汤&amp;") and quote.endswith("。")
    assert clean(quote, "html").text == page.text[: start + 3]


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("<form><form></form><p>第一段正文。</p><p>第二段<b>x</b></p>", "第一段正文。\n第二段x"),
        ("<nav>首页<p>第一段<i>正文</i>。</p></aside>", "首页\n第一段正文。"),
        ("<nav>首页<nav>新闻</nav></nav><p>正文。</p>", "正文。"),
        ("<p>甲。</p><script>a < b</SCRIPT><p>乙。</p>", "甲。\n乙。"),
        ("<SCRIPT>var s = '</scripts>'</script ><p>乙。</p>", "乙。"),
        ("<NAV>首页</nav><p>甲。</p><nav>新闻</NAV>", "甲。"),
        ("<style>İ</STYLE><p>İ甲。</p>", "İ甲。"),
        ("<p>见<a title=\"a > b\" href=x>此文</a>和<b data-x = '1 > 0'>那文</b>。</p>", "见此文和那文。"),
        ('<p>见<a title="一>此文</a>。</p><p>乙。</p>', "见此文。\n乙。"),
        ("<p title=它's>甲'乙。</p>", "甲'乙。"),
        ("<!--><p>甲。</p><!-- > -->", "甲。"),
    ],
)
def test_html_goes_and_its_words_stay(raw: str, want: str) -> None:
    assert re.sub(r"\n+", "\n", clean(raw, "html").text) == want


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("> - item", "item"),
        ("- > x", "x"),
        ("- # x", "x"),
        ("\u3000> 1. x", "1. x"),
        ("> ```py\n> a = 1\n> ```\nb", "a = 1\nb"),
        ("```a``` b", "```a``` b"),
        ("a\n- ---\nb", "a\n\nb"),
        ("题目\n====\n正文", "题目\n\n正文"),
        ("****", ""),
        ("***重点***和**- 要点**", "重点和- 要点"),
        ("**- 要点**", "要点"),
        ("[[a](b)](c)", "a"),
        ("[![图](a.png)](b)文", "文"),
        ("见[A](https://x.y/A_(z) '题')。", "见A。"),
        ("a <!-- <b>x</b> --> b", "a  b"),
        ("\ufeff# 题\r\r# 目", "题\n\n目"),
        ("---\ntitle: 题\ntags:\n- a\n  b\n# c\n---\n正文", "正文"),
        ("---\ntitle: 题\n...\n正文", "正文"),
        ("---\n第一段。\n第二段。\n---\n第三段。", "第一段。\n第二段。\n\n第三段。"),
        ("---\n# 题\n第一段。\n---\n第三段。", "题\n第一段。\n\n第三段。"),
    ],
)
def test_markdown_signs_go_and_their_words_stay(raw: str, want: str) -> None:
    assert clean(raw, "markdown").text == want


MARKS = "* ** *** __ ~~ ~~~ ` ``` - + > # ## = === --- [ ] ]( ( ) ! ![ [a](b) <!-- --> <".split(" ") + [" ", "  ", "\n"]
MARKED = st.lists(st.sampled_from([*MARKS, "字", "句。", "ab ", "1."]), max_size=24).map("".join)


@settings(max_examples=500, deadline=None)
@given(MARKED)
def test_what_is_left_of_markdown_holds_no_more_signs(raw: str) -> None:
    once = clean(raw, "markdown").text
    assert clean(once, "markdown").text == once


MARKDOWN_PAGE = """\
---
title: "商汤的亏损: 一份笔记"
date: 2023-08-05
tags: [AI, 商汤]
---

# 商汤的**亏损**

> “我们在研究！”他说。更多见[《为什么亏损？》原文](https://example.com/a_(b) "题")。
> > - 营收*下滑*两成；亏损扩大到~~50~~60亿元。
> > - ![图](data:image/png;base64,AAAA) 图后还有一句话。

1. 第一项工作，详见 [What is AI? A primer](http://x.y/z?a=1). It **ends** here.
- [链接在前](http://x.y)的一项，另见[链接在后](http://x.y)
## [整行链接](http://x.y)
2. 第二项工作[^1]，`clean(x)` 返回文本。

* * *

| 年份 | 营收 |
| --- | --- |
| 2022 | 38亿。|

```python
# 这是注释。
print("a > b")
```

“好的开始。” - 某作者。***最重要的***是人。
Mr. Li said __so__. See [the report](<http://x.y>) and [![徽章](b.svg)](http://ci). End.
<!-- 草稿：
不要。 -->
小标题
------
当前位置：首页 > 新闻 > 正文
最后一句话在这里，文章写完了。
"""

HTML_PAGE = """\
<!DOCTYPE html><html><head><title>题目 - 站名</title><meta name="a" content="1 > 0">
<STYLE>p > a {}</style><script>if (a < b && "</p>") {}</SCRIPT></head>
<body><NAV><ul><li><a href="/">首页</a></li></ul></nav>
<form action="/s"><div><form></form>
<h1>商汤的亏损&nbsp;&amp; 裁员</h1>
<p>商汤科技2022年营收<b>下滑</b>近两成。
  它的亏损达到<a title="亏 > 赚" href='x'>60亿元。原因</a>很多！</p>
<p>“我们在研究&hellip;&hellip;”他说。<br>A &lt; B，且 2 < 3。<!-- 草稿。 --> 他又说：&ldquo;先做。再想。&rdquo;</p>
<aside><p>相关阅读：别的文章。</p></aside>
<ul><li>第一项；<li>第二项。Mr. Li left. OK?</ul>
<p>當(dāng)前的\u200b情況。<img alt="图 > 字" src=a.png><span
 class="x">最后一句。</span></p><p>责任编辑：小王</p>
<footer>© 2024 All rights reserved.</footer></body></html>
"""


@pytest.mark.parametrize(("kind", "raw"), [("markdown", MARKDOWN_PAGE), ("html", HTML_PAGE)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_rules_of_a_citation_hold_for_every_sentence_of_a_marked_page(kind: Kind, raw: str, newline: str) -> None:
    raw = raw.replace("\n", newline)
    page = clean(raw, kind)
    pieces = chunk(page.text, breaks(page), budget=20)
    spans = [span for piece in pieces for span in piece.sentences]
    assert len(spans) > 12
    for span in spans:
        wide = page.widen(span)
        assert clean(page.to_raw(wide).of(raw), kind).text == wide.of(page.text)
    assert clean(page.text).text == page.text
    assert not re.search(r"首页|草稿|http|\*\*|https?:|<[a-z/]|title", page.text)


MARKUP_BITS = ["<", "<p", "<div>", "(", "&", "<!--", "<script>", "[", "](", " ", "\n", "a.", "图(t", "<nav>", "</nav>"]
MARKUP_BITS += [
    '<a x="',
    '<a x=">" ',
    "<a x='\">",
    "<script></SCRIPTS>",
    "= ",
    "<nav><form>",
    "[[a]",
    "[a](",
    "[a](b(c)",
]
MARKUP_BITS += ["**", "[**a**](b)", "> ", "- ", "-", ">  ", "`", "~~~", "<!-- -", "![", "---\n", "a: b\n"]


@pytest.mark.parametrize("kind", ["html", "markdown"])
@pytest.mark.parametrize("bit", MARKUP_BITS)
def test_hostile_markup_costs_linear_work(kind: Kind, bit: str) -> None:
    for short, long in zip(hostile(bit, 2_500), hostile(bit, 20_000), strict=True):
        assert_linear(lambda text: clean(text, kind), short, long)
