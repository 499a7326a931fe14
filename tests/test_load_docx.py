"""DOCX: its paragraphs, exactly; where they stand; and what is no DOCX, or a hostile one."""

import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from rag.errors import Unreadable
from rag.load import package, read
from rag.types import Document, Span

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="{}"/>'
    "</Relationships>"
)
CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>'
    "<dcterms:created>2024-03-05T09:30:00Z</dcterms:created></cp:coreProperties>"
)


def p(*texts: str) -> str:
    return "<w:p>" + "".join(f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' for text in texts) + "</w:p>"


def docx(body: str, before: str = "", **others: str) -> bytes:
    """A DOCX with this body; `others` are further parts, with `__` for a slash and `_` for a dot in their names."""
    parts = {
        "_rels/.rels": RELATIONS.format("word/document.xml"),
        "word/document.xml": f"{before}<w:document {W} {MC}><w:body>{body}</w:body></w:document>",
    }
    parts |= {name.replace("__", "/").replace("_", "."): content for name, content in others.items()}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


def loaded(tmp_path: Path, data: bytes, name: str = "a.docx") -> Document:
    path = tmp_path / name
    path.write_bytes(data)
    [document] = read(path)
    return document


def test_paragraphs_their_places_and_what_the_file_says_of_itself(tmp_path: Path) -> None:
    body = p("渡口的", "鐘") + p() + p("鐘在河邊掛了四十年。") + p("It rang ", "twice a day & never late.")
    document = loaded(tmp_path, docx(body, docProps__core_xml=CORE.format(title="渡口", author="林小河")))
    assert document.text == "渡口的鐘\n鐘在河邊掛了四十年。\nIt rang twice a day & never late."
    assert (document.kind, document.encoding, document.offsets) == ("docx", "", "extracted text")
    assert (document.title, document.date) == ("渡口", "2024-03-05T09:30:00")
    assert (document.author, document.metadata) == ("林小河", {})
    assert [(place.label, document.text[place.start :][:2]) for place in document.places] == [
        ("paragraph 1", "渡口"),
        ("paragraph 2", "鐘在"),
        ("paragraph 3", "It"),
    ]
    start = document.text.index("四十")
    assert document.place(Span(start, start + 2)) == "paragraph 2"
    assert document.place(Span(start, start + 20)) == "paragraph 2-3"


def test_only_what_a_reader_sees(tmp_path: Path) -> None:
    run = "<w:r><w:t>{}</w:t></w:r>".format
    body = (
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr>" + run("留下") + "</w:p>"
        f"<w:p>{run('a')}<w:r><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>"
        f"<w:p><w:ins>{run('added')}</w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        f"<w:moveFrom>{run('moved')}</w:moveFrom><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
        f"<w:p><w:r><w:ruby><w:rt>{run('dù')}</w:rt><w:rubyBase>{run('渡')}</w:rubyBase></w:ruby></w:r>{run('口')}</w:p>"
        f"<w:p>{run('outside')}<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>{p('box')}</w:txbxContent></mc:Choice>"
        f"<mc:Fallback><w:txbxContent>{p('box')}</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    document = loaded(tmp_path, docx(body))
    assert document.text == "留下\na\tb\nc-d\nadded\n渡口\nbox\noutside"


def test_rows_of_tables_and_notes(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>"

    body = p("表") + "<w:tbl>" + row(p("年"), p("人數")) + row(p("2023"), p("三百") + p("約")) + "</w:tbl>"
    notes = f'<w:footnotes {W}><w:footnote w:id="-1">{p()}</w:footnote><w:footnote w:id="2">{p("出處")}</w:footnote>'
    document = loaded(tmp_path, docx(body, word__footnotes_xml=notes + "</w:footnotes>"))
    assert document.text == "表\n年\t人數\n2023\t三百 約\n出處"
    assert [place.label for place in document.places] == ["paragraph 1", "paragraph 2", "paragraph 3", "footnote 2"]


def test_a_title_that_a_program_filled_in_is_none(tmp_path: Path) -> None:
    core = CORE.format(title="Microsoft Word - draft.doc", author="")
    document = loaded(tmp_path, docx(p("x"), docProps__core_xml=core))
    assert (document.title, document.metadata) == ("", {})


LAUGHS = "<!DOCTYPE r [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY b{n} '&a;&a;'>" for n in range(9)) + "]>"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"just words", "no DOCX in spite of its name"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "locked with a password, or of an old program"),
        (docx(p("字" * 500))[:-30], "damaged"),
        (docx(p("x")).replace(b"word/document.xml", b"word/nocument.xml"), "no DOCX, it has no word/document.xml"),
        (docx(p()), "no text in it"),
        (docx("<w:p><w:r>"), "damaged"),
        (docx(p("x"), before=LAUGHS), "damaged .*entities"),
        (docx(p("x"), before=LAUGHS).replace(b"PK\x03\x04", b"PK\x03\x05", 1), "damaged"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=rf"a\.docx: {why}") as caught:
        loaded(tmp_path, data)
    assert caught.value.next_step


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_entities_are_not_replaced_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='utf-16'?>{LAUGHS}<w:document {W}>{p('x')}</w:document>".encode(encoding)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", text)
    with pytest.raises(Unreadable, match="entities"):
        loaded(tmp_path, data.getvalue())


def test_utf_16_is_read(tmp_path: Path) -> None:
    text = f"<?xml version='1.0' encoding='utf-16'?><w:document {W}>{p('渡口')}</w:document>".encode("utf-16")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", text)
    assert loaded(tmp_path, data.getvalue()).text == "渡口"


def test_the_text_is_where_the_package_says(tmp_path: Path) -> None:
    parts = {
        "_rels/.rels": RELATIONS.format("/text/main.xml"),
        "text/main.xml": f"<w:document {W}>{p('x')}</w:document>",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert loaded(tmp_path, made.getvalue()).text == "x"


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "LARGEST", 3 << 20)
    assert len(loaded(tmp_path, docx(p("a" * (2 << 20)))).text) == 2 << 20
    bomb = docx(p("a" * (30 << 20)))
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match="unpacks to more than 3 MB"):
        loaded(tmp_path, bomb)


def test_an_unusual_packing(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("word/document.xml", "x")
    with pytest.raises(Unreadable, match="packed in an unusual way"):
        loaded(tmp_path, data.getvalue())


def test_whatever_is_damaged_is_read_or_refused(tmp_path: Path) -> None:
    data = docx(p("渡口的鐘") * 20, docProps__core_xml=CORE.format(title="渡口", author=""))
    outcomes = set()
    for at in range(0, len(data), 7):
        for broken in (data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :], data[:at] + data[at + 5 :]):
            try:
                outcomes.add(loaded(tmp_path, broken).kind)
            except Unreadable as problem:
                outcomes.add(str(problem).startswith(str(tmp_path / "a.docx")))
    assert outcomes == {"docx", True}


def test_a_locked_part(tmp_path: Path) -> None:
    data = bytearray(docx(p("x")))
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.index(b"word/document.xml") if signature == b"PK\x03\x04" else data.rindex(b"word/document.xml")
        data[data.rindex(signature, 0, at) + flags] |= 1
    with pytest.raises(Unreadable, match="locked with a password"):
        loaded(tmp_path, bytes(data))
