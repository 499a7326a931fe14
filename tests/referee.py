"""The slow obvious way, for the quick one to be compared with."""

from collections.abc import Sequence

import numpy as np

from rag.late import NEAR, Asked, unit
from rag.protocols import Floats


def nearest(asked: Asked, texts: Sequence[Floats]) -> Floats:
    """For each text and each word of the question the best cosine among the text's word vectors, (texts, words).

    0 where none is near.
    """
    best = np.zeros((len(texts), len(asked.vectors)), dtype=np.float32)
    filled = [at for at, vectors in enumerate(texts) if len(vectors)]
    if filled and len(asked.vectors):
        starts = np.cumsum([0, *(len(texts[at]) for at in filled[:-1])])
        cosines = unit(np.concatenate([texts[at] for at in filled])) @ asked.vectors.T
        best[filled] = np.maximum.reduceat(cosines, starts, axis=0)
    best[best < NEAR] = 0
    return best
