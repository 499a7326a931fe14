"""Fits the table of piece vectors.

A text's vector is the mean of its pieces' vectors. Both sides of a pair are drawn together and away from the other
texts of the batch: InfoNCE (van den Oord et al. 2018) on cosines, in both directions, with in-batch negatives, as in
sentence-transformers' MultipleNegativesRankingLoss.
"""

import logging
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from rag.train.encoded import Encoded, gather

__all__ = ["Plan", "fit", "info_nce", "order", "start"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What a run is made of.

    `scale` multiplies the cosines; `rate` falls linearly to a twentieth of itself; `run` neighbouring pairs of a
    source stay together when the pairs are shuffled, which makes harder negatives.
    """

    epochs: float = 4.0
    batch: int = 2048
    dimensions: int = 300
    scale: float = 20.0
    rate: float = 2e-3
    norm: float = 1.0
    run: int = 1
    seed: int = 0


def start(sif: npt.NDArray[np.float32], plan: Plan) -> torch.Tensor:
    """Random directions whose lengths are `plan.norm` times the pieces' SIF weights, shape (pieces, dimensions)."""
    noise = torch.randn(len(sif), plan.dimensions, generator=torch.Generator().manual_seed(plan.seed))
    table = plan.norm * F.normalize(noise) * torch.from_numpy(sif)[:, None]
    table[0] = 0  # the unknown piece
    return table


def order(sources: npt.NDArray[np.int16], run: int, chance: np.random.Generator) -> npt.NDArray[np.int64]:
    """A shuffled order of the pairs in which up to `run` neighbours stay together, shape (len(sources),)."""
    places = np.arange(len(sources))
    if run == 1:
        return chance.permutation(places)
    cuts = np.arange(chance.integers(1, run + 1), len(places), run)
    parts = np.split(places, cuts)
    chance.shuffle(parts)
    return np.concatenate(parts)


def fit(data: Encoded, sif: npt.NDArray[np.float32], plan: Plan) -> npt.NDArray[np.float32]:
    """The table, shape (pieces, dimensions). Only rows met in a batch are touched (SparseAdam)."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    chance = np.random.default_rng(plan.seed)
    table = start(sif, plan).to(device).requires_grad_()
    optimiser = torch.optim.SparseAdam([table], lr=plan.rate)
    per_epoch = len(data.a) // plan.batch
    steps = max(1, round(plan.epochs * per_epoch))
    began, losses, places = time.perf_counter(), [], np.empty(0, dtype=np.int64)
    for step in range(steps):
        if len(places) < plan.batch:
            places = np.concatenate([places, order(data.sources, plan.run, chance)])
        chosen, places = places[: plan.batch], places[plan.batch :]
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * max(1 - step / steps, 0.05)
        losses.append(_step(data, chosen, table, optimiser, plan.scale))
        if step % 100 == 99 or step == steps - 1:
            taken = time.perf_counter() - began
            log.info("step %d of %d, loss %.3f, %.0f s", step + 1, steps, np.mean(losses[-100:]), taken)
    result: npt.NDArray[np.float32] = table.detach().cpu().numpy()
    return result


def _step(
    data: Encoded,
    chosen: npt.NDArray[np.int64],
    table: torch.Tensor,
    optimiser: torch.optim.Optimizer,
    scale: float,
) -> float:
    """One batch. The rows in it are copied out as a small dense table, so that the gradient stays small."""
    ids, offsets = gather(data.ids, data.starts, np.concatenate([data.a[chosen], data.b[chosen]]))
    unique, local = np.unique(ids, return_inverse=True)
    rows = torch.from_numpy(unique).to(table.device)
    small = table.detach()[rows].requires_grad_()
    bags = F.embedding_bag(
        torch.from_numpy(local).to(table.device),
        small,
        torch.from_numpy(offsets).to(table.device),
        mode="sum",
    )
    left, right = F.normalize(bags).chunk(2)
    weights = torch.from_numpy(data.weights[chosen]).to(table.device)
    loss, *slopes = info_nce(left.detach(), right.detach(), weights, scale)
    torch.autograd.backward([left, right], slopes)
    table.grad = torch.sparse_coo_tensor(rows[None], small.grad, table.shape, is_coalesced=True, check_invariants=False)
    optimiser.step()
    return loss


def info_nce(
    left: torch.Tensor, right: torch.Tensor, weights: torch.Tensor, scale: float
) -> tuple[float, torch.Tensor, torch.Tensor]:
    """The weighted mean loss of pairs in both directions, and its slopes to both sides, each (pairs, dimensions).

    `left`, `right`: unit rows; row n of one belongs to row n of the other. Written out because the matrix of cosines is
    most of the work: half of what two cross entropies and their automatic gradients cost.
    """
    cosines = left @ right.T
    own = scale * cosines.diagonal()
    part = cosines.mul_(scale).sub_(scale).exp_()  # a cosine is at most 1, so nothing overflows
    rows, columns = part.sum(1), part.sum(0)
    total = weights.sum()
    loss = (weights * (rows.log() + columns.log() + 2 * (scale - own))).sum() / total / 2
    slope = part.mul_((weights / rows)[:, None] + (weights / columns)[None, :])
    slope.diagonal().sub_(2 * weights)
    slope.mul_(scale / (2 * total))
    return float(loss), slope @ right, slope.T @ left
