"""A cross-encoder of sentence-transformers: question and passage read together, slow and often better."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import ModelError
from rag.hub import HUB_ID, announce, first_line, is_cached
from rag.protocols import Floats

__all__ = ["CrossEncoderReranker"]

KINDS = "NAME is a cross-encoder's id on the Hugging Face hub, or its local folder"


class CrossEncoderReranker:
    """Scores from a model that sentence-transformers' `CrossEncoder` loads, on the GPU if there is one.

    `name` is a folder or a hub id; an id is looked up in the local cache first and fetched only if it is not there and
    `HF_HUB_OFFLINE` is not set. Weights are read as safetensors only, and no code of the model's is run. Raises
    `ModelError` if the package is missing, or the model is not here or cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._model = _open(name)

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """How well each text answers, (len(texts),), higher is better; what the model gives, on its own scale."""
        if not texts:
            return np.zeros(0, dtype=np.float32)
        pairs = [(question, text) for text in texts]
        try:
            found = self._model.predict(pairs, batch_size=16, show_progress_bar=False, convert_to_numpy=True)
        except RuntimeError as error:
            raise ModelError(f"{self.name} failed ({first_line(error)})", "try a smaller model") from error
        scores = np.asarray(found, dtype=np.float32)
        if scores.shape != (len(texts),) or not np.isfinite(scores).all():
            raise ModelError(f"{self.name} does not give one finite score a pair", "name a model with a single label")
        return scores


def _open(name: str) -> Any:
    folder = Path(name).expanduser()
    if not folder.is_dir() and (name.startswith((".", "~", "/")) or not re.fullmatch(HUB_ID, name)):
        raise ModelError(f"there is no cross-encoder {name!r}", KINDS)
    local = folder.is_dir()
    here = local or is_cached(name)
    if not here:
        announce("cross-encoder", name)
    try:
        from sentence_transformers import CrossEncoder
    except ImportError as error:
        hint = "pip install 'rag[models]'"
        raise ModelError(f"{name!r} needs the package sentence-transformers ({first_line(error)})", hint) from error
    options: dict[str, Any] = {"trust_remote_code": False, "model_kwargs": {"use_safetensors": True}}
    if here:
        try:
            return CrossEncoder(str(folder) if local else name, local_files_only=True, **options)
        except Exception as error:
            if local or not isinstance(error, OSError):
                hint = f"check that it is whole; {KINDS}"
                raise ModelError(f"{name} cannot be loaded ({first_line(error)})", hint) from error
        announce("cross-encoder", name)  # a part of it is missing
    try:
        return CrossEncoder(name, **options)
    except Exception as error:
        said = f"the cross-encoder {name!r} is not here and could not be fetched ({first_line(error)})"
        raise ModelError(said, f"check the name and the connection; {KINDS}") from error
