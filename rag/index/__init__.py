"""An index: a folder in which SQLite is the truth, and vectors and terms are derived from it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np

from rag.errors import IndexUnusable, NotFound
from rag.index.rows import NewPassage, Source, Stored
from rag.index.store import Store
from rag.index.terms import TermIndex
from rag.index.vectors import FlatVectors
from rag.protocols import Embedder

__all__ = ["Changes", "Index", "NewPassage", "Source", "Stored", "embedding_text"]

_TRUTH = "rag.sqlite"
_BATCH = 4096


def embedding_text(title: str, text: str) -> str:
    """What is embedded and searched for a passage: its title gives the context that a stretch alone may lack."""
    return f"{title}\n{text}" if title and not text.startswith(title) else text


class Index:
    """The folder at `path`, opened; `create` makes it if it is not there."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if create:
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise IndexUnusable(
                    f"cannot make the folder {path}: {problem}", "choose another with --index"
                ) from problem
        elif not self.is_at(path):
            raise NotFound(f"no index at {path}", "build one with: rag index PATH, or ask with --source PATH")
        self.truth = Store(path / _TRUTH, create=create)

    @staticmethod
    def is_at(path: Path) -> bool:
        """Whether there is an index at `path`."""
        return (path / _TRUTH).exists()

    def close(self) -> None:
        """Let go of the files."""
        self.truth.close()

    # -- the model

    @property
    def embedder_name(self) -> str:
        """Name of the model that made the vectors; empty in a new index."""
        return self.truth.meta.get("embedder", "")

    def bind(self, embedder: Embedder) -> None:
        """Note the model in a new index, or check that it is the one that made the vectors; else IndexUnusable."""
        meta = self.truth.meta
        if not meta.get("fingerprint"):
            self.truth.note(
                embedder=embedder.name, fingerprint=embedder.fingerprint, dimensions=str(embedder.dimensions)
            )
        elif meta["fingerprint"] != embedder.fingerprint:
            which = f"another version of {embedder.name}" if meta["embedder"] == embedder.name else meta["embedder"]
            raise IndexUnusable(
                f"the index {self.path} was built with {which}, not with {embedder.name}",
                f"use --embedder {meta['embedder']}, or build a new one with --index OTHER --embedder {embedder.name}",
            )

    @property
    def dimensions(self) -> int:
        """Width of the vectors; 0 in a new index."""
        return int(self.truth.meta.get("dimensions", "0"))

    # -- what is derived

    @property
    def _vector_file(self) -> Path:
        return self.path / f"vectors-{self.truth.generation}.faiss"

    @property
    def _term_stamp(self) -> Path:
        return self.path / "terms.json"

    @cached_property
    def vectors(self) -> FlatVectors:
        """The vectors of the committed state; made again from the truth where the file is missing or damaged."""
        try:
            store = FlatVectors.load(self._vector_file, self.dimensions)
            if len(store) == self.truth.counts()[2]:
                return store
        except OSError:
            pass
        return self._rebuilt_vectors()

    @cached_property
    def terms(self) -> TermIndex:
        """The terms of the committed state; made again from the truth where they are missing or behind."""
        try:
            stamp = json.loads(self._term_stamp.read_text(encoding="utf-8"))
            if stamp == {"generation": self.truth.generation}:
                index = TermIndex(self.path / "terms")
                if len(index) == self.truth.counts()[2]:
                    return index
        except (OSError, ValueError):
            pass
        return self._rebuilt_terms()

    def _rebuilt_vectors(self) -> FlatVectors:
        store = FlatVectors(self.dimensions)
        rows = list(self.truth.each_passage(self.dimensions))
        for at in range(0, len(rows), _BATCH):
            some = rows[at : at + _BATCH]
            store.add(np.array([row[0] for row in some]), np.stack([row[3] for row in some]))
        self._write_vectors(store)
        return store

    def _rebuilt_terms(self) -> TermIndex:
        index = TermIndex.empty(self.path / "terms")
        rows = self.truth.each_passage(self.dimensions)
        index.change(((key, embedding_text(title, text)) for key, title, text, _ in rows), ())
        self._stamp_terms()
        return index

    def _write_vectors(self, store: FlatVectors) -> None:
        with _best_effort():
            store.save(self._vector_file)
            for old in self.path.glob("vectors-*"):
                if old != self._vector_file:
                    old.unlink(missing_ok=True)

    def _stamp_terms(self) -> None:
        with _best_effort():
            beside = self._term_stamp.with_suffix(".new")
            beside.write_text(json.dumps({"generation": self.truth.generation}), encoding="utf-8")
            beside.replace(self._term_stamp)

    @contextmanager
    def derived(self) -> Iterator["Changes"]:
        """Collects ids that a run of transactions added and removed, then brings vectors and terms up to date.

        If the block is interrupted, the derived files fall behind the truth and are made again when next opened.
        """
        vectors, terms = self.vectors, self.terms
        changes = Changes()
        yield changes
        added = sorted(changes.added - changes.removed)
        if not changes.added and not changes.removed:
            return
        lowest = added[0] - 1 if added else 0
        wanted = set(added)
        rows = [row for row in self.truth.each_passage(self.dimensions, lowest) if row[0] in wanted] if added else []
        vectors.remove(changes.removed)
        if rows:
            vectors.add(np.array([row[0] for row in rows]), np.stack([row[3] for row in rows]))
        terms.change([(key, embedding_text(title, text)) for key, title, text, _ in rows], changes.removed)
        self._write_vectors(vectors)
        self._stamp_terms()


class Changes:
    """Ids of the passages that came and went."""

    def __init__(self) -> None:
        self.added: set[int] = set()
        self.removed: set[int] = set()


@contextmanager
def _best_effort() -> Iterator[None]:
    """In a folder that may not be written, what is derived lives in memory alone."""
    try:
        yield
    except (OSError, RuntimeError):
        return
