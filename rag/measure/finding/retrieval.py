"""What finding articles costs and yields: the questions of a collection put to a library with its default settings."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rag.library import Library
from rag.measure.finding.trec import Run
from rag.protocols import Progress
from rag.types import Mode

__all__ = ["DEPTH", "answer_one", "index_corpus", "run_questions", "search_all"]

DEPTH = 100
"""Passages asked for, as Recall@100 needs. The first ten are those that a user is shown."""

TIMED = 200
"""Questions whose time is taken, each at its first asking, after `WARM` others."""

WARM = 10


def index_corpus(corpus: Path, embedder: str, folder: Path, on_progress: Progress | None) -> dict[str, Any]:
    """Bring the index in `folder` in step with the corpus; speed is of what was added now, if an earlier call began."""
    with Library(folder, embedder=embedder) as library:
        began, cpu = time.perf_counter(), time.process_time()
        report = library.add(corpus, on_progress=on_progress)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        status = library.status()
        texts = library.index.truth.each_passage(library.index.dimensions)
        characters = sum(len(text) for _, _, text, _ in texts)
    share = report.passages / max(status["passages"], 1)
    return {
        "documents": status["documents"],
        "passages": status["passages"],
        "skipped": len(report.skipped),
        "characters": characters,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "documents_per_second": report.added / seconds,
        "characters_per_second": characters * share / seconds,
        "index_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
    }


def answer_one(folder: Path, embedder: str, mode: Mode, question: str, _: Progress | None) -> None:
    """All that a single search needs: for a process that does nothing else."""
    with Library(folder, embedder=embedder) as library:
        library.search(question, mode=mode)


def run_questions(
    folder: Path, embedder: str, mode: Mode, questions: Mapping[str, str], on_progress: Progress | None
) -> tuple[Run, dict[str, float]]:
    """The run of all questions, and the warm times of some in milliseconds, with the default number of passages."""
    with Library(folder, embedder=embedder) as library:
        texts = list(questions.values())
        some = texts[:: max(1, len(texts) // (WARM + TIMED))][: WARM + TIMED]
        wall, cpu = [], []
        for text in some:
            began, spent = time.perf_counter(), time.process_time()
            library.search(text, mode=mode)
            wall.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.process_time() - spent))
        warm = WARM if len(some) > WARM else 0
        times = {
            "warm_p50_ms": float(np.percentile(wall[warm:], 50)),
            "warm_p95_ms": float(np.percentile(wall[warm:], 95)),
            "warm_cpu_p50_ms": float(np.percentile(cpu[warm:], 50)),
        }
        return search_all(library, questions, mode, on_progress), times


def search_all(
    library: Library,
    questions: Mapping[str, str],
    mode: Mode,
    on_progress: Progress | None = None,
    *,
    depth: int = DEPTH,
) -> Run:
    """For each question the documents of the first `depth` passages, each by its best passage.

    A document with the id of the question is left out, as BEIR does: there it is the question itself.
    """
    run: Run = {}
    for done, (key, text) in enumerate(questions.items()):
        if on_progress:
            on_progress(done, len(questions), mode)
        best: dict[str, float] = {}
        for hit in library.search(text, depth, mode=mode):
            if hit.doc_id != key:
                best.setdefault(hit.doc_id, hit.score)
        run[key] = list(best.items())
    return run
