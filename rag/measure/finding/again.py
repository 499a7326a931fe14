"""What indexing costs, what it costs again when nothing has changed, and what one changed file in a large folder does.

    python -m rag.measure.finding.again ARTICLES.jsonl.gz --files 20000

Each run is the command `rag index` in a process of its own, and its CPU seconds are those of all its threads, the
start of Python and its imports included. The files are the first articles of the same JSON lines file; from the time of
the run with the change that of walking the folder and asking for the state of each file is taken off. POSIX only.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from rag.load import find
from rag.measure.finding.process import in_fresh_process
from rag.protocols import Progress

__all__ = ["measure"]


def measure(corpus: Path, files: int, place: Path) -> dict[str, float]:
    """In an empty folder; CPU seconds of each run, and of the first one passages per CPU second."""
    passages, first = _index(corpus, place / "one")
    fresh, again = _index(corpus, place / "one")
    folder = place / "articles"
    folder.mkdir()
    opened = gzip.open if corpus.suffix == ".gz" else open
    with opened(corpus, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(islice(lines, files)):
            (folder / f"{number:06}.txt").write_text(json.loads(line)["text"], encoding="utf-8")
    of_files, many = _index(folder, place / "many")
    with (folder / f"{files // 2:06}.txt").open("a", encoding="utf-8") as file:
        file.write("\nThis sentence was added later, and nothing else was changed.\n")
    changed, one = _index(folder, place / "many")
    start, walk = in_fresh_process(_walk, folder)[0]
    return {
        "passages": passages,
        "passages a CPU second": passages / first,
        "unchanged: share of the first run": again / first,
        "unchanged: CPU seconds": again,
        "unchanged: passages made": fresh,
        "files": files,
        "files: passages a CPU second": of_files / many,
        "one file changed: CPU seconds beyond the walk": one - walk,
        "one file changed: passages made": changed,
        "walk: CPU seconds": walk,
        "start of Python and imports: CPU seconds": start,
    }


def _index(path: Path, index: Path) -> tuple[int, float]:
    """Passages made, and CPU seconds."""
    command = [
        sys.executable,
        "-m",
        "rag",
        "index",
        str(path),
        "--index",
        str(index),
        "--embedder",
        "builtin",
        "--json",
    ]
    began = _spent()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["passages"], _spent() - began


def _spent() -> float:
    """By processes that have ended."""
    import resource  # not on Windows

    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _walk(folder: Path, _: Progress | None) -> tuple[float, float]:
    import rag.library.add  # noqa: F401 - as a run that indexes does

    began = time.process_time()
    for path in find([folder]):
        path.stat()
    return began, time.process_time() - began


def main() -> None:
    """Print all of it as one JSON object."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.finding.again", description=__doc__)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("--files", type=int, default=20_000)
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        sys.stdout.write(json.dumps(measure(args.corpus, args.files, Path(place)), indent=1) + "\n")


if __name__ == "__main__":
    main()
