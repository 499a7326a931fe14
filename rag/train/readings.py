"""Writes `rag/readings.txt`: a line for each Mandarin syllable with its tone, and the characters so read.

    pip install pypinyin && python -m rag.train.readings

The readings are facts from the pinyin-data project (MIT), by way of the package pypinyin (MIT).
"""

import unicodedata
from collections import defaultdict
from pathlib import Path


def main() -> None:
    """Write the table into `rag/clean/`."""
    from pypinyin.constants import PINYIN_DICT

    table: dict[str, set[str]] = defaultdict(set)
    for code, readings in PINYIN_DICT.items():
        character = chr(code)
        if "\u3400" <= character <= "\u9fff" or character == "〇":
            for reading in readings.split(","):
                table[unicodedata.normalize("NFC", reading.strip())].add(character)
    lines = [f"{syllable} {''.join(sorted(chars))}" for syllable, chars in sorted(table.items())]
    target = Path(__file__).parents[1] / "readings.txt"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
