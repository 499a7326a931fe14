"""What is measured of every sentence found, and of every piece of it, before the reader judges them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from rag.answer.question import KINDS, kind, names, offers
from rag.late import NEAR, Asked, covered, unit
from rag.protocols import Floats, Ids, WordEmbedder
from rag.script import fold, language, terms
from rag.types import Hit, Span

__all__ = ["FEATURES", "PIECE_FEATURES", "Looked", "look"]

FEATURES = (
    *("covered", "matched", "pairs", "cosine", "around", "before", "after", "title", "least", "named"),
    *("passage", "passage_below", "passage_cosine", "passage_same", "passage_missing", "passage_named"),
    *("hit", "first", "place", "heading", "length"),
    *("other", "other_covered", "other_cosine", "other_around"),
    *(f"asks_{kind}" for kind in KINDS),
    *(f"offers_{kind}" for kind in KINDS),
)
"""What is measured of a sentence, each about 0 to 1:

covered   share of the question's weight whose words have a near neighbour in the sentence (late interaction: the mean
          over question words of the best cosine, Khattab and Zaharia 2020, weighted by rarity)
matched   the same, counting only terms that occur as they are; `pairs`: neighbours in the question that are neighbours
          in the sentence
cosine    of sentence and question as a whole
around    `covered` by the sentence, its neighbours and the title together; `before`, `after`, `title`: by each alone
least     the best cosine found, by `around`, for the worst found of the question's rarer words
named     share of the question's names and numbers that the sentence has (1 if it has none)
passage   `covered` by the whole passage and its title; `_below`: how far that is below the best passage's; `_cosine`;
          `_same`: counting only words that occur as they are; `_missing`: how rare a word is that it has not, nor
          anything near it, in tenths; `_named`: share of the question's names and numbers that it has
hit       the passage's search score below that of the best passage, in tens of standard deviations (0 or negative)
first     1 for the first sentence of a passage, `place` how far down it is, `heading` 1 for a line that ends like no
          sentence, `length` in pieces, as a logarithm
other     1 where passage and question are in different languages, and then also three of the above again, for across
          languages a word is near at best and never the same
