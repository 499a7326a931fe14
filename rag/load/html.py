"""HTML: the text stays whole, tags and all; its head is read for title, author, site, date and address.

Every pattern reads a hostile page in time that grows with its length: none starts over inside its own match.
"""

import re
from html import unescape
from typing import NamedTuple

from rag.load.date import normalised
from rag.load.original import original
from rag.types import Document, Origin, Span

__all__ = ["declared_charset", "document"]

HEAD = 1_000_000
"""Characters in which these are looked for."""

_CHARSET = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?([\w-]{1,40})", re.IGNORECASE)
_HIDDEN = re.compile(r"<!--|<(script|style)\b", re.IGNORECASE)
_SHOWN_AGAIN = {
    "<!--": re.compile("-->"),
    "script": re.compile(r"</script[^<>]*>", re.IGNORECASE),
    "style": re.compile(r"</style[^<>]*>", re.IGNORECASE),
}
_TAG = re.compile(r"<(title|meta|link|time)\b((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>([^<]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_JSON_DATE = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"<>]{4,40})"')
_DATES = (
    "article:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_date",
    "og:release_date",
    "weibo:article:create_at",
    "dc.date.issued",
    "dc.date",
    "date",
)
_AUTHORS = ("author", "article:author", "og:author", "byl", "parsely-author", "dc.creator", "dcterms.creator")
_SITES = ("og:site_name", "application-name", "mediaid")


class _Said(NamedTuple):
    value: str
    origin: Origin


_NOTHING = _Said("", Origin(""))


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article. Raises Unreadable."""
    text, encoding, sha256, metadata = original(data, source, declared_charset(data))
    head = text[:HEAD]
    said = _said(_without_hidden(head))
    title, shared = said.get("title", _NOTHING), said.get("og:title", _NOTHING)
    if not title.value or (shared.value and shared.value in title.value):  # it often ends in the name of its site
        title = shared if shared.value else title
    dates = [said[name] for name in _DATES if name in said]
    if structured := _JSON_DATE.search(head):
        dates.append(_Said(structured[1], Origin("JSON-LD datePublished", Span(*structured.span(1)))))
    dates += [said["time"]] if "time" in said else []
    date = next((one._replace(value=day) for one in dates if (day := normalised(one.value))), _NOTHING)
    author = next((said[name] for name in _AUTHORS if name in said and "://" not in said[name].value), _NOTHING)
    site = next((said[name] for name in _SITES if name in said), _NOTHING)
    urls = (said.get(name, _NOTHING).value for name in ("canonical", "og:url"))
    url = next((url for url in urls if url.startswith(("http://", "https://"))), "")
    found = {"title": title, "author": author, "site": site, "date": date}
    return Document(
        sha256[:16],
        source,
        text,
        sha256,
        encoding,
        "html",
        title.value,
        date.value,
        url,
        metadata=metadata,
        author=author.value,
        site=site.value,
        provenance={name: one.origin for name, one in found.items() if one.value},
    )


def declared_charset(data: bytes) -> str:
    """The encoding that a page says it is in, "" where it says none. It is often wrong.

    >>> declared_charset(b'<meta charset="gb2312">')
    'gb2312'
    """
    found = _CHARSET.search(data[:4096])
    return found[1].decode("ascii", "ignore") if found else ""


def _without_hidden(text: str) -> str:
    """`text` with spaces in place of comments, scripts and styles, as these hold tags that are none."""
    kept: list[str] = []
    at = 0
    unclosed: set[str] = set()
    for start in _HIDDEN.finditer(text):
        kind = (start[1] or start[0]).lower()
        if start.start() < at or kind in unclosed:
            continue
        end = _SHOWN_AGAIN[kind].search(text, start.end())
        if end is None:
            unclosed.add(kind)
            continue
        kept += (text[at : start.start()], " " * (end.end() - start.start()))
        at = end.end()
    return "".join(kept) + text[at:]


def _said(text: str) -> dict[str, _Said]:
    """What title, meta, link and time tags say, by name; the first that says something counts."""
    said: dict[str, _Said] = {}
    for tag in _TAG.finditer(text):
        kind = tag[1].lower()
        attributes = list(_ATTRIBUTE.finditer(text, *tag.span(2)))
        has = {found[1].lower(): found[found.lastindex or 0] or "" for found in attributes}
        if kind == "title":
            where, name, spoken = "<title>", "title", Span(*tag.span(3))
        else:
            by = {"meta": ("property", "name", "itemprop"), "link": ("rel",), "time": ()}[kind]
            name = next((has[attribute] for attribute in by if has.get(attribute)), "time" if kind == "time" else "")
            value_of = {"meta": "content", "link": "href", "time": "datetime"}[kind]
            place = next((found for found in attributes[::-1] if found[1].lower() == value_of), None)
            spoken = Span(*place.span(place.lastindex or 0)) if place else Span(0, 0)
            where = "<time>" if kind == "time" else f"{kind} {name}"
        if value := " ".join(unescape(spoken.of(text)).split()):
            said.setdefault(name.lower().replace(" ", ""), _Said(value, Origin(where, spoken)))
    return said
