"""Stand-ins for models, so that this project's tests and yours need no weights.

>>> from rag.testing import HashedTerms
>>> model = HashedTerms()
>>> passages = model.embed_passages(["declining users", "a recipe for soup"])
>>> related, unrelated = passages @ model.embed_queries(["user decline"])[0]
>>> bool(related > 0.9 > unrelated)
True
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from rag.protocols import Floats, Ids
from rag.script import fold, terms
from rag.types import Evidence, Span

__all__ = ["HashedTerms", "Scripted"]


class HashedTerms:
    """An embedder without weights: a random direction for each term, the same on every machine; texts are their sums.

    It knows no meaning: texts are near when they share terms.
    """

    def __init__(self, dimensions: int = 256, name: str = "hashed-terms") -> None:
        self.name, self.dimensions = name, dimensions
        self.fingerprint = f"{name}/{dimensions}"

    def words(self, text: str) -> tuple[list[str], Floats]:
        """Terms and their directions, unit length."""
        found = terms(text)
        vectors = np.zeros((len(found), self.dimensions), dtype=np.float32)
        for row, term in zip(vectors, found, strict=True):
            row[:] = self._direction(term)
        return found, vectors

    def _direction(self, term: str) -> Floats:
        return self._numbered(_number(term))

    def _numbered(self, number: int) -> Floats:
        row = np.random.default_rng(number).standard_normal(self.dimensions).astype(np.float32)
        return np.asarray(row / np.linalg.norm(row))

    def word_vectors(self, texts: Sequence[str]) -> list[Floats]:
        """The second part of `words` for many texts at once."""
        return [self.words(text)[1] for text in texts]

    def numbers(self, texts: Sequence[str]) -> list[Ids]:
        """Hashes of the terms."""
        return [np.array([_number(term) for term in terms(text)], dtype=np.int64) for text in texts]

    def places(self, text: str) -> list[Span]:
        """Where the terms stand, each after the one before it; nowhere for one that folding changed."""
        folded, found, after = fold(text), [], 0
        for term in terms(text):
            at = folded.find(term, after) if len(folded) == len(text) else -1
            after = max(at, after)
            found.append(Span(at, at + len(term)) if at >= 0 else Span(0, 0))
        return found

    def directions(self, numbers: Ids) -> Floats:
        """Directions of terms by number."""
        rows = [self._numbered(int(number)) for number in numbers]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimensions)

    def _embed(self, texts: Sequence[str]) -> Floats:
        sums = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(sums, texts, strict=True):
            row[:] = self.words(text)[1].sum(axis=0)
            row /= max(float(np.linalg.norm(row)), 1e-9)
        return sums

    embed_queries = embed_passages = _embed


def _number(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "little")


class Scripted:
    """A writer that says what it was told to say, whatever it is asked; `asked` keeps what it was given."""

    name = "scripted"

    def __init__(self, text: str) -> None:
        self._text = text
        self.asked: list[tuple[str, list[Evidence]]] = []

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The text, character by character, as the slowest of models would send it."""
        self.asked.append((question, list(evidence)))
        yield from self._text
