"""The sentences of the passages found, scored by how well each answers the question."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.answer.question import kind, offers
from rag.late import Asked, covered, nearest, unit
from rag.protocols import Floats, WordEmbedder
from rag.script import language, terms
from rag.types import Evidence, Hit, Span

__all__ = ["FEATURES", "gather", "look", "parameters"]

FEATURES = (
    *("covered", "matched", "cosine", "around", "offers", "hit", "first", "heading", "passage", "least"),
    *("other", "other_covered", "other_cosine", "other_around"),
)
"""What is measured of a sentence, each about 0 to 1:

covered   share of the question's weight whose words have a near neighbour in the sentence (late interaction: the mean
          over question words of the best cosine, Khattab and Zaharia 2020, weighted by rarity)
matched   the same, counting only terms that occur as they are
cosine    of sentence and question as a whole
around    `covered` by the sentence, its neighbours and the title together
offers    whether it has what the kind of question asks for: a number, a date, a cause
hit       the passage's search score below that of the best passage, in tens of standard deviations (0 or negative)
first     1 for the first sentence of a passage
heading   1 for a line that ends like no sentence
passage   cosine of passage and question
other     1 where passage and question are in different languages, and then also `covered`, `cosine` and `around` again,
          for across languages a word is near at best and never the same
least     the best cosine found, by `around`, for the worst found of the question's rarer words
"""

PARAMETERS = Path(__file__).parents[1] / "models" / "answer.json"
_FINISHED = re.compile(r"[。！？!?；;.…][”’」』》）)\"']*$")
_BEHIND = 100.0
_RARE = 0.4  # of the weight of the rarest


@lru_cache(maxsize=1)
def parameters() -> dict[str, list[float]]:
    """Weights fitted by `python -m rag.train.answer`."""
    found = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    return {name: [float(value) for value in values] for name, values in found["parameters"].items()}


def look(
    question: str, asked: Asked, hits: Sequence[Hit], words: WordEmbedder
) -> tuple[list[tuple[int, Span]], Floats]:
    """Every sentence of the hits as (hit, span in the hit's text), and its features, (sentences, len(FEATURES))."""
    wanted = kind(question)
    own_language = language(question)
    rare = asked.weights > _RARE * asked.weights.max(initial=0.0)
    places: list[tuple[int, Span]] = []
    rows: list[list[float]] = []
    spans_of = [hit.sentences or (Span(0, len(hit.text)),) for hit in hits]
    texts = [span.of(hit.text) for hit, spans in zip(hits, spans_of, strict=True) for span in spans]
    vectors = words.word_vectors(texts)
    sums = np.array([own.sum(axis=0) for own in vectors])
    near = nearest(asked, vectors)
    titles = nearest(asked, words.word_vectors([hit.title for hit in hits]))
    share, cosine = covered(asked, near), unit(sums) @ asked.whole
    at = 0
    for number, (hit, spans) in enumerate(zip(hits, spans_of, strict=True)):
        first, behind = at, at + len(spans)
        other = float(language(hit.text) != own_language)
        passage = float(unit(sums[first:behind].sum(axis=0)) @ asked.whole)
        for at, span in enumerate(spans, first):
            sentence = span.of(hit.text)
            around = np.maximum(titles[number], near[max(first, at - 1) : min(at + 2, behind)].max(axis=0))
            rows.append(
                [
                    float(share[at]),
                    _matched(asked, sentence),
                    float(cosine[at]),
                    float(covered(asked, around)),
                    float(offers(wanted, sentence)) if wanted != "what" else 0.5,
                    (hit.score - hits[0].score) / 10,
                    float(at == first),
                    float(not _FINISHED.search(sentence)),
                    passage,
                    float(around[rare].min()) if rare.any() else 0.0,
                ]
            )
            row = rows[-1]
            row += [other, other * row[0], other * row[2], other * row[3]]
            places.append((number, span))
        at = behind
    return places, np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURES))


def gather(
    question: str, asked: Asked, hits: Sequence[Hit], words: WordEmbedder, most: int
) -> tuple[list[Evidence], Floats]:
    """The `most` best sentences, best first, numbered from 1, and the features of the best one (zeros if none)."""
    places, features = look(question, asked, hits, words) if hits else ([], None)
    if features is None:
        return [], np.zeros(len(FEATURES), dtype=np.float32)
    scores = features @ np.array(parameters()["sentence"], dtype=np.float32)
    heading = features[:, FEATURES.index("heading")] > 0
    if not heading.all():  # a heading names a subject and states nothing
        scores[heading] -= _BEHIND
    best = np.argsort(-scores, kind="stable")[:most]
    chosen = [
        Evidence(
            number,
            places[at][1].of(hits[places[at][0]].text),
            places[at][0],
            places[at][1],
            float(scores[at]),
        )
        for number, at in enumerate(best, 1)
    ]
    return chosen, features[best[0]]


def _matched(asked: Asked, sentence: str) -> float:
    total = sum(asked.terms.values())
    own = set(terms(sentence))
    return sum(weight for term, weight in asked.terms.items() if term in own) / total if total else 0.0
