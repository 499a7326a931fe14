"""The files of TREC: topics and judgements (qrels) in, runs out and in again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from rag.errors import BadInput

__all__ = ["Run", "read_qrels", "read_run", "read_topics", "write_run"]

Run: TypeAlias = dict[str, list[tuple[str, float]]]
"""For each question its documents with their scores, best first."""


def read_topics(path: Path) -> dict[str, str]:
    """Title of each topic by its number: `<top>` blocks with `<num>` and `<title>`, or lines of `number TAB text`.

    Raises BadInput.
    """
    text = path.read_text(encoding="utf-8-sig")
    found: dict[str, str] = {}
    if "<top>" in text:
        for block in text.split("<top>")[1:]:
            fields = dict(part.partition(">")[::2] for part in block.split("<")[1:])
            number = fields.get("num", "").strip().removeprefix("Number:").strip()
            title = " ".join(fields.get("title", "").split()).removeprefix("Topic:").strip()
            if not number or not title:
                raise BadInput(f"{path}: a topic without <num> or <title>", "give each <top> both")
            found[number] = title
        return found
    for at, line in enumerate(text.splitlines(), 1):
        if line.strip():
            number, tab, title = line.partition("\t")
            if not tab or not title.strip():
                raise BadInput(f"{path}:{at} is not a topic", "write NUMBER TAB TEXT, or <top> blocks")
            found[number.strip()] = title.strip()
    return found


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grade of each judged document, by topic: lines of `topic iteration document grade`. Raises BadInput."""
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            try:
                topic, _, document, grade = line.split()
                found.setdefault(topic, {})[document] = int(grade)
            except ValueError as problem:
                raise BadInput(f"{path}:{number} is not a judgement", "write TOPIC 0 DOCUMENT GRADE") from problem
    return found


def write_run(path: Path, run: Mapping[str, Sequence[tuple[str, float]]], tag: str) -> None:
    """Lines of `topic Q0 document rank score tag`; white space inside an id, which would break the line, becomes `_`.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.trec"
    >>> write_run(file, {"q1": [("d7", 2.5), ("d1", 0.5)]}, "mine")
    >>> file.read_text().splitlines()
    ['q1 Q0 d7 1 2.5 mine', 'q1 Q0 d1 2 0.5 mine']
    >>> read_run(file)
    {'q1': [('d7', 2.5), ('d1', 0.5)]}
    """
    lines = [
        f"{_word(question)} Q0 {_word(document)} {rank} {score!r} {_word(tag)}\n"
        for question, ranked in run.items()
        for rank, (document, score) in enumerate(ranked, 1)
    ]
    beside = path.with_name(path.name + ".new")
    beside.write_text("".join(lines), encoding="utf-8")
    beside.replace(path)


def read_run(path: Path) -> Run:
    """What `write_run`, or any other system, has written; in the order of the ranks. Raises BadInput."""
    found: dict[str, list[tuple[int, str, float]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                topic, _, document, rank, score, _ = line.split()
                found.setdefault(topic, []).append((int(rank), document, float(score)))
            except ValueError as problem:
                raise BadInput(
                    f"{path}:{number} is not of a run", "write TOPIC Q0 DOCUMENT RANK SCORE TAG"
                ) from problem
    return {topic: [(document, score) for _, document, score in sorted(rows)] for topic, rows in found.items()}


def _word(text: str) -> str:
    return "_".join(text.split()) or "_"
