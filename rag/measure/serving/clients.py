"""Clients that search, ask and think, whichever way they ask; and how long they waited."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Call", "Clients", "Sample", "figures"]

Call = Callable[[str, str], int]
"""Does what is named first, `search` or `ask`, with the text that comes second; its status, 0 without an answer."""

Sample = tuple[str, float, int]
"""What was asked for, seconds until it was answered, and the status."""


@dataclass(frozen=True, slots=True)
class Clients:
    """`count` that are busy for `seconds`, with `think` seconds between two requests of one on average.

    A share `asks` of the requests are questions and the rest searches, both out of `questions`. What the client of a
    number asks, one after the other, depends on `seed` alone.
    """

    count: int
    seconds: float
    think: float
    asks: float
    questions: Sequence[str]
    seed: int = 0

    def ask(self, numbers: Sequence[int], opened: Callable[[], AbstractContextManager[Call]]) -> list[Sample]:
        """What those of these numbers met with, each in a thread and with a way to ask of its own."""
        with ThreadPoolExecutor(len(numbers)) as pool:
            return [one for own in pool.map(lambda number: self._one(number, opened), numbers) for one in own]

    def _one(self, number: int, opened: Callable[[], AbstractContextManager[Call]]) -> list[Sample]:
        chance, samples = random.Random(f"{self.seed}/{number}"), []
        with opened() as call:
            until = time.perf_counter() + self.seconds
            time.sleep(chance.random() * self.think)
            while time.perf_counter() < until:
                kind, text = "ask" if chance.random() < self.asks else "search", chance.choice(self.questions)
                began = time.perf_counter()
                status = call(kind, text)
                samples.append((kind, time.perf_counter() - began, status))
                time.sleep(chance.expovariate(1 / self.think) if self.think else 0)
        return samples


def figures(samples: Sequence[Sample], seconds: float, cpu: float) -> dict[str, Any]:
    """Requests, how many a second, CPU milliseconds of each, and of searches and questions errors and waiting times."""
    counted = {
        "requests": len(samples),
        "requests_per_second": round(len(samples) / seconds, 2),
        "cpu_ms_per_request": round(cpu * 1000 / max(1, len(samples)), 2),
    }
    return counted | {kind: _waits([one for one in samples if one[0] == kind]) for kind in ("search", "ask")}


def _waits(samples: Sequence[Sample]) -> dict[str, Any]:
    times = np.array([seconds for _, seconds, status in samples if status == 200]) * 1000
    shown = {
        f"p{part}_ms": round(float(np.percentile(times, part)), 1) if len(times) else None for part in (50, 95, 99)
    }
    statuses = Counter(str(status) for _, _, status in samples)
    errors = sum(number for status, number in statuses.items() if status != "200")
    return {"requests": len(samples), "errors": errors, "statuses": dict(statuses)} | shown
