"""Stamps of derived files: the generation they were made from, and a checksum that finds what the disk has changed."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

__all__ = ["matches", "stamp"]

_PAGE, _PART = 1 << 12, 1 << 20  # bytes


def stamp(path: Path, generation: int, files: Iterable[Path]) -> None:
    """Write the stamp of `files`: beside, synced, renamed."""
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"generation": generation, "checksum": _checksum(files)}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def matches(path: Path, generation: int, files: Iterable[Path]) -> bool:
    """Whether `files` are those that were stamped, at this generation; False where there is no stamp."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or found.get("generation") != generation:
            return False
        return bool(found.get("checksum") == _checksum(files))
    except (OSError, ValueError):
        return False


def _checksum(files: Iterable[Path]) -> str:
    """Of names, lengths and contents; of these of the sum of the 64-bit words of each page.

    To hash all bytes would take most of the time of opening a large index. Any change of one byte changes a sum.
    """
    whole = hashlib.sha256()
    for path in sorted(files):
        with path.open("rb") as file:
            length = 0
            while part := file.read(_PART):
                length += len(part)
                words = np.frombuffer(part + bytes(-len(part) % _PAGE), dtype="<u8")
                whole.update(np.add.reduce(words.reshape(-1, _PAGE // 8), axis=1).tobytes())
        whole.update(f"{path.name} {length}\n".encode())
    return whole.hexdigest()
