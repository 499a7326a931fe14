"""Work in a process that has everything loaded and can be killed. POSIX only."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from runpy import run_module
from typing import Any

__all__ = ["in_fork", "index_killed", "started", "warm"]


def warm() -> None:
    """Load what the processes will need; starts no thread, for threads do not survive a fork."""
    import rag.clean.extractor
    import rag.index.check
    import rag.library.add  # noqa: F401
    from rag import background, embed

    import_module("rag.cli")  # by name: what measures stands below the doors, and only calls this one as a user does
    embed.load("builtin")
    background.load()


def in_fork(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns, by way of JSON; a RuntimeError where it fails."""
    return started(work, *arguments)()


def started(work: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """Like `in_fork`, but what it returns waits for the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            told = json.dumps({"result": work(*arguments)})
        except BaseException as problem:  # whatever it is, the other side is told
            told = json.dumps({"error": f"{type(problem).__name__}: {problem}"})
        with os.fdopen(writing, "w") as pipe:
            pipe.write(told)
        os._exit(0)
    os.close(writing)

    def ended() -> Any:
        with os.fdopen(reading) as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        found = json.loads(told) if told else {"error": "the process died"}
        if "error" in found:
            raise RuntimeError(found["error"])
        return found["result"]

    return ended


def index_killed(folder: Path, index: Path, after: float | None, *, small: bool) -> float | None:
    """`rag index` in a process, killed after so many seconds; returns the seconds it took where it was quicker.

    `small`: batches of a few passages, and more than one generation.
    """
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        _command(folder, index, small)
    if after is not None:
        until = began + after
        while time.perf_counter() < until:
            if os.waitpid(child, os.WNOHANG)[0]:
                return time.perf_counter() - began
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None
    if os.WEXITSTATUS(status):
        raise RuntimeError(f"rag index ended with status {os.WEXITSTATUS(status)}")
    return time.perf_counter() - began


def _command(folder: Path, index: Path, small: bool) -> None:
    from rag.library import add

    if small:
        add.BATCH, add.UNPUBLISHED = 8, 40
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    sys.argv = ["rag", "index", str(folder), "--index", str(index), "--quiet"]
    try:
        run_module("rag", run_name="__main__")
    except SystemExit as status:
        os._exit(status.code if isinstance(status.code, int) else 1)
    os._exit(0)
