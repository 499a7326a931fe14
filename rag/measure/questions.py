"""How many of a set of questions are answered rightly, with proof, and how many unanswerable ones are refused.

python -m rag.measure.questions seeds/questions.jsonl seeds
"""

import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.clean import clean
from rag.library import Library
from rag.load import read
from rag.types import Answer, Kind

__all__ = ["Tally", "measure", "proven"]


@dataclass(slots=True)
class Tally:
    """Counts over a set of questions; `missed` names those without the expected outcome, with what was missed."""

    answerable: int = 0
    document_first: int = 0
    snippet_cited: int = 0
    refused_wrongly: int = 0
    unanswerable: int = 0
    refused: int = 0
    citations: int = 0
    proven: int = 0
    missed: list[tuple[str, str]] = field(default_factory=list)


def proven(answer: Answer) -> int:
    """How many citations hold by both rules against the file itself, whatever the index keeps of it.

    Files of text, HTML, PDF, DOCX and EPUB alone: a citation of a JSON line or of Markdown is read in another way.
    """
    held = 0
    for citation in answer.citations:
        if citation.offsets == "extracted text":
            original = next(read(citation.source)).text
        else:
            original = Path(citation.source).read_bytes().decode(citation.encoding, errors="replace")
        exact = original[citation.start : citation.end] == citation.quote
        kind: Kind = "html" if citation.source.lower().endswith((".html", ".htm")) else "text"
        held += exact and clean(citation.quote, kind).text == citation.text and citation.verified
    return held


def measure(library: Library, questions: Iterable[dict[str, Any]]) -> Tally:
    """Ask each question. A question has `question`, `answerable`, and where it is answerable `document`, `snippet`."""
    tally = Tally()
    for one in questions:
        answer = library.ask(one["question"])
        tally.citations += len(answer.citations)
        tally.proven += proven(answer)
        if not one["answerable"]:
            tally.unanswerable += 1
            tally.refused += answer.refused
            if not answer.refused:
                tally.missed.append((one["question"], "not refused"))
            continue
        first = bool(answer.hits) and Path(answer.hits[0].source).name == one["document"]
        cited = any(one["snippet"] in citation.text for citation in answer.citations)
        tally.answerable += 1
        tally.document_first += first
        tally.snippet_cited += cited
        tally.refused_wrongly += answer.refused
        wrong = {"document": not first, "snippet": not cited, "refused": answer.refused}
        if any(wrong.values()):
            tally.missed.append((one["question"], ", ".join(name for name, is_so in wrong.items() if is_so)))
    return tally


def main() -> None:
    """Print the counts."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder, Library(folder) as library:
        library.add(sys.argv[2])
        tally = measure(library, map(json.loads, lines))
    out = sys.stdout
    out.write(f"expected document first     {tally.document_first} of {tally.answerable}\n")
    out.write(f"snippet inside a citation   {tally.snippet_cited} of {tally.answerable}\n")
    out.write(f"answerable but refused      {tally.refused_wrongly} of {tally.answerable}\n")
    out.write(f"unanswerable and refused    {tally.refused} of {tally.unanswerable}\n")
    out.write(f"citations proven            {tally.proven} of {tally.citations}\n")
    for question, what in tally.missed:
        out.write(f"  missed: {question}  ({what})\n")


if __name__ == "__main__":
    main()
