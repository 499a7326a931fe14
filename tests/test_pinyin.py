"""Names across scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rag import pinyin
from rag.library import Library

THERE = {"陈晓", "晓岚", "尘笑", "xiaolan", "women"}


def known(*words: str) -> Callable[[str], bool]:
    return lambda word: word not in words


def there(term: str) -> float:
    return float(term in THERE)


def test_words_are_cut_into_as_few_syllables_as_can_be() -> None:
    assert pinyin.cut("xian") == ("xian",) and pinyin.cut("shuangjiang") == ("shuang", "jiang")
    assert pinyin.cut("nvwa") == ("nv", "wa") and pinyin.cut("strong") == () and pinyin.cut("") == ()


def test_a_spelt_name_gives_the_pairs_of_characters_that_occur() -> None:
    rate = {"陈": 0.9, "晓": 0.8, "岚": 0.7}.get

    def found(question: str, *words: str) -> list[str]:
        return pinyin.characters_of(question, known(*words), there, lambda c: rate(c, 0.0))

    assert found("What did Chen Xiaolan find?") == ["陈晓", "晓岚"], "the chain alone: 尘笑 sounds alike too"
    assert found("What did Chen Xiaolan find?", "chen", "xiaolan") == ["陈晓", "晓岚"], "Chen is a surname"
    assert found("what did chen xiaolan find?") == [], "no capital, no name"
    assert found("Where is Xiaolan?", "xiaolan") == [] and found("Where is Xiaolan?") == ["晓岚"]
    assert found("Chen Xiaolan Chen Xiaolan") == [], "too long for one name"


def test_characters_are_spelt_as_words_that_occur_and_mean_nothing_else() -> None:
    assert pinyin.spelt("陳曉嵐找到了什麼", known("women"), there) == ["xiaolan"]
    assert pinyin.spelt("我们找到了什么", known("women"), there) == []
    assert pinyin.spelt("我", known(), there) == []


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("Who is Chen Yaqin?", "陳雅琴"),
        ("顧浩然是誰", "Gu Haoran"),
        ("Chen Weizhen", "陳偉珍"),
        ("顾建国", "Gu Jianguo"),
        ("Chen Weizhen是谁", "陳偉珍"),
    ],
)
def test_names_are_found_in_the_other_script(tmp_path: Path, question: str, right: str) -> None:
    for number, name in enumerate(("陳國棟", "陳雅琴", "陳曉嵐", "陳偉珍")):
        (tmp_path / f"{number}.txt").write_text(f"{name}在港口修了三十年的船。", encoding="utf-8")
    for number, name in enumerate(("Gu Yating", "Gu Jianguo", "Gu Haoran", "Gu Mingzhe")):
        (tmp_path / f"en{number}.txt").write_text(f"{name} has kept the clocks for ten years.", encoding="utf-8")
    with Library(tmp_path / "index") as library:
        library.add(*tmp_path.glob("*.txt"))
        assert right in library.search(question)[0].text
