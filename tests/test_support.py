"""The verifier: facts must be in the evidence, the rest must be carried by it, and what it says of each statement."""

import json
import random
import time

import numpy as np
import pytest

from rag import answer as writers
from rag.answer.facts import missing, negated, numbers
from rag.answer.prompt import NO_ANSWER
from rag.answer.support import FEATURES, Judge, look, score
from rag.background import load as load_background
from rag.chunk import sentences
from rag.embed.builtin import load as load_words
from rag.library import Library
from rag.testing import HashedTerms, Scripted
from rag.train.support import falsified, stated
from rag.types import Evidence, Hit
from rag.wire import answer_record

# --- facts


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("营收5.3亿元", "營收 5.3 億元"),
        ("营收5.3亿元", "revenue of 530 million yuan"),
        ("营收五点三亿元", "revenue of 530,000,000 yuan"),
        ("流失了30%的用户", "三成用户流失"),
        ("流失了30%的用户", "百分之三十的用户"),
        ("流失了30%的用户", "30 percent of users"),
        ("在2023年8月5日", "on August 5, 2023"),
        ("二〇二三年八月五日", "2023-08-05"),
        ("三家公司", "3家公司"),
        ("三家公司", "three companies"),
        ("二十五万三千人", "253,000 people"),
        ("十二亿三千万元", "1.23 billion"),
        ("twenty-five people", "25人"),
        ("2万亿", "2 trillion"),
    ],
)
def test_the_same_number_however_it_is_written(first, second):
    assert numbers(first)[0] <= numbers(second)[1]
    assert numbers(second)[0] <= numbers(first)[1]
    assert numbers(first)[0]


@pytest.mark.parametrize(
    ("statement", "evidence", "lacking"),
    [
        ("营收5.4亿元", "营收5.3亿元", {"540000000"}),
        ("营收5.3万元", "营收5.3亿元", {"53000"}),
        ("30%的用户离开", "30名用户离开", {"30%"}),
        ("It lost 30 users", "It lost 30 percent of its users", set()),
        ("四家公司", "三家公司", {"4"}),
        ("三星发布了新品，十分重要", "公司发布了新品", set()),
        ("1. Prices rose.", "Prices rose.", set()),
        ("Jasper的用户离开了", "公司的用户离开了", {"jasper"}),
        ("ＪＡＳＰＥＲ的用户离开了", "Jasper的用戶離開了", set()),
        ("《风声》好看", "《風聲》很好看", set()),
        ("《无间道》好看", "《風聲》很好看", {"无间道"}),
        ("他说“先做再想”", "他說：「先做，再想」", {"先做再想"}),
        ("The firm was bought by Acme", "The firm was bought by Nokia", {"acme"}),
        ("The firm's GPT-4 model", "the model GPT-4 of the firm", set()),
        ("Users left Beijing", "用户离开了北京", set()),
        ("In May it fell", "It fell in May", set()),
        ("", "", set()),
    ],
)
def test_what_is_missing(statement, evidence, lacking):
    assert missing(statement, evidence) == lacking


def test_a_name_may_stand_around_the_evidence_and_a_number_may_not():
    assert missing("Jasper有12万用户", "公司有12万用户", "Jasper的衰落") == set()
    assert missing("公司有12万用户", "公司有很多用户", "12万") == {"120000"}


@pytest.mark.parametrize(
    ("text", "times"),
    [("它没有盈利", 1), ("不但盈利，而且不错", 1), ("未来不远", 1), ("It did not and cannot", 2), ("notable", 0)],
)
def test_denials_are_counted(text, times):
    assert negated(text) == times


@pytest.mark.parametrize(
    "text", ["亿" * 50_000, "9" * 50_000, "一" * 50_000, "A" * 50_000, "A." * 25_000, "“" * 50_000, "1," * 25_000]
)
def test_hostile_text_ends(text):
    assert isinstance(missing(text, text), set)


# --- support, with the built-in models

EVIDENCE = [
    "公司去年营收5.3亿元，但用户流失了三成，因为大厂推出了免费的同类产品。",
    "创始人林岚在三月辞职，由张明接任。",
    "Its rivals released free tools, and most of the paying customers left within a year.",
    "办公室搬到了城南的一栋旧楼里。",
]
TITLE = "青禾科技的一年"


@pytest.fixture(scope="module")
def judge():
    hits = [
        Hit(1, 1.0, "d", "p", "s", TITLE, "", 0, 9, 1, "\n".join(EVIDENCE), {}, tuple(sentences("\n".join(EVIDENCE))))
    ]
    spans = hits[0].sentences
    evidence = [Evidence(at, span.of(hits[0].text), 0, span) for at, span in enumerate(spans, 1)]
    assert [one.text for one in evidence] == EVIDENCE
    return Judge(evidence, hits, load_words(), load_background())


