"""Tables and lists in articles: a row is one line that can be asked for and cited, a list comes with its items."""

from pathlib import Path

import pytest

import rag
from rag.answer.extract import Extract
from rag.cite import cite, verify
from rag.clean import TracedText
from rag.library import Library
from rag.types import Document, Evidence, Span

MACHINES = """<html><body><h1>Coffee machines compared</h1>
<p>We tried three machines in our kitchen over two weeks and wrote down what they cost and how much they hold.</p>
<table><thead><tr><th>Machine</th><th>Price</th><th>Water tank</th></tr></thead>
<tbody><tr><td>Brewline 200</td> <td>89 euros</td>
  <td><p>1.2 litres</p></td></tr>
<tr><td>Kaffa <b>Pro</b></td><td>249 euros</td><td>2.0<br>litres</td></tr>
<tr><td> Mokka Mini </td><td>45 euros</td><td>0.4 litres</td></tr></tbody></table>
<p>The Kaffa Pro made the best coffee, but it is heavy and loud. The Mokka Mini is small enough for a tent.</p>
</body></html>"""
PHONES = """# 三款手机对比

我们在两周内试用了三款手机，记下价格和电池容量。

| 型号 | 价格 | 电池 |
| --- | --- | --- |
| 星河 X1 | 2999元 | 5000毫安时 |
| 青云 S | 1999元 | 4500毫安时 |
| 北斗 Mini | 3499元 | 3800毫安时 |

星河 X1 拍照最好，北斗 Mini 最轻。
"""
SALES = """<html><body><h1>北斗机器人获得融资</h1>
<p>昆明的北斗机器人公司周三宣布完成2亿元融资。去年公司卖出320台，收入约9600万元。</p>
<table><tr><th>年份</th><th>销量</th><th>收入</th></tr><tr><td>2021</td><td>110台</td><td>3300万元</td></tr>
<tr><td>2022</td><td>320台</td><td>9600万元</td></tr></table></body></html>"""
VISA = """# 申请签证的准备

去年秋天我自己跑了一趟签证中心，过程并不复杂。

申请旅游签证需要准备的材料如下：

- 有效期六个月以上的护照
- 两寸白底照片两张
- 填好的申请表
- 最近三个月的银行流水

签证费是六百元，五个工作日出结果。
"""
KNOTS = """<html><body><h1>Knots for sailors</h1><p>Sailors use many knots.</p>
<p>A sailor must know the following knots:</p>
<ul><li>bowline</li><li>clove hitch</li><li>reef knot</li><li>figure eight</li></ul>
<p>The bowline makes a loop that does not slip.</p></body></html>"""


def lines(page: str) -> list[str]:
    return [line for line in rag.clean(page, "html").text.split("\n") if line.strip()]


def test_a_row_of_values_is_a_line() -> None:
    assert lines(MACHINES)[2:6] == [
        "| Machine | Price | Water tank |",
        "| Brewline 200 | 89 euros | 1.2 litres |",
        "| Kaffa Pro | 249 euros | 2.0 litres |",
        "| Mokka Mini | 45 euros | 0.4 litres |",
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["A paragraph. " * 20, "and another"],
        ["<ul><li>one</li><li>two</li></ul>", "beside"],
        ["<h2>Heading</h2>", "beside"],
        ["alone"],
        ["A paragraph of a page of old, with <br> breaks" * 10, "x"],
    ],
)
def test_a_table_that_arranges_a_page_is_none_of_values(cells: list[str]) -> None:
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    assert "|" not in rag.clean(f"<table><tr>{row}</tr></table>", "html").text


