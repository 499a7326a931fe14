"""Names across scripts: a Chinese name spelt in pinyin, and pinyin for the characters of a name."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise, product

from rag.readings import readings
from rag.script import HAN, fold

__all__ = ["characters_of", "cut", "spelt"]

LONGEST = 4
"""Syllables of a name."""

_WORDS = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")
_RUN = re.compile(f"[{HAN}]{{2,}}")
_READINGS = 3  # of a character that are tried, and there are few with more that are in use

_SPELT = 200  # characters of a Chinese question in which names are looked for

Counts = Callable[[str], float]


@lru_cache(maxsize=1)
def _sounds() -> dict[str, str]:
    """The characters that are read so, for each syllable without its tone."""
    found: dict[str, str] = {}
    for syllable, characters in readings().items():
        plain = _plain(syllable)
        found[plain] = found.get(plain, "") + "".join(sorted(characters))
    return {plain: "".join(dict.fromkeys(characters)) for plain, characters in found.items() if plain.isascii()}


def _plain(syllable: str) -> str:
    letters = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=10_000)
def _read(character: str) -> tuple[str, ...]:
    """How it is read, without tones."""
    return tuple(syllable for syllable, characters in _sounds().items() if character in characters)


@lru_cache(maxsize=10_000)
def cut(word: str) -> tuple[str, ...]:
    """The syllables that a lower-case word is made of, as few as can be; none if it is no pinyin.

    >>> cut("xueyuan"), cut("zhang"), cut("jasper")
    (('xue', 'yuan'), ('zhang',), ())
    """
    best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(max(end - 6, 0), end):
            before = best[start]
            if before is not None and word[start:end] in _sounds():
                now = best[end]
                if now is None or len(before) + 1 < len(now):
                    best[end] = (*before, word[start:end])
    return best[len(word)] or ()


def characters_of(question: str, unknown: Callable[[str], bool], frequency: Counts, rate: Counts) -> list[str]:
    """Pairs of characters, out of those that occur, as which names in an English question may be written.

    A name is a run of capitalised words that are all pinyin and begin with a surname, or one is `unknown` as a word.
    `frequency` of a pair in the index decides, `rate` of a character in the background says which are tried first.
    """
    found: list[str] = []
    for run in _names(question)[:NAMES]:
        syllables = [syllable for word in run for syllable in cut(word)]
        person = len(run) > 1 and run[0] in SURNAMES
        if not 2 <= len(syllables) <= LONGEST or not (person or any(map(unknown, run))):
            continue
        choices = [sorted(_simplified(_sounds()[one]), key=lambda c: -rate(c))[:MOST] for one in syllables]
        pairs = [[a + b for a, b in product(*two) if frequency(a + b)] for two in pairwise(choices)]
        chained = [
            [pair for pair in own if _continues(pair, pairs, at)] if len(pairs) > 1 else own
            for at, own in enumerate(pairs)
        ]
        found.extend(pair for own in (chained if any(chained) else pairs) for pair in own[:NAMES])
    return list(dict.fromkeys(found))


SURNAMES = frozenset(
    "bai bao bi cai cao chang chen cheng cui dai deng ding dong du duan fan fang feng fu gao gong gu guo han hao "
    "he hou hu huang jia jiang jin kang kong lai lei li liang liao lin liu long lu luo lv ma mao meng mo ni niu "
    "pan pang peng qian qiao qin qiu ren shao shen shi song su sun tan tang tao tian wan wang wei wen wu xia xiao "
    "xie xiong xu xue yan yang yao ye yi yin yu yuan zeng zhang zhao zheng zhong zhou zhu zhuang zou zuo".split()
)
"""How the commonest are spelt."""

MOST = 40
"""Characters of a syllable that are tried."""

NAMES = 6
"""Names of a question that are looked for, and so many pairs of characters for each syllable but the first."""


def _continues(pair: str, pairs: list[list[str]], at: int) -> bool:
    before = at > 0 and any(other[1] == pair[0] for other in pairs[at - 1])
    after = at + 1 < len(pairs) and any(other[0] == pair[1] for other in pairs[at + 1])
    return before or after


def _simplified(characters: str) -> Iterable[str]:
    return dict.fromkeys(fold(characters))


def _names(question: str) -> list[list[str]]:
    """Runs of neighbouring capitalised words that are pinyin, lower case."""
    runs: list[list[str]] = []
    for part in _WORDS.findall(question):
        words = re.split(r"[ '’-]", part)
        run: list[str] = []
        for word in [*words, ""]:
            short = len(word) <= 6 * LONGEST  # no syllable is longer than six letters
            if short and word[:1].isupper() and word.isascii() and cut(word.lower()):
                run.append(word.lower())
            elif run:
                runs.append(run)
                run = []
    return runs


def spelt(question: str, unknown: Callable[[str], bool], frequency: Counts) -> list[str]:
    """Words of pinyin that occur, as which neighbouring characters of a Chinese question may be spelt.

    Only `unknown` words count: 我们 is not asked for as "women".
    """
    found: dict[str, None] = {}
    for run in _RUN.findall(fold(question[:_SPELT])):
        for size in (2, 3):
            for start in range(len(run) - size + 1):
                sounds = [_read(character)[:_READINGS] for character in run[start : start + size]]
                for syllables in product(*sounds):
                    word = "".join(syllables)
                    if word not in found and frequency(word) and unknown(word):
                        found[word] = None
    return list(found)
