"""Text that is made by reading a file that holds none as such: paragraphs in order, and places in them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from rag.errors import Unreadable
from rag.load.date import normalised
from rag.script import HAN
from rag.types import PROPERTIES, Document, Extracted, Origin, Place

__all__ = ["Extract", "glue", "stated_title"]

LONGEST = 64_000_000
"""Characters; a small file can unpack to more text than any book has."""

_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_WIDE = re.compile(f"[{HAN}\u3000-\u30ff\uff01-\uff60]")
_NO_TITLE = re.compile(
    r"microsoft (?:word|powerpoint) - .*|(?:untitled|document|presentation|无标题|無標題|未命名|文档|文檔)[\s\d]*|"
    r"powerpoint presentation|pdf|slide 1|title|.*\.(?:docx?|pdf|indd|tex|dvi|qxd|pptx?|wps|rtf|html?)",
    re.IGNORECASE,
)


class Extract:
    """A text that grows by paragraphs and parts of them; `place` says where what is written next stands.

    >>> text = Extract("a.pdf")
    >>> text.place("page 1"), text.write("One"), text.place("page 2"), text.write("two.", before=" ")
    (None, None, None, None)
    >>> text.text, text.places
    ('One two.', [Place(start=0, label='page 1'), Place(start=4, label='page 2')])
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._parts: list[str] = []
        self._length = 0
        self._label = ""
        self.places: list[Place] = []

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    def place(self, label: str) -> None:
        """What is written from here on stands at `label`. A place at which nothing is written is none."""
        self._label = label

    def write(self, text: str, before: str = "\n") -> None:
        """Add `text`, behind `before` unless it is the first; what no text holds is left out. Raises Unreadable."""
        text = _CONTROL.sub("", text)
        if not text:
            return
        if self._parts and before:
            self._append(before)
        if self._label:
            self.places.append(Place(self._length, self._label))
            self._label = ""
        self._append(text)

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)
        if self._length > LONGEST:
            raise Unreadable(f"{self._source}: more than {LONGEST // 1_000_000} million characters", "split it")

    def document(self, kind: Extracted, data: bytes, said: Mapping[str, str], metadata: Mapping[str, Any]) -> Document:
        """The article of a file with the bytes `data`; `said` may have its title, author, date and url, as written.

        A date that cannot be read, and all else in `said`, is kept as metadata.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        said = {name: " ".join(_CONTROL.sub("", value).split()) for name, value in said.items()}
        written, url = said.pop("date", ""), said.pop("url", "")
        stated = {
            "title": stated_title(said.pop("title", "")),
            "author": said.pop("author", ""),
            "date": normalised(written),
        }
        said["date"] = "" if stated["date"] else written
        return Document(
            sha256[:16],
            self._source,
            self.text,
            sha256,
            "",
            kind,
            stated["title"],
            stated["date"],
            url,
            metadata={name: value for name, value in said.items() if value} | dict(metadata),
            provenance={name: Origin(PROPERTIES) for name, value in stated.items() if value},
            author=stated["author"],
            places=tuple(self.places),
        )


def stated_title(written: str) -> str:
    """The title that a file's properties state; "" for one that a program filled in by itself.

    >>> stated_title("Microsoft Word - draft.doc"), stated_title("渡口的鐘")
    ('', '渡口的鐘')
    """
    return "" if _NO_TITLE.fullmatch(written) else written


def glue(before: str, after: str) -> str:
    """What stands between two parts of one paragraph that a line break parted: nothing in Chinese, else a space.

    >>> glue("模型的", "成本"), glue("the", "cost"), glue("使用", "Sora")
    ('', ' ', '')
    """
    return "" if _WIDE.match(before[-1:]) or _WIDE.match(after[:1]) else " "
