"""Writes the model's folder, which `rag.embed.builtin` and `SentenceTransformer(path)` both read."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from tokenizers import Tokenizer

__all__ = ["TENSOR", "WEIGHTS", "export", "fingerprint"]

TENSOR = "embedding.weight"
TOKENIZER, WEIGHTS = "tokenizer.json", "model.safetensors"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def fingerprint(folder: Path) -> str:
    """SHA-256 over the weights and the tokenizer, in hexadecimal."""
    digest = hashlib.sha256()
    for name in (WEIGHTS, TOKENIZER):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def export(
    folder: Path, tokenizer: Tokenizer, table: npt.NDArray[np.float32], facts: dict[str, Any] | None = None
) -> None:
    """Write `table`, shape (pieces, dimensions), as float16, the tokenizer, and the small files that describe them.

    `facts` (seed, epochs, pairs, ...) go into `card.json`, beside the fingerprint.
    """
    (folder / "1_Normalize").mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    save_file({TENSOR: table.astype(np.float16)}, str(folder / WEIGHTS))
    (folder / WEIGHTS).chmod(0o644)  # written for its owner alone, and it is packed for everyone
    settings = {"similarity_fn_name": "cosine", "prompts": {"query": "", "document": ""}}
    card = {
        "name": "builtin",
        "dimensions": table.shape[1],
        "pieces": table.shape[0],
        "fingerprint": fingerprint(folder),
        **(facts or {}),
    }
    for name, content in {
        "modules.json": MODULES,
        "config_sentence_transformers.json": settings,
        "1_Normalize/config.json": {},
        "card.json": card,
    }.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
