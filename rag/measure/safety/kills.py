"""`rag index` killed with signal 9 at random moments, hundreds of times, and what is left each time.

    python -m rag.measure.safety.kills --trials 500

Each round changes a folder, runs `rag index` and kills it. Then the index must pass its check without any repair (in
rounds that begin with a derived file deleted, after reading has made that again), hold the former state or the new one
or, after several generations, a mix of whole articles of both, cite nothing that is not in the files, and in the end be
what an uninterrupted build is. POSIX only.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag.measure.safety.forked import in_fork, index_killed, warm
from rag.measure.safety.material import Folder, held, is_between, wrong_answers

__all__ = ["Outcome", "trial"]


@dataclass(slots=True)
class Outcome:
    """`killed`: runs that did not end; `new`, `former`: which state was found then; `wrong`: what should not be."""

    runs: int = 0
    killed: int = 0
    new: int = 0
    former: int = 0
    resumed: int = 0
    wrong: list[str] = field(default_factory=list)


def trial(place: Path, trials: int, seed: int = 1, tell: Callable[[Outcome], None] = lambda _: None) -> Outcome:
    """In an empty folder; see the module."""
    draw, done = random.Random(seed), Outcome()
    folder, index = Folder(place / "articles", 30, 40, seed), place / "index"
    usual = index_killed(folder.path, index, None, small=False) or 1.0
    before = folder.expected()
    for number in range(trials):
        if draw.random() < 0.7:
            folder.change()
        if lost := draw.random() < 0.15:
            _lose_a_file(index, draw)
        small, after = draw.random() < 0.5, folder.expected()
        took = index_killed(folder.path, index, draw.uniform(0, 1.3 * usual), small=small)
        done.runs += 1
        if took is not None:
            usual = 0.8 * usual + 0.2 * took
        else:
            done.killed += 1
        state = in_fork(held, index, lost)
        articles = set(state["articles"])
        done.new += articles == after and articles != before
        done.former += articles == before and articles != after
        done.wrong += [f"{number}: check: {one}" for one in state["problems"]]
        if trouble := is_between(articles, before, after):
            done.wrong.append(f"{number}: {trouble}")
        if took is not None and articles != after:
            done.wrong.append(f"{number}: not in step after a run that ended")
        before = articles
        if number % 10 == 9 or number == trials - 1:
            names = [one.split("/")[-1].split(".")[0] for one in draw.sample(sorted(after), 3)]
            done.wrong += [f"{number}: cited: {one}" for one in in_fork(wrong_answers, index, names)]
            usual = 0.5 * usual + 0.5 * (index_killed(folder.path, index, None, small=small) or usual)
            fresh = place / "fresh"
            index_killed(folder.path, fresh, None, small=False)
            ours, theirs = in_fork(held, index), in_fork(held, fresh)
            shutil.rmtree(fresh)
            done.resumed += 1
            if ours != theirs:
                done.wrong.append(f"{number}: resumed, it is not what an uninterrupted build is")
            before = after
            tell(done)
    return done


def _lose_a_file(index: Path, draw: random.Random) -> None:
    """So that the next run makes it again, and may be killed over that."""
    files = sorted(path for path in index.glob("*-*") if path.suffix in (".json", ".faiss"))
    draw.choice(files).unlink()


def _tell(so_far: Outcome) -> None:
    sys.stderr.write(f"{so_far}\n")


def main() -> None:
    """Print the outcome; status 1 if anything was wrong."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.safety.kills", description=__doc__)
    arguments.add_argument("--trials", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=1)
    args = arguments.parse_args()
    warm()
    with tempfile.TemporaryDirectory() as place:
        done = trial(Path(place), args.trials, args.seed, _tell)
    sys.stdout.write(f"{done}\n")
    raise SystemExit(1 if done.wrong else 0)


if __name__ == "__main__":
    main()
