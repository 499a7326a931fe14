"""The reader: which sentence answers, which words of it, and whether any does. numpy alone; see `rag.answer.network`.

Fitted by `rag.train.answer`.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.answer.look import FEATURES, Looked
from rag.answer.network import network
from rag.protocols import Floats, Ids, WordEmbedder

__all__ = ["PATH", "Judged", "Reader", "load"]

_BEHIND = 100.0
_UNNAMED = 3.0
"""How far behind is a passage without a name or number of the question that another has; of 1 to 8 the best on held-out
training questions: the network knows rare names by their pieces alone."""
PATH = Path(__file__).parents[1] / "models" / "reader.npz"


@dataclass(frozen=True, slots=True)
class Judged:
    """`scores` of the sentences, log-odds against one another; `says` of each the log-odds that it answers at all, both
    (sentences,). `begin` and `end` say of each piece how likely the short answer begins or ends there, (pieces,).
    """

    scores: Floats
    says: Floats
    begin: Floats
    end: Floats


class Reader:
    """Weights of an `.npz` by name: those of `rag.answer.network` and of `rag.answer.refuse`.

    `table` is the fingerprint of the table of piece vectors that they belong to.
    """

    def __init__(self, path: Path = PATH) -> None:
        with np.load(path, allow_pickle=False) as found:
            self.weights: dict[str, Floats] = {
                name: found[name].astype(np.float32) for name in found if name != "table"
            }
            self.table = str(found["table"])

    def judge(self, looked: Looked, words: WordEmbedder) -> Judged:
        """What the network makes of sentences."""
        asked = looked.asked if len(looked.asked) else np.array([-1])
        scores, says, spans = network(
            self.weights, looked, self._vectors(asked, words), self._vectors(looked.pieces, words)
        )
        heading = looked.features[:, FEATURES.index("heading")] > 0
        if not heading.all():  # a heading names a subject and states nothing
            scores = scores - _BEHIND * heading.astype(np.float32)
        named = looked.features[:, FEATURES.index("passage_named")]
        scores = scores - _UNNAMED * (named.max() - named)
        return Judged(scores, says, spans[:, 0], spans[:, 1])

    def _vectors(self, pieces: Ids, words: WordEmbedder) -> Floats:
        """Of pieces; nothing of one that is not known, nor of a table that the weights do not belong to."""
        if words.fingerprint != self.table:
            return np.zeros((len(pieces), self.weights["input.weight"].shape[1]), dtype=np.float32)
        return words.directions(np.maximum(pieces, 0)) * (pieces >= 0)[:, None]


@lru_cache(maxsize=1)
def load() -> Reader:
    """The reader in the package, read once for a process."""
    return Reader()
