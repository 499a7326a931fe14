"""From markers in an answer to proven stretches of the originals."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from rag.protocols import Traced
from rag.types import Citation, Document, Span

__all__ = ["cite", "resolve", "verify"]

_MARKER = re.compile(r"\[(\d{1,3})\]")
_MARKERS = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+")
_STATEMENT = re.compile(r"[^\n]*?(?:[。！？!?；][”’」』》）)\"']*|\.(?=\s|\[|$)[\"')]*|\n|$)(?:\s*\[\d{1,3}\])*\n*")


def cite(marker: int, document: Document, page: Traced, span: Span) -> Citation:
    """The citation of `span` of the cleaned `page`, widened so that it cuts no edit in two; not yet verified."""
    wide = page.widen(span)
    raw = page.to_raw(wide)
    line = document.line if document.kind == "record" else document.line + page.raw.count("\n", 0, raw.start)
    return Citation(
        marker=marker,
        doc_id=document.doc_id,
        source=document.source,
        title=document.title,
        sha256=document.sha256,
        encoding=document.encoding,
        start=raw.start,
        end=raw.end,
        line=line,
        quote=raw.of(page.raw),
        text=wide.of(page.text),
        verified=False,
    )


def verify(citation: Citation, original: str, clean: Callable[[str], str]) -> Citation:
    """`citation` with `verified` set by two rules, each of which alone would be vacuous.

    The quote is the stretch of the original that the span names, and cleaning the quote by itself gives the text.
    """
    exact = bool(citation.quote) and original[citation.start : citation.end] == citation.quote
    return replace(citation, verified=exact and clean(citation.quote) == citation.text)


def resolve(written: str, evidence: Mapping[int, Citation]) -> tuple[str, tuple[Citation, ...]]:
    """The answer with markers numbered from 1 in order of appearance, and a citation for each.

    `evidence` maps the writer's numbers to citations. A statement without a marker of a verified citation is left out,
    for nothing in the articles stands behind it.

    >>> resolve("Nothing backs this. See [7].", {})
    ('', ())
    """
    numbers: dict[int, int] = {}
    kept: list[str] = []
    for found in _STATEMENT.finditer(written):
        statement = found[0]
        cited = [int(n) for n in _MARKER.findall(statement)]
        good = [n for n in dict.fromkeys(cited) if n in evidence and evidence[n].verified]
        if not good or not _MARKERS.sub("", statement).strip():
            continue
        for n in good:
            numbers.setdefault(n, len(numbers) + 1)
        kept.append(_MARKER.sub(lambda m: f"[{numbers[int(m[1])]}]" if int(m[1]) in numbers else "", statement))
    citations = tuple(replace(evidence[n], marker=marker) for n, marker in numbers.items())
    return "".join(kept).strip(), citations
