"""`rag bench`: files in and out, measures worked out by hand, a whole call, and going on after a stop."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from rag.errors import BadInput, NotFound
from rag.library import Library
from rag.measure.finding import trec
from rag.measure.finding.collection import read
from rag.measure.finding.process import in_fresh_process
from rag.measure.finding.report import page, table
from rag.measure.finding.retrieval import search_all
from rag.measure.finding.scores import interval, p_value, values
from rag.testing import HashedTerms

ARTICLES = {
    "d1": "The baker on the corner sells bread, rolls and cake to the whole street.",
    "d2": "The bank raised its interest rate for the third time this year.",
    "d3": "猫在屋顶上睡了一整个下午，直到下雨才回家。",
    "d4": "A new bridge over the river opens in spring, the city says.",
    "q4": "When does the bridge open?",
}
QUESTIONS = {
    "q1": "who sells cake",
    "q2": "interest rate of the bank",
    "q3": "猫在哪里睡觉",
    "q4": "When does the bridge open?",
}
RIGHT = {"q1": {"d1": 1}, "q2": {"d2": 2, "d4": 1}, "q3": {"d3": 1}, "q4": {"d4": 1}}


def lines(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(lines([{"_id": k, "text": v} for k, v in ARTICLES.items()]), encoding="utf-8")
    asked = {**QUESTIONS, "unjudged": "what is this"}
    (folder / "queries.jsonl").write_text(lines([{"_id": k, "text": v} for k, v in asked.items()]), encoding="utf-8")
    rows = [f"{q}\t{d}\t{grade}" for q, grades in RIGHT.items() for d, grade in grades.items()]
    text = "\n".join(["query-id\tcorpus-id\tscore", *rows, "unjudged\td1\t0"])
    (folder / "qrels" / "test.tsv").write_text(text, encoding="utf-8")
    return folder


def test_a_beir_folder_is_read_without_questions_that_nothing_answers(beir: Path) -> None:
    found = read(beir)
    assert (found.name, found.questions, found.relevant) == ("tiny", QUESTIONS, RIGHT)
    before = found.sha256
    (beir / "corpus.jsonl").write_text(lines([{"_id": "d1", "text": "else"}]), encoding="utf-8")
    assert read(beir).sha256 != before


def test_trec_topics_and_judgements_are_read(beir: Path) -> None:
    expected = read(beir)
    (beir / "queries.jsonl").unlink()
    (beir / "topics.txt").write_text(
        "".join(
            f"<top>\n<num> Number: {key}\n<title> {text}\n\n<desc> Description:\nLonger.\n</top>\n"
            for key, text in QUESTIONS.items()
        ),
        encoding="utf-8",
    )
    rows = [f"{q} 0 {d} {grade}\n" for q, grades in RIGHT.items() for d, grade in grades.items()]
    (beir / "qrels.txt").write_text("".join(rows), encoding="utf-8")
    found = read(beir)
    assert (found.questions, found.relevant) == (expected.questions, expected.relevant)
    (beir / "topics.txt").write_text("".join(f"{k}\t{v}\n" for k, v in QUESTIONS.items()), encoding="utf-8")
    assert read(beir).questions == QUESTIONS


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("queries.jsonl", '{"_id": "q1", "text": "x"}\n{"id": "q2"}\n', "queries.jsonl:2"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tmuch\n", "test.tsv:2"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq9\td1\t1\n", "no question of queries.jsonl"),
    ],
)
def test_a_bad_file_is_named_with_its_line(beir: Path, file: str, text: str, says: str) -> None:
    (beir / file).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=says):
        read(beir)


def test_a_missing_part_is_named(beir: Path) -> None:
    (beir / "corpus.jsonl").unlink()
    with pytest.raises(NotFound, match="has no corpus"):
        read(beir)


def test_a_run_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    run: trec.Run = {"q1": [("d2", 1.1 + 2.2), ("d1", -0.25)], "q2": [("d1", 1e-9)]}
    trec.write_run(tmp_path / "a.trec", run, "two words")
    assert trec.read_run(tmp_path / "a.trec") == run
    assert (tmp_path / "a.trec").read_text().splitlines()[1] == "q1 Q0 d1 2 -0.25 two_words"
    (tmp_path / "a.trec").write_text("q1 Q0 d1 first 1.0 x\n")
    with pytest.raises(BadInput, match=r"a\.trec:1"):
        trec.read_run(tmp_path / "a.trec")


def test_measures_are_as_worked_out_by_hand() -> None:
    run: trec.Run = {
        "q1": [("d2", 3.0), ("d1", 2.0)],  # the right one second: 1 / log2(3), and 1 / 2
        "q2": [("d4", 3.0), ("d2", 2.0)],  # grades 1, 2 in place of 2, 1
        "q3": [(f"x{n}", 20.0 - n) for n in range(10)] + [("d3", 1.0)],  # eleventh: found by Recall@100 alone
    }  # and q4 found nothing
    found = values(run, RIGHT)
    swapped = (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))
    np.testing.assert_allclose(found["nDCG@10"], [1 / math.log2(3), swapped, 0, 0])
    np.testing.assert_allclose(found["MRR@10"], [1 / 2, 1, 0, 0])
    np.testing.assert_allclose(found["Recall@10"], [1, 1, 0, 0])
    np.testing.assert_allclose(found["Recall@100"], [1, 1, 1, 0])


def test_intervals_and_tests_know_chance_from_difference() -> None:
    chance = np.random.default_rng(7)
    scores = chance.random(400)
    low, high = interval(scores)
    error = scores.std() / math.sqrt(len(scores))
    assert low == pytest.approx(scores.mean() - 1.96 * error, abs=0.3 * error)
    assert high == pytest.approx(scores.mean() + 1.96 * error, abs=0.3 * error)
    assert p_value(scores, scores + 0.1) == pytest.approx(1 / 10_001)
    noise = chance.normal(size=400)
    noise -= noise.mean() - 1.5 * noise.std() / math.sqrt(400)  # one and a half standard errors: p = 0.13
    assert p_value(scores + noise, scores) == pytest.approx(0.134, abs=0.03)
    # three questions, all better: two of the eight signings are as extreme
    assert p_value(np.array([0.2, 0.3, 0.4]), np.zeros(3)) == pytest.approx(1 / 4, abs=0.02)


def test_a_document_counts_once_and_is_not_its_own_answer(beir: Path, library: Library) -> None:
    library.add(beir / "corpus.jsonl")
    run = search_all(library, {"q4": QUESTIONS["q4"], "other": QUESTIONS["q4"]}, "lexical")
    assert [document for document, _ in run["other"]][:2] == ["q4", "d4"]
    assert run["q4"][0][0] == "d4" and "q4" not in dict(run["q4"])
    long = "\n".join(f"Paragraph {n} speaks of the harbour. {'Word after word. ' * 40}" for n in range(20))
    (beir / "long.jsonl").write_text(lines([{"_id": "long", "text": long}]), encoding="utf-8")
    library.add(beir / "long.jsonl")
    hits = [hit for hit in library.search("harbour", 100, mode="lexical") if hit.doc_id == "long"]
    assert len(hits) > 1
    found = search_all(library, {"q": "harbour"}, "lexical")["q"]
    assert [document for document, _ in found].count("long") == 1
    assert dict(found)["long"] == max(hit.score for hit in hits)


def test_the_first_ten_do_not_depend_on_how_many_are_asked_for(seeded: Library) -> None:
    for question in ("Jasper為什麼衰落", "what did the founder say about Sora", "亏损"):
        few, many = seeded.search(question, 10), seeded.search(question, 100)
        assert len(many) > 10
        assert [(hit.passage_id, hit.score) for hit in few] == [(hit.passage_id, hit.score) for hit in many[:10]]
        assert [hit.score for hit in many] == sorted((hit.score for hit in many), reverse=True)


def _fails(_: object) -> None:
    raise NotFound("no such thing", "look elsewhere")


def test_an_error_in_the_other_process_is_raised_here() -> None:
    with pytest.raises(NotFound, match="no such thing; look elsewhere"):
        in_fresh_process(_fails)


def rag(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rag", "bench", *words],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_whole_call_and_going_on_where_it_was(beir: Path, tmp_path: Path) -> None:
    done = rag(str(beir), "--mode", "hybrid", "--mode", "lexical", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record == json.loads((tmp_path / "bench" / "report.json").read_text(encoding="utf-8"))
    (one,) = record["datasets"]
    hybrid, lexical = one["systems"]
    assert (hybrid["mode"], lexical["mode"], one["questions"]) == ("hybrid", "lexical", 4)
    run = trec.read_run(tmp_path / hybrid["run"])
    assert run.keys() == QUESTIONS.keys() and {q: ranked[0][0] for q, ranked in run.items()} == {
        "q1": "d1",
        "q2": "d2",
        "q3": "d3",
        "q4": "d4",
    }
    expected = float(values(run, RIGHT)["nDCG@10"].mean())
    assert hybrid["measures"]["nDCG@10"]["mean"] == pytest.approx(expected)
    assert one["indexing"][0]["documents"] == 5 and one["indexing"][0]["index_bytes"] > 0
    assert hybrid["query"]["cold_p95_ms"] >= hybrid["query"]["cold_p50_ms"] > hybrid["query"]["warm_p50_ms"] > 0
    assert [pair["p"] for pair in one["pairs"]] == [1.0] or one["pairs"][0]["difference"] != 0
    assert "<svg" in (tmp_path / "bench" / "report.html").read_text(encoding="utf-8")
    assert "http" not in page(record).replace("http://www.w3.org/2000/svg", "")
    assert f"{100 * expected:.1f}" in table(record)

    made = {
        mode: (tmp_path / one["run"]).stat().st_mtime_ns for mode, one in (("hybrid", hybrid), ("lexical", lexical))
    }
    (tmp_path / lexical["run"]).unlink()  # as if the call had been stopped before it
    second = rag(str(beir), "--mode", "hybrid", "--mode", "lexical", "--json", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert (tmp_path / hybrid["run"]).stat().st_mtime_ns == made["hybrid"], "what was done is not done again"
    assert (tmp_path / lexical["run"]).exists()
    again = json.loads(second.stdout)["datasets"][0]
    assert again["systems"][0] == hybrid and again["indexing"] == one["indexing"]

    (beir / "corpus.jsonl").write_text(lines([{"_id": "d1", "text": "cake and rain"}]), encoding="utf-8")
    third = rag(str(beir), "--mode", "lexical", "--quiet", cwd=tmp_path)
    assert third.returncode == 0, third.stderr
    assert (third.stderr, "builtin lexical" in third.stdout) == ("", True)
    assert trec.read_run(tmp_path / lexical["run"])["q1"] == [("d1", pytest.approx(1, abs=100))]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["nowhere"], 1, "no such folder: nowhere"),
        ([], 2, "Missing argument"),
        (["tiny", "--mode", "hybird"], 2, "unknown mode"),
        (["tiny", "--embedder", "no/such-model"], 1, "no/such-model"),
        (["tiny", "./tiny"], 2, "several data sets are called tiny"),
    ],
)
def test_errors_are_said_before_any_work(
    beir: Path, tmp_path: Path, words: list[str], status: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = rag(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "bench").exists()


def test_the_second_look_agrees_with_the_plain_way() -> None:
    from referee import nearest

    from rag.background import load as background
    from rag.embed.builtin import load
    from rag.late import nearest_pieces, prepare

    texts = ["", *ARTICLES.values(), *QUESTIONS.values(), "?!", "cake cake cake"]
    for model in (load(), HashedTerms()):
        for question in (*QUESTIONS.values(), "?!"):
            asked = prepare(question, model, background())
            pieces = model.numbers(texts)
            for _ in range(2):  # the second time from memory
                fast = nearest_pieces(asked, np.concatenate(pieces), np.array(list(map(len, pieces))), model)
                np.testing.assert_allclose(fast, nearest(asked, model.word_vectors(texts)), atol=1e-6)
