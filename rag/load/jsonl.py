"""JSON lines: each line with a `text` is an article. Read line by line: a file may be larger than memory."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rag.errors import Unreadable
from rag.load.date import normalised
from rag.load.lines import Line, numbered
from rag.types import Document, Origin

__all__ = ["records"]

_DEEPEST = 20  # levels of nesting in metadata
_NAMED = 5  # line numbers named in one report
_NO_TEXT = "no `text`"
_LONE = re.compile("[\ud800-\udfff]")


class _Unfit(Exception):
    """A line is no article: `what` is the kind of trouble, of which there are few, `detail` is this line's."""

    def __init__(self, what: str, detail: str = "") -> None:
        self.what, self.detail = what, detail
        super().__init__(what)


def records(
    path: Path, source: str, on_problem: Callable[[str, str], None], on_read: Callable[[int], None] | None = None
) -> Iterator[Document]:
    """The articles of a JSON lines file, `.gz` or not, in its order; `line` counts from 1.

    What is no article is told at the end, by `on_problem("source:line", why)`, lines of one trouble together.
    `on_read` is told how far the file has been read.
    Raises NotFound, and Unreadable for a file that is empty or is no gzip file in spite of its name.
    """
    troubles: dict[str, _Trouble] = {}
    good = 0
    for line in numbered(path, on_read):
        if not line.text.strip() and not line.trouble:
            continue
        try:
            document = _document(line, source)
        except _Unfit as unfit:
            troubles.setdefault(unfit.what, _Trouble(unfit)).add(line.number)
        else:
            good += 1
            yield document
    if not good and not troubles:
        raise Unreadable(f"{source}: empty", "leave it out, or fill it")
    if not good and list(troubles) == [_NO_TEXT]:
        on_problem(source, f"not articles: no line has a `text`{troubles[_NO_TEXT].detail}")
        return
    for trouble in troubles.values():
        on_problem(f"{source}:{trouble.lines[0]}", str(trouble))


class _Trouble:
    """One kind of trouble and the lines that have it; holds a few of their numbers, however many they are."""

    def __init__(self, first: _Unfit) -> None:
        self.what, self.detail = first.what, first.detail
        self.lines: list[int] = []
        self.count = 0

    def add(self, line: int) -> None:
        self.count += 1
        if self.count <= _NAMED:
            self.lines.append(line)

    def __str__(self) -> str:
        others = ", ".join(map(str, self.lines[1:]))
        more = f" and {self.count - _NAMED:,} more" if self.count > _NAMED else ""
        return f"{self.what}{self.detail}" + (f"; the same in line {others}{more}" if others else "")


def _document(line: Line, source: str) -> Document:
    """The article of one line. Raises _Unfit."""
    if line.trouble:
        raise _Unfit(line.trouble)
    fields = _fields(line.text.rstrip("\r\n"))
    text = fields.pop("text", None)
    if text is None:
        raise _Unfit(_NO_TEXT, f"; this one has {', '.join(map(repr, list(fields)[:8]))}"[:200] if fields else "")
    if not isinstance(text, str):
        raise _Unfit("`text` is not a string")
    if not text.strip():
        raise _Unfit("`text` is empty")
    sha256 = hashlib.sha256(text.encode("utf-8")).hexdigest()
    doc_id = next(filter(None, (_taken(fields, key) for key in ("_id", "id"))), sha256[:16])
    title = _taken(fields, "title")
    if date := normalised(written := _taken(fields, "date")):
        written = ""
    url, author, site = _taken(fields, "url"), _taken(fields, "author"), _taken(fields, "site")
    metadata = fields | ({"date": written} if written else {})  # a date that cannot be read is not lost
    if line.errors:
        metadata["decoding_errors"] = line.errors
    found = {"title": title, "author": author, "site": site, "date": date}
    return Document(
        doc_id,
        source,
        text,
        sha256,
        "utf-8",
        "record",
        title,
        date,
        url,
        line.number,
        metadata,
        author,
        site,
        {name: Origin(f"field {name}") for name, value in found.items() if value},
    )


def _fields(line: str) -> dict[str, Any]:
    try:
        fields = _sound(json.loads(line, parse_constant=lambda name: None))  # NaN is no JSON, and nothing is lost
    except RecursionError:
        raise _Unfit("nested too deeply") from None
    except ValueError as problem:
        detail = problem.msg if isinstance(problem, json.JSONDecodeError) else "a number is too long"
        raise _Unfit("not JSON", f" ({detail})") from None
    if not isinstance(fields, dict):
        raise _Unfit("not a JSON object")
    return fields


def _sound(value: Any, depth: int = 0) -> Any:
    """`value` with U+FFFD for each half of a surrogate pair, which JSON can spell and no file can hold."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, list):
        return [_sound(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_LONE.sub("\ufffd", key): _sound(item, depth + 1) for key, item in value.items()}
    return value


def _taken(fields: dict[str, Any], key: str) -> str:
    """A field as a string, taken out of `fields`; "" for null, and for no string nor number, which stays."""
    value = fields.get(key)
    if value is None or isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        fields.pop(key, None)
        return "" if value is None else str(value)
    return ""
