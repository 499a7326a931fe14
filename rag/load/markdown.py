"""Markdown: the text stays whole; its front matter, or a heading on top, is read for title and date."""

import re
from typing import Any

from rag.load.date import normalised
from rag.load.original import original
from rag.types import Document, Origin

__all__ = ["document", "front_matter"]

_LONGEST = 20_000  # characters in which front matter has to end
_FRONT = re.compile(r"---[ \t]*\r?\n")
_END = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_KEY = re.compile(r"([\w][\w.-]*)[ \t]*:(?:[ \t]+|$)(.*)")
_FIRST = re.compile(r"\s*(?:#|[\w][\w.-]*[ \t]*:)")  # a line of dashes may also be just that
_HEADING = re.compile(r"\s*(?:# +([^\r\n]+)|([^\r\n]+)\r?\n=+[ \t]*(?:\r?\n|$))")
_ADDRESSES = ("url", "canonical_url", "link", "source")


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article; metadata is the rest of its front matter. Raises Unreadable."""
    text, encoding, sha256, metadata = original(data, source)
    fields, start = front_matter(text)
    title, where = _scalar(fields, "title"), "front matter"
    if not title and (heading := _HEADING.match(text[start : start + 1000])):
        title, where = re.sub(r" +#+$", "", (heading[1] or heading[2]).rstrip()), "heading"
    else:
        fields.pop("title", None)
    date = normalised(_scalar(fields, "date"))
    if date:
        del fields["date"]
    if author := _scalar(fields, "author"):
        del fields["author"]
    url = next((_scalar(fields, key) for key in _ADDRESSES if _scalar(fields, key).startswith("http")), "")
    fields = {key: value for key, value in fields.items() if not url or value != url}
    found = {"title": (title, where), "author": (author, "front matter"), "date": (date, "front matter")}
    return Document(
        sha256[:16],
        source,
        text,
        sha256,
        encoding,
        "markdown",
        title,
        date,
        url,
        metadata=fields | metadata,
        author=author,
        provenance={name: Origin(place) for name, (value, place) in found.items() if value},
    )


def front_matter(text: str) -> tuple[dict[str, Any], int]:
    """What a text says about itself between `---` lines on top, as `str` or `list[str]`, and where that ends.

    Of YAML this reads keys, quoted and folded text, and flat lists; what is nested deeper is left out.

    >>> front_matter("---\\ntitle: 'On trade'\\ntags: [a, b]\\n---\\nText")
    ({'title': 'On trade', 'tags': ['a', 'b']}, 38)
    """
    opening = _FRONT.match(text)
    closing = _END.search(text, opening.end(), _LONGEST) if opening else None
    if not opening or not closing or not _FIRST.match(text, opening.end(), closing.start()):
        return {}, 0
    fields: dict[str, Any] = {}
    key = ""
    for line in text[opening.end() : closing.start()].splitlines():
        if found := _KEY.fullmatch(line.rstrip()):
            key, value = found[1].lower(), found[2].strip()
            fields[key] = _list(value) if value.startswith("[") else _unquoted(value)
        elif key and line.strip().startswith("- "):
            so_far = fields[key] if isinstance(fields[key], list) else []
            fields[key] = [*so_far, _unquoted(line.strip()[2:].strip())]
        elif key and line[:1] in (" ", "\t") and isinstance(fields[key], str) and not line.strip().startswith("#"):
            fields[key] = f"{fields[key].strip('|>-')} {line.strip()}".strip()
    return {key: value for key, value in fields.items() if value not in ("", "~", "null")}, closing.end()


def _scalar(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key, "")
    return value if isinstance(value, str) else ""


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].replace("''", "'") if value[0] == "'" else value[1:-1].replace('\\"', '"')
    return value.partition(" #")[0].rstrip()


def _list(value: str) -> list[str]:
    return [_unquoted(part.strip()) for part in value.strip("[]").split(",") if part.strip()]
