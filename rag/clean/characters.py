"""Steps on single characters: what no reader sees, odd forms, and notes of how a character is read."""

import re
import unicodedata
from collections.abc import Iterator

from rag.readings import SYLLABLE, readings
from rag.types import Edit

__all__ = [
    "BREAKS",
    "INVISIBLE",
    "ODD",
    "PRIVATE",
    "blank_lines",
    "invisible",
    "line_breaks",
    "line_spacing",
    "odd_forms",
    "pinyin_notes",
    "private_use",
]

# controls but tab and newline, soft hyphen, zero-width and direction marks, variation selectors, BOM, replacement
INVISIBLE = (
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_INVISIBLE = re.compile(f"{INVISIBLE}+")
_PICTURE = "\u203c-\u2bff\U0001f000-\U0001faff"
_JOINER = re.compile(f"(?<=[{_PICTURE}\ufe0f])\u200d(?=[{_PICTURE}])")  # without it a family is four people
PRIVATE = "[\ue000-\uf8ff\U000f0000-\U0010ffff]"
_PRIVATE = re.compile(f"{PRIVATE}+")
_RADICALS = (
    "⺟母⺠民⺩王⺫目⺬示⺶羊⻁虎⻄西⻅见⻆角⻋车⻉贝⻑長⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食"
    "⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
)
_PLAIN = dict(zip(map(ord, _RADICALS[::2]), _RADICALS[1::2], strict=True))
_ODD = {
    "full-width letter or digit": "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a",
    "half-width kana": "\uff61-\uff9f",
    "radical": f"\u2f00-\u2fd5{_RADICALS[::2]}",
    "compatibility ideograph": "\uf900-\ufaff\U0002f800-\U0002fa1f",
    "ligature": "\ufb00-\ufb06",
}
ODD = f"[{''.join(_ODD.values())}]"
_ODD_RUN = re.compile(f"{ODD}+")
_ODD_FORMS = tuple((why, re.compile(f"[{forms}]+")) for why, forms in _ODD.items())
_NOTE = re.compile(rf"\(({SYLLABLE})\)")
BREAKS = "[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]"
_BREAK = re.compile(f"\r(?=\n)|{BREAKS}")
_BLANK = re.compile(r"\n\n\n+")


def invisible(text: str) -> Iterator[Edit]:
    r"""Deletes characters that take no room, but for those that join two pictures to one.

    >>> [edit.start for edit in invisible("a\u200bb\u00ad, \U0001f469\u200d\U0001f467")]
    [1, 3]
    """
    for found in _INVISIBLE.finditer(text):
        start, end = found.span()
        end -= _JOINER.match(text, end - 1) is not None
        if start < end:
            yield Edit(start, end, "", "invisible character")


def private_use(text: str) -> Iterator[Edit]:
    """Deletes characters of the private-use areas: no font but the page's own had a picture for them."""
    for found in _PRIVATE.finditer(text):
        yield Edit(found.start(), found.end(), "", "private-use character")


def odd_forms(text: str) -> Iterator[Edit]:
    """Writes the plain character for a form that a font, an old code page or a PDF put in its place.

    Full-width letters and digits become ASCII; full-width punctuation stays, since Chinese is written with it.

    >>> [(edit.new, edit.why) for edit in odd_forms("（ＳＯＲＡ），⽤⼾")]
    [('SORA', 'full-width letter or digit'), ('用戶', 'radical')]
    """
    for found in _ODD_RUN.finditer(text):
        at, end = found.span()
        while at < end:
            why, form = next(kind for kind in _ODD_FORMS if kind[1].match(text, at))
            stretch = form.match(text, at, end)
            assert stretch
            new = unicodedata.normalize("NFKC", stretch[0].translate(_PLAIN))
            if new != stretch[0]:  # twelve of the compatibility ideographs are plain ones
                yield Edit(at, stretch.end(), new, why)
            at = stretch.end()


def pinyin_notes(text: str) -> Iterator[Edit]:
    """Deletes a note in ASCII brackets that gives a reading of the very character before it.

    A note that is no reading of that character is content: a foreign name, an abbreviation, a gloss of a word.

    >>> [edit.start for edit in pinyin_notes("當(dāng)前, 世界移动通信大会(MWC), AI(rén gōng), 读作(nèi)")]
    [1]
    """
    for found in _NOTE.finditer(text):
        if found.start() and text[found.start() - 1] in readings().get(found[1], ()):
            yield Edit(found.start(), found.end(), "", "pinyin note")


def line_breaks(text: str) -> Iterator[Edit]:
    r"""Writes every line break as one newline.

    >>> list(line_breaks("a\r\nb\rc"))
    [Edit(start=1, end=2, new='', why='line break'), Edit(start=4, end=5, new='\n', why='line break')]
    """
    for found in _BREAK.finditer(text):
        yield Edit(found.start(), found.end(), "" if text.startswith("\n", found.end()) else "\n", "line break")


def line_spacing(text: str) -> Iterator[Edit]:
    """Deletes space at both ends of each line."""
    at = 0
    for line in text.split("\n"):
        end = at + len(line)
        bare = line.strip()
        if len(bare) < len(line):
            start = at + len(line) - len(line.lstrip())
            if at < start:
                yield Edit(at, start, "", "space")
            if start < start + len(bare) < end:
                yield Edit(start + len(bare), end, "", "space")
        at = end + 1


def blank_lines(text: str) -> Iterator[Edit]:
    r"""Deletes empty lines at both ends of the text, and all but one of several in a row.

    >>> list(blank_lines("a\n\n\n\nb\n"))
    [Edit(start=3, end=5, new='', why='space'), Edit(start=6, end=7, new='', why='space')]
    """
    start, end = len(text) - len(text.lstrip("\n")), len(text.rstrip("\n"))
    if start:
        yield Edit(0, start, "", "space")
    for found in _BLANK.finditer(text, start, end):
        yield Edit(found.start() + 2, found.end(), "", "space")
    if start < len(text) > end:
        yield Edit(end, len(text), "", "space")
