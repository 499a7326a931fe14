"""Lexical search: scores by the caller's weights, quick where terms are frequent, inside of filters."""

from pathlib import Path

import numpy as np
import pytest

from rag.index.terms import _CHOOSING, TermIndex, _heaviest, local_idf


def test_terms_score_by_the_callers_weights(tmp_path: Path) -> None:
    index = TermIndex(tmp_path / "t")
    index.change([(1, "商湯 亏损 亏损"), (2, "亏损"), (3, "天气")], ())
    assert index.frequency("商") == 1 and index.frequency("亏损") == 2
    (first, high), (second, low) = index.search({"亏损": 1.0}, 5)
    assert {first, second} == {1, 2} and 2.2 > high >= low > 0
    assert index.search({"商": 5.0, "亏损": 0.1}, 5)[0][0] == 1
    assert index.search({"天": 1.0}, 5, among=np.array([1, 2])) == []
    doubled = index.search({"亏损": 2.0}, 5)
    assert doubled[0][1] == pytest.approx(2 * high, rel=1e-5)
    index.change([], [1])
    assert [key for key, _ in index.search({"亏损": 1.0}, 5)] == [2]
    assert local_idf(10, 2) == pytest.approx(1.4816, abs=1e-4)  # ln(1 + 8.5 / 2.5)


@pytest.fixture(scope="module")
def many() -> tuple[TermIndex, dict[str, float]]:
    """Passages of words as frequent as those of a language, and the weights of ten of them."""
    chance = np.random.default_rng(5)
    frequent = 1 / np.arange(1, 61) ** 0.7
    words = chance.choice(60, (3000, 12), p=frequent / frequent.sum())
    index = TermIndex.empty(None)
    index.change(((key, " ".join(f"w{word}" for word in own)) for key, own in enumerate(words.tolist(), 1)), ())
    return index, {f"w{word}": local_idf(len(index), index.frequency(f"w{word}")) for word in range(0, 60, 6)}


def chosen(index: TermIndex, weights: dict[str, float], k: int, step: int) -> list[tuple[int, float]]:
    """What is to be found: the heaviest terms choose `k` of every `step`-th passage, all terms order them."""
    every = dict(index.search(weights, 3000))
    heavy = [key for key, _ in index.search(_heaviest(weights, _CHOOSING), 3000) if (key - 1) % step == 0]
    heavy = heavy if len(heavy) >= k else [key for key in every if (key - 1) % step == 0]
    return sorted(((key, every[key]) for key in heavy[:k]), key=lambda one: -one[1])


def test_where_terms_occur_often_the_heaviest_choose(
    many: tuple[TermIndex, dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, weights = many
    wanted, best = chosen(index, weights, 200, 1), [score for _, score in index.search(weights, 10)]
    monkeypatch.setattr("rag.index.terms._WALKED", 0)
    found = index.search(weights, 200)
    assert [score for _, score in found] == pytest.approx([score for _, score in wanted], rel=1e-5)
    assert [score for _, score in found[:3]] == pytest.approx(best[:3], rel=1e-5)
    rare = index.search({"w59": 50.0, "w0": 1.0}, 3000)
    assert {key for key, _ in rare} > {key for key, _ in index.search({"w59": 1.0}, 3000)}, "there is room for others"
    assert len(index.search({"w0": 1.0}, 5)) == 5 and not index.search({"unheard": 1.0}, 5)


@pytest.mark.parametrize("often", [0, 10**9])
@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_filter_keeps_the_best_that_it_allows(
    many: tuple[TermIndex, dict[str, float]], monkeypatch: pytest.MonkeyPatch, step: int, often: int
) -> None:
    index, weights = many
    among = np.arange(1, 3001, step)
    for k in (5, 60):
        monkeypatch.undo()
        wanted = chosen(index, weights, k, step)
        if often or len(among) <= 100:  # few are looked up one by one
            wanted = [one for one in index.search(weights, 3000) if (one[0] - 1) % step == 0][:k]
        monkeypatch.setattr("rag.index.terms._WALKED", often)
        monkeypatch.setattr("rag.index.terms._SOME", 100)
        found = index.search(weights, k, among)
        assert all((key - 1) % step == 0 for key, _ in found)
        assert [score for _, score in found] == pytest.approx([score for _, score in wanted], rel=1e-4)
