"""EPUB: its chapters in the order of reading, exactly; its sections; and what is no EPUB, or a locked one."""

import io
import zipfile
from pathlib import Path

import pytest

from rag.errors import Unreadable
from rag.load import package, read
from rag.types import Document

CONTAINER = '<container xmlns="urn:c"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
OPF = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf"><metadata
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>渡口的鐘</dc:title><dc:creator>林小河</dc:creator>
<dc:date>2024-03-05</dc:date><dc:publisher>河邊</dc:publisher><dc:source>https://example.org/bell</dc:source></metadata>
<manifest>{items}</manifest><spine>{spine}</spine></package>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="landmarks"><a href="one.xhtml">Start here</a></nav>
<nav epub:type="toc"><ol>{entries}</ol></nav></body></html>"""
XHTML = (
    '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head>'
)


def epub(chapters: dict[str, str | bytes], nav: str = "", ncx: str = "", **others: str) -> bytes:
    """An EPUB of these bodies of chapters, by name; whole files as bytes. `nav`: entries; `ncx`: the whole file."""
    items, spine, parts = "", "", {"META-INF/container.xml": CONTAINER}
    for number, (name, body) in enumerate(chapters.items()):
        items += f'<item id="c{number}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
        spine += f'<itemref idref="c{number}"/>'
        parts[f"OEBPS/{name}"] = body if isinstance(body, bytes) else f"{XHTML}<body>{body}</body></html>"
    if nav:
        items += '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        spine = '<itemref idref="nav"/>' + spine
        parts["OEBPS/nav.xhtml"] = NAV.format(entries=nav)
    if ncx:
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        parts["OEBPS/toc.ncx"] = ncx
    parts["OEBPS/book.opf"] = OPF.format(items=items, spine=spine)
    parts |= {name.replace("__", "/").replace("_", "."): content for name, content in others.items()}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


def loaded(tmp_path: Path, data: bytes) -> Document:
    path = tmp_path / "a.epub"
    path.write_bytes(data)
    [document] = read(path)
    return document


def placed(document: Document) -> list[tuple[str, str]]:
    """Each place with the text that stands there."""
    ends = [place.start for place in document.places[1:]] + [len(document.text)]
    return [(place.label, document.text[place.start : end]) for place, end in zip(document.places, ends, strict=True)]


def test_chapters_in_the_order_of_reading(tmp_path: Path) -> None:
    chapters = {
        "z front.xhtml": "<p>獻給河</p>",
        "one.xhtml": "<h1>第一章</h1><p>鐘在河邊掛了四十年。</p><p>It rang twice &amp; <b>la</b>te.</p>",
        "cover.xhtml": "<div><img src='x.png' alt='cover'/></div>",
        "a.xhtml": "<p>沒有標題的一章。</p>",
    }
    entries = "<li><a href='one.xhtml'><span>一 </span>河邊</a></li>"
    document = loaded(tmp_path, epub(chapters, nav=entries))
    assert document.text == "獻給河\n第一章\n鐘在河邊掛了四十年。\nIt rang twice & late.\n沒有標題的一章。"
    assert placed(document) == [
        ("section 1", "獻給河\n"),
        ("section 2: 一 河邊", "第一章\n鐘在河邊掛了四十年。\nIt rang twice & late.\n"),
        ("section 3", "沒有標題的一章。"),
    ]
    assert (document.kind, document.encoding, document.offsets) == ("epub", "", "extracted text")
    assert (document.title, document.date, document.url) == ("渡口的鐘", "2024-03-05", "https://example.org/bell")
    assert (document.author, document.metadata) == ("林小河", {"publisher": "河邊"})


def test_sections_inside_of_a_file_and_titles_from_headings(tmp_path: Path) -> None:
    chapters = {
        "all.xhtml": "<a id='x'/><h2>One</h2><p>1</p><h2 id='two'>Two</h2><p>2</p>",
        "more.xhtml": "<h3>A  heading</h3><p>3</p>",
    }
    ncx = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
    <navPoint><navLabel><text>One</text></navLabel><content src="all.xhtml#x"/>
    <navPoint><navLabel><text>Two</text></navLabel><content src="all.xhtml#two"/></navPoint></navPoint></navMap>
    <pageList><pageTarget><navLabel><text>17</text></navLabel><content src="more.xhtml"/></pageTarget></pageList>
    </ncx>"""
    assert placed(loaded(tmp_path, epub(chapters, ncx=ncx))) == [
        ("section 1: One", "One\n1\n"),
        ("section 2: Two", "Two\n2\n"),
        ("section 3: A heading", "A heading\n3"),
    ]


