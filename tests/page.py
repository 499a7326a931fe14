"""A browser for tests of the web page, and what they watch in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "en-US",
}
HOSTILE = """\
<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1"> Weather of the glass harbour

The glass harbour froze in March <script>window.pwned = 1</script> because the north wind <img src=x \
onerror="window.pwned = 1"> blew for nine days.

<svg onload="window.pwned = 1"><a xlink:href="javascript:window.pwned = 1"><text>press me</text></a></svg>
<iframe src="javascript:parent.pwned = 1"></iframe><a href="javascript:window.pwned = 1">more about the harbour</a>
<style>body { display: none }</style><form action="http://evil.example/"><input name=q></form>
{{constructor.constructor('window.pwned = 1')()}} ${window.pwned = 1} "><base href="http://evil.example/">
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        # in a container there is no user that its sandbox could be of; the pages are this project's own
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Watched:
    """A page on which every error, refused script, dialog and request elsewhere is noted."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.context = browser.new_context(**(DESKTOP | context))
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.page.on("console", lambda message: message.type == "error" and self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._seen)
        self.page.goto(url)
        self.page.wait_for_selector("#recent button, #holds[data-t=holds-none]")

    def _seen(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.troubles.append(f"a request to {request.url}")
        if request.url.endswith("/api/ask"):
            self.asked.append(request.post_data_json)

    def ask(self, question: str) -> None:
        """Ask by keyboard and wait for the answer."""
        self.page.fill("#question", question)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".turn:last-child[aria-busy=false]")

    def until(self, condition: str) -> None:
        """Wait until an expression holds; Playwright's own way needs `eval`, which the page's policy refuses."""
        for _ in range(500):
            if self.page.evaluate(f"Boolean({condition})"):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never: {condition}")

    def lit(self) -> str:
        """What is lit in the original, dirt included."""
        return "".join(self.page.locator(".cell.original mark").all_text_contents())

    def lit_is_in_view(self) -> bool:
        """Whether the first lit stretch can be seen."""
        return bool(
            self.page.evaluate(
                """() => { const pages = document.querySelector('#pages').getBoundingClientRect();
                const lit = [...document.querySelectorAll('mark')].find((one) => one.getClientRects().length);
                const box = lit.getBoundingClientRect();
                return box.top >= pages.top && box.bottom <= Math.min(pages.bottom, innerHeight); }"""
            )
        )

    def close(self) -> None:
        """Nothing may have gone wrong."""
        self.context.close()
        assert self.troubles == []
