"""One document cleaned and cut into passages, each of which can be proven from the original."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.chunk import chunk
from rag.clean import REPAIRED, TracedText, breaks, clean, described, without
from rag.clean import edges as edges_of
from rag.index import NewPassage, Stored
from rag.library.embedded import digest
from rag.types import Document, Kind, Span

__all__ = ["prepare"]


def prepare(document: Document, site: str = "", known: frozenset[int] = frozenset()) -> tuple[Stored, list[NewPassage]]:
    """Clean and chunk one document. Each passage obeys both rules of a citation, or is cut until it does.

    `known` are keys of the lines that its `site` repeats; without a site nothing of it is remembered.
    """
    found = digest(document)
    page = clean(document.text, document.kind)
    edges = edges_of(page.text) if site else None
    if edges:
        edges = replace(edges, dropped=edges.keys & known)
        page = without(page, edges.dropped)
    document = described(document, page)
    stored = Stored(document, page.edits, site, edges, found)
    passages: list[NewPassage] = []
    line, counted = 0, 0
    pieces = chunk(page.text, breaks(page))
    for piece in pieces:
        if len(pieces) > 1 and piece.span.of(page.text) == document.title:
            continue  # it is part of every other passage as its title
        for passage in _proven(page, document.kind, piece.span, piece.sentences):
            if document.kind != "record":
                line += page.raw.count("\n", counted, passage.start)
                counted = passage.start
            place = document.place(Span(passage.start, passage.end))
            passages.append(replace(passage, line=line, place=place))
    return stored, passages


def _proven(page: TracedText, kind: Kind, span: Span, sentences: Sequence[Span]) -> Iterator[NewPassage]:
    wide = page.widen(span)
    raw = page.to_raw(wide)
    text = wide.of(page.text)
    if clean(raw.of(page.raw), kind).text == text:
        if any(REPAIRED in edit.why for edit in page.edits if raw.start <= edit.start < raw.end):
            sentences = _standing_alone(page, kind, sentences)
        inside = tuple(Span(max(s.start, wide.start) - wide.start, s.end - wide.start) for s in sentences)
        yield NewPassage(raw.start, raw.end, 0, text, inside)
    elif len(sentences) > 1:  # cleaned out of its context, a line of it reads as furniture: each sentence by itself
        for sentence in sentences:
            yield from _proven(page, kind, sentence, (sentence,))


def _standing_alone(page: TracedText, kind: Kind, sentences: Sequence[Span]) -> list[Span]:
    """`sentences`, joined where one that was repaired is cleaned otherwise when it is taken out of its context."""
    alone: list[Span] = []
    begin = -1
    for sentence in sentences:
        begin = sentence.start if begin < 0 else begin
        wide = page.widen(Span(begin, sentence.end))
        if clean(page.to_raw(wide).of(page.raw), kind).text == wide.of(page.text):
            alone.append(Span(begin, sentence.end))
            begin = -1
    return alone if begin < 0 else [Span(sentences[0].start, sentences[-1].end)]  # which were proven together
