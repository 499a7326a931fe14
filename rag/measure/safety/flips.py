"""One byte of an index changed at random, again and again, and what a reader then says.

    python -m rag.measure.safety.flips --trials 1000

Every change must be harmless or come out as an error that says what to do: never a citation that is not in the files,
never another exception, never a crash. Half of the bytes are drawn from all bytes alike, half from a file drawn first.
POSIX only.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from rag.errors import RagError
from rag.library import Library
from rag.measure.safety.forked import in_fork, index_killed, warm
from rag.measure.safety.material import Folder, held, wrong_answers

__all__ = ["trial"]

_ASKED = ["a3", "a7", "r5"]


def trial(place: Path, trials: int, seed: int = 1) -> tuple[Counter[str], list[str]]:
    """In an empty folder. How often what came of it, and what should not have."""
    draw = random.Random(seed)
    folder, index, copy = Folder(place / "articles", 12, 12, seed), place / "index", place / "copy"
    index_killed(folder.path, index, None, small=False)
    expected, wrong = in_fork(_read, index), []
    came: Counter[str] = Counter()
    for number in range(trials):
        shutil.copytree(index, copy)
        file, at, mask = _flip(copy, draw)
        where = f"{number}: {file.relative_to(copy)} byte {at} ^ {mask:#04x}"
        try:
            found = in_fork(_read, copy)
        except RuntimeError as problem:  # no RagError, or the process died
            wrong.append(f"{where}: {problem}")
            sys.stderr.write(f"{wrong[-1]}\n")
            shutil.rmtree(copy)
            continue
        wrong += [f"{where}: cited: {one}" for one in found["wrong"]]
        if found["error"]:
            came["error"] += 1
        elif found["hits"] == expected["hits"]:
            came["harmless"] += 1
        else:
            came["other hits"] += 1
            if trouble := in_fork(held, copy)["problems"]:
                came["other hits, noticed by the check"] += bool(trouble)
            else:
                wrong.append(f"{where}: other hits, and the check finds nothing")
        shutil.rmtree(copy)
    return came, wrong


def _flip(index: Path, draw: random.Random) -> tuple[Path, int, int]:
    files = sorted(path for path in index.rglob("*") if path.is_file() and path.stat().st_size)
    sizes = [path.stat().st_size for path in files]
    file = draw.choices(files, sizes)[0] if draw.random() < 0.5 else draw.choice(files)
    at, mask = draw.randrange(file.stat().st_size), draw.randrange(1, 256)
    data = bytearray(file.read_bytes())
    data[at] ^= mask
    file.write_bytes(data)
    return file, at, mask


def _read(index: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"error": "", "hits": [], "wrong": []}
    try:
        with Library(index) as library:
            for name in _ASKED:
                hits = library.search(f"What is the code of {name}?", 5)
                found["hits"] += [[hit.source, hit.doc_id, hit.title, hit.start, hit.end, hit.text] for hit in hits]
        found["wrong"] = wrong_answers(index, _ASKED)
    except RagError as error:
        if not error.what or not error.next_step:
            raise
        found["error"] = str(error)
    return found


def main() -> None:
    """Print how often what came of it; status 1 if anything was wrong."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.safety.flips", description=__doc__)
    arguments.add_argument("--trials", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    args = arguments.parse_args()
    warm()
    with tempfile.TemporaryDirectory() as place:
        came, wrong = trial(Path(place), args.trials, args.seed)
    sys.stdout.write(f"{dict(came)}, wrong {len(wrong)}\n" + "".join(f"{one}\n" for one in wrong))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
