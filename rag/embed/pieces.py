"""Many texts cut into pieces at once, with numpy: the same pieces as a tokenizer gives, in a fifth of its time.

The tokenizer folds a text, takes the runs of Han characters, of digits and of other letters out of it, and cuts each
into the pieces whose scores add up to most (a unigram model, Kudo 2018). Nearly all of its time goes into looking up
stretches of Han characters. Here each step of Viterbi's algorithm is made for all runs together. Words and numbers are
few and come again, so they are remembered. Texts with anything else in them are left to the tokenizer.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from tokenizers import Tokenizer

from rag.protocols import Ids
from rag.script import HAN_RUN, is_han

__all__ = ["Pieces"]

_SPACE: Final = 0x20  # stands for all that belongs to no piece
_OTHER: Final = 0xFFFF  # for what is left to the tokenizer
_LONGEST = 100  # Han characters of a run; a longer one is left to the tokenizer
_REMEMBERED = 200_000  # words
_UNKNOWN_COSTS = 10.0  # below the least score, as the tokenizer has it
_DIGITS = (ord("0"), ord("9"))


Units: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.uint16]]"
Doubles: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float64]]"
Flags: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"


class _Level(NamedTuple):
    """The beginnings of words that have one character more than those of the level before, sorted by `keys`.

    A key is the number of the shorter beginning times 65536 plus the code of the last character. `words`: which piece
    it is, 0 for none. `longer`: whether a word goes on from it.
    """

    keys: Ids
    words: Ids
    longer: Flags


class Pieces:
    """Cuts as `tokenizer` does, which is one that `rag.train.vocabulary` has made."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._fold, self._is_han = _characters(tokenizer)
        vocabulary: list[tuple[str, float]] = json.loads(tokenizer.to_str())["model"]["vocab"]
        self._scores = np.array([score for _, score in vocabulary])
        self._scores[0] = self._scores.min() - _UNKNOWN_COSTS  # 0 is the unknown piece
        words = {word: number for number, (word, _) in enumerate(vocabulary) if HAN_RUN.match(word)}
        self._single = np.zeros(0x10000, dtype=np.int64)
        for word, number in words.items():
            if len(word) == 1 and word <= "\uffff":
                self._single[ord(word)] = number
        self._levels = list(_levels(words))
        self._known: dict[str, tuple[int, ...]] = {}

    def of(self, texts: Sequence[str]) -> list[Ids]:
        """The known pieces of each text, by number, in order."""
        encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
        ends = np.cumsum([len(one) // 2 + 1 for one in encoded])
        units = self._fold[np.frombuffer(b"".join(one + b" \0" for one in encoded), dtype="<u2")]
        han = self._is_han[units]
        starts, stops = _runs(han)
        short = stops - starts <= _LONGEST
        units[starts[~short]] = _OTHER
        left = np.unique(np.searchsorted(ends, np.flatnonzero(units == _OTHER), side="right"))
        at, numbers = self._in_han(units, starts[short], stops[short])
        words_at, words = self._in_words(units, ~han & (units != _SPACE) & (units != _OTHER))
        at = np.concatenate([at, words_at])
        order = np.argsort(at, kind="stable")
        all_of = np.concatenate([numbers, words])[order]
        bounds = np.searchsorted(at[order], ends).tolist()
        found = [all_of[start:stop] for start, stop in zip([0, *bounds], bounds, strict=False)]
        for place, own in zip(left, self._asked([texts[one] for one in left]), strict=True):
            found[place] = np.array([number for number in own if number], dtype=np.int64)
        return found

    def _asked(self, texts: list[str]) -> list[list[int]]:
        return [one.ids for one in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def _in_words(self, units: Units, inside: Flags) -> tuple[Ids, Ids]:
        """Where in `units` pieces of words and numbers are, and which."""
        digit = inside & (units >= _DIGITS[0]) & (units <= _DIGITS[1])
        starts, stops = (np.concatenate(both) for both in zip(_runs(digit), _runs(inside & ~digit), strict=True))
        text = units.tobytes().decode("utf-16-le")
        words = [text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        known = self._known
        new = list({word for word in words if word not in known})
        if len(known) + len(new) > _REMEMBERED:  # in a new one: other threads may be reading
            known, new = {}, list(set(words))
        known.update(zip(new, (tuple(filter(None, own)) for own in self._asked(new)), strict=True))
        self._known = known
        pieces = [known[word] for word in words]
        return np.repeat(starts, list(map(len, pieces))), np.fromiter(chain.from_iterable(pieces), dtype=np.int64)

    def _in_han(self, units: Units, starts: Ids, stops: Ids) -> tuple[Ids, Ids]:
        """Where in `units` pieces of Han characters end, and which.

        Characters are held step by step: the first ones of all runs, longest run first, then the second ones, and so
        on. The runs of a step are the first ones of the step before.
        """
        longest_first = np.argsort(starts - stops, kind="stable")
        starts, lengths = starts[longest_first], (stops - starts)[longest_first]
        steps = int(lengths[0]) if len(lengths) else 0
        sizes = np.searchsorted(-lengths, -np.arange(steps), side="left")  # runs that are longer than this
        firsts = np.concatenate([[0], np.cumsum(sizes)])
        step = np.repeat(np.arange(steps), sizes)
        places = starts[np.arange(firsts[-1]) - firsts[step]] + step
        codes = units[places].astype(np.int64)
        scores, numbers = self._matched(codes, step, sizes, firsts)
        best = np.zeros(len(codes))
        chosen = np.zeros(len(codes), dtype=np.int8)
        for now in range(steps):
            size, first = sizes[now], firsts[now]
            top, length = np.full(size, -np.inf), np.zeros(size, dtype=np.int8)
            for longer in range(min(now, len(scores) - 1), -1, -1):  # as the tokenizer: of equals the longest
                own = scores[longer][first : first + size]
                if now > longer:
                    back = firsts[now - longer - 1]
                    own = own + best[back : back + size]
                better = own > top
                top[better], length[better] = own[better], longer
            best[first : first + size], chosen[first : first + size] = top, length
        ends = np.zeros(len(codes), dtype=np.bool_)
        for now in range(steps - 1, -1, -1):
            size, first = sizes[now], firsts[now]
            ends[first + (sizes[now + 1] if now + 1 < steps else 0) : first + size] = True
            length = np.where(ends[first : first + size], chosen[first : first + size], -1)
            for longer in range(min(now - 1, len(scores) - 1) + 1):
                back = firsts[now - longer - 1]
                ends[back : back + size] |= length == longer
        found = np.flatnonzero(ends)
        pieces = numbers[chosen[found], found]
        return places[found][pieces > 0], pieces[pieces > 0]

    def _matched(self, codes: Ids, step: Ids, sizes: Ids, firsts: Ids) -> tuple[Doubles, Ids]:
        """Scores and numbers of the words that end at each character, of one to so many characters, (lengths, n)."""
        lengths = len(self._levels) + 1
        numbers = np.zeros((lengths, len(codes)), dtype=np.int64)
        scores = np.full((lengths, len(codes)), -np.inf)
        numbers[0] = self._single[codes]
        scores[0] = self._scores[numbers[0]]
        sizes = np.concatenate([sizes, np.zeros(lengths, dtype=np.int64)])
        firsts = np.concatenate([firsts, np.full(lengths, firsts[-1])])
        rank = np.arange(len(codes)) - firsts[step]
        begin = np.arange(len(codes))
        state = codes
        for length, level in enumerate(self._levels, 1):
            fits = rank[begin] < sizes[step[begin] + length]
            begin, state = begin[fits], state[fits]
            last = firsts[step[begin] + length] + rank[begin]
            keys = (state << 16) | codes[last]
            at = np.minimum(np.searchsorted(level.keys, keys), len(level.keys) - 1)
            hit = level.keys[at] == keys
            begin, at, last = begin[hit], at[hit], last[hit]
            words = level.words[at]
            numbers[length, last[words > 0]] = words[words > 0]
            scores[length, last[words > 0]] = self._scores[words[words > 0]]
            goes_on = level.longer[at]
            begin, state = begin[goes_on], at[goes_on]
        return scores, numbers


def _characters(tokenizer: Tokenizer) -> tuple[Units, Flags]:
    """What each UTF-16 code unit is folded to, and which of these are Han characters, as the tokenizer has it."""
    points = np.array([point for point in range(0x10000) if not 0xD800 <= point < 0xE000 and point != ord("\n")])
    folded = tokenizer.normalizer.normalize_str("\n".join(map(chr, points.tolist())))
    kept = np.zeros(len(folded) + 2, dtype=np.int64)
    for _, (start, stop) in tokenizer.pre_tokenizer.pre_tokenize_str(folded):
        kept[start + 1 : stop + 1] = 1
    kept = np.cumsum(kept)
    codes = np.frombuffer(f"{folded}\n".encode("utf-32-le"), dtype="<u4")
    stops = np.flatnonzero(codes == ord("\n"))
    starts = np.concatenate([[0], stops[:-1] + 1])
    one = np.where(stops - starts == 1, codes[starts], _OTHER)
    one[(one >= 0x80) & ~is_han()[np.minimum(one, _OTHER)]] = _OTHER
    one[kept[stops] == kept[starts]] = _SPACE
    fold = np.full(0x10000, _OTHER, dtype=np.uint16)
    fold[points], fold[ord("\n")] = one, _SPACE
    return fold, is_han()


def _levels(words: dict[str, int]) -> Iterator[_Level]:
    """Those of the second character on; a first character has its code for a number."""
    before = {word[0]: ord(word[0]) for word in words}
    for length in range(2, max(map(len, words), default=0) + 1):
        own = {word[:length] for word in words if len(word) >= length}
        longer = {word[:length] for word in words if len(word) > length}
        keyed = sorted((before[one[:-1]] << 16 | ord(one[-1]), one) for one in own)
        before = {one: number for number, (_, one) in enumerate(keyed)}
        yield _Level(
            np.array([key for key, _ in keyed], dtype=np.int64),
            np.array([words.get(one, 0) for _, one in keyed], dtype=np.int64),
            np.array([one in longer for _, one in keyed]),
        )


def _runs(flags: Flags) -> tuple[Ids, Ids]:
    """Where runs of true ones start and where they stop; the last of `flags` is false."""
    edges = np.flatnonzero(np.diff(flags, prepend=False))
    return edges[::2], edges[1::2]
