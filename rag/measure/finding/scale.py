"""What a large index costs: time and memory of building it, of opening it and of asking it, and what is found.

    python -m rag.measure.finding.scale ARTICLES.jsonl.gz INDEX --passages 1000000

The passages are made of real sentences: each is some sentences of different articles under the title of another, so
that vectors and terms are spread as those of articles are. Questions are titles of articles. The build is gone on with
where INDEX already is. What the dense side finds is compared with a search that looks at every vector of the index.
"""

import argparse
import gzip
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from rag.chunk import sentences
from rag.index import Index, NewPassage, Source, Stored
from rag.index.vectors import FlatVectors
from rag.library import Library
from rag.library.embedded import vectors_and_looks
from rag.measure.finding.process import in_fresh_process
from rag.protocols import Progress
from rag.retrieve import POOL, weigh
from rag.types import Document, Span

__all__ = ["ask", "build", "made_documents", "open_and_ask"]

PER_DOCUMENT = 8
SIZE = 220  # characters of a passage, from which no further sentence is put to it
TOGETHER = 256  # documents in one transaction
WARM = 10
SENTENCES = 300_000  # of the corpus, that are recombined


def made_documents(corpus: Path, passages: int, seed: int = 0) -> Iterator[tuple[Stored, list[NewPassage]]]:
    """Documents of `PER_DOCUMENT` passages, made of the sentences of a JSON lines file, the same for the same seed."""
    chance = random.Random(seed)
    pool, titles = [], []
    for record in _records(corpus):
        text = record["text"]
        own = [span.of(text) for span in sentences(text) if 12 <= len(span) <= 150]
        pool += own
        titles.append(record.get("title") or (own or [text])[0][:40])
        if len(pool) > SENTENCES:
            break
    for number in range(passages // PER_DOCUMENT):
        title = chance.choice(titles)
        parts, made, at = [], [], 0
        for _ in range(PER_DOCUMENT):
            spans, start = [], at
            while at - start < SIZE:
                sentence = chance.choice(pool)
                parts.append(sentence)
                spans.append(Span(at - start, at - start + len(sentence)))
                at += len(sentence)
            own_text = "".join(parts[-len(spans) :])
            made.append(NewPassage(start, at, number + 1, own_text, tuple(spans)))
        text = "".join(parts)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        date = f"{chance.randint(2015, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        yield (
            Stored(Document(f"made-{number}", str(corpus), text, sha256, "utf-8", "record", title, date), ()),
            made,
        )


def _records(corpus: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if corpus.suffix == ".gz" else open
    with opened(corpus, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def build(corpus: Path, folder: Path, passages: int, on_progress: Progress | None) -> dict[str, float]:
    """Make the index, or go on making it; CPU seconds of storing and embedding, and of what is derived at the end."""
    with Library(folder, embedder="builtin") as library:
        index = library.__dict__["index"] = Index(folder, create=True)
        index.bind(library.embedder)
        began = time.process_time()
        with index.writing() as staging:
            there = len(staging.of_source("-")) if "-" in index.truth.sources(coming=True) else 0
            documents = islice(made_documents(corpus, passages), there, None)
            source = Source(str(corpus), "-", 0, 0, "", True)
            while some := list(islice(documents, TOGETHER)):
                work = [(source, stored, own) for stored, own in some]
                with staging.transaction():
                    ready = vectors_and_looks(staging, work, (library.embedder, library.words))
                    key = staging.put_source(source)
                    for (stored, own), made in zip(some, ready, strict=True):
                        staging.put_document(key, stored, own, made, 1)
                there += len(some)
                if on_progress:
                    on_progress(there * PER_DOCUMENT, passages, "passages")
            stored_after = time.process_time() - began
        return {"store_cpu_s": stored_after, "all_cpu_s": time.process_time() - began}


def open_and_ask(folder: Path, question: str, _: Progress | None) -> float:
    """CPU seconds of a process that opens the index and asks once, the start of Python and its imports included."""
    with Library(folder) as library:
        library.search(question)
    return time.process_time()


def ask(folder: Path, questions: Sequence[str], _: Progress | None) -> dict[str, float]:
    """Warm CPU milliseconds of a hybrid search and of either side, and recall@10 of the dense one of comparing all."""
    with Library(folder) as library:
        vectors = cast(FlatVectors, library.index.vectors)
        exact = vectors.exact()
        asked = library.embedder.embed_queries(questions)
        hybrid, lexical, dense, compared, recalled = [], [], [], [], []
        for question, vector in zip(questions, asked, strict=True):
            began = time.process_time()
            library.search(question)
            hybrid.append(1000 * (time.process_time() - began))
            weights = weigh(question, library.index.terms, library.background)
            began = time.process_time()
            library.index.terms.search(weights, POOL)
            lexical.append(1000 * (time.process_time() - began))
            began = time.process_time()
            found = vectors.search(vector[None], 10)[1]
            dense.append(1000 * (time.process_time() - began))
            began = time.process_time()
            nearest = exact.search(vector[None], 10)[1]
            compared.append(1000 * (time.process_time() - began))
            recalled.append(float(np.isin(found, nearest).mean()))
        return {
            "hybrid_cpu_ms": float(np.median(hybrid[WARM:])),
            "lexical_cpu_ms": float(np.median(lexical[WARM:])),
            "dense_cpu_ms": float(np.median(dense[WARM:])),
            "all_compared_cpu_ms": float(np.median(compared[WARM:])),
            "dense_recall_at_10": float(np.mean(recalled)),
        }


def main() -> None:
    """Print all of it as one JSON object."""
    arguments = argparse.ArgumentParser(prog="python -m rag.measure.finding.scale", description=__doc__)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("index", type=Path)
    arguments.add_argument("--passages", type=int, default=200_000)
    arguments.add_argument("--questions", type=int, default=60)
    args = arguments.parse_args()
    built, _, peak = in_fresh_process(build, args.corpus, args.index, args.passages)
    found = {"passages": args.passages, **built, "peak_bytes": peak}
    titles = [str(record.get("title") or record["text"][:30]) for record in islice(_records(args.corpus), 5000)]
    questions = random.Random(1).sample(titles, args.questions)
    found["cold_cpu_s"] = in_fresh_process(open_and_ask, args.index, questions[0])[0]
    warm, _, peak = in_fresh_process(ask, args.index, questions)
    found |= warm | {"ask_peak_bytes": peak}
    for part in ("rag.sqlite", "vectors-*", "terms-*/*"):
        found[f"{part.split('-')[0]} bytes"] = sum(path.stat().st_size for path in args.index.glob(part))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
