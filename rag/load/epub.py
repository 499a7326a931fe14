"""EPUB: the text of its chapters in the order of reading; places are the sections that its table of contents names.

Sections are counted from 1, so that `section 3: Chapter One` is found in books whose cover and preface are files too.
"""

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from rag.errors import Unreadable
from rag.load.extracted import Extract
from rag.load.package import NotXml, Package, Tags, local, read_html, read_xml
from rag.load.xhtml import Chapter
from rag.types import Document

__all__ = ["document"]

_CONTAINER = "META-INF/container.xml"
_LOCKED = "META-INF/encryption.xml"
_TITLE = 80  # characters of a section's title that are shown


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article. Raises Unreadable."""
    package = Package(data, source, "EPUB")
    container = _Container()
    package.parse(_CONTAINER, container)
    book = _Book(container.book)
    package.parse(container.book, book)
    chapters = list(book.chapters())
    if _LOCKED in package:
        locked = _Locked()
        package.parse(_LOCKED, locked)
        if not locked.parts.isdisjoint(chapters):
            raise Unreadable(
                f"{source}: locked by its publisher (DRM)", "it can be read in the publisher's program alone"
            )
    sections = _sections(package, book)
    text = Extract(source)
    labels = _Labels(text)
    missing = []
    for name in chapters:
        if name not in package:
            missing.append(name)
            continue
        titles = sections.get(name, {})
        labels.begin(titles.get("", ""))
        _read(package.read(name), titles, text, labels)
    if not text.places:
        raise Unreadable(f"{source}: no text in it", "if its pages are pictures, run OCR on them first")
    return text.document("epub", data, book.said(), {"missing": missing} if missing else {})


def _read(data: bytes, titles: dict[str, str], text: Extract, labels: "_Labels") -> None:
    """Write a chapter: read as XML if it is, else in the way of browsers."""
    try:
        chapter = Chapter(titles)
        read_xml(data, chapter)
    except NotXml:
        chapter = Chapter(titles)
        read_html(data, chapter)
    for block in chapter.blocks:
        if block.section:
            labels.begin(block.section)
        labels.heading(block.text if block.heading else "")
        text.write(block.text)


class _Labels:
    """Counts sections and names them. One that has no title takes the heading with which it begins."""

    def __init__(self, text: Extract) -> None:
        self._text = text
        self._count = 0
        self._fresh = False  # whether nothing is written yet in this section
        self._title = ""

    def begin(self, title: str) -> None:
        """A section begins here, if text follows."""
        self._fresh, self._title = True, title

    def heading(self, heading: str) -> None:
        """Told before each block, "" for one that is no heading."""
        if self._fresh:
            self._count += 1
            title = " ".join((self._title or heading).split())[:_TITLE]
            self._text.place(f"section {self._count}" + (f": {title}" if title else ""))
        self._fresh = False


def _sections(package: Package, book: "_Book") -> dict[str, dict[str, str]]:
    """Titles of the table of contents: by file, and in it by the id of the element at which each begins, "" its top."""
    found: dict[str, dict[str, str]] = {}
    for name in book.contents:
        if name in package and not found:
            contents = _Contents()
            try:
                read_xml(package.read(name), contents)
            except NotXml:
                contents = _Contents()
                read_html(package.read(name), contents)
            for address, title in contents.found:
                path, _, at = address.partition("#")
                file = _joined(name, path) if path else name
                found.setdefault(file, {}).setdefault(at, " ".join(title.split()))
    return found


def _joined(base: str, address: str) -> str:
    """The name of the part to which an address in the part `base` leads."""
    path = unquote(address.partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)).lstrip("/")


class _Container(Tags):
    """Finds the part that describes the book."""

    book = "content.opf"

    def __init__(self) -> None:
        self._found = False

    def start(self, tag: str, attributes: Any) -> None:
        if local(tag) == "rootfile" and not self._found and attributes.get("full-path"):
            self.book, self._found = attributes["full-path"], True


class _Locked(Tags):
    """Collects which parts are encrypted."""

    def __init__(self) -> None:
        self.parts: set[str] = set()

    def start(self, tag: str, attributes: Any) -> None:
        if local(tag) == "cipherreference":
            self.parts.add(unquote(attributes.get("URI", "")).lstrip("/"))


class _Book(Tags):
    """What the package document says: properties, parts, and the order of reading."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._order: list[str] = []
        self._reading = ""
        self._nav: list[str] = []
        self._ncx: list[str] = []

    @property
    def contents(self) -> list[str]:
        """The parts that may hold the table of contents, the best first."""
        return self._nav + self._ncx

    def start(self, tag: str, attributes: Any) -> None:
        name = local(tag)
        self._reading = ""
        if name == "item":
            part = _joined(self._name, attributes.get("href", ""))
            self._parts[attributes.get("id", "")] = part
            if "nav" in attributes.get("properties", "").split():
                self._nav.append(part)
            if attributes.get("media-type") == "application/x-dtbncx+xml":
                self._ncx.append(part)
        elif name == "itemref":
            self._order.append(attributes.get("idref", ""))
        elif "purl.org/dc" in tag and name not in self._said:
            self._reading = name
            self._said[name] = ""

    def data(self, text: str) -> None:
        if self._reading:
            self._said[self._reading] += text

    def end(self, tag: str) -> None:
        self._reading = ""

    def chapters(self) -> Iterator[str]:
        """The parts in the order of reading, each once, without the table of contents."""
        for part in dict.fromkeys(self._parts[name] for name in self._order if name in self._parts):
            if part not in self._nav:
                yield part

    def said(self) -> dict[str, str]:
        """Title, author, date, publisher and address, as the book states them."""
        names = {"title": "title", "author": "creator", "date": "date", "publisher": "publisher"}
        said = {name: self._said.get(stated, "") for name, stated in names.items()}
        source = self._said.get("source", "").strip()
        return said | ({"url": source} if source.startswith(("http://", "https://")) else {})


class _Contents(Tags):
    """Collects the entries of a table of contents, of the newer form (nav) and of the older (ncx)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._address = ""
        self._title = ""
        self._inside = False
        self._toc = True  # a page list or landmarks are other lists of the same file

    def start(self, tag: str, attributes: Any) -> None:
        name = local(tag)
        if name == "nav":
            kinds = [value for key, value in attributes.items() if local(key).rpartition(":")[2] == "type"]
            self._toc = not kinds or "toc" in kinds[0].split()
        elif name in ("pagelist", "navlist"):
            self._toc = False
        elif name == "navlabel":
            self._title, self._inside = "", True
        elif name == "a":
            self._address, self._title, self._inside = attributes.get("href", ""), "", True
        elif name == "content" and attributes.get("src"):
            self._keep(attributes["src"])

    def data(self, text: str) -> None:
        if self._inside:
            self._title += text

    def end(self, tag: str) -> None:
        name = local(tag)
        if name == "navlabel":
            self._inside = False
        elif name in ("pagelist", "navlist"):
            self._toc = True
        elif name == "a" and self._address:
            self._inside = False
            self._keep(self._address)

    def _keep(self, address: str) -> None:
        if self._toc and self._title.strip():
            self.found.append((address, self._title))
