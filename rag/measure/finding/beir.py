"""The BEIR layout (Thakur et al. 2021): queries.jsonl and qrels/SPLIT.tsv. The corpus is for the library to load."""

import json
from pathlib import Path

from rag.errors import BadInput

__all__ = ["read_qrels", "read_queries"]


def read_queries(path: Path) -> dict[str, str]:
    """Text of each question by its id, from lines such as `{"_id": "q1", "text": "…"}`. Raises BadInput."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
                found[str(record["_id"])] = str(record["text"])
            except (ValueError, KeyError, TypeError) as problem:
                raise BadInput(f"{path}:{number} is not a question", 'write {"_id": "…", "text": "…"}') from problem
    return found


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grade of each judged document, by question: lines of `query-id TAB corpus-id TAB score` under a heading.

    Raises BadInput.
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            question, document, grade = line.split("\t")
            found.setdefault(question, {})[document] = int(grade)
        except ValueError as problem:
            if number > 1:  # the heading
                raise BadInput(
                    f"{path}:{number} is not a judgement", "write QUESTION TAB DOCUMENT TAB GRADE"
                ) from problem
    return found
