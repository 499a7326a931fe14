"""An answer in the script of its question, over citations in the script of their author."""

from pathlib import Path

import pytest

from rag.display import in_script_of
from rag.library import Library

ARTICLE = "渡口的鐘\n渡口的鐘每天早上六點響一次。船夫說，鐘聲是為了告訴對岸的人，船要開了。"


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("渡口的钟声是为了什么？", "船夫说，钟声是为了告诉对岸的人，船要开了。"),
        ("渡口的鐘聲是為了什麼？", "船夫說，鐘聲是為了告訴對岸的人，船要開了。"),
    ],
)
def test_the_answer_is_in_the_script_of_the_question(tmp_path: Path, question: str, shown: str) -> None:
    file = tmp_path / "ferry.txt"
    file.write_text(ARTICLE, encoding="utf-8")
    with Library(tmp_path / "index") as library:
        library.add(file)
        answer = library.ask(question)
    assert shown in answer.answer
    told = next(one for one in answer.citations if "船夫" in one.text)
    assert told.text == "船夫說，鐘聲是為了告訴對岸的人，船要開了。" and told.verified
    assert ARTICLE[told.start : told.end] == told.quote


def test_signs_of_both_scripts_do_not_hide_a_line_of_the_other() -> None:
    assert (
        in_script_of("台湾高铁最高时速是多少", "最高時速三百公里。[2]\n它很快。") == "最高时速三百公里。[2]\n它很快。"
    )
    assert in_script_of("那么为什么会出现", "那么,時代为什么變了？") == "那么,时代为什么变了？"
    assert in_script_of("why", "最高時速") == "最高時速"


def test_an_article_that_changed_is_not_passed_over_for_the_next_best(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("张三的生日是五月三日。", encoding="utf-8")
    second.write_text("李四喜欢下围棋，也喜欢喝茶。", encoding="utf-8")
    with Library(tmp_path / "index") as library:
        library.add(first, second)
        assert "五月三日" in library.ask("张三的生日是哪天").answer
        first.write_text("张三的生日是六月九日。", encoding="utf-8")
        answer = library.ask("张三的生日是哪天")
        assert answer.refused and "a.txt" in answer.reason and "index again" in answer.reason
        assert library.ask("张三的生日是哪天", site="example.com").reason == "没有符合筛选条件的文章。"
