"""TracedText: the way back is exact, however many steps an edit went through."""

import random

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from rag.clean.traced import TracedText
from rag.types import Edit, Span


def draw_edits(rng: random.Random, length: int) -> list[Edit]:
    cuts = sorted(rng.sample(range(length + 1), min(length + 1, 2 * rng.randint(0, 4))))
    return [
        Edit(a, b, "".join(rng.choices("XYZ", k=rng.randint(0, 3))), f"r{rng.randint(0, 2)}")
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]


def slow_apply(text: str, edits: list[Edit]) -> str:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


@given(st.integers(0, 10**9))
def test_steps_compose_to_one_list_of_edits_that_replays(seed: int) -> None:
    rng = random.Random(seed)
    raw = "".join(rng.choices("abcdefgh", k=rng.randint(0, 30)))
    traced, plain = TracedText(raw), raw
    for _ in range(rng.randint(1, 5)):
        edits = draw_edits(rng, len(plain))
        traced, plain = traced.apply(edits), slow_apply(plain, edits)
        assert traced.text == plain
        assert slow_apply(raw, list(traced.edits)) == plain
        ends = [0] + [edit.end for edit in traced.edits]
        assert all(end <= edit.start for end, edit in zip(ends, traced.edits, strict=False))


@given(st.integers(0, 10**9))
def test_a_widened_span_and_its_original_hold_the_same_edits(seed: int) -> None:
    rng = random.Random(seed)
    raw = "".join(rng.choices("abcdefgh", k=rng.randint(1, 30)))
    traced = TracedText(raw)
    for _ in range(3):
        traced = traced.apply(draw_edits(rng, len(traced.text)))
    if not traced.text:
        return
    a, b = sorted(rng.sample(range(len(traced.text) + 1), 2))
    span = traced.widen(Span(a, b))
    assert span.start <= a and b <= span.end
    back = traced.to_raw(span)
    inner = [
        Edit(e.start - back.start, e.end - back.start, e.new, e.why)
        for e in traced.edits
        if back.start <= e.start
        and e.end <= back.end
        # an insertion on the border belongs to the neighbour unless it is itself in the span
        and (e.start < e.end or back.start < e.start < back.end)
    ]
    got = TracedText(back.of(raw), inner).text
    want = span.of(traced.text)
    border = [e for e in traced.edits if e.start == e.end and e.start in (back.start, back.end)]
    if not border:
        assert got == want


def test_kept_characters_lead_back_to_themselves() -> None:
    traced = TracedText("0123456789").apply([Edit(2, 4, "", "a"), Edit(6, 7, "xyz", "b")])
    assert traced.text == "0145xyz789"
    assert [traced.to_raw(Span(i, i + 1)) for i in (1, 2, 3, 7)] == [
        Span(1, 2),
        Span(4, 5),
        Span(5, 6),
        Span(7, 8),
    ]
    assert [traced.to_raw(Span(i, i + 1)) for i in (4, 5, 6)] == [Span(6, 7)] * 3
    assert traced.to_raw(Span(1, 3)) == Span(1, 5)
    assert traced.to_text(Span(1, 5)) == Span(1, 3)
    assert traced.to_text(Span(2, 4)) == Span(2, 2)
    assert traced.widen(Span(5, 8)) == Span(4, 8)


def test_a_deletion_beside_the_span_stays_outside() -> None:
    traced = TracedText("ab(x)cd").apply([Edit(2, 5, "", "note")])
    assert traced.to_raw(Span(0, 2)) == Span(0, 2)
    assert traced.to_raw(Span(2, 4)) == Span(5, 7)
    assert traced.to_raw(Span(0, 4)) == Span(0, 7)


def test_both_reasons_are_kept_when_edits_meet() -> None:
    traced = TracedText("a&lt;b").apply([Edit(1, 5, "<", "entity")]).apply([Edit(0, 2, "", "tag")])
    assert traced.edits == (Edit(0, 5, "", "entity + tag"),)


def test_an_edit_that_changes_nothing_leaves_no_trace() -> None:
    assert TracedText("abc").apply([Edit(0, 1, "a", "none")]).edits == ()


@pytest.mark.parametrize("edits", [[Edit(2, 3, "", ""), Edit(0, 1, "", "")], [Edit(0, 9, "", "")]])
def test_edits_out_of_order_or_outside_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="sorted, disjoint"):
        TracedText("abc", edits)


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not inside"):
        TracedText("abc").to_raw(Span(1, 9))


def test_a_hundred_thousand_edits_cost_linear_work() -> None:
    def work(raw: str) -> None:
        traced = TracedText(raw)
        for sign in "bcd":
            text = traced.text
            traced = traced.apply(Edit(at, at + 1, "", sign) for at, letter in enumerate(text) if letter == sign)
        for at in range(0, len(traced.text), len(traced.text) // 50):
            assert traced.to_text(traced.to_raw(traced.widen(Span(at, at + 1)))).start == at

    assert_linear(work, "abaca d" * 4_000, "abaca d" * 40_000)
