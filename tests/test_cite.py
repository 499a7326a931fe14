"""Citing: statements keep their whole sentence, markers their citation, and what cannot be proven is left out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from growth import assert_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunk import ends, sentences
from rag.cite import resolve, verify
from rag.clean import clean
from rag.library import Library
from rag.testing import HashedTerms, Scripted
from rag.types import Citation


def citation(text: str, verified: bool = True) -> Citation:
    return Citation(0, "d", "s", "t", "0" * 64, "utf-8", 0, len(text), 1, text, text, verified)


@pytest.mark.parametrize(
    ("written", "want"),
    [
        (
            "Mr. Li of Jasper Inc. resigned after losing users. [7]",
            "Mr. Li of Jasper Inc. resigned after losing users. [1]",
        ),
        ("In the U.S. market Jasper lost users [7].", "In the U.S. market Jasper lost users. [1]"),
        ("他说：“先做。再想。”[7]然后走了。[8]", "他说：“先做。再想。”[1]然后走了。[2]"),
        ("About 3 vs. 5 percent was seen [7]. Bees fly.", "About 3 vs. 5 percent was seen. [1]"),
        ("甲。[7]乙。[8]\n丙。[7]", "甲。[1]乙。[2]\n丙。[1]"),
        ("甲[9]。乙[8][7]。", "乙。[1][2]"),
        ("甲。[5]", ""),
        ("[7]", ""),
        ("", ""),
    ],
)
def test_statements_and_markers(written: str, want: str) -> None:
    known = {7: citation("?"), 8: citation("??"), 5: citation("???", verified=False)}
    answer, citations, statements = resolve(written, known, sentences)
    assert answer == want
    assert [c.marker for c in citations] == list(range(1, len(citations) + 1))
    assert {m for s in statements for m in s.markers} == {c.marker for c in citations}
    assert all(bool(s.markers) == (s.status == "verified") for s in statements)
    parts: list[str] = []
    assert resolve(written, known, sentences, ends=ends, on_verified=parts.append)[0] == want == "".join(parts)


CLAUSES = st.sampled_from(
    [
        "Jasper lost users",
        "In the U.S. market it fell",
        "“Do it. Now.”",
        "Mr. Li of Jasper Inc.",
        "他说：“先做。",
        "再想。”",
        "说他",
    ]
    + [
        "商汤亏损60.45亿元",
        "About 3 vs. 5 percent",
        "it grew (see p. 4. or so)",
        "so did others",
        "OK!",
        "1. First",
        "用户（约四成",
    ]
)
SIGNS = st.sampled_from(
    [".", "。", "!", "", " ", "\n", "\n\n", "[7]", " [8]", "[7][8]", "[5]", "[9]", ")", "”", "。[7]", ". [8] "]
)


@settings(max_examples=400, deadline=None)
@given(written=st.lists(CLAUSES | SIGNS, max_size=14).map("".join), size=st.integers(1, 9))
def test_what_is_verified_on_the_way_is_the_answer_that_is_read_as_a_whole(written: str, size: int) -> None:
    known = {7: citation("Jasper lost users"), 8: citation("??"), 5: citation("???", verified=False)}
    parts: list[str] = []
    pieces = [written[at : at + size] for at in range(0, len(written), size)]
    made = resolve(pieces, known, sentences, ends=ends, on_verified=parts.append)
    assert made == resolve([written], known, sentences)
    assert "".join(parts) == made[0]


@pytest.mark.parametrize("begin", ["A claim", "A claim [7]"])
def test_white_space_that_comes_piece_by_piece_costs_little(begin: str) -> None:
    assert_linear(
        lambda space: resolve([begin, *space, "x"], {}, sentences, ends=ends), " \u3000" * 150, " \u3000" * 800
    )


def test_a_statement_is_verified_when_the_next_one_has_begun() -> None:
    def written() -> Iterator[str]:
        yield from "他说：“先做。[7]再想。”[8]Mr. Li left [7]. "
        assert parts == []
        yield "So did all who had been there before him"
        assert parts == ["他说：“先做。再想。”[1][2]", "Mr. Li left. [1]"]
        yield " [8]\n"
        assert len(parts) == 3
        yield "The end"

    parts: list[str] = []
    known = {7: citation("?"), 8: citation("??")}
    assert resolve(written(), known, sentences, ends=ends, on_verified=parts.append)[0] == "".join(parts)


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Li of Jasper Inc. lost users in the U.S. market.",
        "Jasper fell [2023] by half [12] vs. a rival.",
        "李说：“先做。再想Jasper怎么用。”",
        "Jasper [sic] fell; users left!",
    ],
)
def test_extract_says_whole_sentences_whatever_stands_in_them(library: Library, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(f"标题\n{text}\n别的事情。", encoding="utf-8")
    library.add(tmp_path / "a.txt")
    answer = library.ask("Jasper")
    assert not answer.refused
    shown = answer.answer.split("\n")[0].rsplit("[", 1)[0].rstrip()
    assert shown.replace("［", "[").replace("］", "]") == text
    assert answer.citations[0].quote == text


def test_the_three_rules() -> None:
    original = "當(dāng)前位置，他說了。"
    good = Citation(1, "d", "s", "t", "", "utf-8", 0, 14, 1, original[:14], "當前位置，他說了", False)
    assert verify(good, original, lambda quote: clean(quote).text, "他說了").verified
    assert not verify(good, " " + original, lambda quote: clean(quote).text, "他說了").verified
    assert not verify(good, original, lambda quote: quote, "他說了").verified
    assert not verify(good, original, lambda quote: clean(quote).text, "她說了").verified


def test_a_source_that_changed_or_went_away_is_not_cited(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Jasper\nJasper lost users because large firms entered.", encoding="utf-8")
    library.add(file)
    assert not library.ask("why did Jasper lose users").refused
    os.utime(file, (1, 1))
    assert not library.ask("why did Jasper lose users").refused, "the content is what counts"
    file.write_text("Jasper\nJasper won.", encoding="utf-8")
    answer = library.ask("why did Jasper lose users")
    assert answer.refused and "run rag index again" in answer.reason
    file.unlink()
    assert library.ask("why did Jasper lose users").refused


def test_records_of_one_id_in_two_files_are_not_mixed_up(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "p": "The weather in Paris was mild in spring and no one complained.",
        "q": "Jasper lost users to large firms.",
    }
    for folder, text in texts.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.jsonl").write_text(f'{{"_id": "1", "text": "{text}"}}\n', encoding="utf-8")
        monkeypatch.chdir(tmp_path / folder)
        library.add("c.jsonl")
    answer = library.ask("why did Jasper lose users")
    assert [c.quote for c in answer.citations] == [texts["q"]]


def test_a_refusal_loads_no_writer(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jasper\nJasper lost users.", encoding="utf-8")
    library.add(tmp_path / "a.txt")
    with Library(library.path, embedder=HashedTerms(), writer="no/such-model") as other:
        answer = other.ask("烤面包需要几个小时")
    assert answer.refused and answer.writer == "no/such-model"


def test_a_writer_is_shown_only_what_can_be_cited(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jasper\nJasper lost users. Large firms entered.", encoding="utf-8")
    library.add(tmp_path / "a.txt")
    scripted = Scripted("It lost users [1].")
    with Library(library.path, embedder=HashedTerms(), writer=scripted) as other:
        assert other.ask("why did Jasper lose users").answer == "It lost users. [1]"
    question, evidence = scripted.asked[0]
    assert question == "why did Jasper lose users"
    assert evidence[0].number == 1 and "Jasper lost users." in [one.text for one in evidence]
