"""From markers in an answer to proven stretches of the originals."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rag.protocols import Traced
from rag.types import Citation, Document, Span, Statement, Status

__all__ = ["as_cited", "cite", "resolve", "verify"]

# white space is looked into from where it begins, not once more from each of its characters
_MARKER = re.compile(r"(?<!\s)\s*\[(\d+)\]")
_NUMBER = re.compile(r"\[(\d+)\]")
_CITED = re.compile(r"(?:(?<!\s)\s*\[\d+\][^\w\s\[“「『《〈（【〔［(]*)+")
"""Markers, with the stops between and behind them."""
_CUT_OFF = re.compile(r"(?<!\s)\s*(?:\[\d*)?\Z")
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


_AHEAD = 24
"""Characters after a full stop that say whether it is one: what follows may be small, a name, or who is quoted."""


def as_cited(_: str, cited: Sequence[int]) -> tuple[Status, list[int]]:
    """The judge that believes the writer."""
    return "verified", list(cited)


def resolve(
    written: Iterable[str],
    evidence: Mapping[int, Citation],
    sentences: Callable[[str], list[Span]],
    judge: Callable[[str, Sequence[int]], tuple[Status, list[int]]] = as_cited,
    *,
    ends: Callable[[str, int], bool] = lambda text, at: False,
    word: Callable[[str], str] = lambda text: text,
    on_verified: Callable[[str], None] | None = None,
) -> tuple[str, tuple[Citation, ...], tuple[Statement, ...]]:
    """The answer, each statement followed by its markers, numbered from 1 in order of appearance, their citations, and
    all statements, those too that are left out.

    `written` comes in parts, and what the answer keeps of it goes to `on_verified` as soon as it is sure; together
    that is the answer. `evidence` maps the writer's numbers to citations, `sentences` finds statements, and `judge`
    says which of those numbers a statement stands on, given those that it cites. A statement without a verified
    citation is left out, for nothing in the articles stands behind it. `ends`, of the beginning of a line and a place
    in it, says whether a statement ends there, and `word` how it is shown.

    >>> resolve("Nothing backs this. See [7].", {}, lambda text: [Span(0, 19), Span(20, len(text))])[:2]
    ('', ())
    """
    numbers: dict[int, int] = {}
    kept: list[str] = []
    found: list[Statement] = []
    lead = joint = ""
    for part in _parts(written, ends):
        for text, cited in _statements(part.rstrip("\n"), evidence, sentences):
            if not text:
                continue
            status, good = judge(text, [n for n in dict.fromkeys(cited) if n in evidence])
            own = tuple(numbers.setdefault(n, len(numbers) + 1) for n in good if evidence[n].verified)
            found.append(Statement(text, own, status if own else "unsupported"))
            if own:
                markers = "".join(f"[{number}]" for number in own)
                shown = f"{text}{' ' if text[-1].isascii() else ''}{markers}"
                if not kept or lead == "\n":  # the first of its line says how those of the line are joined
                    joint = " " if shown.isascii() else ""
                kept.append(lead + word(shown))
                lead = joint
                if on_verified:
                    on_verified(kept[-1])
        if kept and part.endswith("\n"):
            lead = "\n"
    citations = tuple(replace(evidence[n], marker=marker) for n, marker in numbers.items())
    return "".join(kept), citations, tuple(found)


def _parts(written: Iterable[str], ends: Callable[[str, int], bool]) -> Iterator[str]:
    """Lines, and what of a line ends with a statement and its markers, as soon as it is sure that it does.

    Where they are cut does not depend on the pieces in which `written` comes.
    """
    held, looked = "", 0
    for piece in written:
        held += piece
        while True:
            line, stop, _ = held.partition("\n")
            looked, cut = _cut(line, looked, ends, whole=bool(stop))
            if not cut and not stop:
                break
            cut = cut or len(line) + 1
            yield held[:cut]
            held, looked = held[cut:], 0
    while cut := _cut(held, looked, ends, whole=True)[1]:
        yield held[:cut]
        held, looked = held[cut:], 0
    yield held


def _cut(line: str, looked: int, ends: Callable[[str, int], bool], *, whole: bool) -> tuple[int, int]:
    """Up to where `line` has been looked at, and behind which markers to cut it, or 0; `whole`: no more of it comes."""
    for cited in _CITED.finditer(line, looked):
        ahead = _MARKER.sub("", line[cited.end() :])
        if not whole and len(_CUT_OFF.sub("", ahead)) < _AHEAD:
            return cited.start(), 0
        plain = _MARKER.sub("", line[: cited.end()])
        if ahead.strip() and ends(plain + ahead[:_AHEAD], len(plain)):
            return 0, cited.end()
        looked = cited.end()
    rest = _CUT_OFF.search(line, looked)
    return rest.start() if rest else looked, 0


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
