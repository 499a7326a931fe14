"""The reader: a small network that says which sentence answers. numpy alone; fitted by `rag.train.answer`.

Every piece of a sentence is judged by what it and its neighbours mean, by what the question asks for (both learned
from the same table of piece vectors), and by how much of the question stands around it. The best piece and the
sentence's own measures give the sentence's score. Scores of sentences are log-odds against one another.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.answer.look import Looked
from rag.protocols import Floats, Ids, WordEmbedder

__all__ = ["PATH", "SCALE", "Reader", "load"]

PATH = Path(__file__).parents[1] / "models" / "reader.npz"
SCALE = 4.0
"""By which scores of pieces are divided where they become a measure of their sentence."""


class Reader:
    """Weights of an `.npz` by name: `directions` (dimensions, d) of the table that matter; `asks` and `says` (d, 3 n)
    for a piece of the question or of a sentence and its neighbours; `heed` (n,) how much a piece of the question says
    about what is asked; then two layers for pieces and two for sentences. `table` is the fingerprint of the table.
    """

    def __init__(self, path: Path = PATH) -> None:
        with np.load(path, allow_pickle=False) as found:
            self.weights: dict[str, Floats] = {
                name: found[name].astype(np.float32) for name in found if name != "table"
            }
            self.table = str(found["table"])

    def judge(self, looked: Looked, words: WordEmbedder) -> tuple[Floats, Floats]:
        """Scores of the sentences and of the best piece of each, (sentences,) both."""
        w = self.weights
        asks = self._local("asks", looked.asked, np.zeros(1, dtype=np.int64), words)
        heed = np.exp(asks @ w["heed"])
        asked = heed @ asks / heed.sum()
        says = self._local("says", looked.pieces, looked.starts, words)
        size = len(asked)
        hidden = (  # the question's part is the same for every piece
            says @ (w["piece_in"][:size] + asked[:, None] * w["piece_in"][size : 2 * size])
            + asked @ w["piece_in"][2 * size : 3 * size]
            + looked.piece_features @ w["piece_in"][3 * size :]
            + w["piece_in_bias"]
        )
        pieces = np.maximum(hidden, 0) @ w["piece_out"] + w["piece_out_bias"]
        best = np.maximum.reduceat(pieces, looked.starts)
        lengths = np.diff(looked.starts, append=len(pieces))
        together = np.log(np.add.reduceat(np.exp(pieces - np.repeat(best, lengths)), looked.starts)) + best
        measured = np.column_stack([looked.features, best / SCALE, together / SCALE])
        inner = measured @ w["sentence_in"][:-size] + asked @ w["sentence_in"][-size:] + w["sentence_in_bias"]
        scores = np.maximum(inner, 0) @ w["sentence_out"] + measured @ w["sentence_straight"]
        return np.asarray(scores, dtype=np.float32), np.asarray(best, dtype=np.float32)

    def _local(self, name: str, pieces: Ids, starts: Ids, words: WordEmbedder) -> Floats:
        """Each piece with its two neighbours, as the network sees it; nothing of a table that it does not know."""
        pieces = pieces if len(pieces) else np.array([-1])
        different, where = np.unique(pieces, return_inverse=True)
        vectors = words.directions(np.maximum(different, 0)) * (different >= 0)[:, None]
        if words.fingerprint != self.table:
            vectors = np.zeros((len(different), len(self.weights["directions"])), dtype=np.float32)
        before, own, after = np.split((vectors @ self.weights["directions"] @ self.weights[name])[where], 3, axis=1)
        summed = own + self.weights[f"{name}_bias"]
        inside = np.ones((len(pieces), 1), dtype=np.float32)
        inside[starts] = 0
        summed[1:] += before[:-1] * inside[1:]
        summed[:-1] += after[1:] * inside[1:]
        return np.asarray(np.tanh(summed), dtype=np.float32)


@lru_cache(maxsize=1)
def load() -> Reader:
    """The reader in the package, read once for a process."""
    return Reader()
