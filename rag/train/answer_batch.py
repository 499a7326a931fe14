"""Examples in the arrays that `rag.train.reader_net` takes: a row for each passage, padded."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rag.protocols import Ids
from rag.train.answer_examples import Example

__all__ = ["batch"]

Range = tuple[int, int]
"""Sentences of a passage, from the first to before the last."""


def batch(
    examples: Sequence[Example], none: int, chance: random.Random | None = None, most: int = 3, room: int = 200
) -> dict[str, Any]:
    """The examples with all their passages; with `chance`, `most` of each and about `room` pieces of a passage.

    `none` is the number of no piece. The sentences that answer are among those kept.
    """
    rows: list[tuple[Example, int, Range]] = []
    for number, one in enumerate(examples):
        rows += [(one, number, kept) for kept in (_some(one, chance, most, room) if chance else _passages(one))]
    sizes = [_pieces(one, kept) for one, _, kept in rows]
    length = max(end - begin for begin, end in sizes)
    pieces, of = np.full((len(rows), length), none), np.full((len(rows), length), -1)
    measured = np.zeros((len(rows), length, rows[0][0].looked.piece_features.shape[1]), dtype=np.float32)
    parts: dict[str, list[Any]] = {name: [] for name in ("features", "right", "question_of", "row_of", "gold", "of")}
    sentences = 0
    for row, ((one, number, (first, last)), (begin, end)) in enumerate(zip(rows, sizes, strict=True)):
        looked = one.looked
        own, count = looked.pieces[begin:end], last - first
        lengths = np.diff(np.append(looked.starts[first:last], end))
        pieces[row, : len(own)] = np.where(own < 0, none, own)
        measured[row, : len(own)] = looked.piece_features[begin:end]
        of[row, : len(own)] = sentences + np.repeat(np.arange(count), lengths)
        sentences += count
        parts["features"].append(looked.features[first:last])
        parts["right"].append(one.right[first:last])
        parts["question_of"].append(np.full(count, number))
        parts["row_of"].append(np.full(count, row))
        parts["gold"].append(one.gold[begin:end])
        parts["of"].append(np.full(len(own), number))
    joined = {name: torch.from_numpy(np.concatenate(values)) for name, values in parts.items()}
    asked, there = _padded([one.looked.asked for one in examples], none)
    return {
        **{"pieces": torch.from_numpy(pieces), "piece_features": torch.from_numpy(measured)},
        **{"sentence": torch.from_numpy(of), "question_of_row": torch.tensor([number for _, number, _ in rows])},
        **{"asked": asked, "asked_there": there, "n": len(examples)},
        **{name: joined[name] for name in ("right", "question_of", "row_of", "gold")},
        **{"features": joined["features"].float(), "question_of_piece": joined["of"]},
    }


def _passages(one: Example) -> list[Range]:
    """The sentences of each passage."""
    hits = np.array([hit for hit, _ in one.looked.places])
    firsts = np.flatnonzero(np.diff(hits, prepend=-1)).tolist()
    return list(zip(firsts, [*firsts[1:], len(hits)], strict=True))


def _some(one: Example, chance: random.Random, most: int, room: int) -> list[Range]:
    """Those that answer and a few others, each shortened around a sentence that answers or any."""
    every = _passages(one)
    right = [kept for kept in every if one.right[kept[0] : kept[1]].any()][:2]
    others = [kept for kept in every if kept not in right]
    chosen = sorted(right + chance.sample(others, min(len(others), max(most - len(right), 0))))
    return [_short(one, kept, chance, room) for kept in chosen]


def _short(one: Example, kept: Range, chance: random.Random, room: int) -> Range:
    first, last = kept
    right = [at for at in range(first, last) if one.right[at]]
    begin = chance.choice(right or range(first, last))
    end = begin + 1
    while (begin, end) != kept:
        ways = [(begin - 1, end)] * (begin > first) + [(begin, end + 1)] * (end < last)
        wider = chance.choice(ways)
        low, high = _pieces(one, wider)
        if high - low > room:
            break
        begin, end = wider
    return begin, end


def _pieces(one: Example, kept: Range) -> Range:
    starts = one.looked.starts
    return int(starts[kept[0]]), int(starts[kept[1]]) if kept[1] < len(starts) else len(one.looked.pieces)


def _padded(asked: Sequence[Ids], none: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pieces of questions, and where there are any."""
    longest = max(*(len(one) for one in asked), 1)
    found, there = np.full((len(asked), longest), none), np.zeros((len(asked), longest), dtype=np.bool_)
    for row, one in enumerate(asked):
        found[row, : len(one)] = np.where(one < 0, none, one)
        there[row, : max(len(one), 1)] = True
    return torch.from_numpy(found), torch.from_numpy(there)
