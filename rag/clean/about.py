"""Title and publication date, where an article does not state them as fields."""

import re
from datetime import date

from rag.clean.traced import TracedText
from rag.types import Span

__all__ = ["date_of", "title_of"]

_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)日?(?:[T\s]?(\d{1,2}):(\d\d)(?::(\d\d))?)?"
)
_HEAD_LINES = 12
_TITLE_LENGTH = 80


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


def date_of(raw: str) -> tuple[str, Span]:
    """Publication date as ISO text, with its stretch of `raw`; `("", Span(0, 0))` where none is found.

    Looked for in the first lines; a date in the middle of a sentence is something that the article speaks of.

    >>> date_of("無情的過濾器2023-08-04 18:04:37 | 編輯:admin")
    ('2023-08-04T18:04:37', Span(start=6, end=25))
    >>> date_of("2月16日凌晨，他刷到了2024年2月15日发布的视频。")
    ('', Span(start=0, end=0))
    """
    at = 0
    for line in raw.split("\n")[: 2 * _HEAD_LINES]:
        found = _DATE.search(line)
        if found and not re.search(r"[。！？，,]", line[found.end() : found.end() + 30]):
            iso = _iso(found)
            if iso:
                return iso, Span(at + found.start(), at + found.end())
        at += len(line) + 1
    return "", Span(0, 0)


def _iso(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    try:
        iso = date(year or 0, month or 0, day or 0).isoformat()
    except ValueError:
        return ""
    if hour is None or hour > 23 or (minute or 0) > 59 or (second or 0) > 59:
        return iso
    return f"{iso}T{hour:02}:{minute or 0:02}:{second or 0:02}"
