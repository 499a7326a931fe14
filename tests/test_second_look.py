"""What is noted of a passage when it is indexed, for the second look: the same as looking at its text."""

from pathlib import Path

import numpy as np
import pytest
from referee import nearest

from rag.diverse import distinct, spread
from rag.index import embedding_text
from rag.index.rows import look, packed_look
from rag.index.sketch import Sketch
from rag.index.store import Store
from rag.index.vectors import FlatVectors
from rag.late import Look, covered, looked, parts_of, prepare
from rag.library import Library
from rag.rank import FEATURES, parameters
from rag.script import language
from rag.testing import HashedTerms
from rag.types import Hit

FERRY = "渡口的鐘每天早上六點響一次。船夫說，鐘聲是為了告訴對岸的人船要開了。后来大桥通车，渡口就关了。"
STORIES = {
    "ferry.txt": f"渡口的鐘\n{FERRY}\n鐘被送到了鎮上的博物館。",
    "repost.txt": f"渡口的鐘\n{FERRY}\n鐘被送到了鎮上的博物館！",
    "bakery.txt": "The bakery closes\nThe bakery on Mill Street closes after 40 years. Its owner blames rents.",
    "bridge.txt": "大桥通车\n大桥在2019年3月通车，花了12亿元。The bridge replaced a ferry that ran for 90 years!",
    "endless.txt": "没有句号的文章\n" + "他说了又说从早上说到晚上谁也没有听懂他到底想说什么因为他自己也不知道" * 44,
    "korean.txt": "이 글은 다른 문자로 쓰여 있다.",
    "thai.txt": "ข้อความนี้เขียนด้วยอักษรอื่น",
}
QUESTIONS = ("渡口为什么关了", "why did the bakery close", "when was the bridge opened", "大桥花了多少钱", "?!")


@pytest.fixture(params=["builtin", "hashed"])
def stories(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    folder = tmp_path / "stories"
    folder.mkdir()
    for name, text in STORIES.items():
        (folder / name).write_text(text, encoding="utf-8")
    library = Library(tmp_path / "index", embedder="builtin" if request.param == "builtin" else HashedTerms())
    library.add(folder)
    return library


def summary(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.passage_id, round(hit.score, 3)) for hit in hits]


