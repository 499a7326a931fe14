"""Dirt made on purpose: what was done to each character is known exactly."""

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from conftest import SHARED_SEEDS
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.measure.cleaning.dirt import DIRT, Dirty, joined
from rag.measure.cleaning.dirt.codepage import big5_as_western, gbk_as_western, utf8_as_gbk, utf8_as_western
from rag.measure.cleaning.dirt.furniture import page
from rag.measure.cleaning.dirt.notes import readings
from rag.measure.cleaning.dirt.shift import byte_shift_with_notes, read_cut, read_late
from rag.measure.cleaning.dirt.width import NARROW
from rag.measure.cleaning.material import articles, windows
from rag.measure.cleaning.score import Gate, Score, compare, gate

ARTICLES = articles()
TEXTS = st.text(alphabet="我們每天都在研究折騰內詢現裡。！？，：“”（）aB7? \n", max_size=60)


LEFT_OUT = {"UTF-8 as GBK", "UTF-8 as GBK, in places", "GBK as windows-1252", "Big5 as windows-1252"}
"""Kinds that leave out lines, or clauses, which could not have been on such a page."""


def check_clean(kind: str, dirty: Dirty, text: str) -> None:
    """The clean side is the text that was given, marks made ASCII aside, or lines of it."""
    if kind not in LEFT_OUT:
        assert dirty.clean.translate(NARROW) == text.translate(NARROW)
        return
    at = 0
    for line in filter(None, dirty.clean.split("\n")):
        at = text.index(line, at) + len(line)


def check_inverse(dirty: Dirty) -> None:
    """The runs are sorted and disjoint, all between them is the same on both sides, and undoing them is the inverse."""
    assert all(a.end <= b.start and a.clean_end <= b.clean_start for a, b in pairwise(dirty.runs))
    at = clean_at = 0
    for run in dirty.runs:
        assert dirty.text[at : run.start] == dirty.clean[clean_at : run.clean_start]
        assert dirty.text[run.start : run.end] != dirty.clean[run.clean_start : run.clean_end]
        at, clean_at = run.end, run.clean_end
    assert dirty.text[at:] == dirty.clean[clean_at:]
    assert dirty.restored() == dirty.clean


@pytest.mark.parametrize("kind", DIRT)
def test_every_mechanism_knows_its_exact_inverse(kind: str) -> None:
    made = []
    for text in list(ARTICLES.values()) * 3:
        made.append(DIRT[kind](text, Random(len(made))))
        check_inverse(made[-1])
        check_clean(kind, made[-1], text)
    assert sum(len(dirty.runs) for dirty in made) > 20
    assert any(dirty.lossy for dirty in made) == ("lossy" in kind)


