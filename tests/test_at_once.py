"""What is done for many texts at once, or left out where it can find nothing, gives what is done one by one."""

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunk import _sizes, size
from rag.clean import STEPS, TracedText, clean, common, edges
from rag.embed import builtin
from rag.embed.pieces import Pieces
from rag.library import Library
from rag.library.sites import SETTLED, Sites
from rag.script import joined_terms, terms
from rag.types import Kind, Span

CHARACTERS = (
    "商汤科技发展亏损头发發展臺灣后來，。？！：、“”《》（）()nèixún?？\ufffd&;#<>|·-—… \n\t\r\x0b\xa0\u3000"
    "\u200b\u00ad\ufeffabcXYZ019０９Ａｚﬁ㈱½①Ⅳｶﾞガ⽤䶮龘\ue000\uf8ff\uf900𠮷野🙂\U000e0041éÂ¤€鈥銆浣犵ㄛΣςe\u0301ß한русский_ɡ'’%ａ"
)
TEXTS = st.text(alphabet=CHARACTERS, max_size=60) | st.text(max_size=30)
WORDS = (
    "版权所有 深度学习 人工智能 商汤科技 learning users 2023 dāng(dāng) 当(dāng)前 &nbsp;"
    " “我們 ?Ｍ瑯拥乃 鈥檚 å›½å†… 首页 > 股市"
).split()
MIXED = st.lists(st.sampled_from(WORDS) | TEXTS, max_size=8).map("".join)


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(builtin.load()._tokenizer)


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(MIXED | st.just("深度學習的發展" * 30), max_size=6))
def test_pieces_are_those_of_the_tokenizer(pieces: Pieces, texts: list[str]) -> None:
    expected = [number.tolist() for number in builtin.load().numbers(texts)]
    assert [own.tolist() for own in pieces.of(texts)] == expected


def test_pieces_of_every_character_are_those_of_the_tokenizer(pieces: Pieces) -> None:
    texts = [f"a{chr(point)}中{chr(point)}" for point in range(0x3400) if not 0xD800 <= point < 0xE000]
    texts += [f"{chr(point)}{chr(point + 1)}{chr(point)}" for point in range(0x3400, 0xD7FF)]
    texts += [f"中{chr(point)}国a" for point in range(0xE000, 0x10000)]
    encoded = builtin.load()._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    expected = [[number for number in one.ids if number] for one in encoded]
    assert [text for text, own, its in zip(texts, pieces.of(texts), expected, strict=True) if own.tolist() != its] == []


def test_a_run_without_end_costs_linear_work(pieces: Pieces) -> None:
    text = "深度學習的發展" * 60_000
    began = process_time()
    (own,) = pieces.of([text])
    assert process_time() - began < 4
    assert own.tolist() == builtin.load().numbers([text])[0].tolist()


def test_words_are_forgotten_when_they_are_many(pieces: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.embed.pieces._REMEMBERED", 3)
    for number in range(5):
        texts = [f"word{number} users lost {number}"]
        assert pieces.of(texts)[0].tolist() == builtin.load().numbers(texts)[0].tolist()


def test_many_texts_are_cut_at_once_and_few_by_the_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    model, texts = builtin.load(), [f"第{n}天，用戶流失了{n}%, users left." for n in range(30)]
    alone = [one.tolist() for one in model.numbers(texts)]
    monkeypatch.setattr(builtin, "MANY", 10)
    monkeypatch.setattr(builtin, "TOGETHER", 7)
    asked = []
    of = Pieces.of
    monkeypatch.setattr(Pieces, "of", lambda self, some: asked.append(len(some)) or of(self, some))
    assert [one.tolist() for one in model.numbers(texts)] == alone
    assert asked == [7, 7, 7, 7, 2]


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(MIXED, max_size=5))
def test_joined_terms_are_the_terms(texts: list[str]) -> None:
    assert [sorted(one.split()) for one in joined_terms(texts)] == [sorted(terms(text)) for text in texts]


@settings(max_examples=300, deadline=None)
@given(text=MIXED, kind=st.sampled_from(["text", "markdown", "html", "pdf"]))
def test_steps_that_are_left_out_would_have_found_nothing(text: str, kind: Kind) -> None:
    page = TracedText(text)
    for step in STEPS[kind]:
        page = page.apply(step(page.text))
    assert clean(text, kind) == page


@settings(max_examples=200, deadline=None)
@given(text=TEXTS.filter(bool), data=st.data())
def test_sizes_of_stretches(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(text))))
    assert _sizes(text)(span) == size(span.of(text))


def test_what_a_settled_site_repeats_is_known_without_a_look_at_every_page(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("apples", "bridges", "clouds", "dragons"):
        body = "\n\n".join(f"The {name} of the valley were counted {word} the winter, in snow." for word in "abc")
        (tmp_path / f"{name}.txt").write_text(f"The paper of the valley\n\n{body}\n\nOur other papers")
    library.add(tmp_path)
    truth, site = library.index.truth, str(tmp_path)
    assert truth.meta["sites"] == SETTLED
    by_pages = common(truth.edges(site).values())
    assert by_pages > edges("The paper of the valley\nOur other papers\n").keys
    monkeypatch.setattr(type(truth), "edges", None)
    assert Sites(truth, ()).known(site) == by_pages


def test_nothing_is_read_that_an_unchanged_folder_has_no_use_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Jasper lost users.", encoding="utf-8")
    with Library(tmp_path / "index", embedder="builtin") as library:
        library.add(tmp_path / "a.txt")
    with Library(tmp_path / "index", embedder=builtin.Builtin()) as library:
        assert library.add(tmp_path / "a.txt").unchanged == 1
        assert "_tokenizer" not in library.embedder.__dict__
        assert library.search("Jasper")
        assert "_tokenizer" in library.embedder.__dict__
