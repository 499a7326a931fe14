"""Clients that search, ask and think, from several processes."""

import json
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from http.client import HTTPException
from typing import Any

import numpy as np

from rag.measure.serving.server import Target

__all__ = ["load"]

PROCESSES = 4
_EVERY = 5.0  # seconds between two looks at the memory

Sample = tuple[str, float, int]
"""What was asked for, seconds until it was answered, and the status; 0 where there was no answer."""


def load(
    server: Target, *, clients: int = 20, seconds: float = 120.0, think: float = 1.0, asks: float = 0.2, seed: int = 0
) -> dict[str, Any]:
    """Figures of `clients` that are busy for `seconds`, with `think` seconds between two requests on average.

    A share `asks` of the requests are questions and the rest searches, both of titles of articles.
    """
    questions = server.questions(1000)
    before = server.megabytes()
    cpu = server.figure("process_cpu_seconds_total")
    memory: list[tuple[float, float]] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, memory, over))
    watcher.start()
    processes = min(PROCESSES, clients)
    shares = [clients // processes + (number < clients % processes) for number in range(processes)]
    began = time.perf_counter()
    try:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            work = [
                pool.submit(_process, server, share, seconds, think, asks, questions, f"{seed}/{number}")
                for number, share in enumerate(shares)
            ]
            samples = [sample for one in work for sample in one.result()]
    finally:
        over.set()
        watcher.join()
    took = time.perf_counter() - began
    return {
        "clients": clients,
        "seconds": round(took, 1),
        "think": think,
        "requests": len(samples),
        "requests_per_second": round(len(samples) / min(took, seconds), 2),
        "cpu_ms_per_request": round(
            (server.figure("process_cpu_seconds_total") - cpu) * 1000 / max(1, len(samples)), 2
        ),
        "search": _figures([one for one in samples if one[0] == "search"]),
        "ask": _figures([one for one in samples if one[0] == "ask"]),
        "memory_mb": {"before": round(before, 1), "after": round(server.megabytes(), 1), "over_time": memory},
    }


def _figures(samples: Sequence[Sample]) -> dict[str, Any]:
    times = np.array([seconds for _, seconds, status in samples if status == 200]) * 1000
    shown = {
        f"p{part}_ms": round(float(np.percentile(times, part)), 1) if len(times) else None for part in (50, 95, 99)
    }
    statuses = Counter(str(status) for _, _, status in samples)
    errors = sum(number for status, number in statuses.items() if status != "200")
    return {"requests": len(samples), "errors": errors, "statuses": dict(statuses)} | shown


def _watch(server: Target, memory: list[tuple[float, float]], over: threading.Event) -> None:
    began = time.perf_counter()
    while not over.wait(_EVERY):
        memory.append((round(time.perf_counter() - began, 1), round(server.megabytes(), 1)))


def _process(
    server: Target, clients: int, seconds: float, think: float, asks: float, questions: list[str], seed: str
) -> list[Sample]:
    samples: list[Sample] = []
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_client, args=(server, until, think, asks, questions, f"{seed}/{number}", samples))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return samples


def _client(
    server: Target, until: float, think: float, asks: float, questions: list[str], seed: str, samples: list[Sample]
) -> None:
    chance = random.Random(seed)
    connection = server.connection()
    time.sleep(chance.random() * think)
    while time.perf_counter() < until:
        kind = "ask" if chance.random() < asks else "search"
        question = chance.choice(questions)
        body = json.dumps({"question" if kind == "ask" else "query": question}).encode()
        began = time.perf_counter()
        try:
            status = server.post(connection, f"/api/{kind}", body)
        except (OSError, HTTPException):
            connection.close()
            status = 0
        samples.append((kind, time.perf_counter() - began, status))
        time.sleep(chance.expovariate(1 / think) if think else 0)
    connection.close()