@pytest.mark.parametrize("kind", DIRT)
@given(text=TEXTS, seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_inverse_is_exact_for_any_text(kind: str, text: str, seed: int) -> None:
    dirty = DIRT[kind](text, Random(seed))
    check_inverse(dirty)
    check_clean(kind, dirty, text)


@pytest.mark.parametrize("kind", DIRT)
def test_the_same_seed_makes_the_same_page(kind: str) -> None:
    text = ARTICLES["lantern.txt"]
    assert DIRT[kind](text, Random(5)) == DIRT[kind](text, Random(5))


def dirtied(parts: list[tuple[str, str]]) -> str:
    return "".join(dirty for dirty, _ in parts)


@pytest.mark.parametrize(
    ("clean", "notes", "dirty"),
    [
        # A1A3 A1B0 holds A3A1, which is ！; F276 ends in an ASCII byte; A1A3 A1B1 holds A3A1 again
        ("十足。“我們每天都在研究折騰。”在", {}, "十足?！拔覀兠刻於荚谘芯空垓v?！痹?"),
        # D2D4 83C8: the note of 詢 (D483) was written into the middle, and 83 28 and C8 28 are no characters
        ("以內", {"內": "nèi", "詢": "xún"}, "以?xún)?nèi)"),
        # A1A3 AC46 holds A3AC, which is ，, and 46 is F
        ("。現在", {"現": "xiàn"}, "?，F(xiàn)在"),
        ("它在現場", {"現": "xiàn", "場": "chǎng"}, "它在現(xiàn)場(chǎng)"),
        ("里，上", {}, "里，上"),  # in step, so the cut does no harm
    ],
)
def test_the_garble_of_real_pages_arises(clean: str, notes: dict[str, str], dirty: str) -> None:
    parts = read_cut(clean, notes)
    assert dirtied(parts) == dirty
    assert "".join(was for _, was in parts) == clean
    check_inverse(joined(parts))


def test_a_lost_lead_byte() -> None:
    assert dirtied(read_late("足。“我們每天都在研究折騰！”\n", 1)) == "足?！拔覀兠刻於荚谘芯空垓v！”\n"
    assert joined(read_late("足。“我們每天都在研究折騰！”\n", 1)).runs[0].clean_end == 13  # from 騰 on it is in step


@pytest.mark.skipif(not SHARED_SEEDS.exists(), reason="the five real articles lie outside of this checkout")
def test_a_real_page_has_just_this_garble() -> None:
    real = next(SHARED_SEEDS.glob("003*")).read_text(encoding="utf-8")
    made = dirtied(read_cut("十足。“我們每天都在研究折騰。”在他", {})).translate(NARROW)
    assert made.endswith("?") and made.count("?") == 3  # the last of them because the sentence is cut short here
    assert made[:-1] in real
    assert dirtied(read_cut("以內", {"內": "nèi", "詢": "xún"})) in real


def test_code_pages() -> None:
    assert utf8_as_western("国内，", Random(0)).text == "å›½å†…ï¼Œ"
    assert utf8_as_gbk("国内", Random(0)).text == "鍥藉唴\n"
    assert utf8_as_gbk("国", Random(0)).text == ""  # its last byte would be lost
    assert gbk_as_western("国内", Random(0)).text == "¹úÄÚ"
    assert big5_as_western("國內", Random(0)).text == "°ê¤º"
    assert big5_as_western("国内\n國內", Random(0)).clean == "國內"


def test_notes_are_readings_of_their_characters() -> None:
    dirty = DIRT["pinyin notes"]("重要的重量", Random(1))
    for run in dirty.runs:
        assert dirty.text[run.start] == dirty.clean[run.clean_start]
    assert set(readings()["重"]) >= {"zhòng", "chóng"}
    assert "dang" not in readings()["當"] and "dāng" in readings()["當"]


def test_shifted_notes_fall_inside_other_characters() -> None:
    made = [byte_shift_with_notes(ARTICLES["battery.txt"], Random(seed)) for seed in range(3)]
    swallowed = [one for one in made for run in one.runs if "?" in one.text[run.start : run.end]]
    assert len(swallowed) > 20


@pytest.mark.parametrize("name", ARTICLES)
def test_furniture_stands_around_the_whole_article(name: str) -> None:
    roles = set()
    for seed in range(20):
        made = page(ARTICLES[name], Random(seed))
        lines = [line for line in made.text.splitlines() if line]
        assert [line for line in lines if line in made.wanted] == list(made.wanted)
        assert sorted(set(lines)) == sorted({*made.wanted, *made.unwanted})
        assert not set(made.wanted) & set(made.unwanted) and "{" not in made.text
        assert made.html.count("<p>") == len(made.wanted) - 1 and made.html.count("<h1>") == 1
        assert made.html.count("<article>") == made.html.count("</article>") == 1
        roles |= set(made.unwanted)
    assert len(roles) > 40


def test_an_ideal_cleaner_and_an_idle_one() -> None:
    for kind, dirt in DIRT.items():
        dirty = dirt(ARTICLES["lantern.txt"], Random(2))
        best, idle = compare(dirty, dirty.clean), compare(dirty, dirty.text)
        assert best.restored == best.corrupted and best.changed == 0 and best.exact == 1
        assert idle.exact == 0 and idle.restored < 0.05 * idle.corrupted, kind
        if idle.untouched > 100:
            assert idle.changed <= 0.02 * idle.untouched, kind


@pytest.mark.parametrize(
    ("out", "restored", "changed", "exact"),
    [
        ("我們每天", 2, 0, 1),
        ("我(wǒ)們每(měi)天", 0, 0, 0),
        ("我(wǒ)們每天", 1, 0, 0),
        ("我們每", 2, 1, 0),
        ("我們每夭", 2, 1, 0),
        ("他們每天", 1, 0, 0),
        ("我們x每天", 1, 0, 0),  # between 們, which was in order, and 每, which was not
        ("我們每天天", 2, 1, 0),
        ("x我們每天", 1, 0, 0),
        ("", 0, 2, 0),
    ],
)
def test_scores_worked_out_by_hand(out: str, restored: int, changed: int, exact: int) -> None:
    dirty = joined([("我(wǒ)", "我"), ("們", "們"), ("每(měi)", "每"), ("天", "天")])
    assert compare(dirty, out) == Score(2, restored, 2, changed, 1, exact)


def test_the_gate() -> None:
    assert gate("一 天\n分享", ("一天", "二天"), ("分享", "享", "登录")) == Gate(2, 1, 3, 1)


def test_windows_are_of_one_length() -> None:
    found = windows(ARTICLES)
    assert len(found) > 20 and {len(one) for one in found} == {200}


def test_the_articles_are_clean_and_of_every_script() -> None:
    assert len(ARTICLES) == 6 and all(len(text) > 500 for text in ARTICLES.values())
    whole = "".join(ARTICLES.values())
    assert all(sign in whole for sign in ("（Galileo）", "(nèi)", "AI(rén gōng zhì néng)", "？", "“", "?"))
    assert not {Path(name).suffix for name in ARTICLES} - {".txt"}
