"""What the door itself costs: the same searches through HTTP and in this process."""

import json
import time
from typing import Any

from rag.library import Library
from rag.measure.serving.server import Target

__all__ = ["cost"]


def cost(server: Target, index: str, count: int = 200) -> dict[str, Any]:
    """CPU milliseconds of one search, one after the other: of the server, and of the library of the same index here."""
    questions = server.questions(count)
    queries = [questions[number % len(questions)] for number in range(count)]
    connection = server.connection()

    def ask(query: str) -> None:
        connection.request("POST", "/api/search", json.dumps({"query": query}).encode(), server.headers())
        connection.getresponse().read()

    for query in queries[:10]:
        ask(query)
    before = server.figure("process_cpu_seconds_total")
    for query in queries:
        ask(query)
    through_http = (server.figure("process_cpu_seconds_total") - before) * 1000 / count
    connection.close()
    with Library(index) as library:
        for query in queries[:10]:
            library.search(query)
        began = time.process_time()
        for query in queries:
            library.search(query)
        here = (time.process_time() - began) * 1000 / count
    door = through_http - here
    return {
        "searches": count,
        "http_ms": round(through_http, 2),
        "library_ms": round(here, 2),
        "door_ms": round(door, 2),
    }
