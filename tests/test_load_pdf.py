"""PDF: the text of its pages as paragraphs, exactly; pages as places; and what holds no text, or cannot be read."""

import io
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rag.errors import Unreadable
from rag.load import extracted, read
from rag.load.layout import Line, flow
from rag.types import Document, Span

pytest.importorskip("reportlab", reason="reportlab, of the extra `dev`, writes the files of these tests")

import reportlab
from reportlab.lib import pdfencrypt
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

SONG = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def pdf(draw: Callable[[Canvas], object], **arguments: object) -> bytes:
    """A PDF with what `draw` draws."""
    data = io.BytesIO()
    canvas = Canvas(data, **arguments)
    draw(canvas)
    canvas.save()
    return data.getvalue()


def lines(canvas: Canvas, texts: Sequence[str], *, left: float = 72, top: float = 700, font: str = SONG) -> None:
    """One line below the other, 16 points apart, in 12 points; spaces at the beginning of a text move it right."""
    canvas.setFont(font, 12)
    for number, text in enumerate(texts):
        indent = len(text) - len(text.lstrip())
        canvas.drawString(left + 12 * indent, top - 16 * number, text.strip())


def paged(*pages: Sequence[str], header: str = "", footer: str = "", font: str = SONG) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for number, page in enumerate(pages, 1):
            canvas.setFont(font, 9)
            canvas.drawString(72, 780, header.format(number))
            canvas.drawString(290, 30, footer.format(number))
            lines(canvas, page, font=font)
            canvas.showPage()

    return draw


def loaded(tmp_path: Path, data: bytes) -> Document:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    [document] = read(path)
    return document


CHINESE = (
    "  渡口的鐘在河邊掛了四十年，沒有人記得是誰把它帶來的，",
    "也沒有人問過。每天早上六點，擺渡的老人敲兩下，對岸的",
    "人就知道船要開了。",
    "  後來修了橋，鐘就不響了。",
)
ENGLISH = (
    "The bell by the ferry had hung there for forty years, and the infor-",
    "mation about who had brought it was lost. Every morning a well-",
    "known old man rang it twice, and so the people on the far bank, a",
    "well-known crowd, knew that the boat would leave.",
    "  Then a bridge was built.",
)


def test_lines_of_a_chinese_paragraph_are_one(tmp_path: Path) -> None:
    document = loaded(tmp_path, pdf(paged(CHINESE)))
    assert document.text == "".join(CHINESE[:3]).strip() + "\n" + CHINESE[3].strip()
    assert (document.kind, document.encoding, document.offsets) == ("pdf", "", "extracted text")


def test_lines_of_an_english_paragraph_are_one_and_hyphens_go_or_stay(tmp_path: Path) -> None:
    document = loaded(tmp_path, pdf(paged(ENGLISH, font="Times-Roman")))
    assert document.text == (
        "The bell by the ferry had hung there for forty years, and the information about who had brought it was lost. "
        "Every morning a well-known old man rang it twice, and so the people on the far bank, a "
        "well-known crowd, knew that the boat would leave.\nThen a bridge was built."
    )


def test_pages_are_places_and_a_paragraph_may_go_on_over_two(tmp_path: Path) -> None:
    pages = (CHINESE[:2], (CHINESE[2], *CHINESE[3:]), ("  第三頁。",), (), ("  第五頁。",))
    document = loaded(tmp_path, pdf(paged(*pages, footer="- {} -", header="河邊的故事")))
    whole = "".join(CHINESE[:3]).strip()
    assert document.text == f"河邊的故事\n{whole}\n{CHINESE[3].strip()}\n第三頁。\n第五頁。"
    assert [place.label for place in document.places] == ["page 1", "page 2", "page 3", "page 5"]
    two = document.text.index("人就知道")
    assert document.places[1].start == two
    assert document.place(Span(two - 5, two + 5)) == "page 1-2"
    assert document.place(Span(two, two + 5)) == "page 2"
    assert document.place(Span(len(document.text) - 2, len(document.text))) == "page 5"
    assert document.metadata == {"pages": 5}


