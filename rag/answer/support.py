"""Whether evidence supports a statement, whoever wrote it: facts must be in it, and its words must carry the rest.

No model is called. What a statement may not say unless its evidence does is in `rag.answer.facts`; how much of the rest
must be carried was fitted by `python -m rag.train.support`.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.answer.facts import missing, negated
from rag.answer.prompt import NO_ANSWER
from rag.background import Background
from rag.late import covered, nearest_pieces, prepare, unit
from rag.protocols import Floats, WordEmbedder
from rag.script import content, fold, language, terms
from rag.types import Evidence, Hit, Status

__all__ = ["FEATURES", "Judge", "Shown", "look", "score"]

FEATURES = (
    *("covered", "covered_around", "matched", "matched_around", "cosine", "least", "least_around", "gap", "length"),
    *("denies", "denied", "alien", "aliens", "far", "verbatim", "changed", "other"),
)
"""What is measured of a statement and a piece of evidence, each about 0 to 1:

covered   share of the statement's weight whose words have a near neighbour in the evidence (late interaction)
matched   the same, counting only terms that occur as they are
around    in either, by the evidence together with what it stands in
cosine    of both as a whole
least     the best cosine found for the worst found of the statement's rarer words
gap       weight of the longest run of the statement's words that nothing around the evidence is near to
length    of the statement, as the logarithm of its share of the evidence's, from -2 to 2
denies    1 where the statement denies more than the evidence; denied: where only the evidence denies something
alien     rarity of the word that is farthest from all around the evidence, where it does not occur; aliens: their sum
far       share of the words with no near neighbour in the evidence
verbatim  share of the statement that stands in the evidence letter by letter; changed: its longest other stretch
other     1 where they are in different languages
"""

PARAMETERS = Path(__file__).parents[1] / "models" / "support.json"
_RARE = 0.4
_NEAR = 0.5
_RUN = {"zh": 4, "en": 10}
"""Characters that make a quotation."""
_REFUSALS = frozenset(fold(text) for text in NO_ANSWER.values())

Shown = tuple[str, str]
"""Evidence, and the text that it stands in: title and neighbours."""


@lru_cache(maxsize=1)
def parameters() -> tuple[Floats, Floats, Floats]:
    """Weights of FEATURES and of 1 for each hidden unit, weights of those and of 1, and two thresholds: the score from
    which a statement in the evidence's language counts as supported, and that of one in another.
    """
    found = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    hidden, out, thresholds = (np.array(found[name], dtype=np.float32) for name in ("hidden", "out", "thresholds"))
    return hidden, out, thresholds


def score(features: Floats) -> Floats:
    """How far above its threshold the support in each row is: a network of one hidden layer."""
    hidden, out, thresholds = parameters()
    inner = np.tanh(features @ hidden[:-1] + hidden[-1])
    threshold = np.where(features[:, FEATURES.index("other")] > 0, thresholds[1], thresholds[0])
    return np.asarray(inner @ out[:-1] + out[-1] - threshold, dtype=np.float32)


def look(statement: str, shown: Sequence[Shown], words: WordEmbedder, background: Background) -> Floats:
    """FEATURES of `statement` with each piece of evidence, shape (len(shown), len(FEATURES))."""
    asked = prepare(statement, words, background)
    texts = [text for pair in shown for text in (pair[0], "\n".join(pair))]
    numbers = words.numbers(texts)
    near = nearest_pieces(asked, np.concatenate(numbers), np.array([len(one) for one in numbers]), words)
    share = covered(asked, near)
    rare = asked.weights > _RARE * asked.weights.max(initial=0.0)
    whole = unit(np.array([own.sum(axis=0) for own in words.word_vectors([pair[0] for pair in shown])]))
    cosine = whole @ asked.whole
    total = sum(asked.terms.values()) or 1.0
    own_language = language(statement)
    pieces, _ = words.words(content(statement))
    plain, denials = _plain(statement), negated(statement)
    rows = []
    for at, (evidence, _) in enumerate(shown):
        here, around = near[2 * at], near[2 * at + 1]
        known = [set(terms(text)) for text in texts[2 * at : 2 * at + 2]]
        matched = [sum(weight for term, weight in asked.terms.items() if term in own) / total for own in known]
        least = [float(one[rare].min()) if rare.any() else 0.0 for one in (here, around)]
        everything, denied = fold(texts[2 * at + 1]), negated(evidence)
        absent = np.array([piece not in everything for piece in pieces], dtype=np.float32)
        alien = asked.weights * (1 - around) * absent
        rows.append(
            [
                *(float(share[2 * at]), float(share[2 * at + 1]), *matched, float(cosine[at]), *least),
                _gap(asked.weights, around),
                min(max(math.log(len(statement) + 1) - math.log(len(evidence) + 1), -2.0), 2.0),
                float(denials > denied),
                float(denied > 0 and not denials),
                float(alien.max(initial=0.0)) / 10,
                float(alien.sum()) / 30,
                float((here < _NEAR).mean()) if len(here) else 1.0,
                *_quoted(plain, _plain(evidence), _RUN[own_language]),
                float(language(evidence) != own_language),
            ]
        )
    return np.array(rows, dtype=np.float32).reshape(len(shown), len(FEATURES))


def _quoted(said: str, evidence: str, run: int) -> tuple[float, float]:
    """The share of `said` in stretches of at least `run` characters that `evidence` has, and the longest stretch
    outside of them, in thirties, at most 1.
    """
    known = {evidence[at : at + run] for at in range(len(evidence) - run + 1)}
    inside = longest = 0
    behind = 0
    for at in range(len(said) - run + 1):
        if said[at : at + run] in known:
            inside += at + run - max(at, behind)
            longest = max(longest, at - behind)
            behind = at + run
    longest = max(longest, len(said) - behind)
    return inside / max(len(said), 1), min(longest, 30) / 30


def _gap(weights: Floats, near: Floats) -> float:
    """The most weight, in twenties, of neighbouring words of which none is near."""
    longest = run = 0.0
    for weight, best in zip(weights, near, strict=True):
        run = 0.0 if best >= _NEAR else run + float(weight)
        longest = max(longest, run)
    return longest / 20


class Judge:
    """Says of each statement of an answer whether the evidence that the writer was shown supports it.

    `hits` are those that the evidence comes from. Satisfies `rag.cite.Judge`.
    """

    def __init__(
        self, evidence: Sequence[Evidence], hits: Sequence[Hit], words: WordEmbedder, background: Background
    ) -> None:
        self._words, self._background = words, background
        self._shown = {one.number: _shown(one, hits[one.hit]) for one in evidence}

    def __call__(self, statement: str, cited: Sequence[int]) -> tuple[Status, list[int]]:
        """`verified` and those of the numbers `cited` that support it, alone or together; `repaired` and the number
        that supports it in their place; or `unsupported` and none.
        """
        said = _plain(statement)
        if not said or said in _REFUSALS:
            return "unsupported", []
        known = [number for number in dict.fromkeys(cited) if number in self._shown]
        verbatim = [number for number, (text, _) in self._shown.items() if _plain(text) == said]
        if verbatim:
            kept = [number for number in known if number in verbatim]
            return ("verified", kept) if kept else ("repaired", verbatim[:1])
        scores = self._scores(statement, self._shown)
        kept = [number for number in known if scores[number] > 0]
        if kept:
            return "verified", kept
        if len(known) > 1:
            texts, around = zip(*(self._shown[number] for number in known), strict=True)
            if self._scores(statement, {0: ("\n".join(texts), "\n".join(around))})[0] > 0:
                return "verified", known
        best = max(scores, key=lambda number: scores[number], default=None)
        if best is not None and scores[best] > 0:
            return "repaired", [best]
        return "unsupported", []

    def _scores(self, statement: str, shown: dict[int, Shown]) -> dict[int, float]:
        """How far above the threshold the support of each is; -inf where a fact is missing."""
        if not content(statement).strip():
            return dict.fromkeys(shown, -math.inf)
        values = score(look(statement, list(shown.values()), self._words, self._background))
        return {
            number: -math.inf if missing(statement, *shown[number]) else float(value)
            for number, value in zip(shown, values, strict=True)
        }


def _shown(one: Evidence, hit: Hit) -> Shown:
    """A piece of evidence, and the title of its article with the sentences before and after it."""
    spans = hit.sentences
    place = next((at for at, span in enumerate(spans) if span == one.span), None)
    near = [] if place is None else [spans[at] for at in (place - 1, place + 1) if 0 <= at < len(spans)]
    return one.text, "\n".join([hit.title, *(span.of(hit.text) for span in near)])


def _plain(text: str) -> str:
    return " ".join(fold(text).split())
