"""PDF: the text of its pages, as paragraphs, by PDFium; places are pages, counted from 1 as a viewer counts them.

Lines of one paragraph are joined and running headers left out; `rag.load.layout` says how.
"""

import re
import threading
from collections.abc import Iterator
from ctypes import byref
from typing import TYPE_CHECKING, Any

from rag.errors import Unreadable
from rag.load import extracted, layout
from rag.load.extracted import glue
from rag.load.layout import Line
from rag.types import Document

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

__all__ = ["document"]

_ALONE = threading.Lock()  # PDFium is not made for several threads
_MOMENT = re.compile(r"D:(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?")
_HYPHEN = (0x02, 0xFFFE)  # how PDFium writes a hyphen that parts a word at the end of a line
_UNNAMED_BELOW = 0.3  # of the characters: with more, the text is not readable
_PASSWORD, _SECURITY = 4, 5  # of FPDF_GetLastError
_SPACING = 0.8  # of a font's height: columns of a table are further apart


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article. Raises Unreadable."""
    if not data.strip():
        raise Unreadable(f"{source}: empty", "leave it out, or fill it")
    with _ALONE:
        pages, said, pictures, damaged = _read(data, source)
    if not any(pages):
        if damaged:
            raise Unreadable(f"{source}: damaged, none of its pages can be read", "fetch it again, or leave it out")
        if pictures:
            raise Unreadable(f"{source}: no text in it, a scan?", "run OCR on it first, for example with ocrmypdf")
        raise Unreadable(f"{source}: no text in it", "leave it out")
    text = extracted.Extract(source)
    page = -1
    for part in layout.flow(pages):
        if part.page != page:
            page = part.page
            text.place(f"page {page + 1}")
        text.write(part.text, part.before)
    metadata: dict[str, Any] = {"pages": len(pages)}
    without = [number for number, lines in enumerate(pages, 1) if not lines and number not in damaged]
    metadata |= {"pages_without_text": without} if without else {}
    metadata |= {"pages_damaged": damaged} if damaged else {}
    return text.document("pdf", data, said, metadata)


def _read(data: bytes, source: str) -> tuple[list[list[Line]], dict[str, str], bool, list[int]]:
    """Lines of each page, what the file says of itself, whether it has pictures, and which pages cannot be read."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        file = PdfDocument(data)
    except PdfiumError as problem:
        if problem.err_code in (_PASSWORD, _SECURITY):
            raise Unreadable(f"{source}: locked with a password", "save a copy of it without one") from problem
        what = "damaged" if b"%PDF-" in data[:1024] else "no PDF in spite of its name"
        raise Unreadable(f"{source}: {what}", "fetch it again, or give it the ending of what it is") from problem
    pages: list[list[Line]] = []
    damaged: list[int] = []
    named = unnamed = 0
    pictures = False
    try:
        said = _said(file)
        for number in range(len(file)):
            try:
                page = file[number]
                lines, good, bad = _lines(page)
                pictures = pictures or (not lines and _has_picture(page))
                page.close()
            except PdfiumError:
                lines, good, bad = [], 0, 0
                damaged.append(number + 1)
            pages.append(lines)
            named, unnamed = named + good, unnamed + bad
            if named > extracted.LONGEST:
                millions = extracted.LONGEST // 1_000_000
                raise Unreadable(f"{source}: more than {millions} million characters", "split it")
    finally:
        file.close()
    if unnamed > _UNNAMED_BELOW * (named + unnamed):
        raise Unreadable(
            f"{source}: its fonts do not say which characters they show", "run OCR on it, for example with ocrmypdf"
        )
    return pages, said, pictures, damaged


def _said(file: "PdfDocument") -> dict[str, str]:
    """Title, author and date of creation, as the file states them."""
    stated = file.get_metadata_dict()
    moment = _MOMENT.match(stated.get("CreationDate", ""))
    date = ""
    if moment:
        year, month, day, hour, minute, second = moment.groups()
        date = f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second or '00'}" if hour else "")
    author = stated.get("Author", "")
    return {
        "title": stated.get("Title", ""),
        "author": "" if author.lower() in ("anonymous", "unknown", "user", "administrator", "admin") else author,
        "date": date,
    }


def _has_picture(page: "PdfPage") -> bool:
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    return any(True for _ in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=5))


def _lines(page: "PdfPage") -> tuple[list[Line], int, int]:
    """The lines of a page in the order of its content; how many characters have a Unicode name, and how many none."""
    from pypdfium2 import raw

    lines: list[Line] = []
    letters: list[tuple[str, int]] = []  # of one line, each with its index
    bad = 0
    textpage = page.get_textpage()
    try:
        handle = textpage.raw
        count = raw.FPDFText_CountChars(handle)
        for index, code in _codes(handle, count):
            if code in (0x0A, 0x0D) or code in _HYPHEN:
                if code in _HYPHEN:
                    letters.append(("-", index))
                lines += _line(handle, letters)
                letters = []
                continue
            bad += code in (0, 0xFFFD) or 0xE000 <= code <= 0xF8FF
            letters.append((chr(code), index))
        lines += _line(handle, letters)
    finally:
        textpage.close()
    return lines, count - bad, bad


def _codes(handle: Any, count: int) -> Iterator[tuple[int, int]]:
    """Index and code point of each character; where the system has 16-bit characters, halves are put together."""
    from pypdfium2.raw import FPDFText_GetUnicode

    high = 0
    for index in range(count):
        code = FPDFText_GetUnicode(handle, index)
        if 0xD800 <= code < 0xDC00:
            high = code
        elif 0xDC00 <= code < 0xE000:
            yield index, 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00 if high else 0xFFFD
            high = 0
        else:
            yield index, code


def _line(handle: Any, letters: list[tuple[str, int]]) -> list[Line]:
    """The line of these letters, from its first to its last and as high as the one in the middle; none without text.

    The first may be a bullet, the last a footnote's number, in another font.
    """
    drawn = [index for letter, index in letters if not letter.isspace()]
    if not drawn:
        return []
    first, middle, last = (_box(handle, index) for index in (drawn[0], drawn[len(drawn) // 2], drawn[-1]))
    kept = [
        letter
        for at, (letter, index) in enumerate(letters)
        if letter != " " or not 0 < at < len(letters) - 1 or not _is_spacing(handle, *letters[at - 1], *letters[at + 1])
    ]
    text = "".join(kept).strip()
    return [Line(text, min(first.left, last.left), middle.bottom, max(first.right, last.right), middle.top)]


def _is_spacing(handle: Any, before: str, left: int, after: str, right: int) -> bool:
    """Whether a space between two Chinese characters is no more than the distance at which all of them are drawn."""
    from pypdfium2.raw import FPDFText_IsGenerated

    if glue(before, before) or glue(after, after) or FPDFText_IsGenerated(handle, left + 1) != 1:
        return False
    here, there = _box(handle, left), _box(handle, right)
    return bool(there.left - here.right < _SPACING * (here.top - here.bottom))


def _box(handle: Any, index: int) -> Any:
    """Left, right, bottom and top of a character, in points: as high as its font."""
    from pypdfium2.raw import FS_RECTF, FPDFText_GetLooseCharBox

    box = FS_RECTF()
    FPDFText_GetLooseCharBox(handle, index, byref(box))
    return box
