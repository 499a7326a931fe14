"""Fits the networks of `rag.answer.reader` and `rag.answer.refuse` with torch, and gives their weights by name."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rag.answer.look import FEATURES, PIECE_FEATURES
from rag.answer.reader import SCALE
from rag.answer.refuse import MEASURES
from rag.protocols import Floats
from rag.train.answer_examples import Example

__all__ = ["fit_reader", "fit_refusal", "trimmed"]

KEPT = 64
"""Directions of the table that the reader sees: those in which its vectors differ most."""
SIZE, HIDDEN = 24, 32
BATCH, RATE, DECAY = 48, 4e-3, 0.1
OF_A_SET = ("first", "place", "length")
"""Measures that say more about how a set was made than about answers; the reader does not see them."""

PIECES = 0.3
"""Weight of finding the answer's pieces beside finding its sentence."""
BLIND = 0.1
"""Share of the batches in which the table says nothing, so that the reader is of use with another one."""


def trimmed(one: Example, most: int, chance: random.Random) -> Example:
    """`one` with its right sentences and the most likely others alone."""
    looked, count = one.looked, len(one.right)
    if count <= most:
        return one
    likely = looked.features[:, FEATURES.index("matched")] + looked.features[:, FEATURES.index("around")]
    likely = likely + np.array([0.5 * chance.random() for _ in range(count)]) + 9 * one.right
    kept = np.sort(np.argsort(-likely)[:most])
    ends = np.append(looked.starts[1:], len(looked.pieces))
    pieces = np.concatenate([np.arange(looked.starts[at], ends[at]) for at in kept])
    lengths = (ends - looked.starts)[kept]
    small = replace(
        looked,
        places=[looked.places[at] for at in kept],
        features=looked.features[kept],
        pieces=looked.pieces[pieces],
        starts=np.cumsum(lengths) - lengths,
        piece_features=looked.piece_features[pieces],
    )
    return replace(one, looked=small, right=one.right[kept], gold=one.gold[pieces])


