"""Writes `rag/common.txt`: the commonest Simplified, then Traditional characters, most frequent first.

    python -m rag.train.common_characters [../shared/data]

Only the order is kept. No file counts for more than `SHARE` characters, so that no register rules the table.
"""

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

KEPT = 3500
SHARE = 2_000_000
_HAN = re.compile(r"[^\u3007\u4e00-\u9fff]+")
_WORDS_ONLY = {"dict", "ui", "bible"}  # every word once, or an old register: not how often a character is met


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Language (`zh-Hans`, `zh-Hant`) and text of each Chinese passage of one training file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row.get("kind") not in _WORDS_ONLY:
                yield (
                    str(row.get("lb") or row.get("lang")),
                    str(row.get("b") or row.get("passage") or row["paragraph"]),
                )


def count(data: Path) -> dict[str, Counter[str]]:
    """How often each Han character occurs, for each script, over all of `data/train`."""
    counts = {"zh-Hans": Counter[str](), "zh-Hant": Counter[str]()}
    for path in sorted(data.joinpath("train").glob("*/*.jsonl.gz")):
        of_file = {language: Counter[str]() for language in counts}
        for language, text in texts(path):
            if language in of_file and of_file[language].total() < SHARE:
                of_file[language].update(_HAN.sub("", text))
        for language, counter in of_file.items():
            counts[language].update(counter)
    return counts


def main() -> None:
    """Write the two lines beside `rag/load/encoding.py`."""
    counts = count(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
    target = Path(__file__).parents[1] / "common.txt"
    with target.open("w", encoding="utf-8", newline="\n") as lines:
        for language, counter in counts.items():
            ranked = sorted(counter, key=lambda han: (-counter[han], han))[:KEPT]
            covered = sum(counter[han] for han in ranked) / counter.total()
            print(f"{language}: {counter.total():,} characters, {len(counter):,} kinds; kept cover {covered:.2%}")
            lines.write("".join(ranked) + "\n")


if __name__ == "__main__":
    main()
