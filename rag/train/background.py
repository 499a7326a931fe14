"""Counts the background statistics that `rag.background` reads."""

import logging
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from rag.background import key
from rag.script import language, terms
from rag.train.pairs import CHINESE, EXCLUDED
from rag.train.read import names, rows

__all__ = ["count", "make", "passages", "save"]

log = logging.getLogger(__name__)
SIZE = 4
"""Sentences of parallel text that make a background text."""
NEWS = 400
"""Characters of a news article that make one."""
PER_LANGUAGE = 125_000


def passages(data: Path) -> Iterator[str]:
    """Passage-like texts of `train/` and `corpus/`, each distinct paragraph once."""
    for name, path in names(data / "train" / "parallel"):
        kept = [r for r in rows(path) if r["la"] == "en" and r["lb"] in CHINESE and r["kind"] not in {"dict", "ui"}]
        if name in EXCLUDED or name == "bible":
            continue
        for start in range(0, len(kept), SIZE):
            yield " ".join(r["a"] for r in kept[start : start + SIZE])
            yield "".join(r["b"] for r in kept[start : start + SIZE])
    seen: set[str] = set()
    for folder, field in (("titles", "paragraph"), ("qa", "passage")):
        for _, path in names(data / "train" / folder):
            for row in rows(path):
                if row[field] not in seen:
                    seen.add(row[field])
                    yield row[field]
    for row in rows(data / "corpus" / "news_2023.jsonl.gz"):
        text = row["text"]
        yield from (text[start : start + NEWS] for start in range(0, len(text), NEWS))


def count(texts: Iterable[str]) -> Counter[str]:
    """How many of the texts hold each term."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(set(terms(text)))
    return found


def save(path: Path, df: Counter[str], n_zh: int, n_en: int, least: int) -> int:
    """Write the terms that at least `least` texts hold; gives how many there are."""
    kept = sorted((key(term), n) for term, n in df.items() if n >= least)
    np.savez(
        path,
        keys=np.array([k for k, _ in kept], dtype=np.uint64),
        df=np.array([n for _, n in kept], dtype=np.uint32),
        n_zh=np.int64(n_zh),
        n_en=np.int64(n_en),
    )
    return len(kept)


def make(data: Path, path: Path, seed: int = 0, least: int = 6) -> None:
    """Count a sample of as many Chinese as English texts and write it."""
    chance = random.Random(seed)
    sides: dict[str, list[str]] = {"zh": [], "en": []}
    for text in passages(data):
        sides[language(text)].append(text)
    log.info("texts: %s", {side: len(texts) for side, texts in sides.items()})
    df: Counter[str] = Counter()
    sizes = {}
    for side, texts in sides.items():
        chosen = chance.sample(texts, min(PER_LANGUAGE, len(texts)))
        sizes[side] = len(chosen)
        df += count(chosen)
    kept = save(path, df, sizes["zh"], sizes["en"], least)
    log.info("%d terms, %s texts, %d bytes", kept, sizes, path.stat().st_size)
