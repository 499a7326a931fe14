"""Plain text: an article is all there is, so nothing is guessed about its title or date."""

from rag.load.original import original
from rag.types import Document

__all__ = ["document"]


def document(data: bytes, source: str) -> Document:
    """The bytes of `source` as one article. Raises Unreadable."""
    text, encoding, sha256, metadata = original(data, source)
    return Document(sha256[:16], source, text, sha256, encoding, "text", metadata=metadata)
