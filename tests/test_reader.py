"""The reader: what it measures, whom it prefers, when it refuses; and that its training learns."""

import random
from pathlib import Path

import numpy as np
import pytest

from rag.answer import refuse
from rag.answer.evidence import gather
from rag.answer.extract import Extract
from rag.answer.look import FEATURES, PIECE_FEATURES, look
from rag.answer.question import kind, names
from rag.background import load
from rag.chunk import sentences
from rag.embed import builtin
from rag.late import prepare
from rag.testing import HashedTerms
from rag.types import Evidence, Hit, Span

CAFE = (
    "林記咖啡由林秀英於1987年在台南創立。公司目前有三百二十名員工。"
    "2019年租金上漲了四成。因此林記咖啡關閉了十二家門市。新任執行長是陳大文。"
)
FERRY = (
    "The ferry line was founded in 1952 by Ada Holm. It carries 40,000 passengers a year. "
    "In 2011 the bridge was opened. As a result, most of the boats were sold. The company has its seat in Bergen."
)


def found(*texts: str) -> list[Hit]:
    return [
        Hit(rank, 0.0, str(rank), str(rank), "", "", "", 0, len(text), 1, text, {}, tuple(sentences(text)))
        for rank, text in enumerate(texts, 1)
    ]


def judged(question: str, *texts: str) -> tuple[list[Evidence], float]:
    words = builtin.load()
    evidence, best = gather(question, prepare(question, words, load()), found(*texts), words, 12)
    return evidence, refuse.probability(best)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("林记咖啡是哪一年创立的？", "1987"),
        ("林记咖啡有多少员工？", "三百二十"),
        ("林记咖啡由谁创立？", "林秀英"),
        ("When was the ferry line founded?", "1952"),
        ("How many passengers does the ferry carry a year?", "40,000"),
        ("Where does the company have its seat?", "Bergen"),
    ],
)
def test_the_best_sentence_has_what_was_asked(question: str, expected: str) -> None:
    evidence, probability = judged(question, CAFE, FERRY)
    assert expected in evidence[0].text
    assert probability > refuse.THRESHOLD
    assert [one.number for one in evidence] == list(range(1, len(evidence) + 1))


@pytest.mark.parametrize("question", ["如何预防流感？", "Who painted the ceiling of the chapel?", "木星有几颗卫星？"])
def test_what_is_not_there_is_refused(question: str) -> None:
    assert judged(question, CAFE, FERRY)[1] < refuse.THRESHOLD


def test_a_name_or_year_that_is_not_there_makes_an_answer_less_likely() -> None:
    asked = judged("林记咖啡在2019年发生了什么", CAFE)[1]
    assert judged("林记咖啡在1974年发生了什么", CAFE)[1] < asked
    assert (
        judged("How many passengers does the Harlow tramway carry a year?", FERRY)[1]
        < (judged("How many passengers does the ferry line carry a year?", FERRY)[1])
    )


def test_every_measure_has_its_column_and_stays_in_its_range() -> None:
    words = builtin.load()
    question = "林记咖啡是哪一年创立的？"
    looked = look(question, prepare(question, words, load()), found(CAFE, "\u2603", FERRY), words)
    assert looked.features.shape == (len(looked.places), len(FEATURES)) and len(looked.places) == 11
    assert looked.piece_features.shape == (len(looked.pieces), len(PIECE_FEATURES))
    assert np.isfinite(looked.features).all() and np.abs(looked.features).max() <= 2
    assert (looked.piece_features >= 0).all() and (looked.piece_features <= 1.001).all()
    assert (looked.pieces == -1).sum() == 1  # the sentence without a known piece
    matched = looked.features[:, FEATURES.index("matched")]
    assert matched[0] == matched.max() > 0.5 > matched[-1]


def test_the_order_of_sentences_without_a_known_table_still_follows_the_words() -> None:
    words = HashedTerms()
    question = "when was the ferry line founded"
    evidence, _ = gather(question, prepare(question, words, load()), found(FERRY), words, 3)
    assert "1952" in evidence[0].text and len(evidence) == 3


def test_nothing_found_is_refused() -> None:
    words = builtin.load()
    evidence, best = gather("why", prepare("why", words, load()), [], words, 3)
    assert evidence == [] and best.shape == (len(refuse.MEASURES),)
    assert refuse.reason(best, "en").startswith("The articles do not say")


def offered(*texts: str, best: int) -> list[Evidence]:
    spans = sentences("".join(texts))
    assert len(spans) == len(texts)
    order = [best, *(at for at in range(len(texts)) if at != best)]
    return [
        Evidence(number, texts[at], 0, Span(spans[at].start, spans[at].end), -5.0 * number)
        for number, at in enumerate(order, 1)
    ]


def test_why_brings_cause_and_consequence() -> None:
    texts = ("公司成立很早。", "租金上涨了四成。", "因此门市关闭了。", "员工各奔东西。")
    written = "".join(Extract().write("门市为什么关闭", offered(*texts, best=2)))
    assert written == "租金上涨了四成。[3]\n因此门市关闭了。[1]\n"
    written = "".join(Extract().write("门市为什么关闭", offered(*texts, best=1)))
    assert written == "租金上涨了四成。[1]\n因此门市关闭了。[3]\n"
    assert "".join(Extract().write("门市何时关闭", offered(*texts, best=2))) == "因此门市关闭了。[1]\n"


