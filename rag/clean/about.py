"""Title, author, site and date, where an article does not state them as fields: from its first lines, or its page."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from rag.clean import byline, main_text
from rag.clean.align import key
from rag.clean.traced import TracedText
from rag.types import PROPERTIES, Document, Edit, Origin, Span

__all__ = ["GUESSED", "date_of", "described", "title_of"]

_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)日?(?:[T\s]?(\d{1,2}):(\d\d)(?::(\d\d))?)?"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_ENGLISH_DATE = re.compile(  # with the end of the line, a sign or a time behind it: in a sentence it is spoken of
    rf"(?<![\w-])(?:{_MONTH} {_DAY},? |{_DAY} {_MONTH},? )((?:19|20)\d\d)"
    r"(?=\s*(?:$|[|·•–—(-]|,?\s*(?:at )?\d{1,2}:\d\d|by ))",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\A\W*(?:By [A-Z].*|(?i:.*\b(?:published|posted|updated|modified|date)(?: on)?:?)|.*[|·•–—-])?\s*\Z"
)
_LABEL_LENGTH = 120
_HEAD_LINES = 12
_TITLE_LENGTH = 80
_SITE_LENGTH = 20
_PAGE_HEAD = 200_000  # characters of a page in which its byline stands
_TEXT_HEAD = 10_000
_PROSE = 40
_SEPARATOR = re.compile(r"\s*[-_|｜–—·»:：]+\s*")

Found = tuple[str, Origin]

GUESSED = ("first line", "file name")
"""Origins of a title that nothing states."""


def title_of(page: TracedText) -> Span:
    """The title: the first line that was kept, if it reads like one; an empty span otherwise. In offsets of `text`.

    >>> page = TracedText("Sora:又一次GPT式創業?\\nSora讓整個行業又興奮起來。")
    >>> title_of(page).of(page.text)
    'Sora:又一次GPT式創業?'
    """
    text = page.text
    end = text.find("\n")
    if end <= 0 or end > _TITLE_LENGTH or text[end - 1] in "。；;，,.":
        return Span(0, 0)
    return Span(0, end)


def date_of(line: str) -> tuple[str, Span]:
    """The date in a line as ISO text, with its stretch; `("", Span(0, 0))` where there is none.

    A date in the middle of a sentence is something that the article speaks of.

    >>> date_of("無情的過濾器2023-08-04 18:04:37 | 編輯:admin")
    ('2023-08-04T18:04:37', Span(start=6, end=25))
    >>> date_of("2月16日凌晨，他刷到了2024年2月15日发布的视频。")
    ('', Span(start=0, end=0))
    >>> date_of("By Jane Doe | March 4, 2024")[0], date_of("On March 4, 2024 it rained.")[0]
    ('2024-03-04', '')
    """
    english = _ENGLISH_DATE.search(line, 0, _LABEL_LENGTH)
    if english and _LABEL.match(line[: english.start()]) and (iso := _iso_english(english)):
        return iso, Span(*english.span())
    found = _DATE.search(line)
    if found and not re.search(r"[。！？，,]", line[found.end() : found.end() + 30]) and (iso := _iso(found)):
        return iso, Span(*found.span())
    return "", Span(0, 0)


def described(document: Document, page: TracedText, readable: Callable[[str], TracedText]) -> Document:
    """`document` with the title, author, site and date that it does not state, each with where it was found.

    `page` is its text as cleaned. `readable` rids a text of tags and dirt and leaves all lines of the page.
    """
    stated = document
    if document.kind in ("pdf", "docx"):  # their properties tell who saved them and when, if the text has no byline
        document = replace(document, author="", date="")
    if document.kind == "html":
        document = _parted(document, page)
    elif len(span := title_of(page)) and not document.title:
        document = _with(document, {"title": (span.of(page.text), Origin(GUESSED[0], page.to_raw(span)))})
    document = _with(document, dict(_from_lines(document, readable)))
    if document.kind == "html":
        document = _with(document, dict(_from_page(document, page)))
    document = _with(document, {name: (getattr(stated, name), Origin(PROPERTIES)) for name in ("author", "date")})
    if document.kind != "record":
        document = _with(document, {"title": (Path(document.source).stem, Origin(GUESSED[1]))})
    return document


def _with(document: Document, found: dict[str, Found]) -> Document:
    """`document` with what it does not state yet."""
    new = {name: one for name, one in found.items() if one[0] and not getattr(document, name)}
    if not new:
        return document
    provenance = {**document.provenance, **{name: origin for name, (_, origin) in new.items()}}
    values: dict[str, Any] = {name: value for name, (value, _) in new.items()}
    return replace(document, provenance=provenance, **values)


def _parted(document: Document, page: TracedText) -> Document:
    """`document` with its title as the page shows it, where the stated one goes on with the name of its site."""
    span = title_of(page)
    shown = span.of(page.text)
    behind = _SEPARATOR.match(document.title, len(shown))
    if not shown or not document.title.startswith(shown) or not behind:
        return document
    site = document.title[behind.end() :].strip()
    origin = document.provenance.get("title", Origin("<title>"))
    provenance = {**document.provenance, "title": Origin("heading", page.to_raw(span))}
    parted = replace(document, title=shown, provenance=provenance)
    is_name = 0 < len(site) <= _SITE_LENGTH and not _SEPARATOR.search(site)
    return _with(parted, {"site": (site, Origin(f"end of {origin.where}"))}) if is_name else parted


def _from_lines(document: Document, readable: Callable[[str], TracedText]) -> Iterator[tuple[str, Found]]:
    head = readable(document.text[: _PAGE_HEAD if document.kind == "html" else _TEXT_HEAD])
    seen: set[str] = set()
    for at, line in _byline(head.text, document.title if document.kind == "html" else ""):
        iso, day = date_of(line)
        author, site = byline.author_in(line), byline.site_in(line)
        for name, value, span in (
            ("date", iso, day),
            ("author", author.of(line), author),
            ("site", site.of(line), site),
        ):
            if not value or name in seen:
                continue
            seen.add(name)
            raw = head.to_raw(Span(at + span.start, at + span.end))
            number = document.line + (document.text.count("\n", 0, raw.start) if document.kind != "record" else 0)
            yield name, (value, Origin(f"line {number}", raw))


def _byline(text: str, title: str) -> Iterator[tuple[int, str]]:
    """Lines in which a byline is looked for, with their places: the first ones, of a page those around its title."""
    lines, at = [], 0
    wanted = key(title)
    for line in text.split("\n"):
        if line.strip():
            lines.append((at, line))
        if not wanted and len(lines) == _HEAD_LINES:
            break
        at += len(line) + 1
    heading = [
        number
        for number, (_, line) in enumerate(lines if wanted else ())
        if len(one := key(line)) > 3 and wanted.startswith(one)
    ]
    start = max(0, heading[-1] - 2) if heading else 0
    return iter(lines[start : start + _HEAD_LINES])


def _from_page(document: Document, page: TracedText) -> Iterator[tuple[str, Found]]:
    """What trafilatura and htmldate find; where these find no site, the name of the host."""
    found: dict[str, str] = {}
    if not all((document.title, document.author, document.site, document.date)):
        found = main_text.fields(_without_prose(page))
        for name, value in found.items():
            yield name, (value, Origin("htmldate" if name == "date" else "trafilatura"))
    host = document.host if "site" not in found else ""
    if host:
        yield "site", (host.removeprefix("www."), Origin("address"))


def _without_prose(page: TracedText) -> str:
    """The original without the long stretches that cleaning left: a date in these is something that they speak of."""
    parts: list[str] = []
    at = 0
    for edit in (*page.edits, Edit(len(page.raw), len(page.raw), "", "")):
        parts += (page.raw[at : edit.start] if edit.start - at < _PROSE else " ", page.raw[edit.start : edit.end])
        at = edit.end
    return "".join(parts)


def _iso_english(found: re.Match[str]) -> str:
    month, day = (found[1], found[2]) if found[1] else (found[4], found[3])
    try:
        return date(int(found[5]), _MONTHS.index(month.lower()) + 1, int(day)).isoformat()
    except ValueError:
        return ""


def _iso(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    try:
        iso = date(year or 0, month or 0, day or 0).isoformat()
    except ValueError:
        return ""
    if hour is None or hour > 23 or (minute or 0) > 59 or (second or 0) > 59:
        return iso
    return f"{iso}T{hour:02}:{minute or 0:02}:{second or 0:02}"
