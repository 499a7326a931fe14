"""Asking: evidence from what was found, an answer written over it, and every statement of that proven or left out."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from rag import embed
from rag.answer import evidence as judged
from rag.answer import refuse
from rag.answer.support import Judge
from rag.chunk import ends, sentences
from rag.cite import cite, resolve, verify
from rag.display import in_script_of
from rag.errors import RagError
from rag.index import Source
from rag.late import prepare
from rag.library.finding import sound
from rag.load import fingerprint
from rag.protocols import WordEmbedder
from rag.script import language
from rag.types import Answer, Citation, Document, Evidence, Hit, Kind, Mode, Span, Statement

if TYPE_CHECKING:
    from rag.library import Library

__all__ = ["ask"]

OFFERED = 12
"""Sentences that a writer is given."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FILTERED = {"zh": "没有符合筛选条件的文章。", "en": "No article passes the filters."}


class _Gathered(NamedTuple):
    """`best`: features of the best evidence; `proven`: citations by number of the evidence; `stale`: sources that
    changed since they were indexed."""

    hits: list[Hit]
    evidence: Sequence[Evidence]
    best: Any
    proven: Mapping[int, Citation]
    stale: Sequence[str]


def ask(
    library: "Library",
    question: str,
    k: int | None,
    mode: Mode | None,
    filters: Mapping[str, Any],
    on_hits: Callable[[Sequence[Hit]], None] | None,
    on_text: Callable[[str], None] | None,
    on_verified: Callable[[str], None] | None,
) -> Answer:
    """See `Library.ask`; `filters` are keywords of `Library.search`."""
    began = time.perf_counter()
    question = sound(question)
    found = library.index.read(lambda: _gathered(library, question, k, mode, filters))
    hits, evidence, best, proven, stale = found
    if on_hits:
        on_hits(hits)
    text, reason = "", ""
    citations: tuple[Citation, ...] = ()
    said: tuple[Statement, ...] = ()
    if not evidence:
        reason = in_script_of(question, refuse.reason(best, language(question)))
        if not hits and any(filters.values()):
            reason = _FILTERED[language(question)]
    else:
        offered = [one for one in evidence if one.number in proven]
        outdated = stale and evidence[0].number not in proven  # what is next best would pass for the answer
        if offered and not outdated:
            fitted_on = cast(WordEmbedder, embed.load("builtin"))
            judge = Judge(offered, hits, fitted_on, library.background)
            text, citations, said = resolve(
                _written(library, question, offered, on_text),
                proven,
                sentences,
                judge,
                ends=ends,
                word=partial(in_script_of, question),
                on_verified=on_verified,
            )
        if not citations:
            said_no = in_script_of(question, refuse.reason(best, language(question)))
            reason = _changed(stale) if outdated or (stale and not offered) else said_no
    took = round((time.perf_counter() - began) * 1000, 2)
    short = next((one.short for one in evidence if one.short and any(one.text in c.text for c in citations)), "")
    short = in_script_of(question, short)
    return Answer(
        *(question, text, not citations, reason, library.writer_name, citations, tuple(hits), took),
        statements=said,
        short="" if short not in text or f"[{short}]" in text else short,  # a "1" would be found in its marker
    )


def _gathered(
    library: "Library", question: str, k: int | None, mode: Mode | None, filters: Mapping[str, Any]
) -> _Gathered:
    hits = library.search(question, k, mode=mode, **filters)
    asked = prepare(question, library.words, library.background)
    evidence, best = judged.gather(question, asked, hits, library.words, OFFERED)
    if not evidence or not refuse.probability(best) >= refuse.THRESHOLD:
        return _Gathered(hits, [], best, {}, [])
    return _Gathered(hits, evidence, best, *_citations(library, evidence, hits))


def _citations(
    library: "Library", evidence: Sequence[Evidence], hits: Sequence[Hit]
) -> tuple[dict[int, Citation], list[str]]:
    """A verified citation for each number of the evidence that has one; and the sources that changed since."""
    from rag.clean import TracedText  # a refusal needs none of it

    pages: dict[int, tuple[Document, TracedText] | None] = {}
    found, stale = {}, []
    for one in evidence:
        hit = hits[one.hit]
        if hit.key not in pages:
            copies = library.index.truth.documents_of(hit.key, hit.doc_id)
            stored = next((one for one, source in copies if library.index.travels or _is_current(source)), None)
            pages[hit.key] = (stored.document, TracedText(stored.document.text, stored.edits)) if stored else None
        page = pages[hit.key]
        if page is None:
            stale.append(hit.source)
            continue
        document, text = page
        start = text.to_text(Span(hit.start, hit.end)).start
        span = Span(start + one.span.start, start + one.span.end)
        if span.end > len(text.text):
            continue  # a damaged row
        citation = cite(one.number, document, text, span)
        citation = verify(citation, document.text, _cleaner(document.kind), one.text)
        if citation.verified:
            found[one.number] = citation
    return found, list(dict.fromkeys(stale))


def _is_current(source: Source) -> bool:
    """Whether a source still is as it was indexed, by size and time, else by its content.

    What came through a pipe always is. It is looked for where it was, and else under its name as shown, for an index
    may move along with its articles.
    """
    if not source.sha256:  # it came through a pipe
        return True
    for path in (Path(os.fsdecode(source.location.encode("latin-1"))), Path(source.path)):
        try:
            status = path.stat()
            same = (status.st_size, status.st_mtime_ns) == (source.size, source.mtime_ns)
            return same or fingerprint(path).sha256 == source.sha256
        except (OSError, RagError):
            continue
    return False


def _cleaner(kind: Kind) -> Callable[[str], str]:
    from rag.clean import clean

    return lambda quote: clean(quote, kind).text


def _written(
    library: "Library", question: str, offered: Sequence[Evidence], on_text: Callable[[str], None] | None
) -> Iterator[str]:
    for made in library.writer.write(question, offered):
        part = _CONTROL.sub("", made)  # nothing that a model writes may command a terminal
        if on_text:
            on_text(part)
        yield part


def _changed(sources: Sequence[str]) -> str:
    return f"{', '.join(sources)} changed or went away since it was indexed: run rag index again."