def test_what_the_file_says_of_itself(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setTitle("渡口")
        canvas.setAuthor("林小河")
        paged(("鐘。",))(canvas)

    data = pdf(draw, invariant=True)
    document = loaded(tmp_path, data)
    assert (document.title, document.date) == ("渡口", "2000-01-01T00:00:00")
    assert (document.author, document.metadata) == ("林小河", {"pages": 1})
    assert loaded(tmp_path, data) == document, "reading gives the same each time"


def test_columns(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, ["左邊一欄寫的是鐘，", "它掛在河邊的木架"], left=72)
        lines(canvas, ["上，誰也不管它。", "  後來橋來了。"], left=320)

    document = loaded(tmp_path, pdf(draw))
    assert document.text == "左邊一欄寫的是鐘，它掛在河邊的木架上，誰也不管它。\n後來橋來了。"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a font that is written into the file, with some Chinese characters, which look like A."""
    fonttools = pytest.importorskip("fontTools.ttLib", reason="fontTools makes the font")
    font = fonttools.TTFont(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {ord(character): "A" for character in "人工智能表頭一二\ue001\ue002"}
    font.save(path := tmp_path_factory.mktemp("font") / "a.ttf")
    pdfmetrics.registerFont(TTFont("Embedded", str(path)))
    return "Embedded"


def test_chinese_drawn_character_by_character(tmp_path: Path, embedded: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(embedded, 12)
        for text, left, top, step in (("人工智能", 72, 700, 15), ("表頭一", 72, 600, 12), ("表頭二", 172, 600, 12)):
            for number, character in enumerate(text):
                canvas.drawString(left + step * number, top, character)
        canvas.drawString(72, 500, "人 工")

    assert loaded(tmp_path, pdf(draw)).text == "人工智能\n表頭一 表頭二\n人 工"


def test_fonts_that_do_not_say_what_they_show(tmp_path: Path, embedded: str) -> None:
    with pytest.raises(Unreadable, match=r"its fonts do not say .* run OCR"):
        loaded(tmp_path, pdf(paged(("\ue001\ue002\ue001人",), font=embedded)))
    assert loaded(tmp_path, pdf(paged(("\ue001人工智能",), font=embedded))).text == "\ue001人工智能"


def test_more_text_than_a_book_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracted, "LONGEST", 100)
    assert loaded(tmp_path, pdf(paged(("字" * 49,), ("書" * 49,)))).places
    with pytest.raises(Unreadable, match="more than 0 million characters"):
        loaded(tmp_path, pdf(paged(("字" * 49,), ("書" * 52,))))


def test_other_files_are_read_without_the_libraries_of_these_formats(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("渡口", encoding="utf-8")
    code = "import rag.load, sys; list(rag.load.read(sys.argv[1])); print({'lxml', 'pypdfium2'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.txt")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def picture(canvas: Canvas) -> None:
    from PIL import Image

    canvas.drawImage(ImageReader(Image.new("RGB", (8, 8))), 72, 72, 400, 600)


LOCKED = pdf(paged(("x",)), encrypt=pdfencrypt.StandardEncryption("open sesame"))
OWNED = pdf(paged(("印不得",)), encrypt=pdfencrypt.StandardEncryption("", "owner", canPrint=0))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"<html>words</html>", "no PDF in spite of its name"),
        (b"%PDF-1.7\n...", "damaged"),
        (LOCKED, "locked with a password"),
        (pdf(picture), "no text in it, a scan"),
        (pdf(lambda canvas: canvas.rect(10, 10, 50, 50)), "no text in it"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=rf"a\.pdf: {why}") as caught:
        loaded(tmp_path, data)
    assert caught.value.next_step
    assert ("OCR" in caught.value.next_step) == ("scan" in why)


def test_a_file_that_only_may_not_be_printed_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, OWNED).text == "印不得"


def test_pages_that_are_scans_among_others_are_named(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        paged(("封面",))(canvas)
        picture(canvas)
        canvas.showPage()

    assert loaded(tmp_path, pdf(draw)).metadata == {"pages": 2, "pages_without_text": [2]}


def test_a_page_that_is_damaged_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    data = pdf(paged(("第一頁。",), ("第二頁。",), ("第三頁。",)), pageCompression=0)
    second = [found.start() for found in re.finditer(rb"/Type /Page\b", data)][1]
    document = loaded(tmp_path, data[:second] + b"/Type /Pag_" + data[second + 11 :])
    assert document.text == "第一頁。\n第三頁。"
    assert [place.label for place in document.places] == ["page 1", "page 3"]
    assert document.metadata == {"pages": 3, "pages_damaged": [2]}


def test_every_prefix_and_many_damages_are_read_or_refused(tmp_path: Path) -> None:
    data = pdf(paged(CHINESE, CHINESE))
    read_ = 0
    for cut in range(0, len(data), max(1, len(data) // 40)):
        for broken in (data[:cut], data[:cut] + b"\0" * 40 + data[cut + 40 :]):
            try:
                read_ += bool(loaded(tmp_path, broken).text)
            except Unreadable as problem:
                assert str(problem).startswith(str(tmp_path / "a.pdf"))
    assert read_


# the layout of pages alone


def line(text: str, left: float, bottom: float, right: float, height: float = 12) -> Line:
    return Line(text, left, bottom, right, bottom + height)


def joined(*pages: Sequence[Line]) -> str:
    return "".join(part.before + part.text for part in flow(pages)).lstrip("\n")


def test_a_line_of_another_size_or_further_off_is_a_paragraph() -> None:
    page = [
        line("A heading", 72, 700, 200, 20),
        line("Text that runs to the margin and", 72, 670, 400),
        line("goes on to here and", 72, 655, 400),
        line("a note in small", 72, 640, 400, 8),
        line("and then some text", 72, 600, 400),
    ]
    assert joined(page).split("\n") == [
        "A heading",
        "Text that runs to the margin and goes on to here and",
        "a note in small",
        "and then some text",
    ]


def test_items_of_a_list_are_paragraphs_of_their_own() -> None:
    page = [
        line("• first item that runs to the margin and", 72, 700, 400),
        line("goes on;", 84, 685, 130),
        line("• second", 72, 670, 140),
        line("1. third", 72, 655, 140),
        line("一、第四", 72, 640, 140),
    ]
    assert joined(page).split("\n") == [
        "• first item that runs to the margin and goes on;",
        "• second",
        "1. third",
        "一、第四",
    ]


def test_items_and_sizes_are_told_from_lines_that_run_to_the_margin() -> None:
    page = [
        line("1. an item that fills its whole line.", 72, 700, 400),
        line("2. another one that does the same.", 72, 685, 400),
        line("a note in small that fills its line", 72, 670, 400, 9),
        line("text of the usual size, in a line of", 72, 655, 400),
    ]
    assert joined(page).split("\n") == [each.text for each in page]


@pytest.mark.parametrize(
    ("last", "first", "goes_on"),
    [
        (line("a sentence that the page parts and", 72, 50, 400), line("goes on with here", 72, 700, 400), True),
        (line("a sentence that the page parts and", 72, 50, 400), line("goes on with here", 90, 700, 400), False),
        (line("a sentence that the page parts and", 72, 50, 400), line("• an item, not more", 72, 700, 400), False),
        (line("a sentence that ends with its page.", 72, 50, 400), line("another one", 72, 700, 400), False),
        (line("the last words of a list", 72, 50, 200), line("another matter", 72, 700, 400), False),
        (line("a sentence that the page parts and", 72, 50, 400), line("A HEADING", 72, 700, 400, 20), False),
        (line("a line of a page that parts infor-", 72, 50, 300), line("mation", 90, 700, 120), True),
    ],
)
def test_what_goes_on_over_the_end_of_a_page(last: Line, first: Line, goes_on: bool) -> None:
    pages = [
        [line("the line before that runs to the margin", 72, 65, 400), last],
        [first, line("and so it goes on and on until the margin", 72, 685, 400)],
    ]
    assert (f"{last.text}\n{first.text}" in joined(*pages)) != goes_on


def test_a_line_that_the_next_word_would_have_fitted_into_ends_its_paragraph() -> None:
    page = [
        line("short verse here", 72, 700, 150),
        line("and a longer one there,", 72, 685, 300),
        line("then", 72, 670, 90),
    ]
    assert joined(page) == "short verse here\nand a longer one there, then"


@pytest.mark.parametrize(
    "number", ["{}", "Page {} of 40", "- {} -", "第{}页 共40页", "[{}]", "Chapter on bells  {}", "{} | Bells"]
)
def test_page_numbers_go(number: str) -> None:
    def page(n: int) -> list[Line]:
        body = [line(f"Text of leaf {n}, row {k} that runs to the margin,", 72, 700 - 15 * k, 400) for k in range(6)]
        return [*body, line(number.format(n + 11), 280, 20, 300)]

    text = joined(*(page(n) for n in range(4)))
    assert "11" not in text and "14" not in text
    assert text.count("\n") == 0 and text.count("leaf 3") == 6


def test_page_numbers_of_two_pages_go_and_other_numbers_stay() -> None:
    def page(n: int, last: str) -> list[Line]:
        return [*(line(f"Row {k} of {n} in full,", 72, 700 - 15 * k, 400) for k in range(6)), line(last, 280, 20, 300)]

    assert joined(page(1, "1"), page(2, "- 2 -")).count("\n") == 0
    assert joined(page(1, "7 bells"), page(2, "2024")).split("\n")[1::2] == ["7 bells", "2024"]
    assert joined(page(1, "1 bell"), page(2, "2 bells")).split("\n")[1::2] == ["1 bell", "2 bells"]


def test_long_lines_that_happen_to_count_like_pages_stay() -> None:
    def page(n: int) -> list[Line]:
        last = line(
            f"so that on the morning of that day the old ferry carried people by the dozen, in all {n}", 72, 20, 400
        )
        return [*(line(f"Row {k} of {n} in full,", 72, 700 - 15 * k, 400) for k in range(6)), last]

    assert joined(*map(page, range(1, 6))).count("in all") == 5


def test_a_header_stays_once_and_text_that_only_looks_like_one_stays() -> None:
    def page(n: int) -> list[Line]:
        body = [line(f"Sentence {n}.{k} stands alone here.", 72, 700 - 30 * k, 400) for k in range(6)]
        return [line("On Bells", 72, 780, 140), *body]

    parts = joined(*(page(n) for n in range(4))).split("\n")
    assert parts[0] == "On Bells" and parts.count("On Bells") == 1
    assert len(parts) == 25
    assert joined([line("2024", 72, 700, 100), line("was a year.", 72, 600, 200)]) == "2024\nwas a year."


def test_lines_without_end_are_laid_out_in_time_that_grows_with_them() -> None:
    hostile = [
        "a" * 200_000 + "-",
        "-" * 200_000,
        " " * 200_000 + "x",
        "1" * 200_000,
        "。”" * 100_000 + "x",
        "a-" * 100_000,
    ]
    pages = [[line(text, 72, 700 - 15 * n, 400) for n, text in enumerate(hostile * 2)]] * 4
    assert len(joined(*pages)) > 1_000_000
