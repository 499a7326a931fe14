"""The vocabulary: frequent words of both languages, each with smaller pieces to fall back on.

Chinese words are those of jieba's dictionary as it cuts the training text, with every character seen below them;
English words are runs of letters, with frequent runs of two to six letters below them. The pieces' log probabilities
make a unigram model (Kudo 2018, "Subword Regularization"), which takes the likeliest cut.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from rag.script import HAN, fold
from rag.train.charsmap import normalizer

__all__ = ["UNKNOWN", "count_words", "fold_table", "pieces", "sif", "tokenizer"]

UNKNOWN = "[UNK]"
_WORD = r"[{han}]+|[0-9]+|[^\W{han}0-9_]+"
_RUN = re.compile(_WORD.format(han=HAN))
_HAN = re.compile(f"[{HAN}]")
_LONGEST_HAN = 4
_FALLBACK = -13.0
"""Log probability at and below which the pieces of unknown words lie: two of them never beat one known word."""

log = logging.getLogger(__name__)


def fold_table() -> dict[str, str]:
    """The character table that `rag.script.fold` uses."""
    old, new = files("rag").joinpath("script.txt").read_text(encoding="utf-8").split("\n")[:2]
    return dict(zip(old, new, strict=True))


def count_words(texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each word and each single Han character is seen, in folded `texts`."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    words: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for text in texts:
        for run in _RUN.findall(fold(text)):
            if _HAN.match(run):
                characters.update(run)
                words.update(w for w in jieba.cut(run, HMM=False) if len(w) <= _LONGEST_HAN)
            else:
                words[run] += 1
    return words, characters


def _runs_of_letters(words: Counter[str], known: set[str], size: int) -> list[str]:
    """The runs of 2 to 6 letters or digits that save most pieces where words are not known."""
    score: Counter[str] = Counter()
    for word, n in words.items():
        if word in known or not word.isascii() or len(word) > 20:
            continue
        weight = math.sqrt(n)
        for length in range(2, 7):
            for start in range(len(word) - length + 1):
                score[word[start : start + length]] += weight * (length - 1)  # type: ignore[assignment]
    return [run for run, _ in score.most_common(size + len(known)) if run not in known][:size]


def pieces(words: Counter[str], characters: Counter[str], han: int, latin: int, runs: int) -> list[tuple[str, float]]:
    """Pieces and their log probabilities, the unknown piece first.

    `han`, `latin`, `runs`: how many Chinese words of two characters or more, other words, and runs of letters to keep.
    """
    total = sum(words.values())
    ranked = [word for word, n in words.most_common() if n >= 3]
    kept = [w for w in ranked if _HAN.match(w) and len(w) > 1][:han]
    kept += [w for w in ranked if not _HAN.match(w)][:latin]
    found = {word: math.log(words[word] / total) for word in kept}
    for character, n in characters.items():
        if n >= 3:
            found[character] = min(math.log(max(words[character], 0.5) / total), -6.0)
    for run in _runs_of_letters(words, set(found), runs):
        found[run] = _FALLBACK - 0.5 / len(run)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    for letter in alphabet:
        found.setdefault(letter, _FALLBACK - 1)
    log.info("pieces: %d, of them Chinese words %d", len(found) + 1, sum(len(w) > 1 for w in kept[:han]))
    return [(UNKNOWN, 0.0), *sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def tokenizer(vocabulary: Sequence[tuple[str, float]], table: dict[str, str]) -> Tokenizer:
    """A tokenizer that folds, keeps runs of Han characters, of digits and of other letters, and cuts them.

    `table` is the character table of `rag.script`. Spaces and punctuation give no piece; no special piece is added.
    """
    made = Tokenizer(models.Unigram(list(vocabulary), unk_id=0, byte_fallback=False))
    made.normalizer = normalizer(table)
    # The engine of `Regex` (Oniguruma) reads the same class in its own notation.
    han = "".join(rf"\x{{{ord(c):x}}}" if c != "-" else c for c in HAN)
    made.pre_tokenizer = pre_tokenizers.Split(
        Regex(rf"[{han}]+|[0-9]+|[\p{{L}}\p{{M}}\p{{N}}&&[^{han}0-9]]+"), behavior="removed", invert=True
    )
    return made


def sif(ids: npt.NDArray[np.int32], size: int, a: float = 1e-3) -> npt.NDArray[np.float32]:
    """Smooth inverse frequency a / (a + p) of each of `size` pieces (Arora et al. 2017), shape (size,)."""
    p = np.bincount(ids, minlength=size) / max(len(ids), 1)
    weights: npt.NDArray[np.float32] = (a / (a + p)).astype(np.float32)
    return weights
