"""Reads the data folder: gzipped JSON lines."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["names", "rows"]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a `.jsonl` or `.jsonl.gz` file, in order. Raises OSError where it cannot be read."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def names(folder: Path) -> list[tuple[str, Path]]:
    """Source name and file of every `.jsonl.gz` in `folder`, sorted by name."""
    return [(path.name.removesuffix(".jsonl.gz"), path) for path in sorted(folder.glob("*.jsonl.gz"))]
