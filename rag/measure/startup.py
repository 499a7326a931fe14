"""CPU time of a whole `rag search` process against one that only imports sentence_transformers, in one run.

python -m rag.measure.startup --index indexes/default "why did Jasper decline"
"""

import argparse
import os
import subprocess
import sys

__all__ = ["cpu_seconds"]

RUNS = 5


def cpu_seconds(command: list[str]) -> float:
    """User and system time of the process and its children, in seconds; the least of several runs.

    Raises CalledProcessError where the command fails.
    """
    least = float("inf")
    for _ in range(RUNS):
        before = os.times()
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        least = min(least, spent)
    return least


def main() -> None:
    """Print both and their ratio."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.startup", description=__doc__)
    arguments.add_argument("question")
    arguments.add_argument("--index", default="indexes/default")
    args = arguments.parse_args()
    search = cpu_seconds([sys.executable, "-m", "rag", "search", args.question, "--index", args.index])
    heavy = cpu_seconds([sys.executable, "-c", "import sentence_transformers"])
    sys.stdout.write(f"rag search                    {search:6.2f} s CPU\n")
    sys.stdout.write(f"import sentence_transformers  {heavy:6.2f} s CPU\n")
    sys.stdout.write(f"ratio                         {search / heavy:6.3f}\n")


if __name__ == "__main__":
    main()
