"""Takes the pictures of the web page in notebooks/screens: `PYTHONPATH=tests python tests/page_screens.py`."""

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from conftest import ROOT, SEEDS
from page import PHONE, Watched, browser
from PIL import Image
from serving import running

from rag.library import Library
from rag.serve.collection import Collection

SCREENS = ROOT / "notebooks" / "screens"
LARGEST = 80_000
SMALL: dict[str, Any] = {"viewport": {"width": 1200, "height": 720}}


def main(folder: Path = SCREENS) -> None:
    """Desktop, dark, the Chinese interface, and a phone, as WebP of at most `LARGEST` bytes."""
    library = Library(Path(tempfile.mkdtemp()) / "seeds")
    os.chdir(ROOT)  # sources are shown as they were given
    library.add(SEEDS.name)
    with running(Collection(library)) as server, browser() as opened:

        def page(**context: Any) -> Watched:
            return Watched(opened, server.url, reduced_motion="reduce", **context)

        def keep(one: Watched, name: str) -> None:
            one.page.wait_for_timeout(400)
            image = Image.open(io.BytesIO(one.page.screenshot()))
            for quality in range(80, 20, -10):
                packed = io.BytesIO()
                image.save(packed, "webp", quality=quality, method=6)
                if packed.tell() <= LARGEST:
                    break
            (folder / f"{name}.webp").write_bytes(packed.getvalue())

        folder.mkdir(parents=True, exist_ok=True)
        for name, context in {"desktop": SMALL, "dark": SMALL | {"color_scheme": "dark"}}.items():
            one = page(**context)
            one.ask("why did Jasper decline")
            one.page.wait_for_selector("mark")
            keep(one, name)
        one = page(**SMALL | {"locale": "zh-CN"})
        one.ask("商汤为什么亏损")
        one.page.wait_for_selector("mark")
        one.page.click(".why summary")
        keep(one, "chinese")
        one = page(**PHONE | {"device_scale_factor": 1.5})
        one.ask("how much money did SenseTime lose in 2022?")
        keep(one, "phone")
        one.page.tap(".marker")
        one.page.wait_for_selector("mark")
        keep(one, "phone-original")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENS)
