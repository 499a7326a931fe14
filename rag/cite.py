"""From markers in an answer to proven stretches of the originals."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from rag.protocols import Traced
from rag.types import Citation, Document, Span, Statement, Status

__all__ = ["as_cited", "cite", "resolve", "verify"]

_MARKER = re.compile(r"\s*\[(\d+)\]")
_NUMBER = re.compile(r"\[(\d+)\]")
_BEFORE_STOP = re.compile(r"\s+(?=[.,;:!?。，；：！？])")


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
        place=document.place(raw),
        offsets=document.offsets,
    )


def verify(citation: Citation, original: str, clean: Callable[[str], str], evidence: str) -> Citation:
    """`citation` with `verified` set by two rules, each of which alone would be vacuous, and a third.

    The quote is the stretch of the original that the span names; cleaning the quote by itself gives the text; and the
    text holds the sentence that the writer was shown.
    """
    exact = bool(citation.quote) and original[citation.start : citation.end] == citation.quote
    return replace(citation, verified=exact and clean(citation.quote) == citation.text and evidence in citation.text)


def as_cited(_: str, cited: Sequence[int]) -> tuple[Status, list[int]]:
    """The judge that believes the writer."""
    return "verified", list(cited)


def resolve(
    written: str,
    evidence: Mapping[int, Citation],
    sentences: Callable[[str], list[Span]],
    judge: Callable[[str, Sequence[int]], tuple[Status, list[int]]] = as_cited,
) -> tuple[str, tuple[Citation, ...], tuple[Statement, ...]]:
    """The answer, each statement followed by its markers, numbered from 1 in order of appearance, their citations, and
    all statements, those too that are left out.

    `evidence` maps the writer's numbers to citations, `sentences` finds statements, and `judge` says which of those
    numbers a statement stands on, given those that it cites. A statement without a verified citation is left out, for
    nothing in the articles stands behind it.

    >>> resolve("Nothing backs this. See [7].", {}, lambda text: [Span(0, 19), Span(20, len(text))])[:2]
    ('', ())
    """
    numbers: dict[int, int] = {}
    lines = []
    found: list[Statement] = []
    for line in written.split("\n"):
        kept = []
        for text, cited in _statements(line, evidence, sentences):
            if not text:
                continue
            status, good = judge(text, [n for n in dict.fromkeys(cited) if n in evidence])
            own = tuple(numbers.setdefault(n, len(numbers) + 1) for n in good if evidence[n].verified)
            found.append(Statement(text, own, status if own else "unsupported"))
            if own:
                markers = "".join(f"[{number}]" for number in own)
                kept.append(f"{text}{' ' if text[-1].isascii() else ''}{markers}")
        if kept:
            lines.append(" ".join(kept) if kept[0].isascii() else "".join(kept))
    citations = tuple(replace(evidence[n], marker=marker) for n, marker in numbers.items())
    return "\n".join(lines), citations, tuple(found)


def _statements(
    line: str, evidence: Mapping[int, Citation], sentences: Callable[[str], list[Span]]
) -> Iterator[tuple[str, list[int]]]:
    """The statements of a line without their markers, each with the numbers that it cites."""
    plain, places, at = "", [], 0
    for found in _MARKER.finditer(line):
        plain += line[at : found.start()]
        places.append((len(plain), int(found[1])))
        at = found.end()
    plain += line[at:]
    if any(n in evidence and plain.strip() in _NUMBER.sub(r"［\1］", evidence[n].text) for _, n in places):
        yield plain.strip(), [n for _, n in places]  # a quotation is one statement, however it is punctuated
        return
    spans = sentences(plain)
    for number, span in enumerate(spans):
        begin = span.start if number else -1  # a marker before the first statement is taken for its own
        end = spans[number + 1].start if number + 1 < len(spans) else len(plain)
        yield _BEFORE_STOP.sub("", span.of(plain)), [n for place, n in places if begin < place <= end]
