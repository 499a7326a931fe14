"""The built-in writer: the few sentences that answer, word for word, each with its marker. No language model."""

import math
import re
from collections.abc import Iterator, Sequence

from rag.answer.lists import items, opens
from rag.answer.question import kind
from rag.script import fold, terms
from rag.types import Evidence

__all__ = ["Extract"]

MOST = 3
"""Sentences in an answer."""

ENOUGH = 0.97
"""Further sentences are added until the answer is in one of those taken with this probability, by their scores."""

FAINT = 0.02
"""A sentence that is so much less likely to answer than the best one is not added."""

_LIKE_A_MARKER = re.compile(r"\[(\d+)\]")

SAME = 0.6
"""Share of a sentence's terms that the answer already has, from which it would only repeat."""

_EMPTY_LINE = 2
"""Characters between a sentence and the next, at most."""

_FOLLOWS = re.compile(
    r"\W*(?:因此|所以|因而|于是|结果|由此|从而|故此|可见|这(?:使|让|导致|意味)|therefore|thus|hence|as a result|so,|"
    r"consequently|this (?:led|meant|made|caused))"
)
"""How a sentence begins, folded, that says what the one before it led to."""


class Extract:
    """Satisfies `rag.protocols.Writer`."""

    name = "extract"

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The best sentence, what belongs to it, and others while it is not sure to answer; or a list.

        A sentence that says what another led to stands with that one where the question is why, in their own order;
        the others follow, the better first, those of one passage together and in its order.
        """
        for one in self._choose(question, evidence):
            text = _LIKE_A_MARKER.sub(r"［\1］", one.text)
            yield f"{text}[{one.number}]\n"

    @staticmethod
    def _choose(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
        ranked = sorted(evidence, key=lambda one: -one.score)
        listed = _listed(ranked)
        if listed:
            return listed
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
            if chosen and one not in beside and (held >= wanted or odds[one.number] < FAINT):
                break
            chosen.append(one)
            held += odds[one.number]
            said |= own
            if len(chosen) == MOST:
                break
        together = [one for one in chosen if one == ranked[0] or one in beside]
        rest = [one for one in chosen if one not in together]
        first = {one.hit: number for number, one in reversed([*enumerate(rest)])}
        return [*sorted(together, key=lambda one: one.span), *sorted(rest, key=lambda one: (first[one.hit], one.span))]


def _after(one: Evidence, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What stands behind it in its passage, in order, without a gap: that would be a sentence that was not offered."""
    found: list[Evidence] = []
    for other in sorted((other for other in evidence if other.hit == one.hit), key=lambda other: other.span):
        if 0 <= other.span.start - (found[-1] if found else one).span.end <= _EMPTY_LINE:
            found.append(other)
    return found


def _listed(ranked: Sequence[Evidence]) -> list[Evidence]:
    """The best sentence and the list that it opens; nothing if it opens none."""
    if not ranked or not opens(ranked[0].text):
        return []
    after = _after(ranked[0], ranked)
    count = items(ranked[0].span, [(one.text, one.span) for one in after])
    return [ranked[0], *after[:count]] if count else []


def _belonging(question: str, ranked: Sequence[Evidence]) -> list[Evidence]:
    """Neighbours of the best sentence without which it says half of the matter."""
    best = ranked[0] if ranked else None
    if best is None:
        return []
    before = [one for one in ranked if one.hit == best.hit and 0 <= best.span.start - one.span.end <= _EMPTY_LINE]
    found: list[Evidence] = []
    if kind(question) == "why":
        found += before if _FOLLOWS.match(fold(best.text)) else []
        found += [one for one in _after(best, ranked)[:1] if _FOLLOWS.match(fold(one.text))]
    found += [one for one in before if opens(one.text)]
    return list(dict.fromkeys(found))
