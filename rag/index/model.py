"""The model that an index is bound to, by which it knows whose vectors it holds."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

from rag.errors import IndexUnusable
from rag.index.address import Address
from rag.index.truth import Staged, Truth
from rag.protocols import Embedder

__all__ = ["Bound"]


P = TypeVar("P", bound="Path | Address")
T = TypeVar("T", bound=Truth)


class Bound(ABC, Generic[P, T]):
    """Notes in the `truth` of the index at `path` which model it is."""

    path: P
    truth: T

    @abstractmethod
    def staging(self) -> Staged:
        """Writes into the truth, in transactions."""

    @property
    def embedder_name(self) -> str:
        """Name of the model that made the vectors; empty in a new index."""
        return self.truth.meta.get("embedder", "")

    def bind(self, embedder: Embedder) -> None:
        """Note the model in a new index, or check that it is the one that made the vectors; else IndexUnusable."""
        if not self.truth.meta.get("fingerprint"):
            staging = self.staging()
            with staging.transaction():
                if not self.truth.meta.get("fingerprint"):  # else another process was quicker
                    staging.note(
                        embedder=embedder.name, fingerprint=embedder.fingerprint, dimensions=str(embedder.dimensions)
                    )
        meta = self.truth.meta
        if meta["fingerprint"] != embedder.fingerprint:
            which = f"another version of {embedder.name}" if meta["embedder"] == embedder.name else meta["embedder"]
            raise IndexUnusable(
                f"the index {self.path} was built with {which}, not with {embedder.name}",
                f"delete {self.path} and index again"
                if meta["embedder"] == embedder.name
                else f"use --embedder {meta['embedder']}, or build a new one with --index OTHER",
            )

    @property
    def dimensions(self) -> int:
        """Width of the vectors; 0 in a new index."""
        return int(self.truth.meta.get("dimensions", "0"))
