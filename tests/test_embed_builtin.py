"""The built-in model and the background statistics, as they are shipped."""

import hashlib
import json
import math
import subprocess
import sys

import numpy as np
import pytest

from rag import background
from rag.embed import builtin
from rag.protocols import WordEmbedder
from rag.script import fold

TEXTS = [
    "為什麼Jasper的用戶流失？",
    "Why did Jasper lose its users?",
    "２０２３年，人工智能公司商汤科技的收入下降。",
    "The quick brown fox — naïve café, 3.14 % of e-mail\n\n\tin “quotes”.",
    "著名的乾隆皇帝與臺灣的關係；髮型、頭髮、發展、後來、皇后",
    "カタカナ ﾊﾝｶｸ 한국어 русский Straße ΣΊΣΥΦΟΣ İstanbul",
    "① Ⅳ ㈱ ½ x² ﬁne 𠮷野家 𝒜",
    "a" * 300,
    "深度學習" * 500,
]


@pytest.fixture(scope="module")
def model() -> builtin.Builtin:
    return builtin.load()


def test_is_a_word_embedder(model):
    assert isinstance(model, WordEmbedder)
    assert (model.name, model.dimensions) == ("builtin", 300)
    assert builtin.load() is model


def test_fingerprint_is_that_of_the_files(model):
    digest = hashlib.sha256()
    for name in ("model.safetensors", "tokenizer.json"):
        digest.update((builtin.PATH / name).read_bytes())
    assert model.fingerprint == digest.hexdigest()


def test_vectors_are_normalised_float32(model):
    vectors = model.embed_passages(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), 300), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("text", ["", " \n", "!?……", "\u0e01\u0e02", "🙂"])
def test_a_text_without_known_pieces_is_a_zero_vector(model, text):
    assert not model.embed_queries([text]).any()
    words, vectors = model.words(text)
    assert (words, vectors.shape) == ([], (0, 300))


def test_no_texts(model):
    assert model.embed_passages([]).shape == (0, 300)


def test_a_vector_does_not_depend_on_its_neighbours(model, monkeypatch):
    texts = ["", *TEXTS, "", *TEXTS[::-1], ""]
    together = model.embed_passages(texts)
    monkeypatch.setattr(builtin, "CHUNK", 7)
    monkeypatch.setattr(builtin, "BATCH", 3)
    monkeypatch.setattr(builtin, "FEW", 0)
    alone = np.concatenate([model.embed_passages([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-6)
    assert np.allclose(together, model.embed_passages(texts), atol=1e-6)


def test_words_add_up_to_the_text(model):
    for text in TEXTS:
        words, vectors = model.words(text)
        assert len(words) == len(vectors)
        total = vectors.sum(axis=0)
        assert np.allclose(total / np.linalg.norm(total), model.embed_passages([text])[0], atol=1e-5)


def test_script_and_width_and_case_do_not_matter(model):
    left = model.embed_passages(["ＡＩ技術的發展", "龍捲風與臺灣"])
    right = model.embed_passages(["ai技术的发展", "龙卷风与台湾"])
    assert np.allclose(left, right, atol=1e-6)


def test_a_question_is_nearest_to_what_it_asks_for_across_languages(model):
    passages = [
        "Jasper的用户在2023年大量流失，因为ChatGPT免费。",
        "商汤科技公布年报，收入同比下降。",
        "昨天的足球比赛以平局结束。",
    ]
    questions = ["Why did users leave Jasper?", "annual report: revenue fell", "How did the football match end?"]
    scores = model.embed_queries(questions) @ model.embed_passages(passages).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_the_tokenizer_folds_as_we_do(model):
    normalise = model._tokenizer.normalizer.normalize_str
    for text in TEXTS[:5] + TEXTS[6:]:
        assert normalise(text) == fold(text)
    characters = [chr(c) for c in (*range(0x20, 0x530), *range(0x2E80, 0x2FE0), *range(0x3000, 0x3400))]
    characters += [chr(c) for c in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0xFF00, 0xFFF0))]
    characters = [c for c in characters if c != "\u32ff"]  # 令和, newer than some tables
    assert [c for c in characters if normalise(c) != fold(c)] == []


def test_sentence_transformers_gives_the_same_vectors(model):
    st = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    theirs = st.SentenceTransformer(str(builtin.PATH), device="cpu")
    ours = model.embed_passages([*TEXTS, ""])
    half = theirs.encode(TEXTS).astype(np.float32)
    assert ((half * ours[:-1]).sum(axis=1) > 0.999).all()
    full = theirs.float().encode([*TEXTS, ""])  # in half precision they divide an empty text by zero
    assert np.allclose(full, ours, atol=1e-5)


def test_weights_that_do_not_fit_are_refused(model, tmp_path):
    from safetensors.numpy import save_file

    for name in ("tokenizer.json", "card.json"):
        (tmp_path / name).write_bytes((builtin.PATH / name).read_bytes())
    save_file({"embedding.weight": np.zeros((3, 300), np.float16)}, str(tmp_path / "model.safetensors"))
    with pytest.raises(ValueError, match="3 vectors"):
        builtin.Builtin(tmp_path)


def test_card_agrees_with_the_weights(model):
    card = json.loads((builtin.PATH / "card.json").read_text(encoding="utf-8"))
    assert (card["pieces"], card["dimensions"]) == model._table.shape
    assert (builtin.PATH / "model.safetensors").stat().st_size <= 40_000_000


def test_torch_is_not_imported():
    code = "import sys, rag.embed.builtin as b; b.load().embed_queries(['x']); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (found.stdout.strip(), found.stderr) == ("False", "")


def test_background_of_known_and_unknown_terms():
    known = background.load()
    assert known.n_zh > 50_000 and known.n_en > 50_000
    unknown_han = known.idf("龘龘龘")
    assert unknown_han == pytest.approx(math.log(1 + (known.n_zh - 2 + 0.5) / 2.5))
    assert known.idf("zzzzzz") == pytest.approx(math.log(1 + (known.n_zh + known.n_en - 2 + 0.5) / 2.5))
    assert known.rate("zzzzzz") == pytest.approx(2 / (known.n_zh + known.n_en))
    assert known.rate("的") > 0.8 and known.idf("的") < 0.3
    assert 0.2 < known.rate("the") < 0.55 and known.idf("the") < known.idf("user") < known.idf("rockefel")


def test_background_file_is_sorted_and_small():
    with np.load(background.PATH, allow_pickle=False) as found:
        keys, df = found["keys"], found["df"]
    assert (keys.dtype, df.dtype) == (np.uint64, np.uint32)
    assert (np.diff(keys.astype(object)) > 0).all()
    assert background.PATH.stat().st_size <= 4_000_000
