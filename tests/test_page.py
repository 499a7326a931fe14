"""The web page in Chromium, served by `rag serve`."""

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS

pytest.importorskip("rag.serve.app", reason="rag serve is not here", exc_type=ImportError)
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from axe_playwright_python.sync_playwright import Axe
from page import HOSTILE, PHONE, Watched, browser
from playwright.sync_api import Browser, Route
from serving import Running, running

from rag.clean import TracedText
from rag.library import Library
from rag.serve.collection import Collection
from rag.types import Edit

JASPER = "why did Jasper decline"
SENSETIME = "how much money did SenseTime lose in 2022?"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The seeds, and a second index of odd articles."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "<img src=x onerror=pwned=1>.txt").write_text(HOSTILE, encoding="utf-8")
    record = {
        "_id": "odd/../<svg onload=pwned=1>",
        "title": "<img src=x onerror=pwned=1>",
        "url": "javascript:window.pwned=1",
        "text": "𠮷野家 opened 𝟗𝟗 noodle bars in Zanzibar.\n\nThe first of the 𠮷 bars closed in June 2019.",
    }
    (folder / "odd.jsonl").write_text(json.dumps(record), encoding="utf-8")
    lines = [f"第{n}個村莊(zhuāng)的人每天早上去河邊打水。" for n in range(1500)]
    lines[1200] = "只有龍門鎮(zhèn)的人從井裡打水,因為河在1931年改了道。"
    (folder / "long.txt").write_text("\n".join(lines), encoding="utf-8")
    seeds, odd = Library(folder / "indexes" / "seeds"), Library(folder / "indexes" / "odd")
    seeds.add(SEEDS)
    odd.add(folder)
    with running(Collection(seeds), Collection(odd)) as server:
        yield server


@pytest.fixture
def visit(chromium: Browser, served: Running) -> Iterator[Callable[..., Watched]]:
    """Opens the page; in the end no page may have seen an error or asked elsewhere."""
    opened: list[Watched] = []

    def open_page(**context: Any) -> Watched:
        opened.append(Watched(chromium, served.url, **context))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


def cited(served: Running, question: str) -> list[dict[str, Any]]:
    citations: list[dict[str, Any]] = served("POST", "/api/ask", {"question": question}).json["citations"]
    return citations


def test_one_click_from_the_answer_to_its_original(visit: Callable[..., Watched], served: Running) -> None:
    one = visit(**PHONE)
    one.ask(JASPER)
    citation = cited(served, JASPER)[0]
    assert citation["text"] in one.page.locator(".answer").inner_text()
    assert not one.page.locator("#reader").is_visible()
    one.page.tap(".marker")
    one.page.wait_for_selector("mark")
    one.page.wait_for_timeout(50)
    assert one.lit() == citation["quote"] and one.lit_is_in_view()
    assert one.page.locator("#conversation").evaluate("(node) => node.inert")
    one.page.tap("#close-reader")
    assert one.page.evaluate("document.activeElement.dataset.marker") == "1"
    assert one.page.evaluate("document.documentElement.scrollWidth") == 390


def test_by_keyboard_alone(visit: Callable[..., Watched], served: Running) -> None:
    one = visit()
    keys = one.page.keyboard
    one.until("document.activeElement.id == 'question'")
    keys.type(SENSETIME)
    keys.press("Enter")
    one.page.wait_for_selector(".turn[aria-busy=false]")
    first, second, *_ = cited(served, SENSETIME)
    one.until("document.querySelector('.cell.original mark')")
    assert one.lit() == first["quote"] and one.lit_is_in_view()  # where there is room, at once
    assert one.page.evaluate("document.activeElement.id") == "question"
    keys.press("Alt+2")
    one.until("document.activeElement.tagName == 'MARK'")
    assert one.lit() == second["quote"] and one.lit_is_in_view()
    keys.press("Escape")
    assert one.page.evaluate("document.activeElement.dataset.marker") == "2"
    assert not one.page.locator("#reader").is_visible()
    keys.press("Shift+Tab")
    keys.press("Enter")
    one.until("document.activeElement.tagName == 'MARK'")
    assert one.lit() == first["quote"]
    keys.press("Control+k")
    assert one.page.evaluate("document.activeElement.id") == "question"
    keys.press("ArrowUp")
    assert one.page.input_value("#question") == SENSETIME


