"""What the door itself costs: the same searches through HTTP and in this process."""

import json
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from rag.library import Library
from rag.measure.serving.server import Target

__all__ = ["cost"]


def cost(server: Target, index: str, rounds: int = 8, count: int = 40) -> dict[str, Any]:
    """CPU milliseconds of one search, one after the other: of the server, and of the library of the same index here.

    They take turns, `count` searches each, as a machine is not equally quick all the time; medians of the rounds.
    """
    questions = server.questions(count)
    queries = [questions[number % len(questions)] for number in range(count)]
    with closing(server.connection()) as connection, Library(index) as library:

        def ask(query: str) -> None:
            server.post(connection, "/api/search", json.dumps({"query": query}).encode())

        def there() -> float:
            return server.figure("process_cpu_seconds_total")

        ways: list[tuple[Callable[[str], object], Callable[[], float]]] = [
            (ask, there),
            (library.search, time.process_time),
        ]
        taken: list[list[float]] = [[], []]
        for _ in range(rounds + 1):
            for (search, clock), times in zip(ways, taken, strict=True):
                before = clock()
                for query in queries:
                    search(query)
                times.append((clock() - before) * 1000 / count)
    http, own = (statistics.median(times[1:]) for times in taken)  # the first round warms up
    return {
        "searches": rounds * count,
        "http_ms": round(http, 2),
        "library_ms": round(own, 2),
        "door_ms": round(http - own, 2),
    }
