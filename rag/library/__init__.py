"""The library: the only module that knows the order of the rooms."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rag import embed
from rag.background import Background
from rag.background import load as load_background
from rag.config import Settings, settings
from rag.errors import BadInput
from rag.index import AnyIndex, Filters, Index, Stored, is_at, open_index, place
from rag.library.report import Report
from rag.protocols import Embedder, Progress, Reranker, Traced, WordEmbedder, Writer
from rag.types import Answer, Document, Hit, Mode

if TYPE_CHECKING:  # searching needs nothing of these
    from rag.clean import TracedText
    from rag.index.check import Problem, Repaired
    from rag.library.conversation import Conversation

__all__ = ["Library", "Report"]


class Library:
    """An index of articles that can be added to, searched and asked. Opening it loads no model and makes no folder.

    Settings not given here come from RAG_* and rag.toml.
    """

    def __init__(
        self,
        index: str | Path | None = None,
        *,
        embedder: str | Embedder | None = None,
        writer: str | Writer | None = None,
        reranker: str | Reranker | None = None,
        **others: Any,
    ) -> None:
        """`embedder`, `writer`, `reranker` are names or objects; `others` are further fields of `rag.config.Settings`.

        Raises BadInput for an unknown setting.
        """
        named = {"embedder": embedder, "writer": writer, "reranker": reranker}
        names = {name: value for name, value in named.items() if isinstance(value, str)}
        objects = {name: value for name, value in named.items() if value is not None and name not in names}
        self.settings: Settings = settings({"index": None if index is None else str(index), **names, **others})
        self.path = place(self.settings.index)
        self.__dict__.update(objects)  # in place of what the properties below would load

    @classmethod
    def of(cls, sources: Sequence[str | Path], **arguments: Any) -> "Library":
        """The library of an index under `indexes/` that is of just these files and folders, and of just this model."""
        given = arguments.get("embedder")
        if given is None or isinstance(given, str):
            given = embed.load(settings({"embedder": given}).embedder or "builtin")
        model: Embedder = given
        places = sorted(os.path.abspath(path) for path in sources)  # noqa: PTH100 - links stay
        name = re.sub(r"\W+", "-", Path(places[0]).name).strip("-") or "stdin"
        key = "\n".join([*places, model.fingerprint]).encode(errors="surrogateescape")
        made = cls(Path("indexes") / f"{name}-{hashlib.sha256(key).hexdigest()[:8]}", **arguments)
        made.__dict__["embedder"] = model
        return made

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index's files."""
        if "index" in self.__dict__:
            self.index.close()
            del self.__dict__["index"]

    def another(self) -> "Library":
        """The same library for another thread that reads at the same time; models and memory are shared.

        Each of them is for one thread at a time. Raises NotFound where there is no index.
        """
        made = object.__new__(Library)
        shared = ("settings", "path", "embedder", "words", "background", "writer", "reranker")
        made.__dict__.update({name: getattr(self, name) for name in shared})
        made.__dict__["index"] = self.index.another()
        return made

    @cached_property
    def index(self) -> AnyIndex:
        """What is there; raises NotFound where there is none."""
        return open_index(self.path)

    @cached_property
    def embedder(self) -> Embedder:
        """The model asked for, else the one that built the index, else the built-in one."""
        return embed.load(self.settings.embedder or self.index.embedder_name or "builtin")

    @cached_property
    def words(self) -> WordEmbedder:
        """The built-in model: it judges sentences, whichever model finds passages."""
        return cast(WordEmbedder, self.embedder if isinstance(self.embedder, WordEmbedder) else embed.load("builtin"))

    @cached_property
    def background(self) -> Background:
        """Term statistics of a large corpus."""
        return load_background()

    @cached_property
    def reranker(self) -> Reranker | None:
        """The cross-encoder asked for; None without one."""
        if not self.settings.reranker:
            return None
        from rag.rerank.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(self.settings.reranker)

    @cached_property
    def writer(self) -> Writer:
        """The writer asked for."""
        from rag.answer import writer_named

        return writer_named(self.settings.writer)

    @property
    def writer_name(self) -> str:
        """Its name; a refusal does not load it for that."""
        if "writer" in self.__dict__ or self.settings.writer == "auto":
            return self.writer.name
        return self.settings.writer

    def add(self, *paths: str | Path, on_progress: Progress | None = None, confined: bool = False) -> Report:
        """Bring the index in step with files and folders: what is new, changed or gone; the rest is not worked on.

        A file that cannot be read is skipped and named in the report, and if `confined` so is one that a link places
        outside of `paths`. Raises NotFound for a path that neither exists nor is known to the index, and for folders
        without an article.
        """
        from rag.library.add import bring_in_step  # with all that reads files behind it: searching needs none of it
        from rag.load import find

        if "index" not in self.__dict__:
            if not is_at(self.path):  # what is wrong with the call is said before a folder is made
                find(paths)
                if "embedder" not in self.__dict__:
                    self.__dict__["embedder"] = embed.load(self.settings.embedder or "builtin")
            self.__dict__["index"] = open_index(self.path, create=True)
        self.index.bind(self.embedder)
        return bring_in_step(self.index, (self.embedder, self.words), paths, on_progress, confined=confined)

    def remove(self, doc_id: str) -> int:
        """Take the articles of this id out of the index and say how many they were; their files stay as they are.

        What was removed comes back when its file changes and is added again. Raises NotFound for an unknown id.
        """
        from rag.library.add import take_out

        return take_out(self.index, doc_id)

    def search(
        self,
        question: str,
        k: int | None = None,
        *,
        mode: Mode | None = None,
        since: str = "",
        until: str = "",
        under: str | Sequence[str] = "",
        site: str = "",
        mmr: float = 1.0,
    ) -> list[Hit]:
        """The best passages, best first; passages of the same text count once.

        Dates are ISO, both inclusive. `under`: only files in this folder, or of this glob, or of one of several;
        `site`: only pages of this host. `mmr` below 1 gives weight to unlikeness (maximal marginal relevance), at 0
        nothing else counts.
        """
        from rag.library.finding import search

        filters = Filters(since, until, under, site)
        return search(self, question, self.settings.k if k is None else k, mode, filters, mmr)

    def ask(
        self,
        question: str,
        k: int | None = None,
        *,
        mode: Mode | None = None,
        since: str = "",
        until: str = "",
        under: str | Sequence[str] = "",
        site: str = "",
        on_hits: Callable[[Sequence[Hit]], None] | None = None,
        on_text: Callable[[str], None] | None = None,
        on_verified: Callable[[str], None] | None = None,
    ) -> Answer:
        """An answer in which every statement is cited and supported, or a refusal; arguments as those of `search`.

        `on_hits` is given the passages before anything is written. `on_text` is given what the writer writes, as it
        comes, which nothing has verified yet, and `on_verified` the answer, statement by statement, as each is.
        A source that was changed or removed since it was indexed is not cited: nothing could be proven from it.
        """
        from rag.library.asking import ask  # with the writer and its judges behind it: indexing and searching need none

        filters = {"since": since, "until": until, "under": under, "site": site}
        return ask(self, question, k, mode, filters, on_hits, on_text, on_verified)

    def chat(self, history: Sequence[tuple[str, str]] = ()) -> "Conversation":
        """A conversation, in which questions may lean on those before. Raises NotFound where there is no index.

        `history` are questions and answers, oldest first, of a conversation that was held elsewhere.
        """
        from rag.library.conversation import Conversation

        return Conversation(self, history)

    def pages(self, source: str, line: int = 0) -> "list[tuple[Document, TracedText]]":
        """The documents of a file, or the one of this `doc_id`, with their cleaned text; of a JSON lines file only the
        one on `line`, unless that is 0.

        A file that is on the disk is read anew, whether it is in the index or not; what its site repeats is known
        from the index alone. Raises NotFound.
        """
        from rag.library.pages import pages_at

        return pages_at(source, line, lambda: self.index.truth)

    def document(self, doc_id: str) -> "tuple[Document, TracedText]":
        """The article of this id with its cleaned text, from the index alone. Raises NotFound."""
        from rag.library.pages import page_of

        return page_of(doc_id, self.index.truth)

    def known(self, hits: Sequence[Hit]) -> dict[str, Document]:
        """The articles of these hits, and those with the same text, by id; without those that were taken out since."""
        names = dict.fromkeys(name for hit in hits for name in (hit.doc_id, *hit.also))
        found = {name: self.index.truth.documents("doc_id", name) for name in names}
        return {name: stored[0].document for name, stored in found.items() if stored}

    def documents(self, offset: int = 0, limit: int = 100) -> list[dict[str, str]]:
        """`doc_id`, `source`, `title`, `date` and `site` of the articles, in order of source."""
        names = ("doc_id", "source", "title", "date", "site")
        return [dict(zip(names, row, strict=True)) for row in self.index.truth.listed(offset, limit)]

    @staticmethod
    def page_of(stored: Stored) -> Traced:
        """A stored document as it was cleaned, by the edits that are stored with it."""
        from rag.clean import TracedText

        return TracedText(stored.document.text, stored.edits)

    @property
    def _folder(self) -> Index:
        if isinstance(self.index, Index):
            return self.index
        raise BadInput(
            f"{self.path} is in Milvus, whose files are its own to check and to repair",
            "see its documentation; `rag status` compares its counts, and indexing again mends what was cut off",
        )

    def check(self) -> "list[Problem]":
        """All that is wrong with the index; changes nothing. Raises BadInput for one that is no folder."""
        from rag.index.check import problems

        return problems(self._folder, self.page_of)

    def repair(self) -> "Repaired":
        """Mend what can be: save what can be read of a damaged database, which is kept beside the new one, publish what
        was interrupted, drop rows that are damaged, rebuild what is derived.

        Raises IndexUnusable where nothing can be saved, or another program has the index open, BadInput for an index
        that is no folder.
        """
        from rag.index.check import repair

        return repair(self._folder, self.page_of)

    def status(self) -> dict[str, Any]:
        """What the index holds and which model built it; opens its derived files, making again what is not sound."""
        truth = self.index.truth
        sources, documents, passages = truth.counts()
        meta = truth.meta
        sound = not passages or self.index.vectors.totals() == self.index.terms.totals() == truth.totals()
        return {
            "index": str(self.path),
            "embedder": meta.get("embedder", ""),
            "fingerprint": meta.get("fingerprint", ""),
            "dimensions": self.index.dimensions,
            "generation": truth.generation,
            "files": sources,
            "documents": documents,
            "passages": passages,
            "sound": sound,
            "vectors": self.index.vectors.described() if passages else "",
            "sources": [source.path for source in truth.sources().values()],
        }
