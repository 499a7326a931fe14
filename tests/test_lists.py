"""Very many vectors: the sketch in lists, shrunk here to some thousands."""

from pathlib import Path

import numpy as np
import pytest

from rag.index.lists import RECALL, Lists
from rag.index.vectors import FlatVectors
from rag.protocols import Floats

MANY = 6000


def clustered(count: int, seed: int = 0) -> Floats:
    """Unit vectors around two hundred middles, as articles lie around their topics."""
    chance = np.random.default_rng(seed)
    middles = np.random.default_rng(7).standard_normal((200, 64))
    made = middles[chance.integers(0, 200, count)] + 0.7 * chance.standard_normal((count, 64))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made.astype(np.float16).astype(np.float32)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.vectors.LARGE", 1500)
    monkeypatch.setattr("rag.index.vectors.VERY_LARGE", 5000)
    monkeypatch.setattr("rag.index.vectors._FEW", 50)
    monkeypatch.setattr("rag.index.vectors.LEAST", 200)


@pytest.fixture
def store(small: None) -> FlatVectors:
    made = FlatVectors(64)
    vectors = clustered(MANY)
    for first in range(0, MANY, 1000):
        made.add(np.arange(first, first + 1000) + 1, vectors[first : first + 1000])
    return made


def shared(store: FlatVectors, vectors: Floats, alive: Floats, ids: Floats) -> float:
    """Recall@10 over questions near the vectors."""
    questions = clustered(50, seed=3)
    found = store.search(questions, 10)[1]
    nearest = ids[np.argsort(-(questions @ alive.T), axis=1)[:, :10]]
    return float(np.mean([np.isin(own, right).mean() for own, right in zip(found, nearest, strict=True)]))


def test_few_lists_are_looked_at_and_enough_is_found(store: FlatVectors) -> None:
    assert isinstance(store._sketch, Lists)
    index = store._sketch.index
    assert index.nlist == Lists.number(5000) == 128
    assert index.nprobe < index.nlist
    vectors = clustered(MANY)
    assert shared(store, vectors, vectors, np.arange(MANY) + 1) >= RECALL - 0.03
    question = clustered(1, seed=9)
    scores, ids = store.search(question, 5)
    assert scores[0] == pytest.approx((question @ vectors[ids[0] - 1].T)[0], abs=1e-6)


def test_what_is_read_back_is_mapped_and_can_be_changed(store: FlatVectors, tmp_path: Path) -> None:
    files = store.save(tmp_path / "v.faiss")
    assert files == FlatVectors.files(tmp_path / "v.faiss")
    assert len(files) == 2
    before = files[0].read_bytes()
    read = FlatVectors.load(tmp_path / "v.faiss", 64)
    assert isinstance(read._sketch, Lists)
    assert read._sketch.index.nprobe == store._sketch.index.nprobe
    question = clustered(3, seed=5)
    assert np.array_equal(read.search(question, 10)[1], store.search(question, 10)[1])
    read.add(np.array([99_999]), question[:1])
    read.remove([1, 2])
    assert read.search(question[:1], 1)[1].tolist() == [[99_999]]
    assert len(read) == MANY - 1
    assert files[0].read_bytes() == before


def test_what_is_removed_is_not_found_and_nothing_is_made_again(store: FlatVectors) -> None:
    vectors, lists = clustered(MANY), store._sketch
    store.remove(range(1, 2001))
    assert store._sketch is lists
    assert lists.index.ntotal == len(store) == 4000
    ids = np.arange(2000, MANY) + 1
    assert shared(store, vectors, vectors[2000:], ids) >= RECALL - 0.05
    assert store.search(clustered(50, seed=3), 10)[1].min() > 2000


def test_a_filter_is_inside_the_search(store: FlatVectors) -> None:
    vectors, question = clustered(MANY), clustered(20, seed=4)
    among = np.arange(3, MANY, 7, dtype=np.int64)
    found = store.search(question, 10, among)[1]
    nearest = among[np.argsort(-(question @ vectors[among - 1].T), axis=1)[:, :10]]
    assert np.isin(found, among).all()
    assert np.mean([np.isin(a, b).mean() for a, b in zip(found, nearest, strict=True)]) >= 0.99


def test_the_choice_is_explained_with_its_reason(store: FlatVectors, small: None) -> None:
    vectors = clustered(MANY)
    said = {}
    for count in (100, 2000):
        other = FlatVectors(64)
        other.add(np.arange(count), vectors[:count])
        said[count] = other.described()
    assert said[100] == "100 vectors, 0 MB of float16; all are compared, for they are fewer than 1,500"
    assert "from 1,500 on a sketch of 2 bits" in said[2000]
    assert f"{store._sketch.index.nprobe} of 128 looked at: recall@10" in store.described()
    assert float(store.described().split("recall@10 ")[1].split()[0]) >= RECALL - 0.03


def test_lists_are_learned_anew_when_they_have_become_long(store: FlatVectors) -> None:
    old = store._sketch
    more = clustered(28_000, seed=11)
    store.add(np.arange(28_000) + 100_000, more)
    assert store._sketch is not old
    assert store._sketch.index.ntotal == len(store) == MANY + 28_000


@pytest.mark.parametrize("mapped", [False, True])
def test_a_copy_is_changed_alone(store: FlatVectors, tmp_path: Path, mapped: bool) -> None:
    if mapped:
        store.save(tmp_path / "v.faiss")
        store = FlatVectors.load(tmp_path / "v.faiss", 64)
    question = clustered(1, seed=5)
    before = store.search(question, 10)[1]
    other = store.copy()
    assert isinstance(other._sketch, Lists)
    assert other._sketch.index.nprobe == store._sketch.index.nprobe
    assert np.array_equal(other.search(question, 10)[1], before)
    other.add(np.array([99_999]), question)
    other.remove(before[0].tolist())
    assert other.search(question, 1)[1].tolist() == [[99_999]]
    assert (len(store), len(other)) == (MANY, MANY - 9)
    assert np.array_equal(store.search(question, 10)[1], before)
