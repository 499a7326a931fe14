"""Any embedder of this package under the benchmark package `mteb`: `mteb.evaluate(MtebModel("builtin"), tasks)`.

mteb is not installed along with rag: `pip install mteb`. It loads torch; the embedder does not.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rag import embed
from rag.protocols import Embedder, Floats

__all__ = ["MtebModel"]


class MtebModel:
    """What mteb 2 calls an encoder (`mteb.models.EncoderProtocol`), by the embedder's name or around an object."""

    def __init__(self, embedder: str | Embedder = "builtin", revision: str | None = None, **_: Any) -> None:
        """`revision` and the rest are what mteb's own command line passes. Raises ModelError for an unknown name."""
        self.embedder = embed.load(embedder) if isinstance(embedder, str) else embedder
        self.revision = revision or self.embedder.fingerprint

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb keeps results under: name and fingerprint of the embedder."""
        from mteb.models import ModelMeta

        known = {
            "name": f"rag/{self.embedder.name}",
            "revision": self.revision,
            "embed_dim": self.embedder.dimensions,
            "similarity_fn_name": "cosine",
        }
        return ModelMeta.create_empty(known)

    def encode(self, inputs: Iterable[Mapping[str, Any]], *, prompt_type: Any = None, **_: Any) -> Floats:
        """Vectors of the `text` of all batches in `inputs`, as questions where mteb says that they are, in order."""
        texts = [str(text) for batch in inputs for text in batch["text"]]
        asked = str(getattr(prompt_type, "value", prompt_type)) == "query"
        return self.embedder.embed_queries(texts) if asked else self.embedder.embed_passages(texts)

    def similarity(self, embeddings1: Any, embeddings2: Any) -> Floats:
        """Cosine of each row with each row: the vectors are of unit length."""
        return np.asarray(np.atleast_2d(embeddings1) @ np.atleast_2d(embeddings2).T, dtype=np.float32)

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> Floats:
        """Cosine of each row with the row at the same place."""
        return np.asarray((np.asarray(embeddings1) * np.asarray(embeddings2)).sum(axis=-1), dtype=np.float32)
