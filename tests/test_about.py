"""Title, author, site and date, and where each was found."""

import json
from pathlib import Path

import pytest
from conftest import SEEDS, SHARED_SEEDS
from html_pages import PAGES

from rag.clean import clean, described
from rag.clean.about import date_of
from rag.clean.byline import author_in, site_in
from rag.library import Library
from rag.load import read
from rag.types import Document, Kind, Span


def about(text: str, kind: Kind = "text", **stated: str) -> Document:
    return described(Document("x", "folder/name.txt", text, "0", kind=kind, **stated), clean(text, kind))  # type: ignore[arg-type]


def of_page(html: str, folder: Path) -> Document:
    (folder / "a.html").write_bytes(html.encode())
    (document,) = read(folder / "a.html")
    return described(document, clean(document.text, "html"))


def facts(document: Document) -> dict[str, tuple[str, str]]:
    names = ("title", "author", "site", "date")
    return {
        name: (getattr(document, name), document.provenance[name].where) for name in names if getattr(document, name)
    }


def spoken(document: Document) -> dict[str, str]:
    return {name: one.span.of(document.text) for name, one in document.provenance.items() if one.span}


def test_a_page_that_states_them(tmp_path: Path) -> None:
    document = of_page(PAGES["news, Traditional"].html, tmp_path)
    assert facts(document) == {
        "title": ("渡輪停航第三週，島上改吃自己種的菜", "meta og:title"),
        "author": ("林子安", "meta author"),
        "site": ("南岸日報", "meta og:site_name"),
        "date": ("2024-03-05T07:30:00", "meta article:published_time"),
    }
    assert spoken(document)["date"] == "2024-03-05T07:30:00+08:00" and spoken(document)["author"] == "林子安"


def test_a_page_that_only_shows_them(tmp_path: Path) -> None:
    document = of_page(PAGES["news, Simplified"].html, tmp_path)
    assert facts(document) == {
        "title": ("旧书市场搬家之后", "heading"),
        "author": ("许明远", "line 9"),
        "site": ("北河晚报网", "end of <title>"),
        "date": ("2023-11-06T09:12:00", "line 9"),
    }
    assert spoken(document) == {"title": "旧书市场搬家之后", "author": "许明远", "date": "2023年11月6日 09:12"}
    assert document.text.split("\n")[8].startswith('<div id="source">')


def test_a_page_of_structured_data(tmp_path: Path) -> None:
    document = of_page(PAGES["blog"].html, tmp_path)
    assert facts(document)["date"] == ("2022-10-14T08:00:00", "JSON-LD datePublished")
    assert facts(document)["author"] == ("Marta Quispe", "line 13")
    assert spoken(document)["date"] == "2022-10-14T08:00:00Z"


PROSE = "<p>The bakery on the corner of the square closes at noon, and by eleven the rye bread is always gone.</p>" * 3


def test_what_trafilatura_and_htmldate_find(tmp_path: Path) -> None:
    head = '<title>Rye</title><link rel="canonical" href="https://www.bread.example.org/rye">'
    head += (
        '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Article", "headline": "Rye",'
    )
    head += ' "author": {"@type": "Person", "name": "Ines Okafor"}}</script>'
    body = f'<h1>Rye</h1><div class="published-date">Friday the 12 March 2021</div>{PROSE}<footer>© 2010</footer>'
    document = of_page(f"<html><head>{head}</head><body>{body}</body></html>", tmp_path)
    assert facts(document) == {
        "title": ("Rye", "<title>"),
        "author": ("Ines Okafor", "trafilatura"),
        "site": ("bread.example.org", "trafilatura"),
        "date": ("2021-03-12", "htmldate"),
    }
    assert set(spoken(document)) == {"title"}


def test_a_year_that_is_no_date_is_none(tmp_path: Path) -> None:
    body = (
        f"<h1>Rye bread</h1>{PROSE}<p>The oven was built on 2019-05-06, the owner says.</p><footer>© 2010 Rye</footer>"
    )
    assert of_page(f"<html><title>Rye bread</title><body>{body}</body></html>", tmp_path).date == ""


def test_an_address_names_the_site_where_nothing_else_does() -> None:
    document = about("<p>Short.</p>", "html", url="https://www.example.org/a")
    assert facts(document)["site"] == ("example.org", "address")
    assert facts(document)["title"] == ("name", "file name")


def test_a_flattened_text() -> None:
    text = "渡口的鐘\n來(lái)源:南岸日報(bào) 作者:許明遠(yuǎn) 2024-03-04 07:46\n\n"
    text += "鐘壞了以後，島上的人改看麵包房的煙，它從不遲到。\n"
    document = about(text)
    assert facts(document) == {
        "title": ("渡口的鐘", "first line"),
        "author": ("許明遠", "line 2"),
        "site": ("南岸日報", "line 2"),
        "date": ("2024-03-04T07:46:00", "line 2"),
    }
    assert spoken(document)["site"] == "南岸日報" and spoken(document)["date"] == "2024-03-04 07:46"


def test_what_is_stated_stays() -> None:
    document = about(
        "Other title\nBy Jane Doe | 2020-01-01\nText of it.", title="T", author="A", site="S", date="1999-01-01"
    )
    assert (document.title, document.author, document.site, document.date) == ("T", "A", "S", "1999-01-01")
    assert document.provenance == {}


