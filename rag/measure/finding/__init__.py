"""The retrieval bench: collections x embedders x modes. Each result is kept as it is done, and not made again."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

import rag
from rag import embed
from rag.errors import BadInput
from rag.measure.finding import retrieval
from rag.measure.finding.collection import Collection, read
from rag.measure.finding.process import in_fresh_process
from rag.measure.finding.scores import MEASURES, Values, interval, p_value, values
from rag.measure.finding.trec import read_run, write_run
from rag.protocols import Progress
from rag.types import Mode

__all__ = ["bench"]

COLD = 5
"""Processes that are started to answer one question each."""

JUDGED = "nDCG@10"
"""The measure that systems are compared by."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """One collection under one embedder: what it is made of, and where its files lie."""

    collection: Collection
    embedder: str
    made_of: dict[str, str]
    folder: Path
    on_progress: Progress | None

    @property
    def index(self) -> Path:
        return self.folder / "index"


def bench(
    folders: Sequence[str | Path],
    *,
    embedders: Sequence[str] = ("builtin",),
    modes: Sequence[Mode] = ("hybrid", "dense", "lexical"),
    out: Path = Path("bench"),
    again: bool = False,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure each mode of each embedder on each collection; the record that `report.json` holds.

    Under `out` each embedder of each collection has a folder with its index, and for each mode a TREC run and a record.
    What is there of the same files, model and version of rag is used as it is, unless `again`.

    Raises BadInput, NotFound or ModelError before any work where a collection or a model cannot be used.
    """
    collections = [read(folder) for folder in folders]
    names = [collection.name for collection in collections]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadInput(f"several data sets are called {', '.join(twice)}", "rename a folder: results go by its name")
    prints = {embedder: embed.load(embedder).fingerprint for embedder in dict.fromkeys(embedders)}
    sets = []
    for collection in collections:
        record: dict[str, Any] = {
            "name": collection.name,
            "sha256": collection.sha256,
            "questions": len(collection.questions),
            "systems": [],
            "indexing": [],
        }
        scores: dict[tuple[str, str], dict[str, Values]] = {}
        for embedder, fingerprint in prints.items():
            made_of = {"data": collection.sha256, "model": fingerprint, "rag": rag.__version__}
            folder = out / collection.name / re.sub(r"[^\w.-]+", "-", embedder)
            one = _Bench(collection, embedder, made_of, folder, on_progress)
            indexing = _indexed(one, again)
            record["indexing"].append({"embedder": embedder} | indexing)
            for mode in dict.fromkeys(modes):
                query = _asked(one, mode, again)
                run = folder / f"{mode}.trec"
                own = scores[embedder, mode] = values(read_run(run), collection.relevant)
                record["systems"].append(
                    {"embedder": embedder, "mode": mode, "measures": _means(own), "query": query, "run": str(run)}
                )
        record["pairs"] = _compared(scores)
        sets.append(record)
    return {"rag": rag.__version__, "depth": retrieval.DEPTH, "models": prints, "datasets": sets}


def _indexed(one: _Bench, again: bool) -> dict[str, Any]:
    note = one.folder / "indexing.json"
    kept = _kept(note, one.made_of)
    if again or kept is None:  # of other articles or of another model
        shutil.rmtree(one.folder, ignore_errors=True)
        one.folder.mkdir(parents=True)
        _keep(note, one.made_of, {})
    elif kept:
        return kept
    arguments = (one.collection.corpus.resolve(), one.embedder, one.index.resolve())
    done, _, peak = in_fresh_process(retrieval.index_corpus, *arguments, on_progress=_titled(one, "indexing"))
    done["peak_memory_bytes"] = peak
    _keep(note, one.made_of, done)
    return dict(done)


def _asked(one: _Bench, mode: Mode, again: bool) -> dict[str, float]:
    note = one.folder / f"{mode}.json"
    kept = None if again else _kept(note, one.made_of)
    if kept and (one.folder / f"{mode}.trec").exists():
        return kept
    at, questions = one.index.resolve(), one.collection.questions
    arguments = (at, one.embedder, mode, questions)
    (run, times), _, peak = in_fresh_process(retrieval.run_questions, *arguments, on_progress=_titled(one, mode))
    texts = list(questions.values())
    cold = [
        1000 * in_fresh_process(retrieval.answer_one, at, one.embedder, mode, texts[n % len(texts)])[1]
        for n in range(COLD)
    ]
    times |= {"cold_p50_ms": float(np.percentile(cold, 50)), "cold_p95_ms": float(np.percentile(cold, 95))}
    times["peak_memory_bytes"] = peak
    write_run(one.folder / f"{mode}.trec", run, f"rag-{one.embedder}-{mode}")
    _keep(note, one.made_of, times)
    return dict(times)


def _titled(one: _Bench, what: str) -> Progress | None:
    if one.on_progress is None:
        return None
    tell = one.on_progress
    return lambda done, total, _: tell(done, total, f"{one.collection.name}, {one.embedder}: {what}")


def _kept(path: Path, made_of: Mapping[str, str]) -> dict[str, Any] | None:
    """The record in a file if it is of just this; an empty one was begun and not finished."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return dict(found["record"]) if found["of"] == made_of else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, made_of: Mapping[str, str], record: Mapping[str, Any]) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps({"of": made_of, "record": record}, indent=1), encoding="utf-8")
    beside.replace(path)


def _means(scores: Mapping[str, Values]) -> dict[str, dict[str, float]]:
    found = {}
    for name in MEASURES:
        low, high = interval(scores[name])
        found[name] = {"mean": float(scores[name].mean()), "low": low, "high": high}
    return found


def _compared(scores: Mapping[tuple[str, str], Mapping[str, Values]]) -> list[dict[str, Any]]:
    """Every two systems by the same questions."""
    return [
        {
            "a": list(a),
            "b": list(b),
            "measure": JUDGED,
            "difference": float((scores[a][JUDGED] - scores[b][JUDGED]).mean()),
            "p": p_value(scores[a][JUDGED], scores[b][JUDGED]),
        }
        for a, b in combinations(scores, 2)
    ]
