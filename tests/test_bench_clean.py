"""The measures of cleaning, their floors, and the two commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pins
import pytest
from conftest import ROOT, SEEDS

from rag.clean import clean
from rag.errors import BadInput, NotFound
from rag.measure.cleaning import cost, furniture, measure, peers, proofs, repair
from rag.measure.cleaning import html as page
from rag.measure.cleaning.dirt import DIRT, joined
from rag.measure.cleaning.material import articles, encodable, passages
from rag.measure.cleaning.table import tables

FLOORS = pins.floors()


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return pins.figures()


def test_the_floors_are_for_these_pages() -> None:
    assert pins.digest_now() == FLOORS["digest"], "articles or dirt changed: see tests/pins.py"


def test_every_figure_has_a_floor(figures: dict[str, float]) -> None:
    assert set(figures) == set(FLOORS["made"])
    assert {f"{kind}: restored" for kind in DIRT} <= set(figures)


def test_no_figure_sinks_below_its_floor(figures: dict[str, float]) -> None:
    assert pins.sunk(figures, FLOORS["made"]) == []
    assert FLOORS["made"]["citations: proven"] == FLOORS["made"]["clean text: not changed"] == 1.0


@pytest.mark.skipif(not pins.SHARED_SEEDS.exists(), reason="the five real articles lie outside of this checkout")
def test_the_real_articles_keep_their_floors() -> None:
    assert pins.sunk(pins.real_figures(), FLOORS["real"]) == []


def test_a_floor_can_only_be_raised() -> None:
    assert pins.pinned({"a": 0.91239, "b": 1.0}, {"a": 0.9}) == {"a": 0.9123, "b": 1.0}
    with pytest.raises(SystemExit, match=r"a: 0.8900, floor 0.9"):
        pins.pinned({"a": 0.89}, {"a": 0.9})
    with pytest.raises(SystemExit, match="b: nan"):
        pins.pinned({"a": 1.0}, {"a": 0.9, "b": 0.5})


def test_a_cleaner_that_does_nothing_or_too_much_is_seen() -> None:
    texts = {name: text for name, text in articles().items() if name in ("ferry.txt", "battery.txt")}
    pages = {
        kind: [dirty]
        for kind in ("pinyin notes", "invisible characters")
        for dirty in pins.bench.corpus(texts)[kind][:1]
    }
    idle, greedy = repair(pages, str), repair(pages, lambda text: "".join(filter(str.isalpha, clean(text).text)))
    for kind in pages:
        assert idle[kind].restored == 0 and idle[kind].changed == 0
        assert greedy[kind].changed > 20
    furnished = pins.bench.furnished(texts)
    everything, nothing = furniture(furnished, str, "text"), furniture(furnished, lambda _: "", "text")
    assert (everything.kept, everything.left) == (everything.wanted, everything.unwanted)
    assert (nothing.kept, nothing.left) == (0, 0)


def test_proofs_count_sentences() -> None:
    text = "當(dāng)前的問題很多。我們慢慢來看。\n沒有捷徑(jìng)可走。"
    counted = proofs(text)
    assert (counted.sentences, counted.cited, counted.proven) == (3, 3, 3)


def test_no_damage_is_what_an_untouched_page_shows() -> None:
    text = "甲乙丙丁"
    score = repair({"x": [joined([(text, text)])]}, lambda text: text[:-1])["x"]
    assert (score.untouched, score.changed, score.corrupted) == (4, 1, 0)


def test_passages_of_a_folder(tmp_path: Path) -> None:
    lines = [
        json.dumps({"_id": str(n), "text": f"第{n}段。" + "字" * 60 + "\n\n 尾 "}, ensure_ascii=False)
        for n in range(10)
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join([*lines, '{"text": "短"}']), encoding="utf-8")
    found = passages(tmp_path, 5)
    assert [text[:4] for text in found.values()] == ["第0段。", "第2段。", "第4段。", "第6段。", "第8段。"]
    assert all(text.endswith("字\n尾") for text in found.values())
    with pytest.raises(NotFound, match=r"corpus\.jsonl"):
        passages(tmp_path / "nowhere", 5)
    (tmp_path / "corpus.jsonl").write_text("[1]\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"corpus\.jsonl:1"):
        passages(tmp_path, 5)


def test_big5_is_measured_on_traditional_text() -> None:
    assert list(encodable(["这个问题很难"], "big5")) == ["這個問題很難"]
    assert list(encodable(["é汉"], "big5")) == []
    assert list(encodable(["这个"], "gb18030")) == ["这个"]


@pytest.mark.parametrize("name", cost.HOSTILE)
def test_cleaning_hostile_text_is_linear(name: str) -> None:
    """Ten times the text takes about ten times as long; a rescan from each match would take a hundred."""
    assert min(cost.growth(name, 20_000) for _ in range(2)) < 40


def test_the_cost_is_of_the_same_text_on_both_sides() -> None:
    spent = cost.speed({"a": "水位上漲了三公尺。" * 40}, 3600)
    assert spent.characters == 3600 and spent.cleaning > 0 and spent.rest > 0


def test_the_report_without_other_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ftfy", "trafilatura", "charset_normalizer"):
        monkeypatch.setattr(peers, name, lambda: None)
    text = articles()["lantern.txt"]
    monkeypatch.setattr("rag.measure.cleaning.material.articles", lambda: {"a": text})
    record = measure()
    assert record["repair"]["pinyin notes"]["ftfy"] is None and record["cost"] is None
    json.dumps(record)
    record["cost"] = {"characters": 10, "cleaning_s": 0.5, "rest_s": 2.0, "growth": {"<b>": 10.0}}
    made = {table.title: table for table in tables(record)}
    notes = next(row for row in made["Corrupted characters"].rows if row.name == "pinyin notes")
    assert [cell.text for cell in notes.cells[1:]] == ["100.00 %", "0", "3/3", "–", "–", "–"]
    assert [row.cells[0].text for row in made["Cost of cleaning"].rows] == ["0.250", "20"]
    shown = page.report(made.values())
    assert "&lt;b&gt;" in shown and "<script" not in shown and "http" not in shown
    assert "width: 100.0%" in shown and shown.count("<table>") == shown.count("</table>") == len(made)


def rag(*words: str, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rag", *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_clean_prints_the_text(tmp_path: Path) -> None:
    done = rag("clean", "-", cwd=tmp_path, stdin="當(dāng)前\u200b的問題很多。\n\n\n\n我們慢慢來看。\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "當前的問題很多。\n\n我們慢慢來看。\n", "")


def test_clean_explains_every_change(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一行。\n當(dāng)前。", encoding="utf-8")
    done = rag("clean", "a.txt", "--changes", cwd=tmp_path)
    assert done.stdout == "a.txt:2  5-11  pinyin note  '(dāng)' -> ''\n1 changes; 13 characters, 7 after cleaning\n"
    assert rag("show", "a.txt", "--changes", cwd=tmp_path).stdout == done.stdout  # in no index, and still shown


def test_clean_writes_files_with_the_way_back(tmp_path: Path) -> None:
    done = rag("clean", str(SEEDS), "--out", "out", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "" and "questions.jsonl: not articles" in done.stderr
    texts = sorted((tmp_path / "out").glob("*.txt"))
    assert [path.name for path in texts] == sorted(path.name for path in SEEDS.glob("*.txt"))
    for path in texts:
        text = path.read_bytes().decode()
        record = json.loads(path.with_suffix(".map.json").read_text(encoding="utf-8"))
        original = (SEEDS / path.name).read_bytes().decode(record["encoding"])
        lines = text.removesuffix("\n").split("\n")
        assert len(lines) == len(record["lines"]) > 10
        for line, (start, end) in zip(lines, record["lines"], strict=True):
            assert clean(original[start:end]).text == line
        for edit in reversed(record["edits"]):
            original = original[: edit["start"]] + edit["new"] + original[edit["end"] :]
        assert original + "\n" == text


def test_clean_names_each_article_once(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a b.txt").write_text(f"{folder} is here.\n", encoding="utf-8")
    (tmp_path / "x" / "c.jsonl").write_text('{"_id": "1/2", "text": "One."}\n{"_id": "3", "text": "Two."}\n')
    assert rag("clean", "x", "y", "--out", "out", cwd=tmp_path).returncode == 0
    names = ["a-b-2.txt", "a-b.txt", "c-1-2.txt", "c-3.txt"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.txt")) == names
    assert (tmp_path / "out" / "a-b-2.txt").read_text() == "y is here.\n"


def test_clean_json_and_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("當(dāng)前。", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"%PDF-1.4")
    done = rag("clean", "a.txt", "b.txt", "--json", cwd=tmp_path)
    (record,) = json.loads(done.stdout)["documents"]
    assert record["text"] == "當前。" and record["edits"][0]["why"] == "pinyin note"
    assert done.returncode == 0 and "skipped b.txt: a PDF" in done.stderr
    assert rag("clean", "b.txt", cwd=tmp_path).returncode == 1
    missing = rag("clean", "nowhere.txt", cwd=tmp_path)
    assert missing.returncode == 1 and "nowhere.txt: no such file" in missing.stderr


def test_the_command_line_loads_no_measure_at_its_start(tmp_path: Path) -> None:
    code = "import sys, rag.cli; print([m for m in sys.modules if m.startswith(('rag.measure', 'rag.load'))])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "[]\n"
