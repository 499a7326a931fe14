"""The built-in embedding model: a table of piece vectors, averaged. numpy and tokenizers, no torch.

How it was made, from what, and how good it is: `rag/models/builtin/README.md`. The same folder loads in
`SentenceTransformer(path)` and gives the same vectors.
"""

import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from rag.embed.pieces import Pieces
from rag.protocols import Floats, Ids
from rag.types import Span

__all__ = ["PATH", "Builtin", "load"]

PATH = Path(__file__).parents[1] / "models" / "builtin"
CHUNK = 1 << 12
"""Pieces of one text whose vectors are added up at a time: 4 MiB. The sum has the direction of the mean."""
BATCH = 1 << 10
"""Texts that are cut into pieces at a time."""
MANY = 2000
"""Texts that are cut by `rag.embed.pieces`, which takes a fifth of the time but a quarter of a second to make."""
TOGETHER = 5000
"""Texts that it cuts at a time: some 200,000 characters of sentences."""
FEW = 64
TINY = 1e-12

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # else tokenizers prints a warning when the process forks


class Builtin:
    """A `rag.protocols.WordEmbedder`. Safe to share between threads; `folder` is as `rag.train.export` writes it.

    Raises OSError where a file is missing, ValueError where the weights do not fit the tokenizer.
    """

    name = "builtin"

    def __init__(self, folder: Path = PATH) -> None:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        self._folder = folder
        self._fingerprint = str(card["fingerprint"])
        self._table = _mapped(folder / "model.safetensors", "embedding.weight")
        if card["pieces"] != len(self._table):
            raise self._unfit()
        self._unit = np.zeros(self._table.shape, dtype=np.float32)  # takes memory as its rows are written
        self._worked_out = np.zeros(len(self._table), dtype=np.bool_)

    def _unfit(self) -> ValueError:
        return ValueError(f"{self._folder}: {len(self._table)} vectors for another number of pieces; install it again")

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """Read when it is needed, for that takes a third of a second: indexing again what has not changed does not."""
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        if tokenizer.get_vocab_size() != len(self._table):
            raise self._unfit()
        return tokenizer

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights and tokenizer, as `card.json` states it."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._table.shape[1])

    def embed_queries(self, texts: Sequence[str]) -> Floats:
        """Vectors of questions, shape (len(texts), dimensions); a text without any known piece gives zeros.

        >>> question, answer = load().embed_queries(["Why did users leave?", "用户为何流失"])
        >>> bool(question @ answer > 0.5)
        True
        """
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> Floats:
        """Vectors of passages, as those of questions."""
        return self.pooled([one.ids for one in self._encoded(texts)])

    def pooled(self, numbers: Sequence[Sequence[int] | Ids]) -> Floats:
        """Vectors of texts given by their pieces."""
        vectors = np.zeros((len(numbers), self.dimensions), dtype=np.float32)
        table = self._wide if len(numbers) > FEW else self._table
        for vector, own in zip(vectors, numbers, strict=True):
            for first in range(0, len(own), CHUNK):
                vector += table.take(own[first : first + CHUNK], axis=0).sum(axis=0, dtype=np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), TINY)
        return vectors

    def _encoded(self, texts: Sequence[str]) -> Iterator[Any]:
        for start in range(0, len(texts), BATCH):
            yield from self._tokenizer.encode_batch_fast(list(texts[start : start + BATCH]), add_special_tokens=False)

    @cached_property
    def _wide(self) -> Floats:
        """The table as float32, made when there are many texts: it takes 0.1 s, and is six times as quick to add up."""
        wide: Floats = self._table.astype(np.float32)
        return wide

    def words(self, text: str) -> tuple[list[str], Floats]:
        """The known pieces of `text`, folded, in order, and their unnormalised vectors, shape (pieces, dimensions).

        >>> load().words("公司的衰落")[0]
        ['公司', '的', '衰落']
        """
        found = self._tokenizer.encode(text, add_special_tokens=False)
        # each access of an Encoding's list builds it anew
        known = [(token, number) for token, number in zip(found.tokens, found.ids, strict=True) if number]
        rows = self._table[np.array([number for _, number in known], dtype=np.intp)].astype(np.float32)
        return [token for token, _ in known], rows

    def numbers(self, texts: Sequence[str]) -> list[Ids]:
        """The known pieces of each text as rows of the table, in order."""
        if len(texts) < MANY:
            found = (np.array(one.ids, dtype=np.int64) for one in self._encoded(texts))
            return [ids[ids > 0] for ids in found]
        together = (self._pieces.of(texts[start : start + TOGETHER]) for start in range(0, len(texts), TOGETHER))
        return [ids for some in together for ids in some]

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces(self._tokenizer)

    def places(self, text: str) -> list[Span]:
        """Where the known pieces of `text` stand.

        >>> [span.of("公司的衰落") for span in load().places("公司的衰落")]
        ['公司', '的', '衰落']
        """
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return [Span(*place) for place, number in zip(found.offsets, found.ids, strict=True) if number]

    def directions(self, numbers: Ids) -> Floats:
        """Rows of the table, unit length; each is worked out once."""
        fresh = numbers[~self._worked_out[numbers]]
        if len(fresh):
            rows = self._table[fresh].astype(np.float32)
            self._unit[fresh] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)
            self._worked_out[fresh] = True  # only now: another thread may be reading
        return self._unit[numbers]

    def table(self) -> tuple[list[str], Floats]:
        """Every piece and its vector, in the order of the numbers."""
        return [self._tokenizer.id_to_token(number) or "" for number in range(len(self._table))], np.asarray(
            self._table, dtype=np.float32
        )

    def word_vectors(self, texts: Sequence[str]) -> list[Floats]:
        """The second part of `words` for many texts at once."""
        return [self._table[own].astype(np.float32) for own in self.numbers(texts)]


def _mapped(file: Path, tensor: str) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    """A float16 tensor of a safetensors file, mapped and not read: a search touches a few hundred of its rows.

    The format: eight bytes of length, a JSON header, the numbers.
    """
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        entry = json.loads(opened.read(length))[tensor]
    if entry["dtype"] != "F16":
        raise ValueError(f"{file}: {tensor} is {entry['dtype']}, not F16; install it again")
    start = 8 + length + entry["data_offsets"][0]
    return np.asarray(np.memmap(file, dtype="<f2", mode="r", offset=start, shape=tuple(entry["shape"])))


@lru_cache(maxsize=2)
def load(path: Path | None = None) -> Builtin:
    """The model in `path`, by default the one in the package, opened once for a process."""
    return Builtin(PATH if path is None else path)
