"""Cleaning: dirt goes, articles stay, and a quote cleans to what was cited."""

import json
from pathlib import Path

import pytest

from rag.chunk import chunk
from rag.clean import breaks, clean

SEEDS = Path(__file__).parents[1] / "seeds"
ARTICLES = sorted(SEEDS.glob("*.txt"))


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "伽利略（Galileo）在1609年改进了望远镜。",
        "世界移动通信大会(MWC)上，大型語言模型(LLM)是焦點。",
        "“内”在这里读作(nèi)，不读(nà)。",
        "AI(rén gōng zhì néng)是人工智能的缩写。",
        "他说：“转载请注明出处”是一句客套话，没有人当真。",
        "第一部分 起源\n公司版图不断扩大。\n第二部分 衰落\n2024年3月4日，公司宣布裁员。",
        "新闻与科技的关系值得讨论。\n分享是一种美德，评论也是。\n首页上的图片并不重要。",
        "Copying is easy. Writing well is not.\nThe home page of the paper was rebuilt in 2023.",
        "1. 第一项工作\n2. 第二项工作\n表格里写着 5.3 和 12",
        "他问：A > B 且 B > C，那么呢？\n答：A > C。",
    ],
)
def test_clean_text_is_left_alone(text: str) -> None:
    assert clean(text).edits == ()


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_both_rules_of_a_citation_hold_for_every_piece_and_sentence_of_the_seeds(path: Path) -> None:
    raw = read(path)
    page = clean(raw)
    assert page.edits, "a seed without dirt proves nothing"
    pieces = chunk(page.text, breaks(page))
    moved = 0
    for span in [span for piece in pieces for span in (piece.span, *piece.sentences)]:
        wide = page.widen(span)
        back = page.to_raw(wide)
        assert clean(back.of(raw)).text == wide.of(page.text)
        moved += wide != back
    assert moved, "cleaning moved no offset, so this test would not see cleaned offsets cited"


def test_snippets_of_the_questions_survive_and_furniture_of_the_seeds_does_not() -> None:
    texts = {path.name: clean(read(path)).text for path in ARTICLES}
    for line in (SEEDS / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        if question["snippet"]:
            assert question["snippet"] in texts[question["document"]]
    everything = "\n".join(texts.values())
    unwanted = [
        "當前位置",
        "(相關資料圖)",
        "上一篇",
        "禁止转载",
        "下载App",
        "Related Posts",
        "\u200b",
        "newsletter",
        "浏览",
    ]
    unwanted += ["All rights reserved", "编辑:admin", "編輯:admin"]
    assert [line for line in unwanted if line in everything] == []
