"""Answers from your own articles, with every word traced back to its source.

    files -> load -> clean -> chunk -> embed -> index            question -> retrieve -> rerank -> answer -> cite
             Document  TracedText  Piece    vectors  a folder                Hit         Hit       text      Answer

>>> import pathlib, rag, tempfile
>>> library = rag.Library(tempfile.mkdtemp())
>>> report = library.add("seeds/jasper-lost-its-lead.txt")
>>> report.added
1
>>> answer = library.ask("why did Jasper decline")
>>> answer.refused
False
>>> original = pathlib.Path("seeds/jasper-lost-its-lead.txt").read_bytes().decode()
>>> all(original[c.start : c.end] == c.quote and rag.clean(c.quote).text == c.text for c in answer.citations)
True
>>> library.close()
"""

from importlib import import_module
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.types import Answer, Citation, Document, Edit, Hit, Passage, Span

if TYPE_CHECKING:
    from rag.clean import TracedText, clean
    from rag.library import Library, Report

__all__ = [
    "Answer",
    "Citation",
    "Document",
    "Edit",
    "Hit",
    "Library",
    "Passage",
    "RagError",
    "Report",
    "Span",
    "TracedText",
    "clean",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name in ("Library", "Report"):  # with faiss and tantivy behind them: only when used
        return getattr(import_module("rag.library"), name)
    if name == "TracedText":
        return import_module("rag.clean").TracedText
    if name == "clean":
        return import_module("rag.clean")  # it can be called as its function
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
