"""DOCX: the text of its paragraphs; places are paragraphs with text, counted from 1, then notes.

A row of a table counts as a paragraph, its cells parted by tabs. Left out are deleted text, field codes, headers and
footers, and the readings above ruby text.
"""

import posixpath
from typing import Any

from rag.errors import Unreadable
from rag.load.extracted import Extract
from rag.load.package import Package, Tags, local
from rag.types import Document

__all__ = ["document"]

_NOT_SHOWN = ("del", "movefrom", "fallback", "rt")
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "nobreakhyphen": "-"}
_NOTES = ("footnote", "endnote")


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article. Raises Unreadable."""
    package = Package(data, source, "DOCX")
    main = _main(package)
    text = Extract(source)
    package.parse(main, _Paragraphs(text))
    for notes in ("footnotes.xml", "endnotes.xml"):
        name = posixpath.join(posixpath.dirname(main), notes)
        if name in package:
            package.parse(name, _Paragraphs(text))
    if not text.places:
        raise Unreadable(f"{source}: no text in it", "leave it out, or fill it")
    return text.document("docx", data, _said(package), {})


def _main(package: Package) -> str:
    """The name of the part that holds the text."""
    if "_rels/.rels" in package:
        relations = _Relations()
        package.parse("_rels/.rels", relations)
        if relations.main in package:
            return relations.main
    return "word/document.xml"


def _said(package: Package) -> dict[str, str]:
    """Title, author and date of creation, as the file states them."""
    properties = _Properties()
    if "docProps/core.xml" in package:
        package.parse("docProps/core.xml", properties)
    found = properties.found
    names = {"title": "title", "author": "creator", "date": "created"}
    return {name: found[stated] for name, stated in names.items() if stated in found}


class _Relations(Tags):
    """Finds the main part among the parts of a package."""

    main = ""

    def start(self, tag: str, attributes: Any) -> None:
        if attributes.get("Type", "").endswith("/officeDocument"):
            self.main = attributes.get("Target", "").lstrip("/")


class _Properties(Tags):
    """Collects the text of each tag, by name."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._name = ""

    def start(self, tag: str, attributes: Any) -> None:
        self._name = local(tag)

    def end(self, tag: str) -> None:
        self._name = ""

    def data(self, text: str) -> None:
        if self._name:
            self.found[self._name] = self.found.get(self._name, "") + text


class _Paragraphs(Tags):
    """Writes each paragraph with text to `text`, with its place."""

    def __init__(self, text: Extract) -> None:
        self._text = text
        self._count = 0
        self._note = ""  # the label of the note that is being read
        self._open: list[list[str]] = []  # paragraphs that are being read: a text box has its own inside of another
        self._rows: list[list[str]] = []  # rows of tables that are being read, each with its cells so far
        self._hidden = 0  # depth inside of what is not shown
        self._is_text = False

    def start(self, tag: str, attributes: Any) -> None:
        name = local(tag)
        if self._hidden or name in _NOT_SHOWN:
            self._hidden += 1
        elif name == "p":
            self._open.append([])
        elif name == "t":
            self._is_text = True
        elif name == "tr":
            self._rows.append([])
        elif name == "tc" and self._rows:
            self._rows[-1].append("")
        elif name in _NOTES:
            number = next((value for key, value in attributes.items() if local(key) == "id"), "")
            self._note = f"{name} {number}"
        elif name in _SIGNS and self._open:
            self._open[-1].append(_SIGNS[name])

    def data(self, text: str) -> None:
        if self._is_text and self._open and not self._hidden:
            self._open[-1].append(text)

    def end(self, tag: str) -> None:
        name = local(tag)
        if self._hidden:
            self._hidden -= 1
        elif name == "t":
            self._is_text = False
        elif name == "p" and self._open:
            self._paragraph("".join(self._open.pop()).strip())
        elif name == "tr" and self._rows:
            cells = self._rows.pop()
            self._paragraph("\t".join(cells).rstrip() if any(cells) else "")

    def _paragraph(self, text: str) -> None:
        if text and self._rows and self._rows[-1]:
            row = self._rows[-1]
            row[-1] += (" " if row[-1] else "") + text
        elif text:
            self._count += 1
            self._text.place(self._note or f"paragraph {self._count}")
            self._text.write(text)
