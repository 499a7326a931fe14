"""Questions made of sentences: a stretch is taken out, the rest asks for it in a rougher wording.

After Lewis et al., "Unsupervised Question Answering by Cloze Translation", ACL 2019; the wording is loosened here by
leaving words out and by putting near words of the built-in table in their place.
"""

import random
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.chunk import sentences
from rag.embed.builtin import Builtin
from rag.script import HAN, content
from rag.train.answer_examples import Case
from rag.train.pairs import paragraphs
from rag.train.read import rows

__all__ = ["Clozes"]

Made = tuple[str, str]
"""A question and its answer."""

NEAR, FEW = 0.45, 5
SKIPPED, CHANGED = 0.25, 0.2
"""Shares of the words of a sentence that are left out, and that are changed for a near one."""

_UNIT = r"(?:年|月|日|亿|万|人|元|%|个|家|次|倍|岁|米|公里|分钟|小时|天|名|项|吨)"
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_ANSWERS = {
    "en": {
        "number": re.compile(r"\b\d[\d,.]*(?: (?:million|billion|percent|%|years|people|days))?\b"),
        "name": re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+(?: (?:of |the |de )?[A-Z][\w'-]+)*"),
        "thing": re.compile(r"[a-z][a-z'-]{3,}(?: [a-z'-]{4,})?"),
    },
    "zh": {
        "number": re.compile(rf"\d[\d,.]*{_UNIT}*(?:\d+月)?(?:\d+日)?"),
        "name": re.compile(r"(?<=[《「“])[^《》「」“”]{2,20}(?=[》」”])|[A-Za-z][A-Za-z0-9 .'-]{2,20}"),
        "thing": re.compile(rf"[{HAN}]{{2,6}}"),
    },
}
_ASK = {
    "en": {
        "year": ("when", "what year", "in which year"),
        "number": ("how many", "how much", "how long", "what is the number of"),
        "name": ("who", "what", "which", "where", "what is the name of", "in what"),
        "thing": ("what", "what kind of", "what does", "how", "why", "which"),
    },
    "zh": {
        "year": ("哪一年", "何时", "什么时候"),
        "number": ("多少", "几"),
        "name": ("什么", "谁", "哪个", "哪家", "哪里"),
        "thing": ("什么", "怎样", "谁", "哪里", "为什么", "什么样的", "哪个"),
    },
}
_CUT = re.compile(r"(?<=[,;:()—–，；：（）、])")
PARALLEL = ("lctt", "tico19", "opensource_guide")
"""Texts whose paragraphs are there in both languages."""

_LEAST = {"en": 40, "zh": 14}
"""Letters of the stretch of a sentence that is asked about."""


class Clozes:
    """Makes cases of the texts under `data`; `words` gives near words."""

    def __init__(self, data: Path, words: Builtin, seed: int = 5) -> None:
        self._data, self._words, self._chance = data, words, random.Random(seed)
        pieces, _ = words.table()
        self._pieces = pieces
        self._unit = words.directions(np.arange(len(pieces)))
        self._number = {piece: number for number, piece in enumerate(pieces)}
        self._chinese = np.array([bool(re.search(f"[{HAN}]", piece)) for piece in pieces])
        self._english = np.array([bool(re.fullmatch(r"[a-z]{3,}", piece)) for piece in pieces])
        self._near = lru_cache(maxsize=50_000)(self._nearest)

    def cases(self, language: str, count: int) -> Iterator[Case]:
        """`count` cases in `en` or `zh`, each about a sentence of a passage of several."""
        texts = list(self._english_texts() if language == "en" else self._chinese_texts())
        self._chance.shuffle(texts)
        made = 0
        before = -1
        while before < made < count:  # a round over all texts that makes nothing is the last
            before = made
            for key, text in texts:
                told = [span.of(text) for span in sentences(text)]
                long = [one for one in told if len(one) > 1.5 * _LEAST[language]]
                found = self._made(self._chance.choice(long), language) if len(told) > 2 and long else None
                if found and found[1] in text:
                    made += 1
                    yield Case(f"cloze.{language}", found[0], key, text, (found[1],))
                if made == count:
                    return

    def across(self, count: int) -> Iterator[Case]:
        """`count` cases whose passage is in the other language than the question; the answer is a whole sentence."""
        found = [(name, paragraphs(self._data / "train" / "parallel" / f"{name}.jsonl.gz")) for name in PARALLEL]
        windows = [
            (f"across.{name}.{number}.{start}", document[start : start + 6])
            for name, documents in found
            for number, document in enumerate(documents)
            for start in range(0, len(document) - 4, 6)
        ]
        self._chance.shuffle(windows)
        made = 0
        for key, window in windows:
            own = made % 2
            pair = self._chance.choice(window)
            question = self._made(pair[own], ("en", "zh")[own])
            if question:
                made += 1
                text = (" " if own else "").join(one[1 - own] for one in window)
                yield Case("cloze.across", question[0], key, text, (pair[1 - own],))
            if made == count:
                return

    def _made(self, sentence: str, language: str) -> Made | None:
        found = {name: list(pattern.finditer(sentence)) for name, pattern in _ANSWERS[language].items()}
        kinds = [name for name, matches in found.items() if matches]
        if not kinds:
            return None
        kind = self._chance.choice(kinds)
        match = self._chance.choice(found[kind])
        answer = match[0].strip()
        if len(answer) < 2:
            return None
        begin, end = self._clause(sentence, *match.span(), _LEAST[language])
        dated = _YEAR.match(answer) if language == "en" else "年" in answer
        ask = self._chance.choice(_ASK[language]["year" if kind == "number" and dated else kind])
        before, after = self._loose(sentence[begin : match.start()]), self._loose(sentence[match.end() : end])
        if language == "zh" and len("".join(before + after)) >= 4:
            return "".join(
                [*before, ask, *after] if self._chance.random() < 0.6 else [*after, *before, ask]
            ) + "？", answer
        if language == "en" and len(content(" ".join(before + after)).split()) >= 2:
            rest = before + after if self._chance.random() < 0.7 else after + before
            return " ".join([ask, *rest]) + "?", answer
        return None

    def _clause(self, sentence: str, start: int, stop: int, least: int) -> tuple[int, int]:
        """The clause around the answer, and its neighbours while it is short."""
        cuts = [0, *(match.end() for match in _CUT.finditer(sentence)), len(sentence)]
        begin = max(cut for cut in cuts if cut <= start)
        end = min(cut for cut in cuts if cut >= stop)
        while end - begin - (stop - start) < least and (begin > 0 or end < len(sentence)):
            if begin > 0 and (end == len(sentence) or self._chance.random() < 0.5):
                begin = max(cut for cut in cuts if cut < begin)
            else:
                end = min(cut for cut in cuts if cut > end)
        return begin, end

    def _loose(self, text: str) -> list[str]:
        """The words of a text, some left out, some changed for near ones."""
        kept = []
        for place in self._words.places(text):
            word, luck = place.of(text), self._chance.random()
            if luck < SKIPPED:
                continue
            near = self._near(word.lower()) if luck < SKIPPED + CHANGED else ()
            kept.append(self._chance.choice(near) if near else word)
        return [word for word in kept if re.search(r"\w", word)]

    def _nearest(self, word: str) -> tuple[str, ...]:
        number = self._number.get(word)
        if not number:
            return ()
        cosines = self._unit @ self._unit[number]
        cosines[~(self._chinese if self._chinese[number] else self._english)] = 0
        cosines[number] = 0
        best = np.argpartition(-cosines, FEW)[:FEW]
        return tuple(self._pieces[at] for at in best if cosines[at] > NEAR)

    def _english_texts(self) -> Iterator[tuple[str, str]]:
        train = self._data / "train"
        for name in ("medquad", "nq_dev_qed_lim", "selqa"):
            for row in rows(train / "qa" / f"{name}.train.jsonl.gz"):
                yield row["passage_id"], row["passage"][:1500]
        for name in ("digitalgov", "18f_guides", "plurality", "opensource_guide"):
            for number, row in enumerate(rows(train / "titles" / f"{name}.jsonl.gz")):
                if row["lang"].startswith("en") and len(row["paragraph"]) > 350:
                    yield f"{name}.{number}", row["paragraph"][:1500]
        for name in PARALLEL:
            for number, document in enumerate(paragraphs(train / "parallel" / f"{name}.jsonl.gz")):
                for start in range(0, len(document) - 4, 6):
                    yield f"{name}.{number}.{start}", " ".join(pair[0] for pair in document[start : start + 6])

    def _chinese_texts(self) -> Iterator[tuple[str, str]]:
        for row in rows(self._data / "corpus" / "news_2023.jsonl.gz"):
            text = row["text"]
            if len(text) > 300:
                start = self._chance.choice(sentences(text)[:-3] or sentences(text)[:1]).start
                yield str(row["_id"]), text[start : start + self._chance.choice((300, 500, 700))]
        for name in ("cmrc2018_train.train", "drcd.dev"):
            passages = {
                row["passage_id"]: row["passage"] for row in rows(self._data / "train" / "qa" / f"{name}.jsonl.gz")
            }
            yield from passages.items()
