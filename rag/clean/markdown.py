r"""The step on Markdown: its signs go, the words between them stay.

A sentence that is cited is cleaned again by itself, so what is a sign must show in the line that it stands in, and
nothing that is left may look like one.
"""

import re
from collections.abc import Iterator

from rag.clean.traced import TracedText
from rag.types import Edit

__all__ = ["markdown"]

_LONGEST = 20_000  # characters in which front matter has to end
_ROUNDS = 8  # signs may be wrapped in signs; who wraps deeper is not writing

# As in `rag.load.markdown`, and stricter: what is read as fields there in error is not lost, what is deleted here is.
_FRONT = re.compile(r"---[ \t]*\r?\n")
_FRONT_END = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_FIELD = re.compile(r"[\w\"'][\w.\"'-]*[ \t]*:(?:\s|$)")
_UNDER_FIELD = re.compile(r"\s|#|-(?:\s|$)|[\]}]|$")  # an item, the next line of a value, a remark, or nothing

_S = r"[^\S\n]"
_MARKS = rf"{_S}*(?:(?:\#{{1,6}}|[-*+]){_S}+|>{_S}*)+"  # all of a line's at once: a list may be inside of a quotation
_MARKDOWN = re.compile(
    rf"(?P<fence>^(?:{_MARKS}|{_S}*)(?:`{{3,}}[^`\n]*|~{{3,}}[^~\n]*)(?:\n|\Z))"
    rf"|(?P<rule>^{_S}*(?:(?:[-*_+>\#]{_S}*)+|={{2,}}{_S}*)$)"
    rf"|(?P<block>^{_MARKS})"
    r"|(?P<link>(?P<image>!?)\[(?P<label>[^\[\]\n]*(?:\[[^\[\]\n]*\][^\[\]\n]*)*)\]"
    r"\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\))"
    r"|(?P<strong>(?:\*\*|__|~~)[*_~]*)"
    r"|(?P<comment><!--(?:[^-<]|-(?!->)|<(?!!--))*-->)",
    re.MULTILINE,
)


def markdown(text: str) -> Iterator[Edit]:
    """Deletes Markdown signs: front matter, heading and list marks, emphasis, images and the targets of links.

    >>> source = "# Why **Sora**\\n> - see [the report](http://x.y/z)"
    >>> TracedText(source).apply(markdown(source)).text
    'Why Sora\\nsee the report'
    """
    end = _front_matter(text)
    page = TracedText(text).apply([Edit(0, end, "", "front matter")] if end else [])
    for _ in range(_ROUNDS):
        after = page.apply(_signs(page.text))
        if after is page:
            break
        page = after
    yield from page.edits


def _signs(text: str) -> Iterator[Edit]:
    for found in _MARKDOWN.finditer(text):
        start, end = found.span()
        if found["link"]:  # one edit: a sentence that begins or ends in a link is cited with all of it
            image = found["image"]
            yield Edit(start, end, "" if image else found["label"], f"markdown {'image' if image else 'link'}")
        else:
            yield Edit(start, end, "", f"markdown {found.lastgroup}")


def _front_matter(text: str) -> int:
    """Where the fields on top of the text end; 0 where there are none. Prose between two rules is prose."""
    opening = _FRONT.match(text)
    closing = _FRONT_END.search(text, opening.end(), _LONGEST) if opening else None
    if not opening or not closing:
        return 0
    lines = text[opening.end() : closing.start()].split("\n")
    is_field = [bool(_FIELD.match(line)) for line in lines]
    rest = (line for line, field in zip(lines, is_field, strict=True) if not field)
    return closing.end() if any(is_field) and all(map(_UNDER_FIELD.match, rest)) else 0
