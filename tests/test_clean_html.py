"""Whole HTML pages: their main text comes out, and each sentence of it leads back to the page."""

import re
import socket
import subprocess
import sys
from time import process_time

import pytest
from html_pages import PAGES

from rag.chunk import chunk, sentences
from rag.clean import breaks, clean, extractor
from rag.clean.align import key, shared
from rag.clean.main_text import REASON
from rag.library.passages import prepare
from rag.types import Document, Span

LINES = "<p>{}</p>"
PROSE = [
    "The first bridge over the gorge was a rope with a basket, and it carried one goat at a time.",
    "In the second year the village built a proper span of larch, wide enough for a cart and two people.",
    "The third bridge is steel, and nobody in the valley remembers who paid for the paint on its railings.",
]


def together(text: str) -> str:
    return re.sub(r"\s+", "", text)


def page_of(body: str) -> str:
    return f"<!DOCTYPE html><html><head><title>The bridges</title></head><body>{body}</body></html>"


@pytest.mark.parametrize("name", PAGES)
def test_no_word_of_the_main_text_is_lost(name: str) -> None:
    text = together(clean(PAGES[name].html, "html").text)
    assert [snippet for snippet in PAGES[name].wanted if together(snippet) not in text] == []
    assert text.count(together(PAGES[name].wanted[0])) == 1, "the title stands there once"


def test_what_stands_around_it_goes() -> None:
    texts = {name: together(clean(page.html, "html").text) for name, page in PAGES.items()}
    left = [one for name, page in PAGES.items() for one in page.unwanted if together(one) in texts[name]]
    assert len(left) <= 0.05 * sum(len(page.unwanted) for page in PAGES.values()), left


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_rules_hold_for_every_sentence_of_a_page(name: str, newline: str) -> None:
    raw = PAGES[name].html.replace("\n", newline)
    page = clean(raw, "html")
    for piece in chunk(page.text, breaks(page), budget=40):
        for span in (piece.span, *piece.sentences):
            wide = page.widen(span)
            assert clean(page.to_raw(wide).of(raw), "html").text == wide.of(page.text)
    passages = prepare(Document("x", "s.html", raw, "0", kind="html", title="t"))[1]
    assert passages
    shown = {one for p in passages for one in (together(span.of(p.text)) for span in p.sentences)}
    assert {together(span.of(page.text)) for span in sentences(page.text)} == shown, "no sentence is left unproven"
    for passage in passages:
        assert clean(raw[passage.start : passage.end], "html").text == passage.text


def test_a_quotation_is_no_page() -> None:
    quote = '<p>The spec says<script>x("<html><body>")</script> that <a title="<body>">a link</a> is short.</p>'
    assert clean(quote + "\n<p>Home</p>", "html").text.split() == "The spec says that a link is short. Home".split()
    inside = page_of("".join(map(LINES.format, [*PROSE, quote])))
    page = clean(inside, "html")
    start = page.text.index("The spec")
    wide = page.widen(Span(start, page.text.index("short.") + 6))
    assert clean(page.to_raw(wide).of(inside), "html").text == wide.of(page.text)


