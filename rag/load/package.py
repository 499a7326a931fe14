"""Zip archives of XML, as DOCX and EPUB are: opened with bounds on what they unpack to, and read tag by tag."""

import codecs
import io
import re
import struct
import zipfile
import zlib
from html.entities import name2codepoint
from typing import Any

from rag.errors import Unreadable
from rag.load import encoding

__all__ = ["NotXml", "Package", "Tags", "local", "read_html", "read_xml"]

LARGEST = 256 * 1024 * 1024
"""Bytes that the parts read of one archive may unpack to, together."""

_PART = 1 << 20  # bytes that are unpacked and parsed at a time
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,8});")
_OF_XML = (b"amp", b"lt", b"gt", b"quot", b"apos")


class Tags:
    """Told what a document holds, in order; does nothing. Names of tags may have a namespace in braces: see `local`."""

    def start(self, tag: str, attributes: Any) -> None:
        """A tag opens."""

    def end(self, tag: str) -> None:
        """A tag closes."""

    def data(self, text: str) -> None:
        """Text, or a part of it."""

    def close(self) -> None:
        """The document ends."""


class Package:
    """The archive in `data`. All its errors are Unreadable and name `source`."""

    def __init__(self, data: bytes, source: str, what: str) -> None:
        self._source, self._what = source, what
        self._room = LARGEST
        if not data.strip():
            raise Unreadable(f"{source}: empty", "leave it out, or fill it")
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            raise Unreadable(f"{source}: locked with a password, or of an old program", f"save it anew as {what}")
        if not data.startswith(b"PK"):
            raise Unreadable(f"{source}: no {what} in spite of its name", "give it the ending of what it is")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGED as problem:
            raise self.damaged(problem) from problem
        self._parts = {_name(info): info for info in self._zip.infolist()}

    def damaged(self, problem: object) -> Unreadable:
        """The error for what cannot be unpacked or parsed."""
        return Unreadable(f"{self._source}: damaged ({problem})", "fetch it again, or save it anew")

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def read(self, name: str) -> bytes:
        """The bytes of one part, counted while they are unpacked: what the archive says of its size may be a lie."""
        if name not in self:
            raise Unreadable(f"{self._source}: no {self._what}, it has no {name}", "give it the ending of what it is")
        info = self._parts[name]
        if info.flag_bits & 1:
            raise Unreadable(f"{self._source}: locked with a password", "save a copy of it without one")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.damaged(f"{name} is packed in an unusual way")
        parts: list[bytes] = []
        try:
            with self._zip.open(info) as file:
                while part := file.read(_PART):
                    parts.append(part)
                    self._room -= len(part)
                    if self._room < 0:
                        raise Unreadable(
                            f"{self._source}: unpacks to more than {LARGEST // 1024 // 1024} MB", "split it"
                        )
        except _DAMAGED as problem:
            raise self.damaged(problem) from problem
        return b"".join(parts)

    def parse(self, name: str, tags: Tags) -> None:
        """Tell `tags` what the XML of one part holds."""
        try:
            read_xml(self.read(name), tags)
        except NotXml as problem:
            raise self.damaged(f"{name}: {problem}") from problem


class NotXml(Exception):
    """What was to be XML is not, or declares entities: a few lines of those can stand for gigabytes."""


def _name(info: zipfile.ZipInfo) -> str:
    """A part's name; some programs write UTF-8 and forget to say so, which reads as an old code page of the PC."""
    try:
        return info.filename if info.flag_bits & 0x800 else info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def local(tag: str) -> str:
    """A tag's or attribute's name without its namespace, in lower case.

    >>> local("{http://www.w3.org/1999/xhtml}P")
    'p'
    """
    return tag.rpartition("}")[2].lower()


def read_xml(data: bytes, tags: Tags) -> None:
    """Tell `tags` what XML holds. Of entities only those of HTML are replaced, nothing is fetched. Raises NotXml."""
    from lxml.etree import LxmlError, XMLParser

    declared = None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        data, declared = encoding.decode(data)[0].encode("utf-8", "replace"), "utf-8"
    if b"<!ENTITY" in data:
        raise NotXml("it declares entities")
    plain = _ENTITY.sub(_replaced, data) if b"&" in data else data
    try:
        _feed(XMLParser(target=tags, encoding=declared, resolve_entities=False, no_network=True), plain)
    except LxmlError as problem:
        raise NotXml(str(problem)) from problem


def read_html(data: bytes, tags: Tags) -> None:
    """The same of what is HTML, or was to be XML and is not: in the way of browsers, whatever its mistakes."""
    from lxml.etree import HTMLParser, LxmlError

    text, _ = encoding.decode(data)
    try:
        _feed(HTMLParser(target=tags, encoding="utf-8", no_network=True), text.encode("utf-8", "replace"))
    except LxmlError:  # nothing in it, or no end of it: what was read is kept
        tags.close()


def _replaced(found: re.Match[bytes]) -> bytes:
    code = name2codepoint.get(found[1].decode())
    return found[0] if code is None or found[1] in _OF_XML else b"&#%d;" % code


def _feed(parser: Any, data: bytes) -> None:
    for at in range(0, len(data), _PART):
        parser.feed(data[at : at + _PART])
    parser.close()
