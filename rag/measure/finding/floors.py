"""The quality gate: nDCG@10 of each mode on pinned data, below which nothing may sink.

python -m rag.measure.finding.floors FOLDER_OF_SETS tests/floors/retrieval.json            compares, all sets
python -m rag.measure.finding.floors FOLDER_OF_SETS tests/floors/retrieval.json --raise    raises floors, and adds sets
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, cast

from rag.config import MODES
from rag.library import Library
from rag.measure.finding.collection import Collection, read
from rag.measure.finding.retrieval import search_all
from rag.measure.finding.scores import values
from rag.types import Mode

__all__ = ["measure", "raised", "sunk"]

QUESTIONS = 100
"""Questions of a set that are asked, evenly spread over it."""

TOLERANCE = 0.5
"""How far below the figure of the day a floor is set: one question in a hundred that loses half of its worth."""

QUICK = 1200
"""Articles up to which a set is measured by the tests; larger ones by this command alone."""


def measure(collection: Collection) -> dict[str, float]:
    """nDCG@10 x 100 of each mode under the built-in model and default settings, over `QUESTIONS` of its questions."""
    step = max(1, len(collection.questions) // QUESTIONS)
    asked = dict(islice(islice(collection.questions.items(), 0, None, step), QUESTIONS))
    relevant = {question: collection.relevant[question] for question in asked}
    with tempfile.TemporaryDirectory() as folder, Library(folder, embedder="builtin") as library:
        library.add(collection.corpus)
        runs = {mode: search_all(library, asked, cast(Mode, mode), depth=library.settings.k) for mode in MODES}
    return {mode: round(100 * float(values(run, relevant)["nDCG@10"].mean()), 2) for mode, run in runs.items()}


def sunk(floors: Mapping[str, float], figures: Mapping[str, float]) -> list[str]:
    """What lies below its floor, in words.

    >>> sunk({"hybrid": 97.0, "dense": 80.0}, {"hybrid": 96.4, "dense": 85.0})
    ['hybrid 96.40 is below 97.00']
    """
    return [
        f"{mode} {figures[mode]:.2f} is below {floor:.2f}" for mode, floor in floors.items() if figures[mode] < floor
    ]


def raised(floors: Mapping[str, float], figures: Mapping[str, float]) -> dict[str, float]:
    """Floors for figures: never lower than they were.

    >>> raised({"hybrid": 97.0, "dense": 80.0}, {"hybrid": 96.0, "dense": 85.0})
    {'hybrid': 97.0, 'dense': 84.5}
    """
    return {mode: max(floors.get(mode, 0.0), round(figure - TOLERANCE, 2)) for mode, figure in figures.items()}


def main() -> None:
    """Print each figure beside its floor. Status 1: something lies below, or the data are not those of the floors."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.finding.floors", description=__doc__)
    arguments.add_argument("sets", type=Path)
    arguments.add_argument("floors", type=Path)
    arguments.add_argument("--raise", action="store_true", dest="up")
    args = arguments.parse_args()
    pinned: dict[str, Any] = json.loads(args.floors.read_text(encoding="utf-8")) if args.floors.exists() else {}
    failed = False
    for folder in sorted(path for path in args.sets.iterdir() if path.is_dir()):
        before = pinned.get(folder.name)
        if before is None and not args.up:
            continue
        collection = read(folder)
        if before and before["sha256"] != collection.sha256:
            sys.stdout.write(f"{folder.name}: other data than the floors are of; remove its entry to pin it anew\n")
            failed = True
            continue
        figures = measure(collection)
        low = sunk(before["floors"], figures) if before else []
        failed = failed or bool(low)
        sys.stdout.write(f"{folder.name}: {figures}{''.join('; ' + one for one in low)}\n")
        sys.stdout.flush()
        if args.up:
            with collection.corpus.open("rb") as corpus:
                articles = sum(1 for _ in corpus)
            floors = raised(before["floors"] if before else {}, figures)
            pinned[folder.name] = {"sha256": collection.sha256, "quick": articles <= QUICK, "floors": floors}
            args.floors.write_text(json.dumps(pinned, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
