"""The built-in embedding model: a table of piece vectors, averaged. numpy and tokenizers, no torch.

How it was made, from what, and how good it is: `rag/models/builtin/README.md`. The same folder loads in
`SentenceTransformer(path)` and gives the same vectors.
"""

import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

from rag.protocols import Floats

__all__ = ["PATH", "Builtin", "load"]

PATH = Path(__file__).parents[1] / "models" / "builtin"
CHUNK = 1 << 15
"""Pieces whose vectors are gathered at a time: 32 MiB of float32 at 256 dimensions."""
_TEXTS = 1 << 10
_TINY = 1e-12

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # else tokenizers prints a warning when the process forks


class Builtin:
    """A `rag.protocols.WordEmbedder`. Safe to share between threads; `folder` is as `rag.train.export` writes it.

    Raises OSError where a file is missing, ValueError where the weights do not fit the tokenizer.
    """

    name = "builtin"

    def __init__(self, folder: Path = PATH) -> None:
        self._fingerprint = str(json.loads((folder / "card.json").read_text(encoding="utf-8"))["fingerprint"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        with safe_open(str(folder / "model.safetensors"), framework="numpy") as weights:
            self._table = weights.get_tensor("embedding.weight")
        if self._tokenizer.get_vocab_size() != len(self._table):
            raise ValueError(f"{folder}: {len(self._table)} vectors for another number of pieces; install it again")

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
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS):
            part = list(texts[start : start + _TEXTS])
            ids = [e.ids for e in self._tokenizer.encode_batch_fast(part, add_special_tokens=False)]
            self._sum(ids, vectors[start : start + _TEXTS])
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
        return vectors

    def _sum(self, ids: list[list[int]], into: Floats) -> None:
        """Add up the vectors of each text's pieces; the mean would have the same direction."""
        filled = [place for place, row in enumerate(ids) if row]
        while filled:
            size, taken = 0, 0
            while taken < len(filled) and (taken == 0 or size + len(ids[filled[taken]]) <= CHUNK):
                size += len(ids[filled[taken]])
                taken += 1
            now, filled = filled[:taken], filled[taken:]
            lengths = [len(ids[place]) for place in now]
            flat = np.fromiter((i for place in now for i in ids[place]), dtype=np.intp, count=size)
            starts = np.cumsum([0, *lengths[:-1]])
            into[now] = np.add.reduceat(self._table[flat].astype(np.float32), starts, axis=0)

    def words(self, text: str) -> tuple[list[str], Floats]:
        """The known pieces of `text`, folded, in order, and their unnormalised vectors, shape (pieces, dimensions).

        >>> load().words("Jasper的衰落")[0]
        ['jasper', '的', '衰落']
        """
        found = self._tokenizer.encode(text, add_special_tokens=False)
        known = [place for place, number in enumerate(found.ids) if number]
        rows = self._table[np.array(found.ids, dtype=np.intp)[known]].astype(np.float32)
        return [found.tokens[place] for place in known], rows


@lru_cache(maxsize=2)
def load(path: Path | None = None) -> Builtin:
    """The model in `path`, by default the one in the package, opened once for a process."""
    return Builtin(PATH if path is None else path)
