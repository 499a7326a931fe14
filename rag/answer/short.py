"""The short answer: the words within the sentence that say just what was asked."""

import numpy as np

from rag.answer.look import Looked
from rag.answer.reader import Judged
from rag.protocols import WordEmbedder
from rag.types import Span

__all__ = ["SURE", "short"]

LONGEST = 30
"""Pieces in a short answer."""

SURE = 0.35
"""Of all stretches of the sentence the likeliest must have this share; below it the sentence stands alone. On held-out
training questions the words shown then agree with the annotated answer by an F1 of 0.6."""
MOST_OF_IT = 0.7
"""Of the sentence; a longer stretch says no more than the sentence does."""

_AROUND = " \t\n,.;:!?，。；：！？、[]|"


def short(text: str, at: int, looked: Looked, judged: Judged, words: WordEmbedder) -> tuple[Span, float]:
    """Where in `text`, which is the `at`-th sentence looked at, the short answer stands, and how likely it is, 0 to 1.

    An empty span where there is none. Begin and end are found apart and taken together, as in Seo et al. (2017).
    """
    first = int(looked.starts[at])
    last = int(looked.starts[at + 1]) if at + 1 < len(looked.starts) else len(looked.pieces)
    places = words.places(text)
    if len(places) != last - first:  # a sentence without a known piece
        return Span(0, 0), 0.0
    together = judged.begin[first:last, None] + judged.end[None, first:last]
    allowed = np.triu(np.ones_like(together, dtype=np.bool_)) & ~np.triu(
        np.ones_like(together, dtype=np.bool_), LONGEST
    )
    together = np.where(allowed, together, -np.inf)
    begin, end = divmod(int(np.argmax(together)), last - first)
    share = float(1 / np.exp(together - together[begin, end]).sum())
    start, stop = places[begin].start, places[end].end
    while start < stop and text[stop - 1] in _AROUND:
        stop -= 1
    while start < stop and text[start] in _AROUND:
        start += 1
    if stop - start > MOST_OF_IT * len(text) or "|" in text[start:stop]:
        return Span(0, 0), 0.0
    return Span(start, stop), share
