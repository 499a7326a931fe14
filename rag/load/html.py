"""HTML: the text stays whole, tags and all; its head is read for title, date and address.

Every pattern reads a hostile page in time that grows with its length: none starts over inside its own match.
"""

import re
from html import unescape

from rag.load.date import normalised
from rag.load.original import original
from rag.types import Document

__all__ = ["declared_charset", "document"]

HEAD = 1_000_000
"""Characters in which title, date and address are looked for."""

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


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article. Raises Unreadable."""
    text, encoding, sha256, metadata = original(data, source, declared_charset(data))
    said = _said(_without_hidden(text[:HEAD]))
    title, shared = said.get("title", ""), said.get("og:title", "")
    if not title or (shared and shared in title):  # a page's title often ends in the name of its site
        title = shared or title
    dates = [said.get(name, "") for name in _DATES] + _JSON_DATE.findall(text[:HEAD])[:1] + [said.get("time", "")]
    date = next(filter(None, map(normalised, dates)), "")
    urls = (said.get(name, "") for name in ("canonical", "og:url"))
    url = next((url for url in urls if url.startswith(("http://", "https://"))), "")
    return Document(sha256[:16], source, text, sha256, encoding, "html", title, date, url, metadata=metadata)


def declared_charset(data: bytes) -> str:
    """The encoding that a page says it is in, "" where it says none. It is often wrong.

    >>> declared_charset(b'<meta charset="gb2312">')
    'gb2312'
    """
    found = _CHARSET.search(data[:4096])
    return found[1].decode("ascii", "ignore") if found else ""


def _without_hidden(text: str) -> str:
    """`text` without comments, scripts and styles, as these hold tags that are none."""
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
        kept.append(text[at : start.start()])
        at = end.end()
    return "".join(kept) + text[at:]


def _said(text: str) -> dict[str, str]:
    """What title, meta, link and time tags say, by name; the first that says something counts."""
    said: dict[str, str] = {}
    for tag in _TAG.finditer(text):
        kind = tag[1].lower()
        has = {found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(tag[2])}
        if kind == "title":
            name, value = "title", tag[3]
        elif kind == "meta":
            name = has.get("property") or has.get("name") or has.get("itemprop") or ""
            value = has.get("content", "")
        elif kind == "link":
            name, value = has.get("rel", ""), has.get("href", "")
        else:
            name, value = "time", has.get("datetime", "")
        if value := " ".join(unescape(value).split()):
            said.setdefault(name.lower().replace(" ", ""), value)
    return said
