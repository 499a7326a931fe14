"""Answering: evidence is gathered and weighed, a writer writes from it or the question is refused."""

from rag.answer.extract import Extract
from rag.protocols import Writer

__all__ = ["writer_named"]


def writer_named(name: str) -> Writer:
    """`extract` and `auto` are the built-in writer, `http(s)://…` is an OpenAI-style server; any other name is a
    transformers model id or local folder.
    """
    if name in ("extract", "auto"):
        return Extract()
    if name.lower().startswith(("http://", "https://")):
        from rag.answer.endpoint import EndpointWriter

        return EndpointWriter(name)
    from rag.answer.local import LocalWriter

    return LocalWriter(name)
