"""Texts to vectors. An embedder is called by name: built in, from a model's folder, or behind an address."""

from rag.errors import BadInput
from rag.protocols import Embedder

__all__ = ["KINDS", "load"]

KINDS = (
    "NAME is `builtin`, a sentence-transformers model id or local folder, or an http(s):// address "
    "that speaks the OpenAI embeddings API"
)
"""The three kinds of name, as one clause for messages."""


def load(name: str) -> Embedder:
    """The embedder called `name`. Nothing is imported, and no socket opened, for the kinds not asked for.

    `builtin` is inside of the package. `http://…` and `https://…` are addresses, see
    `rag.embed.endpoint.EndpointEmbedder`. All else is a sentence-transformers model, see
    `rag.embed.sentence_transformers.SentenceTransformerEmbedder`.

    Raises `BadInput` for an empty name, `ModelError` for a model not known, not here, or not answering.
    """
    name = name.strip()
    if not name:
        raise BadInput("the name of the embedder is empty", KINDS)
    if name == "builtin":
        from rag.embed.builtin import load as builtin

        return builtin()
    if name.lower().startswith(("http://", "https://")):
        from rag.embed.endpoint import EndpointEmbedder

        return EndpointEmbedder(name)
    from rag.embed.sentence_transformers import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(name)
