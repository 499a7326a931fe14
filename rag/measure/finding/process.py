"""Work in a process of its own, so that its memory and its start are its own, with progress told to this one."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from rag.errors import RagError
from rag.protocols import Progress

__all__ = ["Done", "in_fresh_process"]

Done = tuple[Any, float, int]
"""What a function returned, the seconds since before the process was started, and its peak memory in bytes."""


def in_fresh_process(work: Callable[..., Any], *arguments: Any, on_progress: Progress | None = None) -> Done:
    """Calls `work(*arguments, on_progress)` in a new process. A RagError there is raised here."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `rag` has it: threads that wait cost CPU time
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    began = time.perf_counter()
    process = context.Process(target=_serve, args=(theirs, work, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            try:
                kind, content = ours.recv()
            except EOFError:
                process.join()
                raise RagError(
                    f"a process of the measurement ended with status {process.exitcode}", "is there memory enough?"
                ) from None
            if kind == "progress" and on_progress:
                on_progress(*content)
            elif kind == "error":
                raise content
            elif kind == "done":
                result, peak = content
                return result, time.perf_counter() - began, peak
    finally:
        if process.is_alive() and sys.exc_info()[0] is not None:
            process.terminate()
        process.join()
        ours.close()


def _serve(channel: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    last = 0.0

    def on_progress(done: float, total: int, what: str) -> None:
        nonlocal last
        if time.monotonic() - last > 0.1:
            last = time.monotonic()
            channel.send(("progress", (done, total, what)))

    try:
        result = work(*arguments, on_progress)
        channel.send(("done", (result, _peak())))
    except RagError as error:
        channel.send(("error", error))
    except KeyboardInterrupt:
        pass  # the other side has had it too


def _peak() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return most if sys.platform == "darwin" else most * 1024