@pytest.mark.parametrize(
    ("line", "author", "site"),
    [
        ("作者：許明遠", "許明遠", ""),
        ("作者丨张三、李四 编辑丨王五", "张三、李四", ""),
        ("記者 林子安 2024-03-05", "林子安", ""),
        ("〔記者林子安／台北報導〕", "林子安", ""),
        ("文／陳阿水", "陳阿水", ""),
        ("文章来源：北河晚报 作者：Marta Quispe", "Marta Quispe", "北河晚报"),
        ("By Jane Doe and Ola Nordmann", "Jane Doe and Ola Nordmann", ""),
        ("Posted on October 14, 2022 by Marta Quispe", "Marta Quispe", ""),
        ("Source: The Harbour Times", "", "The Harbour Times"),
        ("孔小昕2024-03-04 07:46", "孔小昕", ""),
        ("图片来源：视觉网", "", ""),
        ("記者 走訪了三個村，發現井都乾了。", "", ""),
        ("By noon the bread is gone.", "", ""),
        ("他的收入来源：种地", "", ""),
        ("这篇文章的作者没有留下名字", "", ""),
        ("作者" + "x" * 300, "", ""),
    ],
)
def test_bylines(line: str, author: str, site: str) -> None:
    assert (author_in(line).of(line), site_in(line).of(line)) == (author, site)


def test_dates() -> None:
    assert date_of("2024-13-45 | 来源")[0] == ""
    (jasper,) = read(SEEDS / "jasper-lost-its-lead.txt")
    document = described(jasper, clean(jasper.text))
    assert document.title == "先跑的人為什么沒跑贏:Jasper們留下的教訓"
    assert (document.date, spoken(document)["date"]) == ("2023-08-05T09:26:41", "2023-08-05 09:26:41")


@pytest.mark.skipif(not SHARED_SEEDS.exists(), reason="the five real articles lie outside of this checkout")
def test_the_real_articles() -> None:
    found = {}
    for path in sorted(SHARED_SEEDS.glob("*.txt")):
        (document,) = read(path)
        found[path.name[:3]] = described(document, clean(document.text))
    assert [found[name].site for name in ("000", "002")] == ["阿爾法工場", "騰訊新聞"]
    assert [found[name].author for name in ("002", "003")] == ["柴狗夫斯基", "孔月昕"]
    assert [found[name].date[:10] for name in found] == ["2023-08-04", "", "", "2024-03-04", ""]


def test_an_index_keeps_them(tmp_path: Path, library: Library) -> None:
    document = of_page(PAGES["news, Simplified"].html, tmp_path)
    (tmp_path / "b.md").write_text(
        "---\ntitle: On rye\nauthor: Ines Okafor\n---\nIt is gone by eleven.\n", encoding="utf-8"
    )
    record = {"text": "It rains.", "title": "Rain", "author": "Ola", "site": "Weather", "id": "r1"}
    (tmp_path / "c.jsonl").write_text(json.dumps(record), encoding="utf-8")
    library.add(tmp_path / "a.html", tmp_path / "b.md", tmp_path / "c.jsonl")
    ((stored, _),) = library.pages(document.doc_id)
    assert facts(stored) == facts(document) and spoken(stored) == spoken(document)
    ((shown, _),) = library.pages(str(tmp_path / "b.md"))
    assert facts(shown) == {"title": ("On rye", "front matter"), "author": ("Ines Okafor", "front matter")}
    ((line, _),) = library.pages("r1")
    assert facts(line)["author"] == ("Ola", "field author") and line.metadata == {}
    (tmp_path / "c.jsonl").write_text(json.dumps(record | {"author": "Kari"}), encoding="utf-8")
    assert library.add(tmp_path / "c.jsonl").changed == 1


def test_what_a_document_states_is_cleaned_too(tmp_path: Path) -> None:
    document = of_page("<html><head><title>創(chuàng)業(yè)者不必懼怕</title></head><body></body></html>", tmp_path)
    assert document.title == "創業者不必懼怕"
    assert about("正文。", "markdown", title="Why **Sora** [matters](http://a.b)").title == "Why Sora matters"
    assert about("正文。", "record", title="It&#x27;s open", author="王(wáng)芳").author == "王芳"
    assert about("正文。", title="(  )").title == "(  )"


@pytest.mark.parametrize(
    "line, iso",
    [
        ("March 3, 2024", "2024-03-03"),
        ("By Jane Doe | 3rd Mar. 2024 at 10:00", "2024-03-03"),
        ("Published on March 3, 2024, 10:30 AM", "2024-03-03"),
        ("Jane Doe · Mar 3, 2024 · 5 min read", "2024-03-03"),
        ("On March 3, 2024 the harbour froze", ""),
        ("The war began on 3 March 1939", ""),
        ("February 30, 2024", ""),
        ("deadline: March 3, 2024", ""),
    ],
)
def test_an_english_date_is_one_of_a_byline_or_none(line: str, iso: str) -> None:
    assert date_of(line)[0] == iso
    document = about(f"The harbour\n{line}\nBoats lay still.\n")
    assert (document.date, "date" in document.provenance) == (iso, bool(iso))


def test_who_saved_a_file_is_not_its_author_where_a_byline_names_one() -> None:
    named = about("河边的冬天\n作者：张三\n正文。\n", "docx", author="Administrator")
    assert facts(named)["author"] == ("张三", "line 2")
    assert facts(about("河边的冬天\n正文。\n", "docx", author="李四"))["author"] == ("李四", "file properties")


def test_an_address_is_no_site() -> None:
    assert site_in("来源：https://a.b/c") == site_in("来源: http://a.b") == Span(0, 0)
