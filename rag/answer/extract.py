"""The built-in writer: the few sentences that answer, word for word, each with its marker. No language model."""

import math
import re
from collections.abc import Iterator, Sequence

from rag.answer.question import kind
from rag.script import fold, terms
from rag.types import Evidence

__all__ = ["Extract"]

MOST = 3
"""Sentences in an answer."""

ENOUGH = 0.97
"""Further sentences are added until the answer is in one of those taken with this probability, by their scores."""

_LIKE_A_MARKER = re.compile(r"\[(\d+)\]")

SAME = 0.6
"""Share of a sentence's terms that the answer already has, from which it would only repeat."""

_FOLLOWS = re.compile(
    r"\W*(?:因此|所以|因而|于是|结果|由此|从而|故此|可见|这(?:使|让|导致|意味)|therefore|thus|hence|as a result|so,|"
    r"consequently|this (?:led|meant|made|caused))"
)
"""How a sentence begins, folded, that says what the one before it led to."""

_OPENS = re.compile(r"(?:[:：]|如下[。.]?|as follows[.:]?)\s*$")
"""How a sentence ends that names what comes next."""


class Extract:
    """Satisfies `rag.protocols.Writer`."""

    name = "extract"

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The best sentence, what belongs to it, and others that add something while it is not sure to answer.

        A sentence that says what another led to stands with that one where the question is why, and one that opens a
        list with what it opens, in their own order; the others follow, the better first.
        """
        for one in self._choose(question, evidence):
            text = _LIKE_A_MARKER.sub(r"［\1］", one.text)
            yield f"{text}[{one.number}]\n"

    @staticmethod
    def _choose(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
        ranked = sorted(evidence, key=lambda one: -one.score)
        chosen: list[Evidence] = []
        said: set[str] = set()
        beside = _belonging(question, ranked)
        odds = {one.number: math.exp(one.score - ranked[0].score) for one in ranked}
        wanted, held = ENOUGH * sum(odds.values()), 0.0
        for one in [*ranked[:1], *beside, *ranked[1:]]:
            own = set(terms(one.text))
            if one in chosen or not own or (said and len(own & said) >= SAME * len(own)):
                held += 0.0 if one in chosen else odds[one.number]
                continue
            if chosen and one not in beside and held >= wanted:
                break
            chosen.append(one)
            held += odds[one.number]
            said |= own
            if len(chosen) == MOST:
                break
        together = [one for one in chosen if one == ranked[0] or one in beside]
        return [*sorted(together, key=lambda one: one.span), *(one for one in chosen if one not in together)]


def _belonging(question: str, ranked: Sequence[Evidence]) -> list[Evidence]:
    """Neighbours of the best sentence without which it says half of the matter."""
    best = ranked[0] if ranked else None
    if best is None:
        return []
    place = {(one.hit, one.span.start): one for one in ranked}
    same = sorted(start for hit, start in place if hit == best.hit)
    at = same.index(best.span.start)
    # a gap is a sentence that was not offered
    before = [place[best.hit, start] for start in same[:at][-1:]]
    before = [one for one in before if best.span.start - one.span.end <= 1]
    after: list[Evidence] = []
    for start in same[at + 1 :]:
        if start - (after[-1] if after else best).span.end > 1:
            break
        after.append(place[best.hit, start])
    found = after[: MOST - 1] if _OPENS.search(fold(best.text)) else []
    if kind(question) == "why":
        found += before if _FOLLOWS.match(fold(best.text)) else []
        found += [one for one in after[:1] if _FOLLOWS.match(fold(one.text))]
    found += [one for one in before if _OPENS.search(fold(one.text))]
    return list(dict.fromkeys(found))