def test_what_opens_a_list_brings_its_items() -> None:
    texts = ("旅行需要的证件如下。", "护照和签证。", "疫苗证明。", "祝您愉快。")
    written = "".join(Extract().write("旅行需要哪些证件", offered(*texts, best=0)))
    assert written == "旅行需要的证件如下。[1]\n护照和签证。[2]\n疫苗证明。[3]\n"


def test_the_kind_of_a_question_and_what_it_names() -> None:
    asked = {
        "why": ("为何关闭", "why did it close"),
        "when": ("哪年关闭", "in what year did it close"),
        "number": ("有几家门市", "how many shops"),
        "who": ("创办人是谁", "who founded it"),
        "where": ("总部在哪里", "which city is it in"),
        "list": ("分为哪些种类", "list its products"),
        "meaning": ("什么是通胀", "what is inflation"),
        "how": ("如何申请", "how do I apply"),
        "what": ("它讲了些什么", "tell me more"),
    }
    for expected, questions in asked.items():
        assert [kind(question) for question in questions] == [expected] * 2
    assert names("What did Ada Holm sell in 2011?") == ["2011", "ada", "holm"]


def test_training_learns_which_sentence_answers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from rag.answer.reader import Reader
    from rag.train.answer_examples import Case, example, hits_of
    from rag.train.answer_fit import fit_reader

    words, background = builtin.load(), load()
    chance = random.Random(0)
    made = []
    for _ in range(120):
        year, people = str(chance.randrange(1850, 2020)), str(chance.randrange(20, 900))
        told = [f"The town was founded in {year}.", f"The town has {people} houses.", "The town lies by a lake."]
        chance.shuffle(told)
        question, answer = chance.choice(
            [("when was the town founded", year), ("how many houses has the town", people)]
        )
        case = Case("made", question, year, " ".join(told), (answer,))
        made.append(example(case, hits_of([case.passage]), "0", words, background))
    assert all(one.right.any() for one in made) and any(one.gold.any() for one in made)
    table = words.directions(np.arange(2000))
    for one in made:  # a table of few pieces makes the test quick
        one.looked.pieces[one.looked.pieces >= 2000] = -1
        one.looked.asked[one.looked.asked >= 2000] = 0
    weights = fit_reader([made] * 10, table)
    np.savez(tmp_path / "w.npz", table=np.array(words.fingerprint), **weights)
    reader = Reader(tmp_path / "w.npz")
    right = [bool(one.right[np.argmax(reader.judge(one.looked, words).scores)]) for one in made]
    assert np.mean(right) > 0.9


def test_the_network_is_the_same_in_numpy_and_in_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from rag.answer.reader import Reader
    from rag.train.answer_batch import batch
    from rag.train.answer_examples import Case, example, hits_of
    from rag.train.reader_net import Net

    words, background = builtin.load(), load()
    questions = ("林記咖啡是哪一年创立的？", "When was the ferry line founded?")
    texts = (CAFE, FERRY, "\u2603.", CAFE + FERRY)
    made = [example(Case("", asked, "", "", ("1987",)), hits_of(texts), "0", words, background) for asked in questions]
    torch.manual_seed(1)
    net = Net(words.directions(np.arange(len(words.table()[0])))).eval()
    np.savez(tmp_path / "w.npz", table=np.array(words.fingerprint), **net.weights())
    with torch.no_grad():
        scores, says, spans = net(batch(made, len(net.table) - 1))
    reader = Reader(tmp_path / "w.npz")
    judged = [reader.judge(one.looked, words) for one in made]
    for column, found in ((scores, "scores"), (says, "says"), (spans[:, 0], "begin"), (spans[:, 1], "end")):
        ours = np.concatenate([getattr(one, found) for one in judged])
        np.testing.assert_allclose(ours, column.numpy(), atol=1e-4)


def test_the_short_answer_is_part_of_its_sentence() -> None:
    found_at_all = 0
    for question, text in (
        ("林记咖啡是哪一年创立的？", CAFE),
        ("林记咖啡由谁创立？", CAFE),
        ("谁是新任执行长？", CAFE),
        ("When was the ferry line founded?", FERRY),
        ("Who founded the ferry line?", FERRY),
        ("How many passengers does the ferry carry a year?", FERRY),
    ):
        best, *others = judged(question, text)[0]
        assert best.short in best.text and len(best.short) < len(best.text)
        assert not any(one.short for one in others)
        found_at_all += any(right in best.short for right in ("1987", "林秀英", "陳大文", "1952", "Ada Holm", "40,000"))
    assert found_at_all >= 3


def test_the_short_answer_crosses_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.answer.evidence.SURE", 0.0)  # the likeliest stretch, however unsure
    row = judged("How old is Ada?", "| Name | Age |\n| Ada | 3 |\n| Tom | 4 |")[0][0]
    assert row.text == "| Ada | 3 |" and "|" not in row.short
