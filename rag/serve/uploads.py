"""Files that come over the network: their names made harmless, their kinds and sizes checked, and kept."""

import os
import re
import secrets
import unicodedata
import zipfile
from pathlib import Path
from typing import BinaryIO

from rag.load.folder import SUFFIXES, suffix_of
from rag.serve.errors import Refused

__all__ = ["keep", "safe_name"]

UNPACKED = 64 << 20
"""Bytes that a DOCX or EPUB may say that it unpacks to. What it does unpack to is counted when it is read."""
PARTS = 5000
_LONGEST = 150  # bytes of a name; most systems take 255
_ACCEPTED = tuple(suffix for suffix in SUFFIXES if suffix != ".jsonl.gz")  # it could unpack to anything
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of a file's name, without what means something to a file system or a terminal.

    Raises Refused, 415, for a file of a kind that is not read.

    >>> safe_name("../../etc/cron.d/新闻 1.html"), safe_name("a\\\\b\\x1b[2J.TXT")
    ('新闻 1.html', 'b_2J.txt')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    suffix = suffix_of(Path(last))
    if suffix not in _ACCEPTED:
        raise Refused(415, "files of that kind are not read; upload one of " + ", ".join(_ACCEPTED))
    stem = re.sub(r"[^\w \-.()（）《》，。、！？：“”]+", "_", last[: len(last) - len(suffix)]).strip(" ._~")
    while len(stem.encode()) > _LONGEST:
        stem = stem[:-1]
    if not stem or _RESERVED.match(stem):
        stem = f"article {stem}".strip()
    return stem + suffix


def keep(file: BinaryIO, name: str, folder: Path) -> Path:
    """Write an uploaded file into `folder`, whole or not at all, in place of one of the same name.

    Raises Refused: 415 for what is not of the kind that its name says, 413 for an archive that unpacks to too much,
    507 where there is no room.
    """
    name = safe_name(name)
    _check(file, suffix_of(Path(name)))
    beside = folder / f".{secrets.token_hex(8)}"
    try:
        folder.mkdir(exist_ok=True)
        # not through a link, and not over what is there
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as kept:
            file.seek(0)
            while part := file.read(1 << 20):
                kept.write(part)
        beside.replace(folder / name)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise Refused(507, f"the file cannot be kept: {problem.strerror}") from problem
    return folder / name


def _check(file: BinaryIO, suffix: str) -> None:
    file.seek(0)
    head = file.read(8)
    if suffix == ".pdf" and b"%PDF" not in head:
        raise Refused(415, "that is not a PDF in spite of its name")
    if suffix not in (".docx", ".epub"):
        return
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise Refused(415, f"that is not a sound {suffix[1:].upper()} file") from None
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise Refused(413, f"the archive unpacks to more than {UNPACKED >> 20} MB or {PARTS} parts; split it")
