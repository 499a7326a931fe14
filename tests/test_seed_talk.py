"""Conversations about the articles in seeds/, asked in full: what each turn was taken for, and what it found."""

from pathlib import Path

import pytest
from conftest import ROOT
from seed_talk import CHINESE, ENGLISH, LATER_CHINESE, LATER_ENGLISH, STAYS, Said
from test_follow import missing

from rag.answer.follow import Turn, standalone
from rag.library import Library
from rag.script import fold
from rag.types import Answer

ALL = [*ENGLISH, *CHINESE, *LATER_ENGLISH, *LATER_CHINESE]
UNDERSTOOD = 94
"""Turns that are asked as they were meant; 50 of the first 65, and 19 of the later 29, on the day they were written."""
FOUND = 31
"""Turns with the words of the answer inside of a citation."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Said, Answer]]:
    """All turns but those that open a conversation, with their answers."""
    turns = []
    with Library(tmp_path_factory.mktemp("talk") / "index") as library:
        library.add(*sorted(Path(ROOT, "seeds").glob("*.txt")))
        for conversation in ALL:
            talk = library.chat()
            answers = [talk.ask(said.typed) for said in conversation]
            turns += [*zip(conversation, answers, strict=True)][1:]
    return turns


def test_each_turn_is_asked_as_it_was_meant(asked: list[tuple[Said, Answer]]) -> None:
    wrong = []
    for said, answer in asked:
        if said.words == STAYS:
            lacks = [] if answer.question == said.typed else ["it was to stay"]
        else:
            lacks = missing(answer.question, said.words, said.without)
        if lacks:
            wrong.append((said.typed, answer.question, lacks))
    assert len(asked) >= 60 and sum(said.words == STAYS for said, _ in asked) >= 20
    assert len(asked) - len(wrong) >= UNDERSTOOD, wrong


def test_what_was_asked_is_found(asked: list[tuple[Said, Answer]]) -> None:
    wanted = [(said, answer) for said, answer in asked if said.found]
    found = [any(fold(said.found) in fold(one.text) for one in answer.citations) for said, answer in wanted]
    assert sum(found) >= FOUND, [said.typed for (said, _), good in zip(wanted, found, strict=True) if not good]


@pytest.mark.parametrize(
    ("before", "follow", "whole"),
    [
        ("谁写的？", "what about flights?", "what about flights?"),
        ("这首歌是谁写的？", "what about flights?", "这首歌: what about flights?"),
        ("Jasper为什么衰落？", "and flights to Oslo?", "Jasper: what about flights to Oslo?"),
        ("Who founded Jasper?", "what about flights?", "Jasper: what about flights?"),
        ("How do I book flights?", "那酒店呢？", "flights，酒店呢？"),
        ("How long were Runway's clips?", "and Pika's?", "How long were Pika's clips?"),
        ("How much money did Lumo lose in 2021?", "why?", "Why did Lumo lose money in 2021?"),
        ("Who founded Lumo?", "why?", "Who founded Lumo, and why?"),
        ("Is ibuprofen safe?", "And aspirin?", "Is aspirin safe?"),
        ("Why did Lumo decline?", "And Brightfold's revenue in 2022?", "What about Brightfold's revenue in 2022?"),
        ("青禾为什么亏损？", "你觉得呢？", "你觉得呢？"),
        ("青禾为什么亏损？", "2023年呢？", "2023年青禾为什么亏损？"),
        ("青禾2022年亏了多少钱？", "2018年到2022年一共呢？", "青禾2018年到2022年亏了多少钱？"),
        ("青禾为什么亏损？", "Who is the founder of 360?", "Who is the founder of 360?"),
        ("Does the moon have an atmosphere?", "how big is it?", "how big is the moon?"),
    ],
)
def test_a_question_made_whole_reads_well(before: str, follow: str, whole: str) -> None:
    assert standalone(follow, [Turn(before)]) == whole


def test_a_person_is_found_behind_a_dirty_word() -> None:
    said = "公司创始(chuàng shǐ)人林若溪表示，资金将用于第二条生产线。[1]"
    assert standalone("他毕业于哪所大学？", [Turn("云岭机器人的创始人是谁？", said)]) == "林若溪毕业于哪所大学？"