def test_every_row_can_be_cited_by_itself() -> None:
    document = Document("d", "d.html", MACHINES, "", kind="html")
    page = rag.clean(MACHINES, "html")
    assert isinstance(page, TracedText)
    for line in lines(MACHINES)[2:6]:
        start = page.text.index(line)
        found = cite(1, document, page, Span(start, start + len(line)))
        assert verify(found, MACHINES, lambda quote: rag.clean(quote, "html").text, line).verified, line


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("tables")
    for name, text in (
        ("t.html", MACHINES),
        ("sales.html", SALES),
        ("t.md", PHONES),
        ("visa.md", VISA),
        ("knots.html", KNOTS),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    made = Library(folder / "index")
    made.add(*sorted(folder.glob("*.*")))
    return made


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("What is the price of the Mokka Mini?", "| Mokka Mini | 45 euros | 0.4 litres |"),
        ("How big is the water tank of the Brewline 200?", "| Brewline 200 | 89 euros | 1.2 litres |"),
        ("北斗机器人2021年卖了多少台？", "| 2021 | 110台 | 3300万元 |"),
        ("Which machine costs 45 euros?", "| Mokka Mini | 45 euros | 0.4 litres |"),
        ("Kaffa Pro多少钱？", "| Kaffa Pro | 249 euros | 2.0 litres |"),
        ("北斗 Mini的电池多大？", "| 北斗 Mini | 3499元 | 3800毫安时 |"),
        ("星河X1的价格是多少？", "| 星河 X1 | 2999元 | 5000毫安时 |"),
    ],
)
def test_a_cell_is_answered_with_its_row(library: Library, question: str, row: str) -> None:
    first = library.ask(question).citations[0]
    assert first.text == row and first.verified
    original = Path(first.source).read_text(encoding="utf-8")
    assert original[first.start : first.end] == first.quote


@pytest.mark.parametrize(
    ("question", "opening", "items"),
    [
        ("申请旅游签证需要哪些材料？", "如下：", ["护照", "照片两张", "申请表", "银行流水"]),
        ("Which knots must a sailor know?", "knots:", ["bowline", "clove hitch", "reef knot", "figure eight"]),
    ],
)
def test_a_list_brings_its_items(library: Library, question: str, opening: str, items: list[str]) -> None:
    answer = library.ask(question)
    said = [citation.text for citation in answer.citations]
    assert said[0].endswith(opening) and len(said) == 1 + len(items)
    assert all(text.endswith(item) for text, item in zip(said[1:], items, strict=True))


def test_statements_of_one_passage_stand_together_in_its_order() -> None:
    told = [("The mill burned.", 0, 0, 3.0), ("Rain fell.", 1, 40, 2.0), ("Ducks came.", 0, 90, 1.0)]
    given = [
        Evidence(n, text, hit, Span(at, at + len(text)), score) for n, (text, hit, at, score) in enumerate(told, 1)
    ]
    more = Evidence(4, "Fog rose.", 1, Span(5, 14), 0.5)
    assert "".join(Extract().write("What happened?", given[:2] + [more])).split("\n")[:3] == [
        "The mill burned.[1]",
        "Fog rose.[4]",
        "Rain fell.[2]",
    ]


@pytest.mark.parametrize(
    ("article", "question", "wanted"),
    [
        (
            "Our people at the harbour office:\n\n- Ada leads teams\n- Carla keeps the books\n",
            "Who keeps the books?",
            "Carla",
        ),
        (
            "招标人的主要职责如下：\n\n1. 发布公告；\n2. 组织评审；\n3. 确定中标人。\n",
            "招标人的主要职责有哪些？",
            "中标人",
        ),
    ],
)
def test_items_of_a_list_are_found_whatever_they_end_in(
    tmp_path: Path, article: str, question: str, wanted: str
) -> None:
    (tmp_path / "a.md").write_text(article, encoding="utf-8")
    with Library(tmp_path / "index") as library:
        library.add(tmp_path / "a.md")
        assert wanted in library.ask(question).answer


def test_an_address_that_is_none_stops_nothing(tmp_path: Path) -> None:
    head = '<html><head><link rel="canonical" href="http://[x"></head>'
    page = f"{head}<body><p>The lighthouse was built in 1871.</p></body></html>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(
        '{"id": "3", "url": "http://[x", "text": "The pier is from 1902."}', encoding="utf-8"
    )
    with Library(tmp_path / "index") as library:
        assert library.add(tmp_path).added == 2
