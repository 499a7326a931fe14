"""An index that is served: readers for whoever asks, one thread that writes, and the files that were uploaded to it."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import NotFound
from rag.index import called, is_at, open_index
from rag.library import Library, Report
from rag.library.sites import location_of
from rag.protocols import Embedder, Progress
from rag.serve.errors import Refused
from rag.serve.jobs import Job, Jobs
from rag.serve.places import Places

__all__ = ["Collection"]

READERS = 32
"""Threads that read at once, with those that work on for a client that has gone."""


class Collection:
    """An index by name. `folders` are the files and folders that a refresh brings it in step with.

    Each reader has its own connection to the index, and models and vectors are shared, so indexing blocks nobody. What
    reading or writing raises does not say where anything is on this machine: that is no business of who asks over HTTP.
    """

    def __init__(
        self, library: Library, folders: Sequence[str] = (), on_end: Callable[[Job], None] = lambda _: None
    ) -> None:
        """Makes the index where there is none."""
        self.path = library.path
        self.name = called(self.path)
        self.folders = tuple(folders)
        models = (library.settings.embedder, library.settings.writer, library.settings.reranker)
        named = [one for one in (*self.folders, *models) if one and Path(one).exists()]
        names = {one: os.path.basename(os.path.abspath(one)) for one in named}  # noqa: PTH100, PTH119 - links stay
        self._places = Places(names | {str(self.path): self.name})
        self._uploads = self.path / "uploads" if isinstance(self.path, Path) else None
        if not is_at(self.path):
            open_index(self.path, create=True).close()
        self._first = library
        self._free: list[Library] = [library.another()]
        self._out = 0
        self._lock = threading.Lock()
        if not library.index.truth.empty:  # what the first question would wait for
            library.search("ready", 1)
        self.jobs = Jobs(self.name, self._writing, on_end)
        if self.folders or self._uploaded():
            self.jobs.put("start", self._refresh)

    @property
    def embedder(self) -> Embedder:
        """The model that finds passages in it."""
        return self._first.embedder

    @property
    def waits(self) -> bool:
        """Whether a question waits for a model; the built-in writer computes, as a search does."""
        return self._first.writer_name != "extract"

    def room(self) -> None:
        """Raises Refused, 503, where too many readers are out."""
        if self._out >= READERS:
            raise Refused(503, "the server has too much to do; try again in a while")

    @contextmanager
    def reader(self) -> Iterator[Library]:
        """A library for the thread that asks. Raises Refused, 503, where too many are out."""
        with self._places.unsaid():
            with self._lock:
                self.room()
                library = self._free.pop() if self._free else self._first.another()
                self._out += 1
            try:
                yield library
            except NotFound:
                if self.jobs.busy and library.index.truth.empty:
                    said = f"the articles of {self.name} are being indexed; try again in a while"
                    raise Refused(503, said, kind="not_ready") from None
                raise
            finally:
                with self._lock:
                    self._out -= 1
                    self._free.append(library)

    @property
    def uploads(self) -> Path:
        """The folder of the files that were uploaded. Raises Refused, 409, where the index is no folder."""
        if self._uploads is None:
            raise Refused(409, f"{self.name} is in Milvus, which keeps no files; index them with: rag index PATH")
        return self._uploads

    @contextmanager
    def _writing(self) -> Iterator[Library]:
        """Its own vectors too: they change while they are written."""
        arguments: dict[str, Any] = {"embedder": self._first.embedder, "writer": self._first.settings.writer}
        with self._places.unsaid(), Library(str(self.path), **arguments) as library:
            yield library

    def refresh(self) -> Job:
        """Queue bringing the index in step with the folders. Raises Refused, 409, where there are none."""
        if not self.folders:
            raise Refused(409, f"the server was started without folders for {self.name}; upload articles instead")
        return self.jobs.put("refresh", self._refresh)

    def _refresh(self, library: Library, on_progress: Progress) -> Report:
        places: list[str | Path] = [*self.folders, *([self.uploads] if self._uploaded() else [])]
        return library.add(*places, on_progress=on_progress, confined=True)

    def _uploaded(self) -> bool:
        return self._uploads is not None and self._uploads.is_dir() and any(self._uploads.iterdir())

    def add(self, files: Sequence[Path]) -> Job:
        """Queue the indexing of uploaded files; one that cannot be read is removed again."""

        def work(library: Library, on_progress: Progress) -> Report:
            report = library.add(*files, on_progress=on_progress, confined=True)
            known = {source.location for source in library.index.truth.sources().values()}
            for file in files:
                if location_of(file) not in known:
                    file.unlink(missing_ok=True)
            return report

        return self.jobs.put("upload", work)

    def remove(self, doc_id: str) -> Job:
        """Queue the removal of an article. Its file goes too if it was uploaded and holds no other."""

        def work(library: Library, on_progress: Progress) -> Report:
            on_progress(0, 1, "")
            truth = library.index.truth
            places = truth.locations(doc_id)
            report = Report(removed=library.remove(doc_id))
            uploads = location_of(self._uploads) + os.sep if self._uploads else ""
            for place in places:
                if uploads and place.startswith(uploads) and not truth.documents_by_source().get(place):
                    file = Path(os.fsdecode(place.encode("latin-1")))
                    file.unlink(missing_ok=True)
                    library.add(file)
            on_progress(1, 1, "")
            return report

        with self.reader() as library:
            if not library.index.truth.locations(doc_id):
                raise NotFound(f"no such document: {doc_id}", "ask again; it may have been removed")
        return self.jobs.put("remove", work)

    def counts(self) -> dict[str, Any]:
        """Name, documents and passages."""
        with self.reader() as library:
            _, documents, passages = library.index.truth.counts()
        return {"name": self.name, "documents": documents, "passages": passages}

    def close(self) -> None:
        """Stop the work in the background and let go of the files."""
        self.jobs.stop()
        with self._lock:
            for library in self._free:
                library.close()
            self._free.clear()
        self._first.close()
