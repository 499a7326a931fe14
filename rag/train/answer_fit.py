"""Fits the networks of `rag.answer.reader` and `rag.answer.refuse` with torch, and gives their weights by name."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rag.answer.refuse import MEASURES
from rag.protocols import Floats
from rag.train.answer_batch import batch
from rag.train.answer_examples import Example
from rag.train.reader_net import OF_A_SET, Net, of_question

__all__ = ["fit_reader", "fit_refusal"]

BATCH, RATE, DECAY = 32, 1.5e-3, 0.02
ALIKE = 20
"""Batches that are drawn together, so that those of one batch are about as long."""

PIECES, ENDS = 0.3, 0.15
"""Weight of finding the answer's pieces, and where it begins and ends, beside finding its sentence."""
SAID = (1.0, 0.5)
"""Weight of telling whether it is said at all, for a question that is not answered and for one that is."""
BLIND = 0.05
"""Share of the batches in which the table says nothing, so that the reader is of use with another one."""


def _surprise(scores: Tensor, of: Tensor, count: int, right: Tensor) -> Tensor:
    """Minus the log-likelihood of the right ones among all of their question."""
    top = torch.full((count,), -1e9).scatter_reduce(0, of, scores.detach(), "amax")
    grown = torch.exp(scores - top[of])
    every = torch.zeros(count).index_add(0, of, grown)
    held = torch.zeros(count).index_add(0, of, grown * right)
    some = torch.zeros(count).index_add(0, of, right.float()) > 0
    return (torch.log(every[some]) - torch.log(held[some] + 1e-9)).mean()


def _loss(net: Net, b: dict[str, Any], blind: bool) -> Tensor:
    """Of sentences, of pieces, and of whether a question is answered."""
    scores, says, spans = net(b, blind)
    answered = torch.zeros(b["n"]).index_add(0, b["question_of"], b["right"].float()) > 0
    said = nn.functional.binary_cross_entropy_with_logits(
        of_question(says, b["question_of"], b["n"]), answered.float(), reduction="none"
    )
    loss = 0.5 * (said * torch.where(answered, SAID[1], SAID[0])).mean()
    share = float(answered.float().mean())
    if share:
        loss = loss + share * _surprise(scores, b["question_of"], b["n"], b["right"])
    gold, of = b["gold"], b["question_of_piece"]
    if bool(gold.any()):
        none = torch.zeros(1, dtype=torch.bool)
        begins, ends = gold & ~torch.cat([none, gold[:-1]]), gold & ~torch.cat([gold[1:], none])
        for column, weight, right in ((0, ENDS, begins), (1, ENDS, ends), (2, PIECES, gold)):
            loss = loss + share * weight * _surprise(spans[:, column], of, b["n"], right)
    return loss


def fit_reader(
    rounds: Sequence[Sequence[Example]],
    table: Floats,
    begun: Mapping[str, Floats] | None = None,
    rate: float = RATE,
) -> dict[str, Floats]:
    """Weights by which the right sentences are likeliest among all of their question, and the answer's pieces too.

    `rounds`: the examples of each round; those without a right sentence teach when a question is not answered.
    `begun`: weights to go on from. `rate`: of learning, at its highest.
    """
    torch.manual_seed(0)
    chance = random.Random(0)
    net = Net(table)
    for name, value in net.named_parameters():
        if begun:
            value.data = torch.from_numpy(begun[name]).clone()
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=DECAY)
    plan = [_batches(examples, chance) for examples in rounds]
    total = sum(map(len, plan))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=total + 1, pct_start=0.1)
    began, done = time.monotonic(), 0
    for number, lots in enumerate(plan, 1):
        losses = []
        for lot in lots:
            loss = _loss(net, batch(lot, len(net.table) - 1, chance), chance.random() < BLIND)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            done += 1
            if done % 100 == 0:
                left = (time.monotonic() - began) * (total - done) / done
                print(f"{done}/{total}: {np.mean(losses[-100:]):.3f}, {left / 60:.0f} min left", flush=True)
        print(f"round {number} of {len(plan)}: {np.mean(losses):.4f}", flush=True)
    return net.weights()


def _batches(examples: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    order = list(examples)
    chance.shuffle(order)
    lots = []
    for start in range(0, len(order), BATCH * ALIKE):
        near = sorted(order[start : start + BATCH * ALIKE], key=lambda one: len(one.looked.pieces))
        lots += [near[at : at + BATCH] for at in range(0, len(near), BATCH)]
    chance.shuffle(lots)
    return lots


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
