"""The recipe of the built-in model, on made-up data."""

import gzip
import json
import random
from collections import Counter

import numpy as np
import pytest
from tokenizers import Tokenizer

from rag.background import Background
from rag.script import fold
from rag.train import background, encoded, score, vocabulary
from rag.train.charsmap import normalizer
from rag.train.pairs import CAPS, Pair, held_out, parallel, windows

WORDS = [("cat", "猫"), ("dog", "狗"), ("river", "河流"), ("money", "金钱"), ("law", "法律"), ("music", "音乐")]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as f:
        f.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def row(a, b, lb="zh-Hans", kind="prose", **more):
    return {"a": a, "b": b, "la": "en", "lb": lb, "kind": kind, **more}


@pytest.fixture(scope="module")
def small_tokenizer():
    vocab = [(vocabulary.UNKNOWN, 0.0), *((w, -5.0) for pair in WORDS for w in pair), ("the", -2.0)]
    vocab += [(c, -14.0) for c in "abcdefghijklmnopqrstuvwxyz"]
    return vocabulary.tokenizer(vocab, vocabulary.fold_table())


@pytest.mark.parametrize(
    "table",
    [
        {"a": "b"},
        {"a": "b", "ab": "c"},
        {"著": "着", "著作": "x", "藝": "艺"},
        dict(zip("天地玄黃", "ABCD", strict=True)),
    ],
)
def test_charsmap_replaces_exactly_its_keys(table):
    normalise = normalizer(table).normalize_str
    for old, new in table.items():
        if not any(old != other and old.startswith(other) for other in table):  # the shortest key wins
            assert normalise(f"·{old}·") == f"·{new}·"
    assert normalise("zxy未在表中") == "zxy未在表中"


def test_charsmap_of_the_whole_table_folds():
    table = vocabulary.fold_table()
    normalise = normalizer(table).normalize_str
    assert [c for c in table if normalise(c) != fold(c)] == []
    everything = "".join(map(chr, range(0x4E00, 0xA000)))
    assert normalise(everything) == fold(everything)


def test_words_and_characters_are_counted_folded():
    pytest.importorskip("jieba", reason="jieba is not installed")
    words, characters = vocabulary.count_words(["中國的 Law, LAW 2023", "中国"])
    assert (words["中国"], words["law"], words["2023"], characters["国"]) == (2, 2, 1, 2)


def test_a_known_word_is_one_piece_and_an_unknown_one_falls_back():
    words = Counter({"中国": 50, "法律": 20, "law": 30, "lawyers": 9, "中": 5, "unseenwords": 1, "seenword": 2})
    vocab = vocabulary.pieces(words, Counter("中国法律中国法律中国法律"), han=10, latin=2, runs=30)
    made = vocabulary.tokenizer(vocab, vocabulary.fold_table())

    def cut(text):
        return made.encode(text, add_special_tokens=False).tokens

    assert cut("中國法律, Law of LAWYERS!")[:3] == ["中国", "法律", "law"]
    assert cut("lawyers") == ["lawyers"]
    assert cut("国法") == ["国", "法"]
    assert "".join(cut("seenwords")) == "seenwords" and len(cut("seenwords")) < 9
    assert cut("龘") == ["龘"] and made.encode("龘").ids == [0]
    assert vocab[0] == (vocabulary.UNKNOWN, 0.0)
    assert len({piece for piece, _ in vocab}) == len(vocab)


def test_scripts_and_digits_are_cut_apart(small_tokenizer):
    cuts = small_tokenizer.pre_tokenizer.pre_tokenize_str("ai技术2023年，foo_bar don't 〇")
    assert [piece for piece, _ in cuts] == ["ai", "技术", "2023", "年", "foo", "bar", "don", "t", "〇"]


def test_sif_by_hand():
    ids = np.array([1] * 999 + [2], dtype=np.int32)
    assert vocabulary.sif(ids, 4, a=0.001).tolist() == pytest.approx([1, 0.001 / 1.0, 0.5, 1])


def test_parallel_drops_other_languages_doubles_and_what_is_held_out(tmp_path):
    aside = next(str(n) for n in range(1000) if held_out(str(n)))
    kept = next(str(n) for n in range(1000) if not held_out(str(n)))
    path = tmp_path / "x.jsonl.gz"
    write(
        path,
        [
            row("The law", "法律", kind="dict"),
            row("the law", "法律", lb="zh-Hant"),
            row("Das Recht", "das Recht", lb="de"),
            row("Music", "音樂", lb="zh-Hant", id=f"{kept}#0.0"),
            row("Dog", "狗", id=f"{aside}#0.0"),
        ],
    )
    found = list(parallel(path, "x", random.Random(0)))
    assert [(p.a, p.b) for p in found] == [("The law", "法律"), ("Music", "音樂")]
    assert found[0].weight < found[1].weight == 1


def test_bible_is_capped(tmp_path, monkeypatch):
    monkeypatch.setitem(CAPS, "bible", 2)
    write(tmp_path / "bible.jsonl.gz", [row(f"verse {n}", f"第{n}节", kind="bible") for n in range(9)])
    assert len(list(parallel(tmp_path / "bible.jsonl.gz", "bible", random.Random(0)))) == 2