@pytest.mark.parametrize("found", [[], ["The first bridge"], ["words of another page, long enough to be looked for"]])
def test_where_too_little_is_found_all_lines_stay(found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    raw = page_of("".join(map(LINES.format, [*PROSE, "A word from our sponsor about soap and towels."])))
    monkeypatch.setattr(extractor, "main_lines", lambda page: found)
    page = clean(raw, "html")
    assert "soap and towels" in page.text and all(line in page.text for line in PROSE)
    assert not any(REASON in edit.why for edit in page.edits)


def test_a_parser_that_fails_costs_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    import trafilatura

    def fails(*_: object, **__: object) -> str:
        raise RecursionError

    monkeypatch.setattr(trafilatura, "extract", fails)
    assert PROSE[1] in clean(page_of("".join(map(LINES.format, PROSE))), "html").text


def test_a_chunk_does_not_read_on_over_what_was_removed() -> None:
    box = '<div class="related"><ul><li><a href="/x">Ten soups for a cold evening</a></li></ul></div>'
    page = clean(
        page_of(f"<article>{LINES.format(PROSE[0])}{box}{''.join(map(LINES.format, PROSE[1:]))}</article>"), "html"
    )
    assert "soups" not in page.text
    pieces = [piece.span.of(page.text) for piece in chunk(page.text, breaks(page))]
    assert pieces[0] == PROSE[0] and PROSE[2] in pieces[1]


@pytest.mark.parametrize(
    "body",
    ["<p>go" * 25_000, "<div>" * 300 + "x" + "</div>" * 300, "word " * 500_000],
    ids=["many tags", "deep", "large"],
)
def test_a_page_unlike_any_article_is_only_stripped(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractor, "main_lines", lambda page: pytest.fail("it was looked at as a page"))
    assert clean(page_of(body), "html").text


def test_hidden_words_go_and_a_page_hidden_until_a_script_runs_stays() -> None:
    assert (
        clean("<p>It took <b style='DISPLAY : none'>x <i>y</i></b>a <i hidden>z</i>year.</p>", "html").text
        == "It took a year."
    )
    assert clean("<p title='a hidden none'>Shown.</p>", "html").text == "Shown."
    assert clean("<p>a<i hidden>b <p>c</p>", "html").text.split() == ["ab", "c"]
    whole = page_of(f"<div style='display:none'>{''.join(map(LINES.format, PROSE * 5))}</div>")
    assert PROSE[0] in clean(whole, "html").text


def test_no_socket_is_opened_and_nothing_heavy_is_imported_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket"))
    for page in PAGES.values():
        prepare(Document("x", "s.html", page.html, "0", kind="html", url="https://example.org/2020/01/02/a"))
    code = "import sys, rag.library, rag.load; from rag.clean import clean; clean('<p>a</p>', 'html'); clean('a')\n"
    code += "print([m for m in ('lxml', 'trafilatura', 'htmldate') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "bit",
    [
        "<div>",
        "<p>",
        "<",
        '<a x="',
        "<b>x",
        "<table><tr><td>x",
        "text<br>",
        "渡",
        "<p hidden>",
        "<p hidden>x</p>",
        "</div>",
    ],
)
def test_a_hostile_page_costs_linear_work(bit: str) -> None:
    # ten times the page may cost thirty times the time; quadratic work would cost a hundred times
    def cost(size: int) -> float:
        text = page_of(LINES.format(PROSE[0]) + bit * (size // len(bit)))
        began = process_time()
        clean(text, "html")
        return process_time() - began

    cost(20_000)  # imports
    assert cost(300_000) < 30 * cost(30_000) + 0.5


LONG = "thethirdbridgeissteelandnobodyremembers"


@pytest.mark.parametrize(
    ("lines", "other", "kept"),
    [
        ([LONG, "menu", "threecells"], [LONG, "threecells"], [1, 0, 1]),
        ([LONG], [LONG[:9], LONG[9:15], LONG[15:]], [1]),  # one here, several there
        ([LONG[:18], LONG[18:]], [LONG], [1, 1]),
        (["abc", "de"], ["ab", "c", "de"], [1, 1]),  # also where it is short
        ([LONG, "x", LONG], ["intro", LONG], [1, 0, 0]),  # of two copies one
        (["science", LONG, "science"], [LONG, "science"], [0, 1, 1]),  # the one that stands where it stands there
        ([LONG, LONG[::-1]], [LONG[::-1], LONG], [1, 1]),  # told in another order
        (["", "a"], [], [0, 0]),
    ],
)
def test_lines_are_found_in_a_text_that_is_cut_elsewhere(lines: list[str], other: list[str], kept: list[int]) -> None:
    assert shared(lines, other) == [bool(one) for one in kept]


def test_alignment_costs_linear_work() -> None:
    def cost(size: int) -> float:
        lines = [key(f"渡輪停航第{number % 7}週 {number}") for number in range(size)]
        began = process_time()
        assert all(shared(lines, lines))
        shared(["一二三四五六七八九十"] * size, ["".join(lines)] * 2 + ["一二三四五六七八九十"] * size)
        return process_time() - began

    assert cost(10_000) < 30 * cost(1_000) + 0.3


def test_short_lines_are_found_in_one_long_line() -> None:
    lines = ["menu", "thefirstlongparagraphofit", "salt", "5g", "7", "anotherwithotherwordsinside", "more"]
    whole = "thefirstlongparagraphofitsalt5g7anotherwithotherwordsinside"
    assert shared(lines, [whole]) == [False, True, True, True, True, True, False]
    assert shared(["salt", *lines], [whole])[0] is False
