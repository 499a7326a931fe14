"""A folder of made-up articles that changes, what an index of it should hold, and what it does hold."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any, cast

from rag.index import Index
from rag.index.check import problems
from rag.library import Library

__all__ = ["Folder", "article", "held", "is_between", "wrong_answers"]

_WORDS = "river bridge winter market harbour engine garden letter window valley mirror forest castle signal".split()


def article(name: str, version: int) -> str:
    """A text whose every part names its version."""
    draw = random.Random(f"{name} {version}")
    lines = [f"Report {name}"]
    for paragraph in range(4):
        words = " ".join(draw.choices(_WORDS, k=30))
        lines.append(f"The code of {name} in part {paragraph} is v{version}. It was said that {words}.")
    return "\n\n".join(lines) + "\n"


class Folder:
    """Articles in files, and as records of one JSON lines file; `change` makes them others."""

    def __init__(self, path: Path, files: int, records: int, seed: int) -> None:
        self.path, self.draw = path, random.Random(seed)
        path.mkdir(parents=True)
        self._made = 0
        self._records = {f"r{number}": 0 for number in range(records)}
        for _ in range(files):
            self._add()
        self._write_records()

    def _add(self) -> None:
        self._made += 1
        (self.path / f"a{self._made}.txt").write_text(article(f"a{self._made}", 0), encoding="utf-8")

    def _write_records(self) -> None:
        lines = [json.dumps({"_id": name, "text": article(name, version)}) for name, version in self._records.items()]
        (self.path / "records.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def change(self) -> None:
        """Some files are changed, added, removed, renamed and copied; some records changed, added, removed, moved."""
        files = sorted(self.path.glob("*.txt"))
        self.draw.shuffle(files)
        for file in files[:4]:
            file.write_text(article(file.stem, self.draw.randrange(10**6)), encoding="utf-8")
        for file in files[4:6]:
            file.unlink()
        for file in files[6:8]:
            file.rename(file.with_name(f"m{self.draw.randrange(10**9)}.txt"))
        self._made += 1
        (self.path / f"a{self._made}.txt").write_bytes(files[8].read_bytes())
        for _ in range(1 + (len(files) < 12)):
            self._add()
        names = list(self._records)
        self.draw.shuffle(names)
        for name in names[:3]:
            self._records[name] += 1
        del self._records[names[3]]
        self._made += 1
        self._records[f"r{self._made + 10**4}"] = 0
        self._records = {name: self._records[name] for name in sorted(self._records, key=lambda _: self.draw.random())}
        self._write_records()

    def expected(self) -> set[str]:
        """What an index of the folder should hold: for each article its file, id and checksum."""
        found = set()
        for file in self.path.glob("*.txt"):
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            found.add(f"{file.as_posix()} {sha256[:16]} {sha256}")
        place = (self.path / "records.jsonl").as_posix()
        for name, version in self._records.items():
            found.add(f"{place} {name} {hashlib.sha256(article(name, version).encode()).hexdigest()}")
        return found


def held(index: Path, searched: bool = False) -> dict[str, Any]:
    """What an index holds, as `Folder.expected` has it; what its check finds; and a digest of all passages.

    `searched`: once before that, as any reader does.
    """
    with Library(index) as library:
        if searched:
            library.search("What is the code of a1?")
        made = cast(Index, library.index)
        found = [one.why for one in problems(made, library.page_of)]
        truth = made.truth
        articles = [
            f"{stored.document.source} {stored.document.doc_id} {stored.document.sha256}"
            for source in truth.sources().values()
            for stored in truth.documents("path", source.path)
        ]
        passages = sorted(
            (title, text, vector.tobytes().hex())
            for _, title, text, vector in truth.each_passage(library.index.dimensions)
        )
        digest = hashlib.sha256(json.dumps(passages).encode()).hexdigest()
        return {"problems": found, "articles": sorted(articles), "passages": digest, "staged": truth.staged()}


def is_between(articles: set[str], before: set[str], after: set[str]) -> str:
    """Empty if the index holds articles of these two states alone and all that they share; else what is wrong."""
    if lost := (before & after) - articles:
        return f"lost: {sorted(lost)[0]}"
    if strange := articles - before - after:
        return f"neither the former state nor the new one: {sorted(strange)[0]}"
    return ""


def wrong_answers(index: Path, names: list[str]) -> list[str]:
    """Asks for the code of each of these articles; returns what of the citations cannot be proven from the files."""
    wrong = []
    with Library(index, writer="extract") as library:
        for name in names:
            answer = library.ask(f"What is the code of {name}?")
            for cited in answer.citations:
                text = Path(cited.source).read_bytes().decode(cited.encoding) if Path(cited.source).exists() else ""
                if cited.source.endswith(".jsonl"):
                    lines = (json.loads(line) for line in text.splitlines())
                    text = next((line["text"] for line in lines if line["_id"] == cited.doc_id), "")
                if not cited.verified or text[cited.start : cited.end] != cited.quote:
                    wrong.append(f"{cited.source} {cited.doc_id}: {cited.quote!r}")
    return wrong
