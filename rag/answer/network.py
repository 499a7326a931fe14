"""The reader's network in numpy: what it makes of a question and the sentences of passages found.

Pieces of question and passage are read with their neighbours, each piece of the passage is set against the pieces of
the question and the other way round (Seo et al., "Bidirectional Attention Flow", 2017), the result is read on with
its neighbours and the whole passage in view (Yu et al., "QANet", 2018), and sentences are judged by their pieces and
by what `rag.answer.look` measured.
"""

from collections.abc import Mapping

import numpy as np

from rag.answer.look import Looked
from rag.protocols import Floats, Ids

__all__ = ["HEADS", "SCALE", "SPREAD", "network"]

HEADS = 4
SCALE = 4.0
"""By which scores of pieces are divided where they become a measure of their sentence."""
SPREAD = 3.0
"""By which the table's vectors are multiplied, so that the first layer learns as fast as the others."""

Weights = Mapping[str, Floats]


def network(w: Weights, looked: Looked, asked: Floats, pieces: Floats) -> tuple[Floats, Floats, Floats]:
    """Scores of the sentences; log-odds that each says it at all; (start, end, inside) of each piece, (pieces, 3).

    `asked` and `pieces` are vectors of the question's pieces and of all sentences', (n, dimensions).
    """
    lengths = np.diff(looked.starts, append=len(looked.pieces))
    firsts = np.flatnonzero(np.diff([hit for hit, _ in looked.places], prepend=-1))
    begins = looked.starts[firsts]  # of passages, among the pieces
    begun = np.zeros(1, dtype=np.int64)
    words = _linear(w, "input", asked * SPREAD) + w["asking"]
    x = _linear(w, "input", pieces * SPREAD) + _linear(w, "piece", looked.piece_features)
    for name in ("encode.0", "encode.1"):
        words, x = _near(w, name, words, begun), _near(w, name, x, begins)
    near = _linear(w, "of_piece", x) + _linear(w, "of_word", words).T + (x * w["alike"]) @ words.T
    to_asked = _softmax(near, 1)
    found = to_asked @ words
    back = np.empty_like(found)
    ends = [*begins[1:].tolist(), len(x)]
    for begin, end in zip(begins.tolist(), ends, strict=True):
        back[begin:end] = to_asked[begin:end] @ (_softmax(near[begin:end], 0).T @ x[begin:end])
    x = _linear(w, "mix", np.hstack([x, found, x * found, x * back, looked.piece_features]))
    for number, layer in enumerate((_near, _attend, _near, _attend, _near)):
        x = layer(w, f"read.{number}", x, begins)
    x = _norm(w, "norm", x)
    spans = _linear(w, "span", x)
    inside = spans[:, 2]
    best = np.maximum.reduceat(inside, looked.starts)
    together = np.log(np.add.reduceat(np.exp(inside - np.repeat(best, lengths)), looked.starts)) + best
    whole = (_softmax(_linear(w, "heed", words), 0) * words).sum(axis=0)
    measured = np.column_stack([looked.features, best / SCALE, together / SCALE])
    inner = np.hstack(
        [
            measured,
            np.maximum.reduceat(x, looked.starts, axis=0),
            np.add.reduceat(x, looked.starts, axis=0) / lengths[:, None],
            np.broadcast_to(whole, (len(measured), len(whole))),
        ]
    )
    scores = _linear(w, "sentence_out", np.maximum(_linear(w, "sentence_in", inner), 0))
    scores = scores + measured @ w["straight.weight"].T
    return scores[:, 0], scores[:, 1], spans


def _linear(w: Weights, name: str, x: Floats) -> Floats:
    return np.asarray(x @ w[f"{name}.weight"].T + w[f"{name}.bias"], dtype=np.float32)


def _norm(w: Weights, name: str, x: Floats) -> Floats:
    centred = x - x.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return np.asarray(centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"], dtype=np.float32)


def _softmax(x: Floats, axis: int) -> Floats:
    grown = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(grown / grown.sum(axis=axis, keepdims=True), dtype=np.float32)


def _near(w: Weights, name: str, x: Floats, begins: Ids) -> Floats:
    """A piece and its two neighbours in its passage."""
    y = _norm(w, f"{name}.norm", x)
    before, after = np.zeros_like(y), np.zeros_like(y)
    before[1:], after[:-1] = y[:-1], y[1:]
    before[begins] = 0
    after[begins[1:] - 1] = 0
    inner = np.maximum(_linear(w, f"{name}.inner", np.hstack([before, y, after])), 0)
    return x + _linear(w, f"{name}.outer", inner)


def _attend(w: Weights, name: str, x: Floats, begins: Ids) -> Floats:
    """Every piece looks at every other of its passage."""
    looking = _linear(w, f"{name}.look", _norm(w, f"{name}.norm", x)).reshape(len(x), 3, HEADS, -1)
    seen = np.empty((len(x), HEADS, looking.shape[-1]), dtype=np.float32)
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(x)], strict=True):
        q, k, v = looking[begin:end].transpose(1, 2, 0, 3)
        seen[begin:end] = (_softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]), 2) @ v).swapaxes(0, 1)
    return x + _linear(w, f"{name}.outer", seen.reshape(len(x), -1))
