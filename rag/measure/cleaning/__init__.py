"""How well cleaning undoes the dirt of real pages, beside other tools for the same work: `rag bench clean`."""

import codecs
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final

from rag.chunk import chunk
from rag.cite import cite, verify
from rag.clean import TracedText, breaks, clean
from rag.library.passages import prepare
from rag.load import encoding
from rag.measure.cleaning import cost, material, peers
from rag.measure.cleaning.dirt import DIRT, Dirty, joined
from rag.measure.cleaning.dirt.furniture import Page, page
from rag.measure.cleaning.score import Counts, Gate, Score, compare, gate
from rag.types import Document, Kind, Span

__all__ = ["ENCODINGS", "corpus", "detection", "digest", "furnished", "furniture", "measure", "proofs", "repair"]

ROUNDS = 3
"""So many pages are made of each text with each kind of dirt."""

FURNISHED = 8
"""So many with furniture: each has only some of it."""

SPEED_CHARACTERS = 1_000_000
GROWTH_BYTES = 1_000_000

ENCODINGS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "UTF-8": str.encode,
    "UTF-8 with mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 LE with mark": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 BE with mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "GB18030": lambda text: text.encode("gb18030"),
    "Big5": lambda text: text.encode("big5"),
}

SHIFTED: Final = ("byte shift", "byte shift at marks", "byte shift with notes")
LONG_RUN: Final = 4
"""Characters: of shorter runs out of step too little is left to choose by; they are not counted."""

UNTOUCHED: Final = "clean text"
"""The name of the kind of dirt that is none: what changes there was changed wrongly."""

_Text = Callable[[str], str]


@dataclass
class Proofs(Counts):
    """Sentences of cleaned pages: all but titles, those in a passage, and those whose citation holds by both rules."""

    sentences: int = 0
    cited: int = 0
    proven: int = 0


def corpus(texts: Mapping[str, str]) -> dict[str, list[Dirty]]:
    """Every text under every kind of dirt, and as it is; always the same for the same texts."""
    pages = {UNTOUCHED: [joined([(text, text)]) for text in texts.values()]}
    for kind, dirt in DIRT.items():
        made = [dirt(text, Random(f"{kind}/{turn}/{name}")) for name, text in texts.items() for turn in range(ROUNDS)]
        pages[kind] = [dirty for dirty in made if dirty.runs and dirty.lossy == ("lossy" in kind)]
    return pages


def furnished(texts: Mapping[str, str]) -> list[Page]:
    """Every text on `FURNISHED` pages with different furniture; always the same for the same texts."""
    return [page(text, Random(f"{turn}/{name}")) for name, text in texts.items() for turn in range(FURNISHED)]


