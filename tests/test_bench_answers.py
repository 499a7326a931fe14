"""`rag bench answers`: measures worked out by hand, files read, and a whole call on a tiny set."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag.cli import app
from rag.errors import BadInput, NotFound
from rag.measure.answering import measure, summary
from rag.measure.answering.asking import Outcome
from rag.measure.answering.dataset import read, sample, translated
from rag.measure.answering.scores import alce, auroc, exact_and_f1, holds, statements, trade_off
from rag.measure.answering.table import tables
from rag.testing import HashedTerms, Scripted

PASSAGES = {
    "p1": ("Lumo", "Lumo lost users because larger firms entered its market. Its office was in Oslo."),
    "p2": ("Brightfold", "Brightfold lost users because its servers burned. Nobody was hurt."),
    "p3": ("青禾科技", "青禾科技在2016年成立，總部在成都。公司有三百名員工。"),
}


def row(qid: str, passage: str, question: str, *answers: str, **more: Any) -> dict[str, Any]:
    title, text = PASSAGES[passage]
    golds = [{"text": answer, "start": text.find(answer)} for answer in answers]
    fields = {"passage_id": passage, "passage": text, "title": title, "answers": golds, "lang": "en"}
    return {"qid": qid, "question": question} | fields | more


ROWS = [
    row("q1", "p1", "Why did Lumo lose users?", "larger firms entered its market"),
    row("q2", "p2", "Why did Brightfold lose users?", "its servers burned"),
    row("q3", "p3", "青禾科技是哪一年成立的？", "2016年", "二〇一六年"),
    row("q4", "p2", "Who designed the cathedral of Milan?", answerable=False),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in ROWS).encode()))
    return path


def test_squad_and_cmrc_definitions() -> None:
    assert exact_and_f1("the Servers, burned!", ["servers burned"]) == (1, 1)
    # two words of three are right, two of two are found: precision 2/3, recall 1
    assert exact_and_f1("its servers burned", ["servers burned"]) == (0, pytest.approx(0.8))
    assert exact_and_f1("a b b", ["b b c", "x"]) == (0, pytest.approx(2 * 2 / (2 + 3))), "`a` is an article"
    # 2016 and 年 are two units of five, next to each other
    assert exact_and_f1("成立于2016年", ["2016年"]) == (0, pytest.approx(4 / 7))
    assert exact_and_f1("2016 年。", ["2016年"]) == (1, 1)
    assert exact_and_f1("年2016", ["2016年"])[1] == pytest.approx(1 / 2), "a substring, not a bag"
    assert exact_and_f1("青禾科技丟了308分", ["308"])[1] == pytest.approx(2 / 9), "Chinese though the gold is a number"
    assert exact_and_f1("nothing", ["成都"]) == (0, 0)


def test_what_holds_an_answer() -> None:
    assert holds("總部在 成都。", ["总部在成都"]) and holds("ＡＩ", ["ai"])
    assert not holds("總部在成都。", ["北京"]) and not holds("anything", []) and not holds("anything", [" "])


def test_alce_precision_and_recall_by_hand() -> None:
    cited = {1: "one two", 2: "three", 3: "one two three four"}
    assert alce([("one two", [1])], cited) == (1, 1)
    assert alce([("one two", [2])], cited) == (0, 0)
    assert alce([("one two", [1, 2])], cited) == (0.5, 1), "2 entails nothing, and 1 is enough"
    assert alce([("one two three", [1, 2])], cited) == (1, 1), "each is needed"
    assert alce([("one two three", [1, 2, 3])], cited) == (pytest.approx(1 / 3), 1)
    assert alce([("one", [1]), ("five", [1]), ("four", [])], cited) == (0.5, pytest.approx(1 / 3))
    assert alce([("one", [9])], cited) == (0, 0) and alce([], cited) == (0, 0)
    assert statements("它虧了錢。[1][2]他走了。[3]") == [("它虧了錢。", [1, 2]), ("他走了。", [3])]


def test_auroc_by_hand() -> None:
    # of six pairs four are right and one is a tie
    assert auroc([0.9, 0.4], [0.1, 0.4, 0.8]) == pytest.approx(4.5 / 6)
    assert auroc([1.0], []) is None
    assert trade_off([], [0.5]) is None
    tenths = [number / 10 for number in range(10)]
    assert list(trade_off(tenths, [0.05, 0.15, 0.95]).values()) == pytest.approx([0, 0, 0, 1 / 3, 2 / 3])


def outcome(**fields: Any) -> Outcome:
    nothing = dict.fromkeys(Outcome.__slots__, 0) | {"answerable": True, "refused": False, "found": True, "first": True}
    return Outcome(**(nothing | fields))


def test_a_summary_by_hand() -> None:
    own = summary(
        [
            outcome(confidence=0.9, cited=1, exact=1, f1=1, statements=1, citations=1, proven=1, precision=1, recall=1),
            outcome(confidence=0.5, cited=3, f1=0.5, statements=3, citations=4, proven=3, precision=0.5, recall=1),
            outcome(confidence=0.3, refused=True, first=False, found=False),
            outcome(answerable=False, confidence=0.4, statements=2, citations=5, proven=5, took_ms=9),
            outcome(answerable=False, confidence=0.1, refused=True),
        ]
    )
    assert own is not None and (own["questions"], own["answerable"], own["citations"]) == (5, 3, 10)
    thirds = {"hit@1": 1, "hit@3": 2, "exact": 1, "f1": 1.5, "found": 2, "first_sentence": 2, "refused_answerable": 1}
    assert {name: own[name] for name in thirds} == pytest.approx({name: value / 3 for name, value in thirds.items()})
    assert own["statements"] == 2 and own["verified"] == 0.9
    assert own["citation_precision"] == 0.5 and own["citation_recall"] == pytest.approx(2 / 3)
    assert own["refusal_precision"] == 0.5 and own["refusal_recall"] == 0.5
    assert own["refusal_auroc"] == pytest.approx(5 / 6), "0.3 lies below 0.4"
    assert own["p50_ms"] == 0 and own["p95_ms"] == pytest.approx(7.2)
    assert summary([]) is None


def test_files_are_read_and_wrong_ones_named(file: Path, tmp_path: Path) -> None:
    data = read(file)
    assert (data.name, list(data.passages), len(data.questions)) == ("tiny", ["p1", "p2", "p3"], 4)
    assert data.questions[2].answers == ("2016年", "二〇一六年") and data.questions[3].answers == ()
    assert sample(data.questions, 2, 7) == sample(data.questions, 2, 7) != sample(data.questions, 2, 8)
    assert sample(data.questions, 9, 0) == list(data.questions)
    chinese = tmp_path / "zh.jsonl"
    chinese.write_text(json.dumps(row("q1", "p3", "為什麼Lumo失去用戶？", "2016年")) + "\n", encoding="utf-8")
    turned = translated(data, read(chinese))
    assert turned.name == "zh over tiny" and turned.passages is data.passages
    assert [(one.text, one.passage) for one in turned.questions] == [("為什麼Lumo失去用戶？", "p1")]
    chinese.write_text('{"qid": 1}\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"zh.jsonl:1 is not of the layout \(KeyError"):
        read(chinese)
    chinese.write_text("\n", encoding="utf-8")
    with pytest.raises(BadInput, match="no questions"):
        read(chinese)
    with pytest.raises(NotFound, match="no such file"):
        read(tmp_path / "none.jsonl")


def test_a_whole_call(file: Path, tmp_path: Path) -> None:
    outside = tmp_path / "far.jsonl"
    far = {
        "qid": "x",
        "question": "How do I bake bread?",
        "passage_id": "b",
        "passage": "Bread is baked.",
        "answers": [],
    }
    outside.write_text(json.dumps(far) + "\n", encoding="utf-8")
    seen: list[tuple[int, int, str]] = []
    record = measure(
        [file],
        outside=outside,
        out=tmp_path / "out",
        on_progress=lambda *at: seen.append(at),
        embedder=HashedTerms(),
    )
    (one,) = record["datasets"]
    assert (one["name"], one["passages"], one["writer"]) == ("tiny", 3, "extract")
    own = one["corpus"]
    assert (own["questions"], own["answerable"]) == (4, 3)
    assert own["found"] == 1 and own["hit@1"] == own["hit@3"] == 1 - own["refused_answerable"] > 0
    assert own["verified"] == own["citation_precision"] == own["citation_recall"] == 1
    assert own["refusal_auroc"] == one["passage"]["refusal_auroc"] == 1, "nothing is said of Milan"
    assert own["refusal_recall"] == 1 and one["passage"]["first_sentence"] == 1
    assert (one["outside"]["questions"], one["outside"]["refused"], one["outside"]["auroc"]) == (1, 1, 1)
    assert set(one["outside"]["trade_off"].values()) == {1.0}
    assert {what for *_, what in seen} >= {"tiny: corpus", "tiny: passage"}
    shown = {table.title: table for table in tables(record)}
    assert [row.name for row in shown["Trade-off of refusal"].rows] == [
        "tiny, corpus",
        "tiny, passage",
        "tiny, outside",
    ]
    assert shown["Refusal"].rows[0].name == "tiny, corpus" and shown["Refusal"].rows[2].name == "tiny, outside"
    assert shown["Citations"].rows[0].cells[1].text == "100.0 %"
    again = measure([file], passage=False, out=tmp_path / "out", embedder=HashedTerms())["datasets"][0]
    assert again["passage"] is None and again["outside"] is None and again["corpus"]["hit@3"] == own["hit@3"]


def test_a_writer_that_says_the_same_to_all_is_seen(file: Path) -> None:
    """Of one question in three its sentence holds the answer, of none more; without support it is left out."""
    writer = Scripted("Its servers burned [1]. Pigs fly.")
    own = measure([file], passage=False, embedder=HashedTerms(), writer=writer)["datasets"][0]["corpus"]
    assert own["verified"] == own["citation_precision"] == own["citation_recall"] == 1
    assert own["statements"] == 1 and own["hit@3"] < 0.5


def test_the_command_prints_tables_json_and_a_page(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.embed.load", lambda name: HashedTerms())
    page = tmp_path / "page.html"
    words = ["bench", "answers", str(file), "-n", "3", "--no-passage", "--html", str(page)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "ALCE precision" in done.stdout and "tiny, corpus" in done.stdout and "hit@3" in page.read_text("utf-8")
    done = CliRunner().invoke(app, [*words, "--json"])
    record = json.loads(done.stdout)
    assert (record["count"], record["datasets"][0]["corpus"]["questions"]) == (3, 3)