asks_     1 for the kind of the question; `offers_`: and where the sentence has what that kind asks for
"""

PIECE_FEATURES = ("near", "same", "left", "right", "far_left", "far_right", "sentence", "in_question", "other")
"""What is measured of a piece: the best cosine to a word of the question, by weight, and whether it is that word; how
much of the question stands to the left and right of it, near by and further off; and of its sentence."""

_FINISHED = re.compile(r"[。！？!?；;.…][”’」』》）)\"']*$")
_RARE = 0.4  # of the weight of the rarest
_SAME = 0.99
_NEARBY, _FAR = (0.75, 4), (0.93, 6)  # by how much a word counts less for each piece between; log2 of the reach


Columns: TypeAlias = dict[str, Floats]
"""Views into the features of all sentences, by name."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Sentences as (hit, span in the hit's text), with their features, (sentences, len(FEATURES)).

    `pieces` are the numbers of all their pieces in order, -1 where a sentence has none that is known; `starts` where
    each sentence begins among them; `piece_features` (pieces, len(PIECE_FEATURES)); `asked` the question's pieces.
    """

    places: list[tuple[int, Span]]
    features: Floats
    pieces: Ids
    starts: Ids
    piece_features: Floats
    asked: Ids


def look(question: str, asked: Asked, hits: Sequence[Hit], words: WordEmbedder) -> Looked:
    """Every sentence of the hits; there must be one hit at least."""
    places = [(number, span) for number, hit in enumerate(hits) for span in hit.sentences or (Span(0, len(hit.text)),)]
    texts = [span.of(hits[number].text) for number, span in places]
    own, *rest = words.numbers([question, *texts, *(hit.title for hit in hits)])
    filled = [ids if len(ids) else np.array([-1], dtype=np.int64) for ids in rest]
    lengths = np.array([len(ids) for ids in filled])
    starts = np.cumsum(lengths) - lengths
    different, where = np.unique(np.concatenate(filled), return_inverse=True)
    vectors = words.directions(np.maximum(different, 0)) * (different >= 0)[:, None]
    cosines = vectors @ asked.vectors.T
    cosines[cosines < NEAR] = 0
    near_pieces = cosines[where]
    near = np.maximum.reduceat(near_pieces, starts, axis=0)
    of_hit = np.array([number for number, _ in places])
    features = np.zeros((len(places), len(FEATURES)), dtype=np.float32)
    columns = dict(zip(FEATURES, features.T, strict=True))
    others = np.array([float(language(hit.text) != language(question)) for hit in hits])[of_hit]
    _nearness(columns, asked, near[: len(places)], near[len(places) :][of_hit], of_hit)
    _shape(columns, texts, hits, of_hit, lengths[: len(places)])
    sums = np.array([vectors.sum(axis=0) for vectors in words.word_vectors(texts)])
    firsts = np.flatnonzero(np.diff(of_hit, prepend=-1))
    columns["cosine"][:] = unit(sums) @ asked.whole
    columns["passage_cosine"][:] = (unit(np.add.reduceat(sums, firsts, axis=0)) @ asked.whole)[of_hit]
    columns["other"][:] = others
    for name in ("covered", "cosine", "around"):
        columns[f"other_{name}"][:] = others * columns[name]
    _words(columns, question, asked, texts, [f"{hit.title} {hit.text}" for hit in hits], of_hit)
    pairs = set(pairwise(own.tolist()))
    for at, ids in enumerate(filled[: len(places)]):
        columns["pairs"][at] = len(pairs & set(pairwise(ids.tolist()))) / (len(pairs) or 1)

    total = int(lengths[: len(places)].sum())
    sentence = np.repeat(np.arange(len(places)), lengths[: len(places)])
    of_piece = np.zeros((total, len(PIECE_FEATURES)), dtype=np.float32)
    _around_pieces(of_piece, near_pieces[:total], asked, starts[sentence], lengths[sentence])
    of_piece[:, 6] = columns["covered"][sentence]
    pieces = np.concatenate(filled[: len(places)])
    of_piece[:, 7] = np.isin(pieces, own)
    of_piece[:, 8] = others[sentence]
    return Looked(places, features, pieces, starts[: len(places)], of_piece, own)


def _nearness(columns: Columns, asked: Asked, near: Floats, titles: Floats, of_hit: Ids) -> None:
    """What of the question is near: in the sentence, beside it, in its passage; `near` is (sentences, words)."""
    same_hit = (of_hit[1:] == of_hit[:-1])[:, None]
    before, after = np.zeros_like(near), np.zeros_like(near)
    before[1:], after[:-1] = near[:-1] * same_hit, near[1:] * same_hit
    around = np.maximum.reduce([near, before, after, titles])
    for name, found in (("covered", near), ("around", around), ("before", before), ("after", after), ("title", titles)):
        columns[name][:] = covered(asked, found)
    rare = asked.weights > _RARE * asked.weights.max(initial=0.0)
    columns["least"][:] = around[:, rare].min(axis=1) if rare.any() else 0.0
    firsts = np.flatnonzero(np.diff(of_hit, prepend=-1))
    near_passages = np.maximum(np.maximum.reduceat(near, firsts, axis=0), titles[firsts])
    passages = covered(asked, near_passages)
    columns["passage"][:] = passages[of_hit]
    columns["passage_below"][:] = (passages - passages.max())[of_hit]
    columns["passage_same"][:] = covered(asked, (near_passages > _SAME).astype(np.float32))[of_hit]
    columns["passage_missing"][:] = (asked.weights * (1 - near_passages)).max(axis=1, initial=0.0)[of_hit] / 10


def _shape(columns: Columns, texts: Sequence[str], hits: Sequence[Hit], of_hit: Ids, lengths: Ids) -> None:
    """Where the sentence stands and how it looks."""
    firsts = np.flatnonzero(np.diff(of_hit, prepend=-1))
    columns["hit"][:] = np.array([max(hit.score - hits[0].score, -20) / 10 for hit in hits])[of_hit]
    columns["first"][firsts] = 1
    columns["place"][:] = np.minimum(np.arange(len(texts)) - firsts[of_hit], 10) / 10
    columns["heading"][:] = [not _FINISHED.search(text) for text in texts]
    columns["length"][:] = np.log1p(lengths) / 4


def _words(
    columns: Columns, question: str, asked: Asked, texts: Sequence[str], passages: Sequence[str], of_hit: Ids
) -> None:
    """The question's terms and names in the sentence and its passage, and what its kind asks for."""
    wanted, called = kind(question), names(question)
    columns[f"asks_{wanted}"][:] = 1
    for at, text in enumerate(texts):
        folded = fold(text)
        columns["matched"][at] = _matched(asked, text)
        columns["named"][at] = _named(called, folded)
        columns[f"offers_{wanted}"][at] = offers(wanted, folded)
    columns["passage_named"][:] = np.array([_named(called, fold(text)) for text in passages])[of_hit]


def _around_pieces(of_piece: Floats, near: Floats, asked: Asked, starts: Ids, lengths: Ids) -> None:
    """The first columns of `PIECE_FEATURES`; `starts` and `lengths` are of each piece's sentence."""
    of_piece[:, 1] = near.max(axis=1, initial=0.0) > _SAME
    near = near * asked.weights
    of_piece[:, 0] = near.max(axis=1, initial=0.0) / (float(asked.weights.max(initial=0.0)) or 1.0)
    weight = float(asked.weights.sum()) or 1.0
    offset = np.arange(len(near)) - starts
    left = lengths - 1 - offset
    for column, (decay, reach) in ((2, _NEARBY), (4, _FAR)):
        of_piece[:, column] = _fading(near, offset, decay, reach).sum(axis=1) / weight
        of_piece[:, column + 1] = _fading(near[::-1], left[::-1], decay, reach).sum(axis=1)[::-1] / weight


def _fading(near: Floats, offset: Ids, decay: float, reach: int) -> Floats:
    """For each piece and word of the question the best of the pieces up to it, less by `decay` for each step away.

    Found by doubling the reach, up to 2 ** reach pieces; `offset` counts from the start of the sentence.
    """
    found = near
    for step in (2**power for power in range(reach)):
        moved = np.zeros_like(found)
        moved[step:] = found[:-step] * (decay**step)
        moved[offset < step] = 0
        found = np.maximum(found, moved)
    return found


def _matched(asked: Asked, sentence: str) -> float:
    total = sum(asked.terms.values())
    own = set(terms(sentence))
    return sum(weight for term, weight in asked.terms.items() if term in own) / total if total else 0.0


def _named(called: Sequence[str], folded: str) -> float:
    return sum(name in folded for name in called) / len(called) if called else 1.0
