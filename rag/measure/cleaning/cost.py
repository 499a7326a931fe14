"""What cleaning costs beside the rest of indexing, and how its cost grows on texts made to hurt."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rag.chunk import chunk
from rag.clean import breaks, clean
from rag.library import Library
from rag.library.passages import prepare
from rag.load import read
from rag.types import Kind

__all__ = ["HOSTILE", "Speed", "growth", "speed"]

HOSTILE: Final[Mapping[str, tuple[Kind, str]]] = {
    "?": ("text", "?"),
    "(": ("text", "("),
    "當(": ("text", "當("),
    "當(dāng": ("text", "當(dāng"),
    "half a character lost": ("text", "?！拔覀兠"),
    "UTF-8 as windows-1252": ("text", "å›½å†…"),
    "UTF-8 as GBK": ("text", "鍥藉唴"),
    "short lines": ("text", "分享\n"),
    "spaces": ("text", " "),
    "empty lines with spaces": ("text", " \n"),
    "an unclosed tag": ("html", "<a b"),
    "nested tags": ("html", "<div>"),
    "open comments": ("html", "<!--"),
    "open entities": ("html", "&#"),
    "open links": ("markdown", "[a]("),
}
"""Stretches that, repeated, are hard on a careless rule; each with the kind of document in which it stands."""


@dataclass(frozen=True, slots=True)
class Speed:
    """CPU seconds of cleaning `characters` once, and of splitting, embedding and indexing them."""

    characters: int
    cleaning: float
    rest: float


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def speed(texts: Mapping[str, str], characters: int) -> Speed:
    """Cost on `characters` of clean text, `texts` over and over under different names."""
    items = list(texts.items())
    rounds = max(1, round(characters / max(1, sum(map(len, texts.values())))))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for turn in range(rounds):
                for name, text in items:
                    out.write(json.dumps({"_id": f"{name}-{turn}", "text": text}, ensure_ascii=False) + "\n")
        documents = list(read(file))
        for document in documents[: len(items)]:  # tables are loaded and expressions compiled
            prepare(document)
        cleaning = _cpu(lambda: [clean(document.text, document.kind) for document in documents])
        pages = [clean(document.text, document.kind) for document in documents]
        splitting = _cpu(lambda: [chunk(page.text, breaks(page)) for page in pages])
        preparing = _cpu(lambda: [prepare(document) for document in documents])
        with Library(Path(folder) / "index") as library:
            everything = _cpu(lambda: library.add(file))
    return Speed(sum(len(document.text) for document in documents), cleaning, everything - preparing + splitting)


def growth(name: str, size: int) -> float:
    """How many times as long cleaning takes on ten times `size` bytes of `HOSTILE[name]`; 10 is linear."""
    kind, unit = HOSTILE[name]
    small, large = (unit * (length // len(unit.encode())) for length in (size, 10 * size))
    clean(small[:1000], kind)
    return _cpu(lambda: clean(large, kind)) / max(_cpu(lambda: clean(small, kind)), 1e-3)
