"""The network of `rag.answer.network` in torch, for batches; the names of its parts are the names of the weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rag.answer.look import FEATURES, PIECE_FEATURES
from rag.answer.network import HEADS, SCALE, SPREAD
from rag.protocols import Floats

__all__ = ["Net", "of_question"]

SIZE, HIDDEN = 64, 64
OF_A_SET = ("first", "place", "length")
"""Measures that say more about how a set was made than about answers; the reader does not see them."""
_FAR = -1e4


class Near(nn.Module):  # type: ignore[misc]  # torch is Any to the checker where it is not installed
    """A piece and its two neighbours."""

    def __init__(self, size: int, drop: float) -> None:
        super().__init__()
        self.norm, self.inner, self.outer = nn.LayerNorm(size), nn.Linear(3 * size, size), nn.Linear(size, size)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """(rows, pieces, size) twice; `there` is 1 where there is a piece."""
        y = self.norm(x) * there
        none = torch.zeros_like(y[:, :1])
        beside = torch.cat([torch.cat([none, y[:, :-1]], 1), y, torch.cat([y[:, 1:], none], 1)], 2)
        return x + self.drop(self.outer(torch.relu(self.inner(beside))))


class Attend(nn.Module):  # type: ignore[misc]
    """Every piece of a passage looks at every other (Vaswani et al., 2017)."""

    def __init__(self, size: int, drop: float) -> None:
        super().__init__()
        self.norm, self.look, self.outer = nn.LayerNorm(size), nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """As `Near`."""
        rows, length, size = x.shape
        q, k, v = self.look(self.norm(x)).view(rows, length, 3, HEADS, size // HEADS).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(q, k, v, attn_mask=there[:, None, None, :, 0] > 0)
        return x + self.drop(self.outer(y.transpose(1, 2).reshape(rows, length, size)))


class Net(nn.Module):  # type: ignore[misc]
    """See `rag.answer.network` for what it works out."""

    def __init__(self, table: Floats, drop: float = 0.12) -> None:
        """`table`: the vectors of all pieces, unit length."""
        super().__init__()
        self.table = torch.cat([torch.from_numpy(table), torch.zeros(1, table.shape[1])])  # the last row is of no piece
        self.general = torch.tensor([float(name not in OF_A_SET) for name in FEATURES])
        self.input = nn.Linear(table.shape[1], SIZE)
        self.piece, self.asking = nn.Linear(len(PIECE_FEATURES), SIZE), nn.Parameter(torch.zeros(SIZE))
        self.encode = nn.ModuleList([Near(SIZE, drop), Near(SIZE, drop)])
        self.of_piece, self.of_word = nn.Linear(SIZE, 1), nn.Linear(SIZE, 1)
        self.alike = nn.Parameter(torch.full((SIZE,), 1 / math.sqrt(SIZE)))
        self.mix = nn.Linear(4 * SIZE + len(PIECE_FEATURES), SIZE)
        self.read = nn.ModuleList([kind(SIZE, drop) for kind in (Near, Attend, Near, Attend, Near)])
        self.norm, self.span, self.heed = nn.LayerNorm(SIZE), nn.Linear(SIZE, 3), nn.Linear(SIZE, 1)
        measured = len(FEATURES) + 2
        self.sentence_in, self.sentence_out = nn.Linear(measured + 3 * SIZE, HIDDEN), nn.Linear(HIDDEN, 2)
        self.straight = nn.Linear(measured, 2, bias=False)
        self.drop = nn.Dropout(drop)

    def forward(self, b: dict[str, Any], blind: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of sentences; log-odds that each says it at all; (start, end, inside) of each piece, (pieces, 3)."""
        there = (b["sentence"] >= 0).float()[..., None]
        asked_there = (b["asked_there"]).float()[..., None]
        spread = 0.0 if blind else SPREAD
        asked = self.drop(self.input(self.table[b["asked"]] * spread) + self.asking)
        pieces = self.drop(self.input(self.table[b["pieces"]] * spread) + self.piece(b["piece_features"]))
        for layer in self.encode:
            asked, pieces = layer(asked, asked_there) * asked_there, layer(pieces, there) * there
        asked, asked_there = asked[b["question_of_row"]], asked_there[b["question_of_row"]]
        near = self.of_piece(pieces) + self.of_word(asked).transpose(1, 2)
        near = near + (pieces * self.alike) @ asked.transpose(1, 2)
        to_asked = near.masked_fill(asked_there.transpose(1, 2) == 0, _FAR).softmax(2)
        to_pieces = near.masked_fill(there == 0, _FAR).softmax(1)
        found = to_asked @ asked
        back = to_asked @ (to_pieces.transpose(1, 2) @ pieces)
        x = self.mix(torch.cat([pieces, found, pieces * found, pieces * back, b["piece_features"]], 2)) * there
        for layer in self.read:
            x = layer(x, there) * there
        inside = b["sentence"] >= 0
        x, of = self.norm(x)[inside], b["sentence"][inside]
        spans, count = self.span(x), len(b["features"])
        most = torch.full((count, SIZE), _FAR).scatter_reduce(0, of[:, None].expand(-1, SIZE), x, "amax")
        sizes = torch.zeros(count).index_add(0, of, torch.ones(len(of)))[:, None]
        mean = torch.zeros(count, SIZE).index_add(0, of, x) / sizes
        best = torch.full((count,), _FAR).scatter_reduce(0, of, spans[:, 2], "amax")
        together = torch.log(torch.zeros(count).index_add(0, of, torch.exp(spans[:, 2] - best[of]))) + best
        heed = self.heed(asked).masked_fill(asked_there == 0, _FAR).softmax(1)
        whole = (heed * asked).sum(1)[b["row_of"]]
        measured = torch.cat([b["features"] * self.general, best[:, None] / SCALE, together[:, None] / SCALE], 1)
        inner = self.drop(torch.cat([measured, most, mean, whole], 1))
        scores = self.sentence_out(torch.relu(self.sentence_in(inner))) + self.straight(measured)
        return scores[:, 0], scores[:, 1], spans

    def weights(self) -> dict[str, Floats]:
        """By the names that `rag.answer.network` knows; what the network does not see has no weight."""
        named = {name: value.detach().clone() for name, value in self.named_parameters()}
        seen = torch.cat([self.general, torch.ones(2)])
        named["straight.weight"] *= seen
        named["sentence_in.weight"][:, : len(seen)] *= seen
        return {name: value.numpy() for name, value in named.items()}


def of_question(values: Tensor, question: Tensor, count: int) -> Tensor:
    """The logarithm of the summed exponentials of each question's values, (count,)."""
    top = torch.full((count,), _FAR).scatter_reduce(0, question, values, "amax")
    return torch.log(torch.zeros(count).index_add(0, question, torch.exp(values - top[question]))) + top
