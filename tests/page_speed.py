"""How soon the web page is there on a slow phone: `PYTHONPATH=tests python tests/page_speed.py`, three loads.

A phone's screen, a processor `SLOWER` times slower than this one, and 4G as browsers' tools emulate it when slow.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from conftest import SEEDS
from page import PHONE, browser
from serving import running

from rag.library import Library
from rag.serve.collection import Collection

SLOWER = 4
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
PAINTED = "performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime)[0]"
QUESTION = "why did Jasper decline"


def main() -> None:
    """First paint, the list of articles, an answer after Enter, and kilobytes; medians, and a second visit's."""
    library = Library(Path(tempfile.mkdtemp()) / "seeds")
    library.add(SEEDS)
    loads: list[dict[str, float]] = []
    with running(Collection(library)) as server, browser() as opened:
        for _ in range(3):
            context = opened.new_context(**PHONE)
            loads.append(
                {
                    f"{visit} {name}": value
                    for visit in ("first", "second")
                    for name, value in one_load(context, server.url).items()
                }
            )
            context.close()
    for name in loads[0]:
        sys.stdout.write(f"{name}: {statistics.median(load[name] for load in loads):.0f}\n")


def one_load(context: Any, url: str) -> dict[str, float]:
    """Milliseconds and kilobytes of one visit."""
    page = context.new_page()
    tools = context.new_cdp_session(page)
    received = [0.0]
    tools.send("Network.enable")
    tools.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
    tools.send("Network.emulateNetworkConditions", SLOW_4G)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url)
    page.wait_for_selector("#recent button")
    listed = page.evaluate("performance.now()")
    painted = page.evaluate(PAINTED)
    transferred = sum(received)
    page.fill("#question", QUESTION)
    began = page.evaluate("performance.now()")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    answered = page.evaluate("performance.now()") - began
    page.close()
    return {"paint, ms": painted, "articles, ms": listed, "answer, ms": answered, "kB": transferred / 1000}


if __name__ == "__main__":
    main()
