"""The same clients at a server, from several processes, and at the library itself, in one."""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from typing import Any

from rag.errors import ModelError, RagError
from rag.library import Library
from rag.measure.serving.clients import Call, Clients, Sample, figures
from rag.measure.serving.server import Target

__all__ = ["load", "load_in_process"]

PROCESSES = 4
_EVERY = 5.0  # seconds between two looks at the memory


def load(server: Target, clients: Clients) -> dict[str, Any]:
    """Figures of a server that these clients ask; what the first question makes it load is loaded before."""
    with _connected(server) as call:
        call("ask", clients.questions[0])
    before = server.megabytes()
    cpu = server.figure("process_cpu_seconds_total")
    memory: list[tuple[float, float]] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, memory, over))
    watcher.start()
    processes = min(PROCESSES, clients.count)
    try:
        with _processes(processes) as pool:
            shares = [range(number, clients.count, processes) for number in range(processes)]
            work = [pool.submit(_at_server, server, clients, share) for share in shares]
            samples = [sample for one in work for sample in one.result()]
    finally:
        over.set()
        watcher.join()
    cpu = server.figure("process_cpu_seconds_total") - cpu
    return {
        "clients": clients.count,
        "seconds": clients.seconds,
        "think": clients.think,
        **figures(samples, clients.seconds, cpu),
        "memory_mb": {"before": round(before, 1), "after": round(server.megabytes(), 1), "over_time": memory},
    }


def load_in_process(index: str, clients: Clients) -> dict[str, Any]:
    """The same figures, but for memory, of the library of an index that these clients call, in a process of its own."""
    with _processes(1) as pool:
        return pool.submit(_at_library, index, clients).result()


def _processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))


def _watch(server: Target, memory: list[tuple[float, float]], over: threading.Event) -> None:
    began = time.perf_counter()
    while not over.wait(_EVERY):
        with suppress(ModelError, HTTPException):  # a busy server may answer late; the next look may fare better
            memory.append((round(time.perf_counter() - began, 1), round(server.megabytes(), 1)))


def _at_server(server: Target, clients: Clients, numbers: Sequence[int]) -> list[Sample]:
    return clients.ask(numbers, lambda: _connected(server))


@contextmanager
def _connected(server: Target) -> Iterator[Call]:
    with closing(server.connection()) as connection:

        def call(kind: str, text: str) -> int:
            body = json.dumps({"question" if kind == "ask" else "query": text}).encode()
            try:
                return server.post(connection, f"/api/{kind}", body)
            except (OSError, HTTPException):
                connection.close()
                return 0

        yield call


def _at_library(index: str, clients: Clients) -> dict[str, Any]:
    with Library(index) as library:
        library.ask(clients.questions[0])
        working = threading.Semaphore((os.cpu_count() or 1) + 2)  # as many as search at once in a server

        @contextmanager
        def opened() -> Iterator[Call]:
            with library.another() as own:

                def call(kind: str, text: str) -> int:
                    try:
                        with working:
                            own.ask(text) if kind == "ask" else own.search(text)
                    except RagError:
                        return 0
                    return 200

                yield call

        cpu = time.process_time()
        samples = clients.ask(range(clients.count), opened)
        return figures(samples, clients.seconds, time.process_time() - cpu)
