"""Follow-up questions: made whole from the conversation, and questions that are whole already left alone."""

import re

import pytest
from follow_cases import BEFORE, FOLLOWING, KNOWN_TO_CHANGE, KNOWN_TO_FAIL, STANDING
from growth import assert_linear

from rag.answer.follow import Turn, standalone
from rag.script import fold


def missing(whole: str, words: str, without: str) -> list[str]:
    """What `whole` lacks of `words`, and has of `without`, each a list of words; Latin ones as whole words."""

    def holds(word: str) -> bool:
        own = re.escape(fold(word))
        return bool(re.search(rf"(?<![a-z]){own}(?![a-z])" if word.isascii() else own, fold(whole)))

    return [word for word in words.split() if not holds(word)] + [
        f"no {word}" for word in without.split() if holds(word)
    ]


def test_there_are_enough_cases() -> None:
    assert len(FOLLOWING) >= 60 and len(STANDING) >= 40
    assert len({(before, follow) for before, _, follow, *_ in FOLLOWING}) == len(FOLLOWING)


@pytest.mark.parametrize(("before", "answer", "follow", "words", "without"), FOLLOWING)
def test_a_follow_up_is_made_whole(before: str, answer: str, follow: str, words: str, without: str) -> None:
    whole = standalone(follow, [Turn(before, answer)])
    assert not missing(whole, words, without), whole
    assert standalone(whole, [Turn(before, answer)]) == whole, "a whole question stays"


@pytest.mark.parametrize("question", STANDING)
@pytest.mark.parametrize(("before", "answer"), BEFORE)
def test_a_whole_question_stays(question: str, before: str, answer: str) -> None:
    assert standalone(question, [Turn(before, answer)]) == question


@pytest.mark.xfail(raises=AssertionError)
@pytest.mark.parametrize(("before", "answer", "follow", "words", "without"), KNOWN_TO_FAIL)
def test_a_follow_up_known_to_fail(before: str, answer: str, follow: str, words: str, without: str) -> None:
    assert not missing(standalone(follow, [Turn(before, answer)]), words, without)


@pytest.mark.xfail(raises=AssertionError)
@pytest.mark.parametrize("question", KNOWN_TO_CHANGE)
def test_a_whole_question_known_to_change(question: str) -> None:
    assert all(standalone(question, [Turn(*before)]) == question for before in BEFORE)


def test_what_cannot_be_a_follow_up_stays() -> None:
    talk = [Turn("Why did Lumo decline?")]
    assert standalone("why?", []) == "why?", "nothing was said before"
    assert standalone("why?", [Turn("Hello!")]) == "why?" and standalone("  ", talk) == "  "
    assert standalone("why?", [*talk, Turn("谢谢")]) == "Why did Lumo decline?", "thanks name nothing"
    long = "why did it decline? " * 20
    assert standalone(long, talk) == long


def test_an_article_is_called_by_its_title() -> None:
    talk = [Turn("Why did Lumo decline?", "It did. [1]", ("The fall of Lumo",))]
    assert standalone("Who wrote this article?", talk) == "Who wrote “The fall of Lumo”?"
    assert standalone("这篇文章的作者是谁？", talk) == "《The fall of Lumo》的作者是谁？"


@pytest.mark.parametrize("bit", ["商", "it is ", "A B ", "《", "2023", "是it ", " ", "of the ", "他"])
def test_the_cost_grows_with_the_length_of_what_was_said(bit: str) -> None:
    def work(text: str) -> None:
        for follow in ("why?", "and in 2023?", "他们呢"):
            standalone(follow, [Turn(f"谁是 Lumo {text}", text)])

    assert_linear(work, bit * 300, bit * 3000)
