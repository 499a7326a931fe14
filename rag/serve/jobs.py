"""Work on an index in the background: one thread, one job after the other."""

import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rag.errors import RagError
from rag.library import Library, Report
from rag.protocols import Progress
from rag.serve.errors import Refused, described
from rag.serve.watch import log

__all__ = ["Job", "Jobs"]

Work = Callable[[Library, Progress], Report]

MOST_QUEUED = 100
REMEMBERED = 200
PATIENCE = 20.0
"""Seconds that a stop waits for a job to come to the next file."""


class _Stopped(BaseException):
    """Raised inside of a job when the server stops. What was committed is kept."""


@dataclass(slots=True)
class Job:
    """What `GET /api/jobs/{id}` tells."""

    what: str
    work: Work
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: str = "queued"
    done: int = 0
    total: int = 0
    report: Report | None = None
    error: dict[str, str] | None = None

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        report: dict[str, Any] | None = None
        if self.report:
            r = self.report
            report = {
                "added": r.added,
                "changed": r.changed,
                "removed": r.removed,
                "unchanged": r.unchanged,
                "moved": r.moved,
            }
            report |= {"passages": r.passages}
            report["skipped"] = [{"source": where, "reason": why} for where, why in r.skipped]
        counted = {"id": self.id, "state": self.state, "done": self.done, "total": self.total}
        return counted | {"report": report, "error": self.error}


class Jobs:
    """The jobs of one index. `opened` gives a library to write with; it is opened for a job and closed after it."""

    def __init__(
        self, name: str, opened: Callable[[], AbstractContextManager[Library]], on_end: Callable[[Job], None]
    ) -> None:
        self._name, self._opened, self._on_end = name, opened, on_end
        self._jobs: dict[str, Job] = {}
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"jobs of {name}", daemon=True)
        self._thread.start()

    def put(self, what: str, work: Work) -> Job:
        """Queue a job. Raises Refused, 503, where too many wait."""
        job = Job(what, work)
        with self._lock:
            if self._stopping.is_set() or self._queue.qsize() >= MOST_QUEUED:
                raise Refused(503, "too much work is waiting already; try again in a while")
            self._jobs[job.id] = job
            ended = [name for name, one in self._jobs.items() if one.state in ("done", "failed")]
            for old in ended[: max(0, len(self._jobs) - REMEMBERED)]:
                del self._jobs[old]
            self._queue.put(job)
        return job

    def get(self, name: str) -> Job | None:
        """The job of this id, if it is remembered."""
        return self._jobs.get(name)

    @property
    def busy(self) -> bool:
        """Whether a job is being done or waits."""
        return any(one.state in ("queued", "running") for one in [*self._jobs.values()])

    def stop(self) -> None:
        """End after the file that is being worked on; what was committed is kept."""
        with self._lock:
            self._stopping.set()
            self._queue.put(None)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None and not self._stopping.is_set():
            job.state = "running"
            log("job", id=job.id, index=self._name, what=job.what, state=job.state)
            try:
                with self._opened() as library:
                    job.report = job.work(library, partial(self._progress, job))
                job.state = "done"
            except RagError as error:
                _, kind, message = described(error)
                job.error, job.state = {"type": kind, "message": message}, "failed"
            except _Stopped:
                job.error, job.state = {"type": "stopped", "message": "the server stopped; run it again"}, "failed"
            except Exception as error:
                log("failure", id=job.id, error=type(error).__name__)
                job.error = {"type": "internal", "message": f"{type(error).__name__}; the server's log says more"}
                job.state = "failed"
            log("job", id=job.id, index=self._name, what=job.what, state=job.state)
            self._on_end(job)

    def _progress(self, job: Job, done: float, total: int, what: str) -> None:
        job.done, job.total = int(done), total
        if self._stopping.is_set():
            raise _Stopped
