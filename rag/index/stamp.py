"""Stamps of derived files: the generation they were made from, and a checksum that finds what the disk has changed."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["matches", "stamp"]


def stamp(path: Path, generation: int, files: Iterable[Path]) -> None:
    """Write the stamp of `files`: beside, synced, renamed."""
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"generation": generation, "sha256": _checksum(files)}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def matches(path: Path, generation: int, files: Iterable[Path]) -> bool:
    """Whether `files` are those that were stamped, at this generation; False where there is no stamp."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or found.get("generation") != generation:
            return False
        return bool(found.get("sha256") == _checksum(files))
    except (OSError, ValueError):
        return False


def _checksum(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(files):
        one = hashlib.sha256()
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                one.update(part)
        whole.update(f"{path.name} {one.hexdigest()}\n".encode())
    return whole.hexdigest()
