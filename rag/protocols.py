"""The seams, on one page. They are structural: an implementation has the methods and inherits nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np

from rag.types import Evidence, Span

__all__ = [
    "Embedder",
    "Floats",
    "Ids",
    "Pooling",
    "Progress",
    "Reranker",
    "TermStore",
    "Traced",
    "VectorStore",
    "WordEmbedder",
    "Writer",
]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Ids: TypeAlias = NDArray[np.int64]
else:  # numpy.typing takes a twentieth of a second to import
    Floats = Ids = np.ndarray


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors. Rows are L2-normalised float32, so that an inner product is a cosine."""

    @property
    def name(self) -> str:
        """What the user calls it: `builtin`, a model id, a folder or an address."""

    @property
    def fingerprint(self) -> str:
        """Differs whenever the vectors would: an index built with one fingerprint is not searched with another."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed_queries(self, texts: Sequence[str]) -> Floats:
        """Vectors of questions, shape (len(texts), dimensions)."""

    def embed_passages(self, texts: Sequence[str]) -> Floats:
        """Vectors of passages, shape (len(texts), dimensions)."""


@runtime_checkable
class WordEmbedder(Embedder, Protocol):
    """An embedder that can also look at single words, as late interaction needs."""

    def words(self, text: str) -> tuple[list[str], Floats]:
        """The pieces of `text` and their unnormalised vectors, shape (pieces, dimensions)."""

    def word_vectors(self, texts: Sequence[str]) -> list[Floats]:
        """The second part of `words` for many texts at once."""

    def numbers(self, texts: Sequence[str]) -> list[Ids]:
        """The known pieces of each text as numbers below 2**32, in order; they go with the fingerprint."""

    def places(self, text: str) -> list[Span]:
        """Where the pieces that `numbers` gives of `text` stand in it."""

    def directions(self, numbers: Ids) -> Floats:
        """Vectors of pieces by number, unit length, shape (len(numbers), dimensions)."""


@runtime_checkable
class Pooling(WordEmbedder, Protocol):
    """A word embedder whose vector of a text is that of the text's pieces, so that it need not be cut up again."""

    def pooled(self, numbers: Sequence[Ids]) -> Floats:
        """What `embed_passages` gives for texts of these pieces, shape (len(numbers), dimensions)."""


@runtime_checkable
class VectorStore(Protocol):
    """Nearest neighbours by inner product."""

    def search(self, vectors: Floats, k: int, among: Ids | None = None) -> tuple[Floats, Ids]:
        """Scores (higher is nearer) and ids, each (len(vectors), k), best first; id -1 pads a short row.

        `among` restricts the search to these ids.
        """

    def __len__(self) -> int: ...


@runtime_checkable
class TermStore(Protocol):
    """Lexical search with weights given term by term, over the terms of `rag.script.terms`."""

    def search(self, weights: Mapping[str, float], k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Ids and scores, best first; a score is at most 2.2 times the sum of the weights (BM25, k1 1.2)."""

    def frequency(self, term: str) -> int:
        """In how many passages `term` occurs."""

    def __len__(self) -> int: ...


@runtime_checkable
class Reranker(Protocol):
    """Reads a question and a passage together."""

    @property
    def name(self) -> str:
        """What the user calls it: a model id or a folder."""

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """How well each text answers, shape (len(texts),), higher is better."""


class Traced(Protocol):
    """A cleaned text that knows the way back."""

    @property
    def raw(self) -> str:
        """The original."""

    @property
    def text(self) -> str:
        """The original as cleaned."""

    def to_raw(self, span: Span) -> Span:
        """From a stretch of `text` to the stretch of `raw` that it stands for."""

    def to_text(self, raw: Span) -> Span:
        """From a stretch of `raw` to what is left of it in `text`."""

    def widen(self, span: Span) -> Span:
        """A stretch of `text` that cuts no edit in two."""


@runtime_checkable
class Writer(Protocol):
    """Writes an answer from numbered evidence."""

    @property
    def name(self) -> str:
        """What the user calls it: `extract`, a model id, a folder or an address."""

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The answer in parts, as they are made; `[n]` refers to the evidence of that number."""


class Progress(Protocol):
    """Told how far a long piece of work is; `total` may grow while files are still being found.

    `done` has a fraction inside of a large file.
    """

    def __call__(self, done: float, total: int, what: str) -> None: ...