class Net(nn.Module):  # type: ignore[misc]  # torch is Any to the checker where it is not installed
    """The network of `rag.answer.reader`, for batches."""

    def __init__(self, table: Floats) -> None:
        """`table`: the vectors of all pieces, unit length."""
        super().__init__()
        unit = torch.from_numpy(table)
        self.directions = 3 * torch.linalg.eigh(unit.T @ unit)[1][:, -KEPT:]
        self.table = torch.cat([unit @ self.directions, torch.zeros(1, KEPT)])  # the last row is of no piece
        self.asks, self.says = nn.Linear(KEPT, 3 * SIZE, bias=False), nn.Linear(KEPT, 3 * SIZE, bias=False)
        self.asks_bias, self.says_bias = nn.Parameter(torch.zeros(SIZE)), nn.Parameter(torch.zeros(SIZE))
        self.heed = nn.Linear(SIZE, 1, bias=False)
        self.piece_in, self.piece_out = nn.Linear(3 * SIZE + len(PIECE_FEATURES), HIDDEN), nn.Linear(HIDDEN, 1)
        measured = len(FEATURES) + 2
        self.general = torch.tensor([float(name not in OF_A_SET) for name in FEATURES])
        self.sentence_in, self.sentence_out = nn.Linear(measured + SIZE, HIDDEN), nn.Linear(HIDDEN, 1, bias=False)
        self.straight = nn.Linear(measured, 1, bias=False)
        self.drop = nn.Dropout(0.2)

    def local(self, layer: nn.Linear, bias: Tensor, ids: Tensor, begins: Tensor, blind: bool) -> Tensor:
        """Pieces with their neighbours, (pieces, SIZE)."""
        different, where = ids.unique(return_inverse=True)
        before, own, after = (layer(self.table[different] * (not blind))[where]).split(SIZE, 1)
        inside = (~begins)[:, None].float()
        zero = torch.zeros(1, SIZE)
        return torch.tanh(
            own + bias + torch.cat([zero, before[:-1]]) * inside + torch.cat([after[1:] * inside[1:], zero])
        )

    def forward(self, b: dict[str, Any], blind: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of sentences, of pieces, and of the best piece of each sentence."""
        asks = self.local(self.asks, self.asks_bias, b["asked"], b["asked_begins"], blind)
        heed = torch.exp(self.heed(asks)[:, 0])
        total = torch.zeros(b["n"]).index_add(0, b["asked_of"], heed)
        asked = torch.zeros(b["n"], SIZE).index_add(0, b["asked_of"], asks * heed[:, None]) / total[:, None]
        says = self.drop(self.local(self.says, self.says_bias, b["pieces"], b["begins"], blind))
        own = self.drop(asked)[b["piece_of"]]
        pieces = self.piece_out(torch.relu(self.piece_in(torch.cat([says, says * own, own, b["piece_features"]], 1))))[
            :, 0
        ]
        count = len(b["features"])
        best = torch.full((count,), -1e9).scatter_reduce(0, b["sentence_of"], pieces, "amax")
        summed = torch.zeros(count).index_add(0, b["sentence_of"], torch.exp(pieces - best[b["sentence_of"]]))
        measured = torch.cat(
            [b["features"] * self.general, best[:, None] / SCALE, (torch.log(summed) + best)[:, None] / SCALE], 1
        )
        inner = torch.relu(self.sentence_in(torch.cat([measured, asked[b["question_of"]]], 1)))
        return (self.sentence_out(inner) + self.straight(measured))[:, 0], pieces, best

    def weights(self) -> dict[str, Floats]:
        """By the names that `rag.answer.reader` knows."""
        named = {
            "directions": self.directions,
            **{"asks": self.asks.weight.T, "asks_bias": self.asks_bias},
            **{"says": self.says.weight.T, "says_bias": self.says_bias},
            "heed": self.heed.weight[0],
            **{"piece_in": self.piece_in.weight.T, "piece_in_bias": self.piece_in.bias},
            **{"piece_out": self.piece_out.weight[0], "piece_out_bias": self.piece_out.bias},
            **{
                "sentence_in": self.sentence_in.weight.T * torch.cat([self.general, torch.ones(2 + SIZE)])[:, None],
                "sentence_in_bias": self.sentence_in.bias,
            },
            **{
                "sentence_out": self.sentence_out.weight[0],
                "sentence_straight": self.straight.weight[0] * torch.cat([self.general, torch.ones(2)]),
            },
        }
        return {name: value.detach().numpy().astype(np.float32) for name, value in named.items()}


def _batch(examples: Sequence[Example], none: int) -> dict[str, Any]:
    parts: dict[str, list[Any]] = {}
    sentences = 0
    for number, one in enumerate(examples):
        looked = one.looked
        asked = looked.asked if len(looked.asked) else np.array([-1])
        count, pieces = len(looked.starts), len(looked.pieces)
        begins, asked_begins = np.zeros(pieces, dtype=bool), np.zeros(len(asked), dtype=bool)
        begins[looked.starts], asked_begins[0] = True, True
        lengths = np.diff(looked.starts, append=pieces)
        own = {
            **{"asked": np.where(asked < 0, none, asked), "asked_begins": asked_begins},
            **{"asked_of": np.full(len(asked), number), "pieces": np.where(looked.pieces < 0, none, looked.pieces)},
            **{"begins": begins, "piece_of": np.full(pieces, number), "piece_features": looked.piece_features},
            **{"sentence_of": sentences + np.repeat(np.arange(count), lengths), "features": looked.features},
            **{"question_of": np.full(count, number), "right": one.right, "gold": one.gold},
        }
        sentences += count
        for name, value in own.items():
            parts.setdefault(name, []).append(value)
    joined: dict[str, Any] = {name: torch.from_numpy(np.concatenate(values)) for name, values in parts.items()}
    return joined | {"n": len(examples)}


def _surprise(scores: Tensor, of: Tensor, count: int, right: Tensor) -> Tensor:
    """Minus the log-likelihood of the right ones among all of their question."""
    top = torch.full((count,), -1e9).scatter_reduce(0, of, scores.detach(), "amax")
    grown = torch.exp(scores - top[of])
    every = torch.zeros(count).index_add(0, of, grown)
    held = torch.zeros(count).index_add(0, of, grown * right)
    some = torch.zeros(count).index_add(0, of, right.float()) > 0
    return (torch.log(every[some]) - torch.log(held[some] + 1e-9)).mean()


def fit_reader(examples: Sequence[Example], table: Floats, rounds: int, seed: int = 0) -> dict[str, Floats]:
    """Weights by which the right sentences are likeliest among all of their question, and the answer's pieces too."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    net = Net(table)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    steps = rounds * (len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1)
    order = list(examples)
    for number in range(rounds):
        chance.shuffle(order)
        losses = []
        for start in range(0, len(order) - BATCH + 1, BATCH):
            b = _batch(order[start : start + BATCH], len(net.table) - 1)
            scores, pieces, _ = net(b, chance.random() < BLIND)
            loss = _surprise(scores, b["question_of"], b["n"], b["right"])
            if bool(b["gold"].any()):
                loss = loss + PIECES * _surprise(pieces, b["piece_of"], b["n"], b["gold"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        print(f"round {number + 1} of {rounds}: {np.mean(losses):.4f}", flush=True)
    return net.weights()


def fit_refusal(measures: Floats, answered: Floats, weight: Floats) -> dict[str, Floats]:
    """Logistic regression on what is not peculiar to a set; `weight` of each example."""
    general = np.array([name not in OF_A_SET and not name.startswith(("asks_", "offers_")) for name in MEASURES])
    x, y, w = (torch.from_numpy(np.asarray(part, dtype=np.float64)) for part in (measures * general, answered, weight))
    straight = torch.zeros(len(MEASURES), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([straight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        each = nn.functional.binary_cross_entropy_with_logits(x @ straight + bias, y, reduction="none")
        value = (each * w).sum() / w.sum() + 1e-3 * (straight**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    named = {"refuse_straight": straight * torch.from_numpy(general), "refuse_bias": bias[0]}
    return {name: value.detach().numpy().astype(np.float32) for name, value in named.items()}