def test_what_is_stored_gives_the_hits_that_the_texts_give(stories: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for question in QUESTIONS:
        quick = stories.search(question)
        assert len(quick) > 4
        asked = prepare(question, stories.words, stories.background)
        for hit in quick:  # the plain way: each word of each part with each word of the question
            near = nearest(asked, stories.words.word_vectors(parts_of(hit.title, hit.text, hit.sentences)))
            whole = covered(asked, near.max(axis=0, keepdims=True))[0]
            assert hit.found_by["words"].score == pytest.approx(whole, abs=1e-5)
            alone = covered(asked, np.maximum(near[1:], near[0])).max()
            weights = dict(zip(FEATURES, parameters().tolist(), strict=True))
            other = weights["other_alone"] * (language(hit.text) != language(question))
            assert hit.why.get("alone", 0.0) == pytest.approx((weights["alone"] + other) * alone, abs=1e-3)
            assert sum(hit.why.values()) == pytest.approx(hit.score, abs=1e-2)
        with monkeypatch.context() as without:
            without.setattr(Store, "looks", lambda *_: {})
            assert summary(stories.search(question)) == summary(quick)


def test_all_passages_have_a_look_and_another_model_sees_none(stories: Library) -> None:
    keys = range(1, 1 + stories.index.truth.counts()[2])
    assert len(stories.index.truth.looks(keys, stories.words.fingerprint)) == len(keys)
    assert stories.index.truth.looks(keys, "another") == {}


def test_vectors_are_those_of_the_whole_texts(stories: Library) -> None:
    kept = list(stories.index.truth.each_passage(stories.index.dimensions))
    assert len(kept) > len(STORIES), "the endless sentence is several passages"
    whole = stories.embedder.embed_passages([embedding_text(title, text) for _, title, text, _ in kept])
    np.testing.assert_allclose(np.stack([row[3] for row in kept]), whole, atol=1e-3)


def test_a_look_is_packed_and_a_damaged_one_is_none() -> None:
    model = HashedTerms()
    for pieces in ([1, 2, 65535], [1, 2, 65536], []):
        made = Look(np.array(pieces, dtype=np.int64), np.array([1, max(len(pieces) - 1, 0)]), "zh")
        packed = packed_look(made, "model")
        found = look(packed, "model")
        assert found and found.language == "zh"
        assert (found.pieces.tolist(), found.counts.tolist()) == (pieces, made.counts.tolist())
        assert look(packed, "other model") is None and look(packed[:7], "model") is None and look(b"", "model") is None
        for at in range(len(packed)):
            assert look(packed[:at] + bytes([packed[at] ^ 4]) + packed[at + 1 :], "model") is None
    (one,) = looked(["a b. c d."], [["title", "a b.", "c d."]], model)
    assert one.counts.tolist() == [1, 2, 2] and one.language == "en" and len(one.of_text) == 4


def test_the_same_text_is_one_hit_that_says_where_else_it_is(stories: Library) -> None:
    for mode in ("hybrid", "dense", "lexical"):
        hits = stories.search("渡口的鐘", mode=mode)  # type: ignore[arg-type]
        told = {(hit.doc_id, *hit.also) for hit in hits if hit.also}
        assert len(told) == 1 and len(told.pop()) == 2, mode
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        first = stories.search("渡口的鐘", 1, mode=mode)  # type: ignore[arg-type]
        assert len(first) == 1 and len(first[0].also) == 1, "a repost that ranks behind the last hit is named too"


def test_texts_of_unknown_pieces_are_not_the_same_text() -> None:
    texts = (STORIES["korean.txt"], STORIES["thai.txt"], STORIES["thai.txt"])
    nothing = Look(np.zeros(0, dtype=np.int64), np.array([0, 0]), "en")
    assert distinct([nothing] * 3, texts.__getitem__, 10) == [[0], [1, 2]]
    assert distinct([nothing] * 3, texts.__getitem__, 1) == [[0]]


def test_spread_prefers_what_is_unlike(stories: Library) -> None:
    vectors = np.array([[1, 0], [0.99, 0.141], [0, 1]], dtype=np.float32)
    assert spread([3, 2.9, 1], vectors, 1) == [0, 1, 2]
    assert spread([3, 2.9, 1], vectors, 0.5) == [0, 2, 1]
    assert spread([], vectors[:0], 0.5) == []
    plain = stories.search("大桥通车渡口关了", mmr=1)
    other = stories.search("大桥通车渡口关了", mmr=0.2)
    assert [hit.passage_id for hit in plain] != [hit.passage_id for hit in other]
    assert plain[0].passage_id == other[0].passage_id


def test_a_sketch_lets_the_nearest_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.vectors.LARGE", 2000)
    monkeypatch.setattr("rag.index.sketch.LEAST", 200)
    chance = np.random.default_rng(3)
    vectors = chance.standard_normal((3000, 60)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.arange(3000) * 3 + 1
    store = FlatVectors(60)
    for first in range(0, 3000, 700):
        store.add(ids[first : first + 700], vectors[first : first + 700])
    assert [path.name for path in store.save(tmp_path / "v.faiss")] == ["v.faiss", "v.sketch"]
    store.remove(ids[:5].tolist())
    (left,) = store.search(vectors[:1], 1)[1]
    assert left[0] not in ids[:5]
    seen = []
    monkeypatch.setattr(Sketch, "search", lambda self, *rest: seen.append(1) or search(self, *rest))
    again = FlatVectors.load(tmp_path / "v.faiss", 60)
    for asked in chance.standard_normal((20, 60)).astype(np.float32):
        scores, found = again.search(asked[None], 10)
        exact = vectors.astype(np.float16).astype(np.float32) @ asked
        best = np.argsort(-exact, kind="stable")[:10]
        assert found[0].tolist() == ids[best].tolist()
        np.testing.assert_allclose(scores[0], exact[best], rtol=1e-4)
        order = np.argsort(-exact, kind="stable")
        for few in (4096, 10):  # compared one by one; looked for among the nearest of all, or passed over where few are
            monkeypatch.setattr("rag.index.vectors._FEW", few)
            for step in (2, 50):
                some = again.search(asked[None], 10, among=ids[::step])[1][0]
                assert some.tolist() == ids[order[order % step == 0][:10]].tolist()
    assert len(seen) == 2 * 20, "for all of them, and where half is allowed"


search = Sketch.search
