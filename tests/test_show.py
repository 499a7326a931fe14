"""What `rag ask` prints as a citation, `rag show` takes; and where nothing can be lit up, the stretch has signs."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

from rag.cli import main
from rag.library import Library

WORDS = "Lumo lost users because larger firms entered its market."
FILES = {
    "lumo.txt": f"Lumo\n{WORDS}\nIt is small.\n",
    "lumo.html": f"<html><body><h1>Lumo</h1><p>It was founded in Oslo.</p><p>{WORDS}</p></body></html>",
    "lumo.md": f"# Lumo\n\n{WORDS}\n",
    "lumo.jsonl": '{"text": "Oslo is cold."}\n\n{"title": "Lumo", "text": "Lumo is small.\\n' + WORDS + '"}\n',
}


class Rag:
    """The command line, in this process."""

    def __init__(self, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self.patch, self.captured = patch, captured

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        self.patch.setattr("sys.argv", ["rag", *words])
        with pytest.raises(SystemExit) as status:
            main()
        out, err = self.captured.readouterr()
        return int(status.value.code or 0), out, err


@pytest.fixture
def rag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rag:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    return Rag(monkeypatch, capsys)


@pytest.mark.parametrize("file", FILES)
def test_what_ask_prints_show_takes(rag: Rag, file: str) -> None:
    _, said, _ = rag("ask", "Why did Lumo lose users?", "--source", file, "-q")
    found = re.search(rf"\[1\] Lumo  ({re.escape(file)}\S+)  ", said)
    assert found, said
    status, shown, _ = rag("show", found[1])
    assert status == 0 and f">>>{WORDS}<<<" in shown
    assert rag("show", file, "--json")[0] == 0


def test_a_citation_of_a_json_line_says_in_what_it_counts(rag: Rag) -> None:
    with Library("index") as library:
        library.add("lumo.jsonl")
        citation = library.ask("Why did Lumo lose users?").citations[0]
    assert (citation.offsets, citation.line, citation.start) == ("text field", 3, len("Lumo is small.\n"))
    assert "lumo.jsonl:3:15-71  of its text" in rag("ask", "Why did Lumo lose users?", "--source", "lumo.jsonl")[1]


@pytest.mark.parametrize(
    ("place", "status", "says"),
    [
        ("lumo.jsonl:3:0-4", 0, ">>>Lumo<<< is small."),
        ("lumo.jsonl:1", 0, "Oslo is cold."),
        ("lumo.jsonl:2", 1, "no article on line 2"),
        ("lumo.jsonl:0-4", 2, "holds 2 articles; name one by its line"),
        ("lumo.txt:2", 0, f"Lumo\n>>>{WORDS}<<<\nIt is small."),
        ("lumo.txt:1:0-4", 0, ">>>Lumo<<<"),
        ("lumo.txt:9", 2, "has 4 lines"),
        ("lumo.txt:9-8", 2, "check the stretch"),
        ("none.txt:3:0-4", 1, "no such file: none.txt"),
    ],
)
def test_places(rag: Rag, place: str, status: int, says: str) -> None:
    done, out, err = rag("show", place)
    assert done == status and says in (err if status else out)


def test_a_file_may_be_called_like_a_place(rag: Rag) -> None:
    Path("notes:12-14").write_text("Oslo is cold.\n", encoding="utf-8")
    assert rag("show", "notes:12-14:0-4")[1].startswith(">>>Oslo<<< is cold.")


def test_articles_of_the_same_text_are_named_by_their_place(rag: Rag) -> None:
    story = "The mill on the river Ouse burned down in the winter of 1871, and it was never built again by the town. "
    for name in ("one", "two"):
        Path(f"{name}.txt").write_text(f"Title {name}\n{story * 3}\n", encoding="utf-8")
    _, out, _ = rag("search", "When did the mill burn down?", "--source", "one.txt", "--source", "two.txt", "-q")
    assert re.search(r"^    also in (?:one|two)\.txt:1$", out, re.MULTILINE), out


def test_a_citation_that_is_longer_than_its_statement_says_why(rag: Rag) -> None:
    file = str(ROOT / "seeds" / "founder-on-sora.txt")
    why = "(longer than the statement: "
    assert why in rag("ask", "抖音和TikTok靠的是什麼", "--source", file, "-q")[1]
    assert why not in rag("ask", "Why did Lumo lose users?", "--source", "lumo.txt", "-q")[1]