def test_windows_pair_a_sentence_with_its_own_paragraph():
    sentences = [(f"Sentence {n}.", f"第{n}句。") for n in range(7)]
    found = list(windows(sentences, "x", random.Random(1), size=3))
    assert {p.a for p in found} == {s for pair in sentences[:6] for s in pair} & {p.a for p in found}
    assert "Sentence 6." not in {p.a for p in found}  # alone, so without a paragraph
    for a, b, _, _ in found:
        number = int(next(c for c in a if c.isdigit()))
        inside = {int(c) for c in b if c.isdigit()}
        assert inside <= set(range(number // 3 * 3, number // 3 * 3 + 3))
        assert number in inside or len(inside) == 2
    assert len(found) >= 6


def test_encode_leaves_out_pairs_that_say_nothing(small_tokenizer):
    made = encoded.encode(
        [Pair("cat", "猫", "a"), Pair("same", "same", "a"), Pair("dog", "!?", "a"), Pair("the dog", "狗", "b", 0.5)],
        small_tokenizer,
    )
    assert made.names[made.sources].tolist() == ["a", "b"]
    assert made.weights.tolist() == [1, 0.5]
    ids, offsets = encoded.gather(made.ids, made.starts, made.a)
    assert [small_tokenizer.id_to_token(i) for i in ids] == ["cat", "the", "dog"]
    assert offsets.tolist() == [0, 1]


def test_encoded_survives_the_disk(small_tokenizer, tmp_path):
    made = encoded.encode([Pair("cat", "猫", "a")], small_tokenizer)
    encoded.save(tmp_path / "p.npz", made)
    again = encoded.load(tmp_path / "p.npz")
    assert all(np.array_equal(x, y) for x, y in zip(made, again, strict=True))


def test_order_keeps_neighbours_and_loses_none():
    pytest.importorskip("torch", reason="torch is not installed")
    from rag.train.fit import order

    for run in (1, 4):
        found = order(np.zeros(50, dtype=np.int16), run, np.random.default_rng(0))
        assert sorted(found.tolist()) == list(range(50))
    assert (np.diff(found) == 1).sum() >= 30


def test_fit_brings_translations_together_and_exports(small_tokenizer, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    from rag.embed.builtin import Builtin
    from rag.train.export import export, fingerprint
    from rag.train.fit import Plan, fit

    pairs = [Pair(f"the {en}", zh, "a") for en, zh in WORDS] * 40
    data = encoded.encode(pairs, small_tokenizer)
    size = small_tokenizer.get_vocab_size()
    plan = Plan(epochs=12, batch=24, dimensions=16, rate=2e-2)
    table = fit(data, vocabulary.sif(data.ids, size), plan)
    assert np.array_equal(table, fit(data, vocabulary.sif(data.ids, size), plan))
    assert table.shape == (size, 16) and not table[0].any()
    export(tmp_path, small_tokenizer, table, {"seed": 0})
    model = Builtin(tmp_path)
    scores = model.embed_queries([en for en, _ in WORDS]) @ model.embed_passages([zh for _, zh in WORDS]).T
    assert scores.argmax(axis=1).tolist() == list(range(len(WORDS)))
    assert model.fingerprint == fingerprint(tmp_path)
    assert Tokenizer.from_file(str(tmp_path / "tokenizer.json")).get_vocab_size() == size


def test_ndcg_by_hand():
    assert score.ndcg([5, 1], {5: 1.0}) == 1
    assert score.ndcg([1, 2, 5], {5: 1.0}) == pytest.approx(0.5)
    assert score.ndcg(list(range(10)), {10: 1.0}) == 0
    assert score.ndcg([5, 1, 6], {5: 1.0, 6: 1.0}) == pytest.approx(1.5 / (1 + 1 / np.log2(3)))


def test_beir_folder(tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "d1", "title": "T", "text": "x"}\n{"_id": "d2", "title": "", "text": "y"}\n', encoding="utf-8"
    )
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "?"}\n{"_id": "q2", "text": "unjudged"}\n', encoding="utf-8"
    )
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\nq1\td1\t0\n", encoding="utf-8")
    assert score.beir(tmp_path) == (["?"], ["T x", "y"], [{1: 1.0}])


def test_background_counts_texts_and_not_words(tmp_path):
    df = background.count(["法律法律", "the law", "laws of law"])
    assert (df["法律"], df["law"], df["律法"]) == (1, 2, 1)
    assert background.save(tmp_path / "b.npz", df, n_zh=1, n_en=2, least=2) == 1
    known = Background(tmp_path / "b.npz")
    assert known.rate("law") == pytest.approx(2 / 3)
    assert known.idf("law") == pytest.approx(np.log(1 + 1.5 / 2.5))
    assert known.idf("法") == pytest.approx(np.log(1 + 0 / 2.5))


def test_slopes_of_the_loss_are_those_of_cross_entropy() -> None:
    torch = pytest.importorskip("torch")
    from rag.train.fit import info_nce

    left, right = torch.nn.functional.normalize(torch.randn(2, 9, 5, dtype=torch.float64), dim=2)
    weights = torch.rand(9, dtype=torch.float64)
    a, b = left.clone().requires_grad_(), right.clone().requires_grad_()
    cosines, own = 20 * a @ b.T, torch.arange(9)
    plain = sum(torch.nn.functional.cross_entropy(c, own, reduction="none") for c in (cosines, cosines.T))
    mean = (plain * weights).sum() / weights.sum() / 2
    mean.backward()
    loss, *slopes = info_nce(left, right, weights, 20.0)
    assert loss == pytest.approx(mean.item())
    for found, one in zip(slopes, (a, b), strict=True):
        torch.testing.assert_close(found, one.grad)
