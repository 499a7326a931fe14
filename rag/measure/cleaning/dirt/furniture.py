"""Pages: an article between the furniture of a web site, as text and as HTML.

The lines are of this module's own making. They were written before, and without sight of, the rules of `rag.clean`
that are to find them: a measure made of the rules would measure nothing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from random import Random
from typing import Literal

from rag.script import HAN

__all__ = ["Page", "page"]

_ABOVE = ("spam", "bread", "login", "byline", "counter")
_BELOW = ("share", "tags", "author", "copyright", "related", "comments", "app", "next")
_INSIDE = ("advert",)
_TAGS = {"bread": "nav", "login": "header", "related": "aside", "comments": "section", "app": "footer"}
_TRADITIONAL = re.compile("[們這來說個時會對國學車長門見還過點開沒發電後]")
_SLOT = re.compile(r"\{(\w+)\}")

Script = Literal["hans", "hant", "en"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page in both forms. `wanted` are the article's lines, `unwanted` those of the furniture."""

    text: str
    html: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


@lru_cache(maxsize=1)
def _templates() -> dict[tuple[str, str], list[list[str]]]:
    """Blocks of lines by script and role, from `furniture.txt`: `[script role]`, blocks apart by `--`."""
    table: dict[tuple[str, str], list[list[str]]] = {}
    blocks: list[list[str]] = []
    for line in files("rag.measure.cleaning.dirt").joinpath("furniture.txt").read_text(encoding="utf-8").splitlines():
        if head := re.fullmatch(r"\[(\w+) (\w+)\]", line):
            blocks = table[head[1], head[2]] = [[]]
        elif line == "--":
            blocks.append([])
        elif line:
            blocks[-1].append(line)
    return table


def _script(text: str) -> Script:
    if not re.search(f"[{HAN}]{{2}}", text):
        return "en"
    return "hant" if len(_TRADITIONAL.findall(text)) > len(text) / 100 else "hans"


def page(article: str, rng: Random) -> Page:
    """`article` with a random choice of furniture in its own script around it, and an advert between paragraphs."""
    script = _script(article)
    lines = [line for line in article.splitlines() if line]
    above = [role for role in _ABOVE if rng.random() < 0.7]
    below = [role for role in _BELOW if rng.random() < 0.7]
    blocks = [(role, _filled(script, role, rng)) for role in above]
    # the byline and what counts readers stand under the title
    late = [block for block in blocks if block[0] in ("byline", "counter")]
    blocks = [block for block in blocks if block not in late]
    blocks += [("title", lines[:1]), *late]
    advert = rng.randrange(2, len(lines) - 1) if len(lines) > 4 and rng.random() < 0.5 else 0
    for number, line in enumerate(lines[1:], 1):
        if number == advert:
            blocks += [(role, _filled(script, role, rng)) for role in _INSIDE]
        blocks.append(("", [line]))
    blocks += [(role, _filled(script, role, rng)) for role in below]
    unwanted = tuple(line for role, block in blocks if role not in ("", "title") for line in block)
    gap = rng.choice(("\n", "\n\n"))
    text = gap.join("\n".join(block) for _, block in blocks)
    return Page(text + "\n", _html(blocks, lines[0]), tuple(lines), unwanted)


def _filled(script: Script, role: str, rng: Random) -> list[str]:
    """One block of that role, its slots filled."""
    values = {
        "n": lambda: str(rng.randrange(2, 9000)),
        "k": lambda: f"{rng.uniform(1, 9):.1f}",
        "date": lambda: f"20{rng.randrange(15, 26)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
        "time": lambda: f"{rng.randrange(24):02}:{rng.randrange(60):02}",
        "name": lambda: rng.choice(_templates()[script, "names"][0]),
        "site": lambda: rng.choice(_templates()[script, "sites"][0]),
        "head": lambda: rng.choice(_templates()[script, "headlines"][0]),
    }
    block = rng.choice(_templates()[script, role])
    return [_SLOT.sub(lambda slot: values[slot[1]](), line) for line in block]


def _html(blocks: list[tuple[str, list[str]]], title: str) -> str:
    body, inside = [], False
    for role, lines in blocks:
        if role == "title":
            body.append(f"<article>\n<h1>{escape(lines[0])}</h1>")
            inside = True
        elif not role:
            body += (f"<p>{escape(line)}</p>" for line in lines)
        else:
            if inside and role in _BELOW:
                body.append("</article>")
                inside = False
            tag = _TAGS.get(role, "div")
            linked = role in ("bread", "login", "related", "next", "tags")
            rows = (f'<a href="/{role}">{escape(line)}</a>' if linked else escape(line) for line in lines)
            body.append(f'<{tag} class="{role}">\n' + "\n".join(f"<div>{row}</div>" for row in rows) + f"\n</{tag}>")
    if inside:
        body.append("</article>")
    head = f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>'
    return f"<!DOCTYPE html>\n<html>\n{head}\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
