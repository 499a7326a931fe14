"""Writes `rag/script.txt`: two lines of equal length, each variant or Traditional character over its Simplified one.

    python -m rag.train.fold_table

Facts come from the dictionaries of opencc-python-reimplemented (Apache-2.0).
"""

from importlib.resources import files
from pathlib import Path


def _pairs(name: str) -> dict[str, str]:
    lines = (files("opencc") / "dictionary" / name).read_text(encoding="utf-8").splitlines()
    table = {}
    for line in lines:
        variant, _, targets = line.partition("\t")
        target = targets.split(" ")[0]
        if len(variant) == len(target) == 1:
            table[variant] = target
    return table


def table() -> dict[str, str]:
    """Character to character; characters that stay as they are left out."""
    simplified = _pairs("TSCharacters.txt") | {"著": "着", "妳": "你", "擡": "抬"}
    for variant, standard in (_pairs("TWVariantsRev.txt") | _pairs("HKVariantsRev.txt")).items():
        simplified.setdefault(variant, simplified.get(standard, standard))
    settled = set(simplified.values())  # 麼 becomes 么, so 么 must stay
    return {a: b for a, b in sorted(simplified.items()) if a != b and a not in settled}


def main() -> None:
    """Write the table beside `rag/script.py`."""
    pairs = table()
    target = Path(__file__).parents[1] / "script.txt"
    target.write_text("".join(pairs) + "\n" + "".join(pairs.values()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
