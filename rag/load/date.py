"""Dates as people and pages write them, made one form."""

import re
import unicodedata
from datetime import datetime
from email.utils import parsedate

__all__ = ["normalised"]

_LONGEST = 100
_TIME = r"(?:[T日号號\s]\s*(?P<hour>\d{1,2})[:时時点點](?P<minute>\d{2})(?:[:分](?P<second>\d{2}))?)?"
_NUMBERS = re.compile(
    r"(?P<year>\d{4})(?:(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
    r"|\s*年\s*(?P<month2>\d{1,2})\s*月\s*(?P<day2>\d{1,2})(?=\s*[日号號])"
    r"|(?P<month3>\d{2})(?P<day3>\d{2}))(?!\d)" + _TIME
)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_WORDS = (
    re.compile(_MONTH + r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+" + _MONTH + r",?\s+(?P<year>\d{4})"),
)


def normalised(written: str) -> str:
    """`YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM:SS` where the time is written too; "" for what is not a whole date.

    The time is that of the writer's clock: an offset from UTC is left out.

    >>> normalised("2023年8月4日 18:04"), normalised("Aug 4, 2023"), normalised("2023-08-04T18:04:37+08:00")
    ('2023-08-04T18:04:00', '2023-08-04', '2023-08-04T18:04:37')
    >>> normalised("2023-02-30"), normalised("yesterday")
    ('', '')
    """
    text = unicodedata.normalize("NFKC", written[:_LONGEST]).strip()
    if found := _NUMBERS.match(text):
        part = found.groupdict()
        month = part["month"] or part["month2"] or part["month3"]
        day = part["day"] or part["day2"] or part["day3"]
        if part["hour"]:
            return _iso(part["year"], month, day, part["hour"], part["minute"], part["second"] or 0)
        return _iso(part["year"], month, day)
    for pattern in _WORDS:
        if (found := pattern.match(text)) and found["name"][:3].lower() in _NAMES:
            return _iso(found["year"], _NAMES.index(found["name"][:3].lower()) + 1, found["day"])
    parsed = parsedate(text) if re.match(r"[A-Za-z]{3},? ", text) else None
    return _iso(*parsed[:6]) if parsed else ""


def _iso(*numbers: str | int) -> str:
    try:
        moment = datetime(*map(int, numbers))  # type: ignore[arg-type]
    except ValueError:
        return ""
    return moment.isoformat(timespec="seconds") if len(numbers) > 3 else moment.date().isoformat()
