"""The training pairs: texts that mean the same or belong together, out of `train/` of the data folder.

Nothing under `eval/` is read here. Rows for which `held_out` is true are kept aside for `rag.train.score.held_out`.
"""

import random
import re
import zlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from rag.script import fold
from rag.train.read import names, rows

__all__ = [
    "CAPS",
    "Pair",
    "all_pairs",
    "crops",
    "held_out",
    "paragraphs",
    "parallel",
    "questions",
    "titles",
    "windows",
]

EXCLUDED = frozenset({"ms_project_operations"})
CHINESE = frozenset({"zh-Hans", "zh-Hant"})
CAPS = {
    "bible": 4_000,
    "lctt": 18_000,
    "crud_lead": 34_000,
    "medquad": 3_000,
    "heading_questions_hans_hant": 2_000,
}
"""At most so many pairs of a source that is large and narrow: of a parallel text, of titles, of questions."""
TRIAL_EVERY = 40
WINDOW = 5
"""Sentences of a paragraph that is put together from neighbours."""
DICT_WEIGHT = 0.4
"""Weight of a dictionary row in the loss."""
QA_REPEATS = 2
CROPS = 3
"""Pairs that an article of the news gives."""
CROP = 200
"""Characters of a stretch of news, at least."""


class Pair(NamedTuple):
    """Two texts that belong together, the source, and the weight of the pair in the loss."""

    a: str
    b: str
    source: str
    weight: float = 1.0


def held_out(key: str, every: int = TRIAL_EVERY) -> bool:
    """True for one key in `every`, always the same ones: such rows are not trained on."""
    return zlib.crc32(key.encode()) % every == 0


def _document(row: dict[str, Any]) -> str:
    return str(row["id"]).split("#", maxsplit=1)[0]


def parallel(path: Path, name: str, chance: random.Random) -> Iterator[Pair]:
    """English to Chinese rows, the same pair once however it is written; dictionary rows weigh less."""
    seen: set[int] = set()
    found: list[Pair] = []
    for row in rows(path):
        if row["la"] != "en" or row["lb"] not in CHINESE or ("id" in row and held_out(_document(row))):
            continue
        key = hash((row["a"].lower(), fold(row["b"])))
        if key in seen:
            continue
        seen.add(key)
        found.append(Pair(row["a"], row["b"], name, DICT_WEIGHT if row["kind"] == "dict" else 1.0))
    if name == "bible" and len(found) > CAPS["bible"]:
        found = chance.sample(found, CAPS["bible"])
    yield from found


def windows(sentences: list[tuple[str, str]], source: str, chance: random.Random, size: int = WINDOW) -> Iterator[Pair]:
    """Sentence to paragraph, across and within the languages.

    `sentences` are (English, Chinese) in the order of one document; a paragraph is up to `size` of them. Each stands
    with its paragraph in the other language, in one direction by chance, and half of them also with that in their own,
    there left out of it half of the time, so that both the same words and the same subject count.
    """
    for start in range(0, len(sentences), size):
        part = sentences[start : start + size]
        if len(part) < 2:
            continue
        paragraph = (" ".join(en for en, _ in part), "".join(zh for _, zh in part))
        for place, sentence in enumerate(part):
            side = chance.randrange(2)
            yield Pair(sentence[side], paragraph[1 - side], source)
            if chance.random() < 0.5:
                rest = paragraph[side]
                if chance.random() < 0.5:
                    rest = (" ", "")[side].join(s[side] for i, s in enumerate(part) if i != place)
                yield Pair(sentence[side], rest, source)


def paragraphs(path: Path, trial: bool = False) -> Iterator[list[tuple[str, str]]]:
    """Documents of a file as lists of (English, Chinese) sentences in order.

    With an `id`, document#block.sentence, a document ends where the file says so, elsewhere after a thousand rows.
    With `trial`, only the documents that are held out.
    """
    kept = (r for r in rows(path) if r["la"] == "en" and r["lb"] in CHINESE and r["kind"] != "dict")
    key: Any = (lambda ir: _document(ir[1])) if "id" in next(rows(path)) else (lambda ir: str(ir[0] // 1000))
    for document, group in groupby(enumerate(kept), key):
        rows_of = [r for _, r in group]
        if ("id" in rows_of[0] and held_out(document)) == trial:
            yield [(r["a"], r["b"]) for r in rows_of]


def titles(path: Path, name: str, chance: random.Random) -> Iterator[Pair]:
    """Title to paragraph."""
    found = [Pair(r["title"], r["paragraph"], name) for r in rows(path)]
    yield from chance.sample(found, min(len(found), CAPS.get(name, len(found))))


def questions(path: Path, name: str, chance: random.Random) -> Iterator[Pair]:
    """Question to passage, `QA_REPEATS` times; the held out passages are left out."""
    found = [Pair(r["question"], r["passage"], name) for r in rows(path) if not _trial_question(r, name)]
    found = chance.sample(found, min(len(found), CAPS.get(name, len(found))))
    yield from found * QA_REPEATS


def _trial_question(row: dict[str, Any], name: str) -> bool:
    return name == "cmrc2018.trial" or held_out(row["passage_id"], 10)


def crops(path: Path, chance: random.Random) -> Iterator[Pair]:
    """Sentences of news articles, each with the stretch it was taken out of or with another one of its article.

    The inverse cloze task (Lee et al. 2019, "Latent Retrieval for Weakly Supervised Open Domain Question Answering");
    one sentence in ten stays in its stretch, as there, so that the same words count too.
    """
    for row in rows(path):
        parts = _stretches([s for s in _SENTENCE.findall(row["text"]) if len(s.strip()) >= 8])
        for _ in range(CROPS if parts else 0):
            part = chance.choice(parts)
            place = chance.randrange(len(part))
            if len(parts) > 1 and chance.random() < 0.3:
                other = chance.choice([p for p in parts if p is not part])
            elif chance.random() < 0.1:
                other = part
            else:
                other = [s for i, s in enumerate(part) if i != place]
            yield Pair(part[place].strip(), "".join(other), "news-crops")


_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]*")


def _stretches(sentences: list[str]) -> list[list[str]]:
    """Neighbouring sentences of `CROP` characters together, at least two of them."""
    parts: list[list[str]] = [[]]
    for sentence in sentences:
        if len(parts[-1]) > 1 and sum(map(len, parts[-1])) >= CROP:
            parts.append([])
        parts[-1].append(sentence)
    return [part for part in parts if len(part) > 1]


ORDERED = (
    "lctt",
    "taiwan_law",
    "tico19",
    "d2l",
    "hf_course",
    "opensource_guide",
    "bitcoin_org",
    "python_docs",
)
"""Parallel files whose rows follow the order of their documents."""


def all_pairs(data: Path, seed: int = 0) -> Iterator[Pair]:
    """Every training pair of the data folder, source by source. Raises OSError where a file is missing."""
    chance = random.Random(seed)
    for name, path in names(data / "train" / "parallel"):
        if name in EXCLUDED:
            continue
        yield from parallel(path, name, chance)
        if name in ORDERED:
            for sentences in paragraphs(path):
                yield from windows(sentences, f"{name}-paragraph", chance)
    for name, path in names(data / "train" / "titles"):
        yield from titles(path, f"{name}", chance)
    for name, path in names(data / "train" / "qa"):
        yield from questions(path, name.removesuffix(".train"), chance)
    yield from crops(data / "corpus" / "news_2023.jsonl.gz", chance)
