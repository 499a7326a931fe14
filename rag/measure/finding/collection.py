"""A test collection: articles, questions, and which article is right for which question."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rag.errors import BadInput, NotFound
from rag.measure.finding import beir, trec

__all__ = ["Collection", "read"]

_NEEDED = (
    "a data set is a folder with corpus.jsonl (or a folder corpus/ of articles) and either queries.jsonl with "
    "qrels/test.tsv (BEIR) or topics.tsv with qrels.txt (TREC)"
)


@dataclass(frozen=True, slots=True)
class Collection:
    """`corpus` is what the library loads. `questions`: text by id, of those alone that have a right document.

    `relevant`: grade by question and document. `sha256` is of all the files.
    """

    name: str
    corpus: Path
    questions: dict[str, str]
    relevant: dict[str, dict[str, int]]
    sha256: str


def read(folder: str | Path) -> Collection:
    """The collection in a folder. Raises NotFound where a part is missing, BadInput where one is not as it must be."""
    folder = Path(folder)
    if not folder.is_dir():
        raise NotFound(f"no such folder: {folder}", _NEEDED)
    corpus = _one(folder, [folder / "corpus.jsonl", folder / "corpus.jsonl.gz", folder / "corpus"], "corpus")
    if (folder / "queries.jsonl").exists():
        asked, judged = folder / "queries.jsonl", _split(folder / "qrels")
        questions, relevant = beir.read_queries(asked), beir.read_qrels(judged)
    else:
        asked = _one(folder, sorted(folder.glob("topics*")), "queries.jsonl or topics")
        judged = _one(folder, sorted(path for path in folder.glob("qrels*") if path.is_file()), "qrels")
        questions, relevant = trec.read_topics(asked), trec.read_qrels(judged)
    answerable = {key for key, grades in relevant.items() if any(grade > 0 for grade in grades.values())}
    questions = {key: text for key, text in questions.items() if key in answerable and text.strip()}
    if not questions:
        raise BadInput(f"{folder}: no question of {asked.name} has a right document in {judged}", "compare their ids")
    relevant = {key: relevant[key] for key in questions}
    name = folder.resolve().name
    return Collection(name, corpus, questions, relevant, _checksum(folder, [corpus, asked, judged]))


def _one(folder: Path, candidates: Iterable[Path], what: str) -> Path:
    there = [path for path in candidates if path.exists()]
    if not there:
        raise NotFound(f"{folder} has no {what}", _NEEDED)
    return there[0]


def _split(folder: Path) -> Path:
    files = sorted(folder.glob("*.tsv"))
    test = folder / "test.tsv"
    if test not in files and len(files) > 1:
        raise BadInput(f"{folder} has several files and no test.tsv", "leave one there, or name one test.tsv")
    return _one(folder.parent, [test, *files], "qrels/test.tsv")


def _checksum(folder: Path, parts: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        for path in sorted(part.rglob("*")) if part.is_dir() else [part]:
            if path.is_file():
                with path.open("rb") as file:
                    one = hashlib.sha256()
                    while block := file.read(1 << 20):
                        one.update(block)
                whole.update(f"{path.relative_to(folder).as_posix()} {one.hexdigest()}\n".encode())
    return whole.hexdigest()
