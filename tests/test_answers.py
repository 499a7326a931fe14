"""The main job on the seed articles: found, answered, cited, or refused."""

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import SHARED_SEEDS

import rag
from rag.library import Library
from rag.measure.questions import measure, proven
from rag.script import fold
from rag.testing import HashedTerms, Scripted


def prove(answer: rag.Answer) -> None:
    """Both rules, against the files themselves and not against what the index keeps; and markers match citations."""
    assert proven(answer) == len(answer.citations)
    assert {c.marker for c in answer.citations} == {int(n) for n in re.findall(r"\[(\d+)\]", answer.answer)}
    assert answer.refused == (not answer.citations) and bool(answer.reason) == answer.refused


def test_the_questions_meet_their_floors(seeded: Library, questions: list[dict[str, Any]]) -> None:
    tally = measure(seeded, questions)
    assert tally.answerable >= 22 and tally.unanswerable >= 8
    assert tally.proven == tally.citations > tally.answerable / 2
    assert tally.document_first >= 0.86 * tally.answerable, tally.missed
    assert tally.snippet_cited >= 0.80 * tally.answerable, tally.missed
    assert tally.refused >= 0.66 * tally.unanswerable, tally.missed
    assert tally.refused_wrongly <= 0.06 * tally.answerable, tally.missed


QUESTIONS = ("why did Jasper decline", "Jasper为什么衰落", "Jasper為什麼衰落")


@pytest.mark.skipif(not SHARED_SEEDS.exists(), reason="the five real articles lie outside of this checkout")
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_real_articles(tmp_path: Path, question: str) -> None:
    with Library(tmp_path) as library:
        library.add(SHARED_SEEDS)
        answer = library.ask(question)
    prove(answer)
    assert not answer.refused
    assert Path(answer.citations[0].source).name.startswith("000")
    assert "巨头" in fold(answer.answer) or "先发优势" in fold(answer.answer)


def test_a_statement_without_proof_is_not_shown(tmp_path: Path, library: Library) -> None:
    article = tmp_path / "a.txt"
    article.write_text("Jasper\nJasper lost users because large firms entered.", encoding="utf-8")
    library.add(article)
    lying = Scripted("It lost users because large firms entered. [1] It was sold to Mars. Bees fly [99].")
    with Library(library.path, embedder=HashedTerms(), writer=lying) as other:
        answer = other.ask("why did Jasper lose users")
    assert answer.answer == "It lost users because large firms entered. [1]"
    assert [c.marker for c in answer.citations] == [1]
    with Library(library.path, embedder=HashedTerms(), writer=Scripted("I do not care for markers.")) as other:
        answer = other.ask("why did Jasper lose users")
    assert answer.refused and answer.answer == "" and answer.citations == ()


def test_a_damaged_original_is_not_cited(tmp_path: Path, library: Library) -> None:
    """If the stored original and the spans no longer agree, verification fails and nothing is shown."""
    article = tmp_path / "a.txt"
    article.write_text("Jasper\nJasper lost(x) users because large firms entered.", encoding="utf-8")
    library.add(article)
    from rag.index.rows import checksum, packed

    db = library.index.truth.database
    number, key, original, _, places = db.one("SELECT id, key, original, edits, places FROM contents")
    forged = packed('[[3, 7, "", "forged"]]')
    crc = checksum(number, key, original, forged, places)
    db.execute("UPDATE contents SET edits = ?, crc = ?", (forged, crc))
    answer = library.ask("why did Jasper lose users")
    assert answer.refused and not answer.citations
