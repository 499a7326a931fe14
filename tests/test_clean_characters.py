"""Odd forms of characters become plain, entities that were left are read, and what is said of them stays."""

from itertools import pairwise

import pytest

from rag.clean import clean
from rag.types import Span

CASES = [
    ("ＳＯＲＡ２０２４发布", "SORA2024发布", "full-width letter or digit"),
    ("ﾃﾞｰﾀとｶﾒﾗ", "データとカメラ", "half-width kana"),
    ("⽤⼾的⻋、⻓城", "用戶的车、长城", "radical"),
    ("樂器與\uf914", "樂器與樂", "compatibility ideograph"),
    ("oﬃce ﬁle", "office file", "ligature"),
    ("商汤&nbsp;&amp; 云从", "商汤\xa0& 云从", "entity"),
    ("&ldquo;好&#8221;&hellip;", "“好”…", "entity"),
    ("若A &lt; B，则B &gt; A。", "若A < B，则B > A。", "entity"),
    ("it&acirc;&euro;&trade;s", "it’s", "entity + UTF-8 read as cp1252"),
]


@pytest.mark.parametrize(("dirty", "want", "why"), CASES)
def test_odd_forms_become_plain(dirty: str, want: str, why: str) -> None:
    page = clean(dirty)
    assert page.text == want
    assert {edit.why for edit in page.edits} == {why}


@pytest.mark.parametrize(
    "text",
    [
        "他说：“好！”（笑）；真的？",
        "全角标点：，。！？（）％＋－／～＂＃留着不动",
        "\ufa0e\ufa0f\ufa11 是统一汉字",
        "カタカナ、ガ、㎡、①、℃",
        "标签 &lt;div class=&quot;a&quot;&gt; 和 &lt;/div&gt; 成对出现",
        "写成 &amp;nbsp; 才会显示，“&nbsp;” 是空格，`&copy;` 是版权",
        "AT&T、R&D; Q&A;、&nosuch;、a&b",
    ],
)
def test_what_is_meant_stays(text: str) -> None:
    assert clean(text).edits == ()


def test_html_reads_its_entities_once() -> None:
    assert clean("<p>写 &amp;nbsp; 和 &amp;lt;br&amp;gt;</p>", "html").text == "写 &nbsp; 和 &lt;br&gt;"


def test_a_quote_cleans_to_what_was_cited() -> None:
    raw = "，".join(dirty for dirty, _, _ in CASES)
    page = clean(raw)
    stops = [0, *(at + 1 for at, character in enumerate(page.text) if character == "，"), len(page.text)]
    for start, end in pairwise(stops):
        wide = page.widen(Span(start, end))
        assert clean(page.to_raw(wide).of(raw)).text == wide.of(page.text)


def test_pictures_that_are_joined_stay_one() -> None:
    family, scientist, flag = "👨\u200d👩\u200d👧", "👩🏽\u200d🔬", "🏳\ufe0f\u200d🌈"
    assert clean(f"你{family}好{scientist}").text == f"你{family}好{scientist}"
    assert clean(flag).text == "🏳\u200d🌈"
    assert clean("你\u200d好👩\u200d，\u200d👩").text == "你好👩，👩"
