"""Filters restrict the search itself: what they let through is found however far behind the rest it is."""

import json
import re
from pathlib import Path

import pytest
from test_cli import rag

from rag.errors import BadInput
from rag.index import Filters
from rag.library import Library
from rag.testing import HashedTerms

URLS = ["https://www.news.example/a", "https://m.News.example/b", "https://othernews.example/c", ""]


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """400 articles about one thing; the last four are worse matches, in folders and on sites of their own."""
    monkeypatch.chdir(tmp_path)
    rows = [{"_id": f"n{number}", "text": f"大桥通车{number}次。大桥，大桥！"} for number in range(400)]
    rows += [{"_id": f"u{n}", "text": f"天气第{n}天。也提到大桥。", "url": url} for n, url in enumerate(URLS)]
    for name, part in (("old/a.jsonl", rows[:400]), ("new/2024/b.jsonl", rows[400:402]), ("new/c.jsonl", rows[402:])):
        file = Path("articles") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in part), encoding="utf-8")
    library = Library("index", embedder=HashedTerms())
    library.add("articles")
    return library


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_filters_are_inside_the_search(many: Library, mode: str) -> None:
    def found(**filters: str) -> set[str]:
        return {hit.doc_id for hit in many.search("大桥通车", 10, mode=mode, **filters)}  # type: ignore[arg-type]

    assert not found() & {"u0", "u1", "u2", "u3"}, "without a filter they are behind the others"
    assert found(site="news.example") == {"u0", "u1"}
    assert found(site="WWW.news.example") == {"u0", "u1"}
    assert found(site="m.news.example") == {"u1"}
    assert found(site="example") == {"u0", "u1", "u2"}
    assert found(under="articles/new") == {"u0", "u1", "u2", "u3"}
    assert found(under="articles/new/") == found(under="./articles/new") == found(under="articles/new")
    assert found(under="articles/new/c.jsonl") == found(under="*/c.json?") == {"u2", "u3"}
    assert found(under="articles/ne") == found(under="new") == found(site="ews.example") == set()
    assert found(under="articles/new/c.jsonl", site="othernews.example") == {"u2"}
    assert found(under=".") == found()


def test_asking_knows_the_filters(many: Library) -> None:
    answer = many.ask("大桥通车", site="othernews.example")
    assert {hit.doc_id for hit in answer.hits} == {"u2"}
    assert {hit.doc_id for hit in many.ask("大桥通车", under="articles/new/2024").hits} == {"u0", "u1"}


def test_what_is_wrong_with_a_filter_is_said() -> None:
    with pytest.raises(BadInput, match="not a date"):
        Filters(since="yesterday")
    assert not Filters() and Filters(until="2024")


def test_the_command_line_has_them(many: Library, tmp_path: Path) -> None:
    many.close()
    same = [json.dumps({"_id": f"r{n}", "text": "The bell by the ferry rings at six. It wakes us."}) for n in range(5)]
    (tmp_path / "articles" / "reposts.jsonl").write_text("\n".join(same), encoding="utf-8")
    with Library("built", embedder="builtin") as library:
        library.add("articles")
    words = ("search", "大桥通车", "--index", "built", "--json")
    done = rag(*words, "--in", "articles/new", "--site", "news.example", "--mmr", "0.5", cwd=tmp_path)
    assert {hit["doc_id"] for hit in json.loads(done.stdout)["hits"]} == {"u0", "u1"}, done.stderr
    shown = rag("search", "ferry bell", "--index", "built", "-k", "1", cwd=tmp_path).stdout
    assert re.search(r"also in \S+:2, \S+:3, \S+:4 and 1 more\n", shown)
    wrong = rag(*words, "--mmr", "2", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "") and "mmr = 2.0 is out of range" in wrong.stderr
    asked = rag("ask", "大桥通车", "--index", "built", "--site", "othernews.example", "--json", cwd=tmp_path)
    assert {hit["doc_id"] for hit in json.loads(asked.stdout)["hits"]} == {"u2"}
