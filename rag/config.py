"""Settings: an argument wins over RAG_* in the environment, that over rag.toml, that over the default."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rag.errors import BadInput

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Settings", "settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be set, with its default.

    `index`: folder of the index. `embedder`, `writer`: names as in the command line's help; an empty embedder is the
    one that built the index. `reranker`: a cross-encoder by name, none if empty. `k`: how many passages. `mode`:
    hybrid, dense or lexical.
    """

    index: str = "indexes/default"
    embedder: str = ""
    writer: str = "auto"
    reranker: str = ""
    k: int = 10
    mode: str = "hybrid"


def settings(
    arguments: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Settings from their four places; an argument that is None was not given.

    Raises BadInput for a name that is not known, with the nearest known one, and for a value of the wrong type.

    >>> settings({"k": 3}, {"RAG_K": "5", "RAG_MODE": "dense"}, Path("/nonexistent"))
    Settings(index='indexes/default', embedder='', writer='auto', reranker='', k=3, mode='dense')
    """
    defaults = Settings()
    known = {field.name: type(getattr(defaults, field.name)) for field in fields(Settings)}
    environment = os.environ if environment is None else environment
    file = (folder or Path()) / "rag.toml"
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if file.is_file():
        try:
            layers.append((str(file), tomllib.loads(file.read_text(encoding="utf-8"))))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise BadInput(f"{file} is not valid TOML: {problem}", "mend or remove it") from problem
    own = {key[4:].lower(): value for key, value in environment.items() if key.startswith("RAG_")}
    layers.append(("RAG_*", {key: value for key, value in own.items() if key not in _OTHER_VARIABLES}))
    layers.append(("argument", {key: value for key, value in (arguments or {}).items() if value is not None}))
    values: dict[str, Any] = {}
    for place, layer in layers:
        for name, value in layer.items():
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise BadInput(
                    f"unknown setting {name!r} in {place}",
                    f"did you mean {near[0]!r}?" if near else "known are: " + ", ".join(known),
                )
            try:
                values[name] = known[name](value)
            except (ValueError, TypeError) as problem:
                raise BadInput(f"{name} = {value!r} in {place} is not a number", "give a whole number") from problem
    chosen = Settings(**values)
    if chosen.mode not in MODES:
        raise BadInput(f"unknown mode {chosen.mode!r}", "use " + ", ".join(MODES))
    if not 1 <= chosen.k <= MOST_HITS:
        raise BadInput(f"k = {chosen.k} is out of range", f"use 1 to {MOST_HITS}")
    return chosen


MOST_HITS = 1000
MODES = ("hybrid", "dense", "lexical")
_OTHER_VARIABLES = frozenset({"api_key", "token"})  # read by the modules that need them, never kept
