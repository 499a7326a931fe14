"""Many processes that search an index while another one writes it, again and again.

    python -m rag.measure.safety.readers --readers 10

The writer gives all articles a new version and indexes them. Each search must find one version alone. Times are told
as CPU time and as wall time of a search, without a writer and with one. POSIX only.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rag.library import Library
from rag.measure.safety.forked import index_killed, started, warm
from rag.measure.safety.material import article

__all__ = ["trial"]


def trial(place: Path, readers: int, files: int, seconds: float) -> dict[str, Any]:
    """In an empty folder: 95th percentiles in milliseconds, numbers of searches, and what was wrong."""
    folder, index = place / "articles", place / "index"
    folder.mkdir()
    _write(folder, files, 0)
    index_killed(folder, index, None, small=False)
    told: dict[str, Any] = {"wrong": []}
    for name in ("idle", "busy"):
        ends = [started(_reader, index, number, seconds) for number in range(readers)]
        began, runs = time.monotonic(), 0
        while name == "busy" and time.monotonic() < began + seconds:
            runs += 1
            _write(folder, files, runs)
            index_killed(folder, index, None, small=False)
        found = [end() for end in ends]
        for kind in ("cpu", "wall"):
            times = sorted(one for own in found for one in own[kind])
            told[f"{name}_{kind}_p95_ms"] = round(1000 * times[int(0.95 * len(times))], 2)
        told[f"{name}_searches"] = len(times)
        told["runs"] = runs
        told["versions"] = sorted({version for own in found for version in own["versions"]})
        told["wrong"] += [one for own in found for one in own["wrong"]]
    return told


def _write(folder: Path, files: int, version: int) -> None:
    for number in range(files):
        (folder / f"a{number}.txt").write_text(article(f"a{number}", version), encoding="utf-8")


def _reader(index: Path, own: int, seconds: float) -> dict[str, Any]:
    told: dict[str, Any] = {"cpu": [], "wall": [], "versions": [], "wrong": []}
    with Library(index) as library:
        library.search("warm")
        until, number = time.monotonic() + seconds, own
        while time.monotonic() < until:
            number += 7
            wall, cpu = time.perf_counter(), time.process_time()
            hits = library.search(f"What is the code of a{number % 50}?", 10)
            told["cpu"].append(time.process_time() - cpu)
            told["wall"].append(time.perf_counter() - wall)
            versions = {found for hit in hits for found in re.findall(r" is (v\d+)\.", hit.text)}
            if len(versions) != 1:
                told["wrong"].append(f"a search found the versions {sorted(versions)}")
            told["versions"] = sorted({*told["versions"], *versions})
            time.sleep(0.02)
    return told


def main() -> None:
    """Print what was found; status 1 if anything was wrong."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.safety.readers", description=__doc__)
    arguments.add_argument("--readers", type=int, default=10)
    arguments.add_argument("--files", type=int, default=300)
    arguments.add_argument("--seconds", type=float, default=30)
    args = arguments.parse_args()
    warm()
    with tempfile.TemporaryDirectory() as place:
        told = trial(Path(place), args.readers, args.files, args.seconds)
    sys.stdout.write(f"{told}\n")
    raise SystemExit(1 if told["wrong"] else 0)


if __name__ == "__main__":
    main()