def test_hovering_over_a_marker_shows_its_source(visit: Callable[..., Watched], served: Running) -> None:
    one = visit()
    one.ask(SENSETIME)
    first, second, *more = cited(served, SENSETIME)
    one.page.wait_for_selector("mark")
    one.page.hover(".marker >> nth=1")
    one.until("document.querySelector('.card.on').dataset.source == '2'")
    assert one.lit() == second["quote"] and one.lit_is_in_view()
    for _ in (second, *more):  # round to the first again
        one.page.click("#step-on")
    one.until("document.querySelector('.card.on').dataset.source == '1'")
    assert one.lit() == first["quote"]


def made_up(number: int) -> tuple[str, list[Edit], tuple[int, int]]:
    """A text of few characters, with some beyond the first plane, disjoint edits of it, and a stretch."""
    dice = random.Random(number)
    text = "".join(dice.choices("ab 字𠮷😀\n\r\u200b", k=dice.randrange(60)))
    cuts = sorted(dice.sample(range(len(text) + 1), min(len(text) + 1, 2 * dice.randrange(6)) // 2 * 2))
    edits = [
        Edit(start, end, "".join(dice.choices("xy𝟗\n", k=dice.randrange(3))), "reason")
        for start, end in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    start, end = sorted(dice.choices(range(len(text) + 1), k=2))
    return text, edits, (start, end)


def test_both_columns_hold_all_of_their_text(visit: Callable[..., Watched], served: Running) -> None:
    """Nothing is lost or doubled but white space at the ends of lines, whatever the edits and the planes."""
    one = visit()
    cases = [made_up(number) for number in range(400)]
    for seed in served("GET", "/api/documents").json["documents"]:
        document = served("GET", f"/api/documents/{seed['doc_id']}").json
        edits = [Edit(**edit) for edit in document["edits"]]
        cases.append((document["original"], edits, (100, 200)))
    given = [
        {
            "text": text,
            "edits": [{"start": e.start, "end": e.end, "new": e.new, "why": e.why} for e in edits],
            "lit": {"start": lit[0], "end": lit[1]},
        }
        for text, edits, lit in cases
    ]
    shown = one.page.evaluate(
        """async (cases) => { const { rows } = await import('/web/text.js');
        return cases.map(({ text, edits, lit }) => { const made = rows(text, edits, lit);
          const all = (side, only = () => true) => made.flatMap((row) => row[side]).filter(only)
            .map((piece) => piece.text).join('');
          return [all('original'), all('cleaned'), all('original', (piece) => piece.lit)]; }); }""",
        given,
    )

    def bare(text: str) -> str:
        return "".join(text.split())

    for (text, edits, (start, end)), (original, cleaned, lit) in zip(cases, shown, strict=True):
        assert bare(original) == bare(text)
        assert bare(cleaned) == bare(TracedText(text, edits).text)
        across = any(edit.start < cut < edit.end for edit in edits for cut in (start, end))
        if not across:  # an edit is lit as a whole or not at all
            assert bare(lit) == bare(text[start:end])


def test_what_cleaning_changed_is_told(visit: Callable[..., Watched]) -> None:
    one = visit()
    one.ask(JASPER)
    one.page.wait_for_selector("mark")
    note = one.page.locator("mark del", has_text="(lèi)")
    assert note.get_attribute("title") == "Removed “(lèi)”: pinyin note"
    one.page.click(".chip:has-text('spam title')")
    said = one.page.locator("#reader-note").inner_text()
    assert said.startswith("spam title, 1 of 1: Removed “红烧肉家常做法")
    one.until("document.querySelector('.at').getBoundingClientRect().top > 0")
    one.page.click("[data-view=cleaned]")
    text = one.page.locator("#pages").inner_text()
    assert "(lèi)" not in text and "三個月里" in text
    one.page.click("[data-view=original]")
    assert "(lèi)" in one.page.locator("#pages").inner_text()


def test_filters_and_history_are_sent(visit: Callable[..., Watched]) -> None:
    one = visit()
    one.ask("what did Zhou Hongyi do when Sora came out")
    one.page.click("#open-filters")
    one.page.fill("#since", "2024-01-01")
    one.page.fill("#source", "seeds/, *.md")
    one.page.fill("#site", "example.com")
    assert one.page.locator("#filters-count").inner_text() == "3"
    one.ask("and who is he?")
    first, second = one.asked
    assert first["history"] == [] and "since" not in first
    assert {name: second[name] for name in ("since", "source", "site")} == {
        "since": "2024-01-01",
        "source": ["seeds/", "*.md"],
        "site": "example.com",
    }
    assert [turn["question"] for turn in second["history"]] == ["what did Zhou Hongyi do when Sora came out"]
    one.page.click("#clear-filters")
    one.page.click("#open-history")
    assert one.page.locator("#history-list button").all_inner_texts()[1] == "and who is he?"
    one.page.click("#new")
    assert one.page.locator(".turn").count() == 0 and one.page.locator("#welcome").is_visible()


def test_why_these(visit: Callable[..., Watched], served: Running) -> None:
    one = visit()
    one.ask(JASPER)
    hits = served("POST", "/api/search", {"query": JASPER}).json["hits"]
    one.page.click(".why summary")
    rows = one.page.locator(".why tbody tr")
    assert rows.count() == len(hits)
    first = rows.nth(0).inner_text()
    assert f"{hits[0]['score']:.2f}" in first and "meaning 1" in first and "cited" in first
    rows.nth(3).locator("button").click()
    one.until("document.activeElement.tagName == 'MARK'")
    lit = "".join(one.page.locator(".cell.cleaned mark").all_inner_texts())
    assert "".join(lit.split()) == "".join(hits[3]["text"].split())


def test_copy_with_citations(visit: Callable[..., Watched], served: Running) -> None:
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    one.ask(JASPER)
    one.page.click("text=Copy with citations")
    one.until("document.querySelector('#status').textContent == 'Copied.'")
    assert one.page.locator(".tools button").inner_text() == "Copied."  # for those who look
    one.page.wait_for_selector("text=Copy with citations")
    copied = one.page.evaluate("navigator.clipboard.readText()")
    citation = cited(served, JASPER)[0]
    assert copied.startswith(citation["text"] + "[1]")
    assert f"[1] {citation['title']}, 2023-08-05, {citation['source']}:16, characters 432–508" in copied
    assert f"> {citation['quote']}" in copied


def test_chinese_and_english(visit: Callable[..., Watched]) -> None:
    one = visit(locale="zh-CN")
    assert one.page.inner_text("#send") == "提问"
    assert one.page.get_attribute("html", "lang") == "zh-Hans"
    one.ask("商汤为什么亏损")
    one.page.click(".why summary")
    assert "语义 1" in one.page.locator(".why tbody tr").first.inner_text()
    one.page.click("#language")
    assert one.page.inner_text("#send") == "Ask"
    assert "meaning 1" in one.page.locator(".why tbody tr").first.inner_text()
    one.page.reload()
    assert one.page.inner_text("#send") == "Ask"  # the choice is kept
    english, chinese = one.page.evaluate("async () => (await import('/web/words.js')).keys()")
    assert english == chinese


def test_dropped_files_are_added(visit: Callable[..., Watched], tmp_path: Path) -> None:
    one = visit()
    one.page.select_option("#index", "odd")
    one.page.evaluate(
        """() => { const files = new DataTransfer();
        files.items.add(new File(['The lighthouse of Vardo was painted yellow in 1988.'], 'lighthouse <b>.txt'));
        for (const type of ['dragenter', 'dragover']) dispatchEvent(new DragEvent(type, { dataTransfer: files }));
        window.over = !document.querySelector('#drop').hidden;
        dispatchEvent(new DragEvent('drop', { dataTransfer: files, cancelable: true })); }"""
    )
    assert one.page.evaluate("window.over") and not one.page.locator("#drop").is_visible()
    one.until("document.querySelector('#adding-what').textContent == '1 added'")
    one.ask("when was the lighthouse of Vardo painted?")
    assert "1988" in one.page.locator(".answer").inner_text()

    (tmp_path / "picture.txt").write_bytes(bytes(range(256)) * 40)
    one.page.set_input_files("#files", tmp_path / "picture.txt")
    one.page.wait_for_selector("#adding-skipped li")
    assert "picture" in one.page.locator("#adding-skipped").inner_text()

    one.page.on("dialog", lambda dialog: dialog.accept())
    one.page.click("#open-articles")
    one.page.locator("#articles-list li", has_text="lighthouse").locator("button", has_text="Remove").click()
    one.until("!document.querySelector('#articles-list').textContent.includes('lighthouse')")


def test_a_moved_article_is_counted_once(visit: Callable[..., Watched], tmp_path: Path) -> None:
    one = visit()
    counts = {"added": 0, "changed": 0, "removed": 0, "unchanged": 5, "moved": 3, "passages": 5}
    job = {"id": "1", "state": "done", "done": 1, "total": 1, "report": counts | {"skipped": []}, "error": None}
    one.page.route("**/api/documents?*", partial(fulfilled, {"json": {"job": "1"}}))
    one.page.route("**/api/jobs/*", partial(fulfilled, {"json": job}))
    (tmp_path / "a.txt").write_text("Hens lay.", encoding="utf-8")
    one.page.set_input_files("#files", tmp_path / "a.txt")
    one.until("document.querySelector('#adding-what').textContent == '3 moved · 2 unchanged'")


def test_hostile_articles_are_inert(visit: Callable[..., Watched]) -> None:
    one = visit()
    one.page.on("dialog", lambda dialog: one.troubles.append(dialog.message))
    one.page.select_option("#index", "odd")
    one.page.wait_for_selector(".recent-card:has-text('onerror')")
    one.ask("why did the glass harbour freeze?")
    assert "north wind" in one.page.locator(".answer").inner_text()
    one.page.wait_for_selector("mark")
    one.page.click(".why summary")
    shown = "".join(one.page.locator(".cell.original").all_inner_texts())
    assert "in March <script>window.pwned = 1</script> because" in shown
    one.page.keyboard.press("Escape")
    one.ask("how many noodle bars opened in Zanzibar?")
    one.until("document.querySelector('mark').textContent.includes('Zanzibar')")
    assert one.lit() == "𠮷野家 opened 𝟗𝟗 noodle bars in Zanzibar."  # offsets beyond the first plane
    one.page.click("#open-articles")
    active = one.page.locator("script, iframe, form, base, style, img, object, embed, a[href^=javascript]")
    assert active.evaluate_all("(found) => found.map((node) => node.src || node.id)") == [
        f"{one.url}/web/main.js",
        "composer",
    ]
    assert one.page.locator("#reader-about a").count() == 0
    assert one.page.locator("main svg, .articles svg, .pages svg").count() == 0
    assert one.page.evaluate("window.pwned") is None


def test_of_a_long_article_only_what_is_near_is_made(visit: Callable[..., Watched]) -> None:
    one = visit(**PHONE, reduced_motion="reduce")
    one.page.select_option("#index", "odd")
    one.ask("龍門鎮的人為什麼從井裡打水?")
    one.page.tap(".marker >> nth=0")
    one.page.wait_for_selector("mark")
    one.page.wait_for_timeout(300)
    assert one.lit() == "只有龍門鎮(zhèn)的人從井裡打水,因為河在1931年改了道。"
    assert one.lit_is_in_view()
    assert one.page.locator(".row").count() < 1000
    one.page.tap(".chip:has-text('pinyin note')")
    one.until("document.querySelector('.at')")
    assert "第0個村莊" in one.page.locator(".row:has(.at) .original").inner_text()
    one.page.wait_for_timeout(100)
    box = one.page.locator(".original .at").bounding_box()
    assert box is not None and 0 < box["y"] < 844


def test_nothing_but_own_files_may_run(served: Running, chromium: Browser) -> None:
    """The policy is the last line: were there a hole, the browser would refuse what comes through it."""
    one = Watched(chromium, served.url)
    one.page.evaluate(
        """() => { const made = document.createElement('div');
        made.innerHTML = '<img src=x onerror="window.pwned = 1"><a href="javascript:window.pwned = 1" id=j>j</a>';
        document.body.append(made);
        const script = document.createElement('script');
        script.textContent = 'window.pwned = 1';
        document.body.append(script);
        document.querySelector('#j').click(); }"""
    )
    one.page.wait_for_timeout(300)
    assert one.page.evaluate("window.pwned") is None
    assert sum("Content Security Policy" in trouble for trouble in one.troubles) >= 3
    one.context.close()


def test_pieces_of_a_stream_may_end_anywhere(visit: Callable[..., Watched]) -> None:
    one = visit()
    heard = one.page.evaluate(
        """async () => { const { ask } = await import('/web/api.js');
        const said = 'event: hits\\r\\ndata: {"hits": [1]}\\r\\n\\r\\n: ping\\n\\n'
          + 'event: text\\ndata: {"text": "字𠮷"}\\n\\nevent: text\\ndata: {"text": "\\\\n\\\\n"}\\n\\n'
          + 'event: answer\\ndata: {"answer": "x"}\\n\\n';
        const bytes = new TextEncoder().encode(said);
        window.fetch = async () => new Response(new ReadableStream({ async start(to) {
          for (const one of bytes) { to.enqueue(new Uint8Array([one])); await null; } to.close(); } }),
          { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } });
        const heard = [];
        const answer = await ask({}, { hits: (hits) => heard.push(hits), text: (text) => heard.push(text) });
        return [...heard, answer]; }"""
    )
    assert heard == [[1], "字𠮷", "\n\n", {"answer": "x"}]


def test_errors_are_told_and_can_be_tried_again(visit: Callable[..., Watched]) -> None:
    one = visit()
    one.page.route("**/api/ask", lambda route: route.abort())
    one.ask(JASPER)
    assert "does not answer" in one.page.locator(".failure").inner_text()
    body = json.dumps({"error": {"type": "IndexUnusable", "message": "no index here; build it"}})
    one.page.unroute("**/api/ask")
    one.page.route("**/api/ask", lambda route: route.fulfill(status=503, body=body, content_type="application/json"))
    one.page.click("text=Try again")
    one.page.wait_for_selector(".failure:has-text('no index here; build it')")
    one.page.unroute("**/api/ask")
    one.page.click("text=Try again")
    one.page.wait_for_selector(".answer")
    assert one.page.locator(".turn").count() == 1
    assert len(one.troubles) == 2 and all("Failed to load" in trouble for trouble in one.troubles)
    one.troubles.clear()


def test_errors_are_told_in_the_language_of_the_page(visit: Callable[..., Watched]) -> None:
    one = visit(locale="zh-CN")
    for kind, status, said in (("overloaded", 503, "服务器太忙"), ("not_found", 404, "还没有文章")):
        error = {"error": {"type": kind, "message": "the index /home/me/x holds no articles"}}
        answer = {"status": status, "body": json.dumps(error), "content_type": "application/json"}
        one.page.route("**/api/ask", partial(fulfilled, answer))
        one.ask("谁")
        assert said in one.page.locator(".failure >> nth=-1").inner_text()
        assert "/home" not in one.page.locator("#turns").inner_text()
        one.page.unroute("**/api/ask")
    one.troubles.clear()


def fulfilled(answer: dict[str, Any], route: Route) -> None:
    route.fulfill(**answer)


def test_a_refusal_closes_the_article_of_another_answer(visit: Callable[..., Watched]) -> None:
    one = visit()
    one.ask(JASPER)
    one.page.wait_for_selector("mark")
    one.ask("how do I bake sourdough bread")
    assert one.page.locator(".refusal").is_visible() and not one.page.locator("#reader").is_visible()
    assert one.page.evaluate("document.activeElement.id") == "question"


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_phone_or_wraps_in_the_bar(visit: Callable[..., Watched], width: int) -> None:
    one = visit(**PHONE | {"viewport": {"width": width, "height": 600}})
    one.ask(SENSETIME)
    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    assert one.page.locator(".bar").bounding_box()["height"] < 56  # type: ignore[index]
    for name in (".brand", "#index", "#open-history", "#open-articles", "#language"):
        box = one.page.locator(name).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] < 44


def test_words_go_with_their_number_and_places_are_short(visit: Callable[..., Watched]) -> None:
    one = visit()
    holds = """async ([documents, passages]) => {
        const { t } = await import("/web/words.js");
        return t("holds", { documents, passages }); }"""
    assert one.page.evaluate(holds, [1, 1]) == "1 article, 1 passage."
    assert one.page.evaluate(holds, [1, 2]) == "1 article, 2 passages."
    assert one.page.evaluate(holds, [5, 34]) == "5 articles, 34 passages."
    place = """async (path) => (await import("/web/dom.js")).placeOf(path)"""
    assert one.page.evaluate(place, "/home/me/library/uploads/a.txt") == "…/uploads/a.txt"
    assert one.page.evaluate(place, r"C:\me\library\a.txt") == "…/library/a.txt"
    assert one.page.evaluate(place, "seeds/a.txt") == "seeds/a.txt"


def test_a_token_is_taken_from_the_fragment(chromium: Browser, tmp_path: Path) -> None:
    from rag.serve.options import Options

    library = Library(tmp_path / "seeds")
    library.add(SEEDS)
    token = "a-token-of-this-test"
    with running(Collection(library), options=Options(token=token)) as server:
        page = chromium.new_context().new_page()
        page.goto(server.url)
        page.wait_for_selector("#holds:has-text('token')")
        page.goto(f"{server.url}/#token={token}")
        page.reload()
        page.wait_for_selector(".recent-card")
        assert token not in page.url
        page.context.close()


def axe(one: Watched) -> list[tuple[str, list[str]]]:
    """What axe finds wrong with the page as it stands, of whatever weight."""
    found = Axe().run(one.page).response["violations"]
    return [(each["id"], [node["html"][:99] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Callable[..., Watched], scheme: str) -> None:
    one = visit(reduced_motion="reduce", color_scheme=scheme)
    one.page.click("#open-filters")
    one.ask(SENSETIME)
    one.page.click(".why summary")
    one.page.wait_for_selector("mark")
    one.page.click(".chip >> nth=0")
    assert axe(one) == []
    if scheme == "light":
        one.page.click("#open-articles")
        assert axe(one) == []


def test_axe_finds_nothing_on_a_phone_in_chinese(visit: Callable[..., Watched]) -> None:
    one = visit(**PHONE | {"locale": "zh-CN"}, reduced_motion="reduce")
    assert axe(one) == []
    one.ask(SENSETIME)
    one.page.tap(".marker >> nth=0")
    one.page.wait_for_selector("mark")
    one.page.tap("[data-view=both]")
    assert axe(one) == []


def test_the_short_answer_stands_out(visit: Callable[..., Watched], served: Running) -> None:
    one = visit()
    question = "字節跳動的 PixelDance 是什麼時候推出的？"
    one.ask(question)
    answer = served("POST", "/api/ask", {"question": question}).json
    assert answer["short"] == "2023年11月18日"
    assert one.page.locator(".answer strong").all_inner_texts() == [answer["short"]]