def test_only_what_a_reader_sees(tmp_path: Path) -> None:
    body = (
        "<script>var a;</script><p>鐘在河\n   邊掛了，\n四十\t年 once\nupon</p>"
        "<p><ruby>漢<rp>(</rp><rt>hàn</rt><rp>)</rp></ruby>字</p>"
        "one<br/>two<ul><li>A</li><li>B</li></ul><table><tr><td> 年 </td><td>人<br/></td></tr></table>"
        "<pre>x\n  y</pre><p>&mdash;&nbsp;&#x6cb3;&amp;lt;</p><p>a<!-- not this -->b</p>"
    )
    document = loaded(tmp_path, epub({"a.xhtml": body}))
    assert document.text == ("鐘在河邊掛了，四十 年 once upon\n漢字\none\ntwo\nA\nB\n年\t人\nx\n  y\n—\xa0河&lt;\nab")


@pytest.mark.parametrize(
    ("before", "encoding"),
    [
        ("", "utf-8"),
        ("<?xml version='1.0' encoding='gb2312'?>", "gb18030"),
        ("<!DOCTYPE html [<!ENTITY a 'b'>]>", "utf-8"),
    ],
)
@pytest.mark.parametrize("end", ["</p></body></html>", "<br></body></html>"])
def test_chapters_that_are_no_good_xml(tmp_path: Path, before: str, encoding: str, end: str) -> None:
    chapter = f"{before}<html><body><p>渡口<br/>的鐘 &nbsp;AT&amp;T</p><p>second{end}".encode(encoding)
    lines = loaded(tmp_path, epub({"a.xhtml": chapter})).text.split("\n")
    assert [line.replace("\xa0", "") for line in lines if "]" not in line] == ["渡口", "的鐘 AT&T", "second"]


@pytest.mark.parametrize("nothing", [b"", b" \n", b"<", b"<?xml version='1.0'?>", b"\0\0\0\0"])
def test_chapters_with_nothing_in_them(tmp_path: Path, nothing: bytes) -> None:
    document = loaded(tmp_path, epub({"a.xhtml": "<p>x</p>", "b.xhtml": nothing, "c.xhtml": "<p>y</p>"}))
    assert [line for line in document.text.split("\n") if line.isalnum()] == ["x", "y"]


def test_names_in_utf_8_that_do_not_say_so(tmp_path: Path) -> None:
    data = epub({"第一章.xhtml": "<p>渡口</p>"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        [info] = [info for info in archive.infolist() if not info.filename.isascii()]
    changed = bytearray(data)
    changed[info.header_offset + 7] &= ~8
    changed[data.rindex(b"PK\x01\x02", 0, data.rindex("第一章".encode())) + 9] &= ~8
    assert loaded(tmp_path, bytes(changed)).text == "渡口"


def test_a_chapter_that_is_missing_is_named(tmp_path: Path) -> None:
    data = epub({"a.xhtml": "<p>x</p>", "b.xhtml": "<p>y</p>"}).replace(b"OEBPS/b.xhtml", b"OEBPS/c.xhtml")
    document = loaded(tmp_path, data)
    assert (document.text, document.metadata["missing"]) == ("x", ["OEBPS/b.xhtml"])


def encrypted(part: str) -> str:
    return f'<encryption xmlns:e="x"><e:CipherData><e:CipherReference URI="{part}"/></e:CipherData></encryption>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"words", "no EPUB in spite of its name"),
        (epub({"a.xhtml": "<p>x</p>"})[:-40], "damaged"),
        (epub({"a.xhtml": "<p>x</p>"}).replace(b"container.xml", b"container.xxx"), "no EPUB, it has no META-INF/"),
        (epub({"a.xhtml": "<img src='scan.png'/>"}), "no text in it"),
        (epub({}), "no text in it"),
        (
            epub({"a.xhtml": "<p>x</p>"}, **{"META-INF__encryption_xml": encrypted("OEBPS/a.xhtml")}),
            "locked by its pub",
        ),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=rf"a\.epub: {why}") as caught:
        loaded(tmp_path, data)
    assert caught.value.next_step


def test_fonts_may_be_encrypted(tmp_path: Path) -> None:
    data = epub({"a.xhtml": "<p>x</p>"}, **{"META-INF__encryption_xml": encrypted("OEBPS/font.ttf")})
    assert loaded(tmp_path, data).text == "x"


def test_a_bomb_of_many_chapters_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "LARGEST", 3 << 20)
    data = epub({f"{n}.xhtml": f"<p>{'a' * (1 << 20)}</p>" for n in range(5)})
    with pytest.raises(Unreadable, match="unpacks to more than 3 MB"):
        loaded(tmp_path, data)


@pytest.mark.parametrize("bad", ["<div>", "<", "<p ", "&", "<!--", "<table>"])
def test_hostile_chapters_are_read_to_an_end(tmp_path: Path, bad: str) -> None:
    document = loaded(tmp_path, epub({"a.xhtml": f"<p>first</p>{bad * 20_000}"}))
    assert document.text.startswith("first")