def digest(dirty: Mapping[str, Sequence[Dirty]], pages: Sequence[Page]) -> str:
    """Differs whenever a page that is measured does: a floor is for these pages and no others."""
    texts = [one.text for made in dirty.values() for one in made] + [one.html for one in pages]
    return hashlib.sha256("\f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def repair(pages: Mapping[str, Sequence[Dirty]], tool: _Text) -> dict[str, Score]:
    """What `tool` restores and what it spoils, by kind of dirt."""
    scores = {}
    for kind, dirties in pages.items():
        scores[kind] = Score()
        for dirty in dirties:
            scores[kind] += compare(dirty, tool(dirty.text), LONG_RUN if kind in SHIFTED else 1)
    return scores


def furniture(pages: Sequence[Page], tool: _Text, kind: Kind) -> Gate:
    """Which lines `tool` keeps of pages in that form."""
    total = Gate()
    for one in pages:
        total += gate(tool(one.html if kind == "html" else one.text), one.wanted, one.unwanted)
    return total


def detection(texts: Sequence[str], tool: Callable[[bytes], str]) -> dict[str, tuple[int, int]]:
    """How many texts `tool` reads as they were written, of how many, by encoding."""
    found = {}
    for name, written in ENCODINGS.items():
        usable = list(material.encodable(texts, "big5" if name == "Big5" else "gb18030"))
        right = sum(tool(written(text)).removeprefix("\ufeff") == text for text in usable)
        found[name] = (right, len(usable))
    return found


def proofs(text: str, kind: Kind = "text") -> Proofs:
    """The two rules of a citation on every sentence of every passage of one page, as answering would cite it."""
    document = Document("page", "page", text, "", kind=kind)
    stored, passages = prepare(document)
    traced = TracedText(text, stored.edits)
    pieces = [
        piece for piece in chunk(traced.text, breaks(traced)) if piece.span.of(traced.text) != stored.document.title
    ]
    counted = Proofs(sum(len(piece.sentences) for piece in pieces))
    for passage in passages:
        start = traced.to_text(Span(passage.start, passage.end)).start
        for sentence in passage.sentences:
            span = Span(start + sentence.start, start + sentence.end)
            citation = cite(1, document, traced, span)
            shown = sentence.of(passage.text)
            counted.cited += 1
            counted.proven += verify(citation, text, lambda quote: clean(quote, kind).text, shown).verified
    return counted


def _ours(text: str, kind: Kind = "text") -> str:
    return clean(text, kind).text


def _counted(tools: Mapping[str, Score | Gate | None]) -> dict[str, dict[str, int] | None]:
    return {name: asdict(one) if one is not None else None for name, one in tools.items()}


def measure(data: Sequence[str] = (), most: int = 40, *, costs: bool = False) -> dict[str, Any]:
    """All figures as one JSON object: counts, from which every share follows; None where a tool is not installed.

    `data` names BEIR folders or JSON lines files, of each of which up to `most` passages are measured along with the
    package's own articles. `costs`: measure time as well, which takes minutes. Raises NotFound, BadInput.
    """
    texts = material.articles()
    for folder in data:
        texts |= material.passages(folder, most)
    dirty, pages = corpus(texts), furnished(texts)
    ftfy, trafilatura, normalizer = peers.ftfy(), peers.trafilatura(), peers.charset_normalizer()
    ours, theirs = repair(dirty, _ours), repair(dirty, ftfy) if ftfy else {}
    windows = material.windows(texts)
    detected = detection(windows, lambda data: encoding.decode(data)[0])
    others = detection(windows, normalizer) if normalizer else {}
    total = Proofs()
    for one in [dirty for made in dirty.values() for dirty in made] + pages:
        total += proofs(one.text)
    for one in pages:
        total += proofs(one.html, "html")
    return {
        "material": {
            "texts": len(texts),
            "characters": sum(map(len, texts.values())),
            "digest": digest(dirty, pages),
            "data": [str(folder) for folder in data],
        },
        "tools": peers.installed(),
        "repair": {kind: _counted({"rag": ours[kind], "ftfy": theirs.get(kind)}) for kind in dirty},
        "furniture": {
            "text": _counted({"rag": furniture(pages, _ours, "text"), "trafilatura": None}),
            "html": _counted(
                {
                    "rag": furniture(pages, lambda text: _ours(text, "html"), "html"),
                    "trafilatura": furniture(pages, trafilatura, "html") if trafilatura else None,
                }
            ),
        },
        "encodings": {
            name: {
                "texts": of,
                "rag": right,
                "charset-normalizer": others[name][0] if others else None,
            }
            for name, (right, of) in detected.items()
        },
        "citations": asdict(total),
        "cost": _costs(texts) if costs else None,
    }


def _costs(texts: Mapping[str, str]) -> dict[str, Any]:
    spent = cost.speed(texts, SPEED_CHARACTERS)
    return {
        "characters": spent.characters,
        "cleaning_s": spent.cleaning,
        "rest_s": spent.rest,
        "growth": {name: cost.growth(name, GROWTH_BYTES) for name in cost.HOSTILE},
    }