@pytest.mark.parametrize(
    ("statement", "cited", "expected"),
    [
        (EVIDENCE[0], [1], ("verified", [1])),
        ("公司去年營收5.3億元", [1], ("verified", [1])),
        ("用户流失30%，原因是大厂推出了免费产品。", [1], ("verified", [1])),
        ("Most paying customers left within a year because rivals released free tools.", [3], ("verified", [3])),
        ("用户流失30%，原因是大厂推出了免费产品。", [4], ("repaired", [1])),
        ("用户流失30%，原因是大厂推出了免费产品。", [], ("repaired", [1])),
        (EVIDENCE[3], [], ("repaired", [4])),
        (EVIDENCE[3], [2], ("repaired", [4])),
        (EVIDENCE[3], [4, 2, 4], ("verified", [4])),
        ("公司去年营收5.4亿元", [1], ("unsupported", [])),
        ("公司去年没有流失用户。", [1], ("unsupported", [])),
        ("公司因为火灾而倒闭。", [1], ("unsupported", [])),
        ("王芳在三月辞职。", [2], ("unsupported", [])),
        ("The company was sold to Mars.", [3], ("unsupported", [])),
        ("Revenue was 540 million yuan.", [1], ("unsupported", [])),
        ("Yes.", [1], ("unsupported", [])),
        ("。", [1], ("unsupported", [])),
        (NO_ANSWER["en"], [1], ("unsupported", [])),
    ],
)
def test_what_the_judge_says(judge, statement, cited, expected):
    assert judge(statement, cited) == expected


def test_two_pieces_of_evidence_may_support_together(judge):
    both = "公司去年营收5.3亿元，创始人林岚在三月辞职，由张明接任。"
    assert judge(both, [1, 2]) == ("verified", [1, 2])
    assert judge(both, [1, 4])[0] == "unsupported"


def test_features_and_scores_have_the_shape_they_say(judge):
    words, background = load_words(), load_background()
    seen = look("用户流失", [(text, TITLE) for text in EVIDENCE], words, background)
    assert seen.shape == (4, len(FEATURES)) and np.isfinite(seen).all()
    assert score(seen).shape == (4,)
    assert look("", [("", "")], words, background).shape == (1, len(FEATURES))


def test_a_long_statement_takes_time_in_proportion(judge):
    def seconds(times):
        began = time.process_time()
        judge("用户流失了很多，" * times, [1])
        return time.process_time() - began

    seconds(100)
    assert seconds(2000) < 60 * max(seconds(200), 0.02)


# --- through the library


@pytest.fixture
def ask(tmp_path):
    (tmp_path / "a.txt").write_text(
        "Jasper\nJasper lost users because large firms entered. It was sold in 2023.\n", encoding="utf-8"
    )

    def run(said):
        with Library(tmp_path / "index", embedder=HashedTerms(), writer=Scripted(said)) as library:
            library.add(tmp_path / "a.txt")
            return library.ask("why did Jasper lose users")

    return run


TRUE = "Jasper lost users because large firms entered."


@pytest.mark.parametrize(
    ("said", "answer", "statuses"),
    [
        (f"{TRUE} [1]", f"{TRUE} [1]", ["verified"]),
        (f"{TRUE} [2]", f"{TRUE} [1]", ["repaired"]),
        (f"{TRUE} [77]", f"{TRUE} [1]", ["repaired"]),
        (TRUE, f"{TRUE} [1]", ["repaired"]),
        (f"{TRUE} [1] It was sold in 2022. [2]", f"{TRUE} [1]", ["verified", "unsupported"]),
        ("Bees make honey.", "", ["unsupported"]),
        (NO_ANSWER["en"], "", ["unsupported"]),
        ("", "", []),
        ("[1] [2]", "", []),
        ("\n\n  \n", "", []),
        ("[" * 300, "", ["unsupported"]),
    ],
)
def test_whatever_a_model_writes_ends_in_a_verified_answer_or_a_refusal(ask, said, answer, statuses):
    given = ask(said)
    assert given.answer == answer
    assert [one.status for one in given.statements] == statuses
    assert given.refused == (not answer) and bool(given.reason) == given.refused
    assert all(citation.verified for citation in given.citations)
    assert all(bool(one.markers) == (one.status != "unsupported") for one in given.statements)


def test_the_json_names_the_statements(ask):
    record = json.loads(json.dumps(answer_record(ask(f"{TRUE} [1] It was sold in 2022. [2]"))))
    assert record["statements"] == [
        {"text": TRUE, "markers": [1], "status": "verified"},
        {"text": "It was sold in 2022.", "markers": [], "status": "unsupported"},
    ]


def test_no_model_is_asked_again(tmp_path):
    (tmp_path / "a.txt").write_text("Jasper\nJasper lost users because large firms entered.\n", encoding="utf-8")
    writer = Scripted("Bees make honey. [1]")
    with Library(tmp_path / "index", embedder=HashedTerms(), writer=writer) as library:
        library.add(tmp_path / "a.txt")
        assert library.ask("why did Jasper lose users").refused
    assert len(writer.asked) == 1


def test_the_built_in_writer_is_always_verified(seeded, questions):
    told = [seeded.ask(one["question"]) for one in questions if one["answerable"]]
    statuses = [statement.status for answer in told for statement in answer.statements]
    assert len(statuses) > 20 and set(statuses) == {"verified"}
    assert isinstance(seeded.writer, writers.Extract)


# --- the training rows


def test_statements_are_made_of_questions_and_falsified():
    assert stated("他哪年出生？", "1963年") == "他1963年出生"
    assert stated("他的故乡", "苏州") == "他的故乡：苏州"
    chance = random.Random(0)
    changed = {kind: text for text, kind in falsified("Acme has 12 shops", chance, ["Nokia"], ["other words here"])}
    assert set(changed) == {"number", "name", "denial", "word"}
    assert "12" not in changed["number"] and "Nokia" in changed["name"] and "has not" in changed["denial"]
