"""Which articles a search is restricted to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.errors import BadInput

__all__ = ["Filters"]

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T\d\d:\d\d(:\d\d)?)?)?)?")


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions that hold together; an empty one restricts nothing.

    `since`, `until`: ISO dates or prefixes of them, both inclusive. `under`: a file or folder as sources show it, or a
    glob, whose `*` stands for slashes too; or several of these, of which one must hold. `site`: a host, with all below
    it, or the name that a page gives its site.

    Raises BadInput for what is no date.

    >>> Filters(site="www.example.com").site
    'example.com'
    """

    since: str = ""
    until: str = ""
    under: str | Sequence[str] = ()
    site: str = ""

    def __post_init__(self) -> None:
        for date in (self.since, self.until):
            if date and not _DATE.fullmatch(date):
                raise BadInput(f"{date!r} is not a date", "write it as 2024, 2024-03 or 2024-03-04")
        object.__setattr__(self, "site", host(self.site.strip()))
        under = (self.under,) if isinstance(self.under, str) else self.under
        object.__setattr__(self, "under", tuple(filter(None, under)))

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.under or self.site)

    def condition(self) -> tuple[str, list[str | int]]:
        """An SQL condition on documents `d` and sources `s`, and its values."""
        parts: list[str] = []
        values: list[str | int] = []
        if self.since or self.until:
            parts.append("d.date <> '' AND d.date >= ?")
            values.append(self.since)
        if self.until:
            parts.append("substr(d.date, 1, ?) <= ?")
            values += [len(self.until), self.until]
        places = [PurePath(place).as_posix() for place in self.under]
        if places and "." not in places:
            parts.append("(" + " OR ".join(map(_place, places)) + ")")
            for place in places:
                folder = place.rstrip("/") + "/"
                values += [place] if _is_glob(place) else [place, len(folder), folder]
        if self.site:
            parts.append("(d.host = ? OR substr(d.host, -?) = ? OR lower(d.site) = ?)")
            values += [self.site, len(self.site) + 1, f".{self.site}", self.site]
        return " AND ".join(parts) or "1", values


def _is_glob(place: str) -> bool:
    return re.search(r"[*?\[]", place) is not None


def _place(place: str) -> str:
    return "s.path GLOB ?" if _is_glob(place) else "(s.path = ? OR substr(s.path, 1, ?) = ?)"


def host(name: str) -> str:
    """A host in one form of writing.

    >>> host("WWW.Example.com")
    'example.com'
    """
    return name.lower().removeprefix("www.")
