"""Clean text to make dirty: this project's own articles, and passages of a folder that is named."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from rag.errors import BadInput, NotFound

__all__ = ["articles", "encodable", "passages", "windows"]

SHORTEST = 60
"""Characters; a shorter passage is left out."""

WINDOW = 200
"""Characters of a text whose encoding is to be detected."""


def articles() -> dict[str, str]:
    """The clean articles that come with the package, by name: Simplified, Traditional, English and mixed."""
    found = sorted(files("rag.measure.cleaning").joinpath("articles").iterdir(), key=lambda file: file.name)
    return {file.name: _tidy(file.read_text(encoding="utf-8")) for file in found if file.name.endswith(".txt")}


def passages(folder: str | Path, most: int) -> dict[str, str]:
    """`most` passages, evenly spread over the `text` fields of a BEIR folder or of a file of JSON lines.

    Raises NotFound where there is none, BadInput where a line is no JSON object.
    """
    path = Path(folder)
    places = [path / "corpus.jsonl", path / "corpus.jsonl.gz"] if path.is_dir() else [path]
    place = next((place for place in places if place.is_file()), None)
    if place is None:
        raise NotFound(f"no passages at {folder}", "name a folder with corpus.jsonl, or a .jsonl file")
    texts = [text for text in map(_tidy, _texts(place)) if len(text) >= SHORTEST]
    step = max(1, len(texts) // most)
    return {f"{path.name}#{number}": text for number, text in [*enumerate(texts)][::step][:most]}


def _texts(place: Path) -> Iterator[str]:
    with gzip.open(place, "rt", encoding="utf-8") if place.suffix == ".gz" else place.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = json.loads(line).get("text", "")
            except (ValueError, AttributeError) as problem:
                raise BadInput(
                    f"{place}:{number} is no JSON object", "one object with `text` on each line"
                ) from problem
            if isinstance(text, str):
                yield text


def _tidy(text: str) -> str:
    """`text` without space at the ends of lines and without empty lines: spacing is not what is measured."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def windows(material: Mapping[str, str]) -> list[str]:
    """Texts of `WINDOW` characters, side by side, out of `material`."""
    return [text[at : at + WINDOW] for text in material.values() for at in range(0, len(text) - WINDOW + 1, WINDOW)]


def encodable(texts: Iterable[str], encoding: str) -> Iterator[str]:
    """The texts as that encoding can write them: for Big5 in Traditional characters. Others are left out."""
    for text in texts:
        text = _traditional().convert(text) if encoding == "big5" else text
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            continue
        yield text


@lru_cache(maxsize=1)
def _traditional():  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC("s2t")
