"""An answer in the script of its question, over citations in the script of their author."""

from pathlib import Path

import pytest

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
