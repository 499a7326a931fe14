"""Answering: evidence is gathered and weighed, a writer writes from it or the question is refused."""

from rag.answer.extract import Extract
from rag.errors import ModelError
from rag.protocols import Writer

__all__ = ["writer_named"]


def writer_named(name: str) -> Writer:
    """`extract` and `auto` are the built-in writer; any other name is a transformers model id or local folder."""
    if name in ("extract", "auto"):
        return Extract()
    if name.startswith(("http://", "https://")):
        raise ModelError(f"{name} is an address", "a writer is extract, or a transformers model id or local folder")
    from rag.answer.local import LocalWriter

    return LocalWriter(name)
