"""The built-in writer: the few sentences that answer, word for word, each with its marker. No language model."""

import re
from collections.abc import Iterator, Sequence

from rag.script import terms
from rag.types import Evidence

__all__ = ["Extract"]

MOST = 3
"""Sentences in an answer."""

CLOSE = 1.5
"""A further sentence's score may lie this far below the best one's: odds of about one to four and a half."""

_LIKE_A_MARKER = re.compile(r"\[(\d+)\]")

SAME = 0.6
"""Share of a sentence's terms that the answer already has, from which it would only repeat."""


class Extract:
    """Satisfies `rag.protocols.Writer`."""

    name = "extract"

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The best sentence and those nearly as good that add something; those of one passage in their own order."""
        chosen = self._choose(evidence)
        passages = list(dict.fromkeys(one.hit for one in chosen))
        for one in sorted(chosen, key=lambda e: (passages.index(e.hit), e.span)):
            text = _LIKE_A_MARKER.sub(r"［\1］", one.text)
            yield f"{text}[{one.number}]\n"

    @staticmethod
    def _choose(evidence: Sequence[Evidence]) -> list[Evidence]:
        ranked = sorted(evidence, key=lambda one: -one.score)
        chosen: list[Evidence] = []
        said: set[str] = set()
        for one in ranked:
            own = set(terms(one.text))
            if not own or (said and len(own & said) >= SAME * len(own)):
                continue
            if chosen and one.score < ranked[0].score - CLOSE:
                break
            chosen.append(one)
            said |= own
            if len(chosen) == MOST:
                break
        return chosen
