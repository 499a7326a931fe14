"""PDF, DOCX and EPUB from a folder to a citation: both rules, the place, and files that cannot be read beside them."""

import json
import re
from pathlib import Path

import pytest
from test_load_docx import CORE, docx, p
from test_load_epub import epub

from rag.clean import clean
from rag.cli import main
from rag.library import Library
from rag.load import read
from rag.measure.questions import proven
from rag.types import Document, Place, Span

pytest.importorskip("reportlab", reason="reportlab, of the extra `dev`, writes the files of these tests")

from test_load_pdf import LOCKED, paged, pdf, picture

FERRY = ("  河口的擺渡船停了，因為新橋在秋天通車，過河的人都", "改走橋上，船夫只好把船賣給了漁民。")
BAKERY = "麵包店搬到了北街，因為\u200b南街的租金漲了一倍。"
LIGHTHOUSE = "The lighthouse keeper retired because the lamp was automated in 1987."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good file of each kind, and bad ones between."""
    made = tmp_path / "articles"
    made.mkdir()
    files = {
        "1-locked.pdf": LOCKED,
        "2-ferry.pdf": pdf(paged(("  渡船的故事。",), FERRY[:1], FERRY[1:])),
        "3-scan.pdf": pdf(picture),
        "4-bakery.docx": docx(
            p("街上的店") + p(BAKERY) + p("沒有別的。"), docProps__core_xml=CORE.format(title="店", author="")
        ),
        "5-broken.docx": b"PK\x03\x04 and no more",
        "6-light.epub": epub({"a.xhtml": "<h1>Sea</h1><p>Waves.</p>", "b.xhtml": f"<h1>Lamp</h1><p>{LIGHTHOUSE}</p>"}),
        "~$7-open.docx": b"\x05owner",
        "8-broken.epub": b"PK",
    }
    for name, data in files.items():
        (made / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return Path("articles")


@pytest.mark.parametrize(
    ("question", "source", "place", "quote"),
    [
        ("為什麼擺渡船停了", "2-ferry.pdf", "page 2-3", "".join(FERRY).strip()),
        ("麵包店為什麼搬到北街", "4-bakery.docx", "paragraph 2", BAKERY),
        ("why did the lighthouse keeper retire", "6-light.epub", "section 2: Lamp", LIGHTHOUSE),
    ],
)
def test_from_a_folder_to_a_proven_citation(
    library: Library, folder: Path, question: str, source: str, place: str, quote: str
) -> None:
    report = library.add(folder)
    assert report.added == 3
    answer = library.ask(question)
    citation = answer.citations[0]
    assert (citation.source, citation.place, citation.quote) == (f"articles/{source}", place, quote)
    assert (citation.offsets, citation.encoding, citation.verified) == ("extracted text", "", True)
    [again] = read(citation.source)
    assert again.text[citation.start : citation.end] == citation.quote
    assert clean(citation.quote, again.kind).text == citation.text == quote.replace("\u200b", "")
    assert proven(answer) == len(answer.citations)
    hit = answer.hits[0]
    assert hit.offsets == "extracted text" and hit.place.split()[0] == place.split(maxsplit=1)[0]


def test_bad_files_are_named_and_stop_nothing(library: Library, folder: Path) -> None:
    skipped = dict(library.add(folder).skipped)
    assert {name.removeprefix("articles/"): why.split(";")[0].split(" (")[0] for name, why in skipped.items()} == {
        "1-locked.pdf": "locked with a password",
        "3-scan.pdf": "no text in it, a scan?",
        "5-broken.docx": "damaged",
        "8-broken.epub": "damaged",
    }
    assert library.add(folder).unchanged == 3


def test_a_changed_file_is_not_cited_until_it_is_read_again(library: Library, folder: Path) -> None:
    library.add(folder)
    path = folder / "4-bakery.docx"
    path.write_bytes(docx(p("別的文字") + p("麵包店還在南街，因為租金沒有漲。")))
    answer = library.ask("麵包店為什麼搬到北街")
    assert not any(citation.source.endswith("bakery.docx") for citation in answer.citations)
    assert library.add(folder).changed == 1
    assert "還在南街" in library.ask("麵包店為什麼在南街").citations[0].quote


def test_text_files_have_no_place_and_count_in_the_original(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"Sea\n{LIGHTHOUSE}", encoding="utf-8")
    library.add(tmp_path / "a.txt")
    answer = library.ask("why did the lighthouse keeper retire")
    for one in (answer.citations[0], answer.hits[0]):
        assert (one.place, one.offsets) == ("", "original")


def test_what_a_person_and_a_program_are_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["rag", *words])
        with pytest.raises(SystemExit) as status:
            main()
        assert not status.value.code
        return capsys.readouterr().out

    file = str(folder / "2-ferry.pdf")
    about, _, shown = said("show", file).partition("\n\n")
    assert about.startswith(" title  2-ferry  (file name)\n  date  20") and about.endswith("  (file properties)")
    assert shown.split("\n") == [
        "— page 1 —", "渡船的故事。", "— page 2 —", FERRY[0].strip(), "— page 3 —", FERRY[1], "",
    ]  # fmt: skip
    assert said("show", file, "--cleaned") == shown
    assert said("show", f"{file}:8-12").startswith("— page 2 —\n")
    assert "— " not in said("show", str(folder / "4-bakery.docx"))
    assert said("show", str(folder / "4-bakery.docx"), "--changes").startswith(f"{folder}/4-bakery.docx paragraph 2  ")
    [record] = json.loads(said("show", file, "--json"))["documents"]
    assert record["offsets"] == "extracted text" and record["encoding"] == ""
    assert record["places"][1] == {"start": 7, "label": "page 2"}
    question = ["為什麼擺渡船停了", "--source", file, "-q"]
    assert re.search(rf"  \d{{4}}-\d\d-\d\d \(file properties\)  {re.escape(file)}:7-", said("ask", *question))
    asked = json.loads(said("ask", *question, "--json"))
    assert (asked["citations"][0]["place"], asked["citations"][0]["offsets"]) == ("page 2-3", "extracted text")
    assert f"{file} page 1-3" in said("search", *question)


def test_a_date_in_the_text_is_believed_before_the_day_on_which_the_file_was_made(
    library: Library, tmp_path: Path
) -> None:
    words = p("店") + p("2023-08-04 18:04:37 | 編輯:林") + p(BAKERY)
    (tmp_path / "a.docx").write_bytes(docx(words, docProps__core_xml=CORE.format(title="", author="")))
    (tmp_path / "b.docx").write_bytes(docx(p(LIGHTHOUSE), docProps__core_xml=CORE.format(title="", author="")))
    library.add(tmp_path / "a.docx", tmp_path / "b.docx")
    assert library.search("麵包店")[0].date == "2023-08-04T18:04:37"
    assert library.search("lighthouse keeper")[0].date == "2024-03-05T09:30:00"


def test_places_of_a_span() -> None:
    places = (
        Place(2, "page 1"),
        Place(4, "page 2"),
        Place(6, "section 3: A"),
        Place(8, "section 4: B"),
        Place(9, "end"),
    )
    document = Document("", "", "0123456789", "", places=places)
    spans = {
        (0, 1): "",
        (2, 4): "page 1",
        (2, 5): "page 1-2",
        (4, 4): "page 2",
        (6, 9): "section 3-4",
        (7, 8): "section 3: A",
    }
    assert {span: document.place(Span(*span)) for span in spans} == spans
