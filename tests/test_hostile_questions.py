"""Questions and articles made to hurt: long ones, odd signs, names without end, commands to a terminal."""

import io
import time
from pathlib import Path

import numpy as np
import pytest

from rag import pinyin
from rag.answer.question import names
from rag.cli import render
from rag.errors import BadInput, ModelError
from rag.library import Library
from rag.library.finding import LONGEST
from rag.testing import HashedTerms

SIGNS = {"a.txt": "😀😀😀😀😀😀", "b.txt": "★★★★★★", "c.txt": "→→→→ ※※※", "d.txt": "★★★★★★"}


@pytest.fixture
def small(tmp_path: Path) -> Library:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "ferry.txt").write_text("渡口的鐘每天早上六點響一次。The ferry rings a bell.", encoding="utf-8")
    library = Library(tmp_path / "index")
    library.add(folder)
    return library


def test_a_word_without_end_is_no_name() -> None:
    assert pinyin.characters_of("A" + "a" * 9000, lambda _: True, lambda _: 1.0, lambda _: 1.0) == []
    many = " ".join(f"Ji Yishi{'x' * (n % 3)}, said" for n in range(400))
    found = pinyin.characters_of(many, lambda _: True, lambda _: 1.0, lambda _: 1.0)
    assert 0 < len(found) <= 3 * pinyin.NAMES * pinyin.NAMES


def growth(work: object, short: int) -> float:
    """How much more time a text of eight times the length takes, the best of three."""
    best = []
    for size in (short, 8 * short):
        taken = []
        for _ in range(3):
            began = time.process_time()
            work(size)  # type: ignore[operator]
            taken.append(time.process_time() - began)
        best.append(min(taken))
    return best[1] / best[0]


def test_names_of_a_long_question_take_time_in_step_with_it() -> None:
    assert growth(lambda size: names("中 " + " ".join(f"Wx{n:05d}y" for n in range(size))), 1500) < 24


def test_too_much_is_refused_and_half_a_sign_is_not(small: Library) -> None:
    with pytest.raises(BadInput, match="10001 characters"):
        small.search("a" * (LONGEST + 1))
    with pytest.raises(BadInput, match="empty"):
        small.ask(" \n")
    assert small.search("bell \ud83d") and small.ask("\ud83d the bell").question


def test_articles_of_signs_are_told_apart(tmp_path: Path) -> None:
    for name, text in SIGNS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with Library(tmp_path / "index", embedder=HashedTerms()) as library:
        library.add(*tmp_path.glob("*.txt"))
        hits = library.search("★", mode="dense")
    assert {hit.text for hit in hits} == set(SIGNS.values()) and len(hits) == 3


def test_a_refusal_is_in_the_script_of_the_question(small: Library) -> None:
    assert "說" in small.ask("為什麼這家公司會虧損這麼多錢").reason
    assert "说" in small.ask("为什么这家公司会亏损这么多钱").reason


class Nonsense:
    """A reranker that knows nothing."""

    name = "nonsense"

    def scores(self, question: str, texts: list[str]) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        return np.full(len(texts), np.nan, dtype=np.float32)


def test_a_reranker_that_gives_no_numbers_is_an_error_in_every_thread(small: Library) -> None:
    library = Library(small.path, reranker=Nonsense())
    for one in (library, library.another()):
        with pytest.raises(ModelError, match="not finite"):
            one.ask("why does the bell ring")


def test_an_article_does_not_command_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "x\x1b[31my.txt"
    plain = "".join(f"The harbour had {n} ships and a long quiet winter.\n\n" for n in range(60))
    told_off = "Lumo lost \x1b]0;PWNED\x07 its users because \x1b[2J prices rose."
    evil.write_text(f"Lumo\n\n{told_off}\n\n{plain}", encoding="utf-8")
    with Library(tmp_path / "index") as library:
        library.add(evil)
        hits, answer = library.search("why did Lumo lose its users"), library.ask("why did Lumo lose its users")
        pages = library.pages(str(evil))
    told = io.StringIO()
    monkeypatch.setattr("sys.stdout", told)
    render.hits("q", hits, {}, explain=True)
    render.answer(answer, {})
    for page in pages:
        render.page(*page, None, cleaned=False, changes=False)
        render.page(*page, None, cleaned=False, changes=True)
    shown = told.getvalue()
    assert "PWNED" in shown and "\\x1b" in shown
    assert not any(sign in shown for sign in "\x1b\x07\x9b")
