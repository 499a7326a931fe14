"""A conversation: questions that lean on those before, each asked in full, and what was answered."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.answer.follow import standalone
from rag.answer.names import Turn
from rag.clean import TracedText
from rag.display import located
from rag.errors import BadInput, NotFound
from rag.types import Answer, Citation, Document, Hit, Mode, Span

if TYPE_CHECKING:
    from rag.library import Library

__all__ = ["Conversation"]

_MARKER = re.compile(r"\[\d+\]")


class Conversation:
    """Questions of one library, each made whole from the last ones. Of `rag.Library.chat()`.

    `turns` are the answers so far, oldest first: `answer.asked` is the question as it was asked, `answer.question` the
    one that was answered. A question that was interrupted is no turn.
    """

    def __init__(self, library: "Library", history: Sequence[tuple[str, str]] = ()) -> None:
        """`history`: questions as they were asked and their answers. Raises NotFound where the library has no index."""
        library.index  # noqa: B018 - what is wrong with it is said before the first question
        self.library = library
        self.turns: list[Answer] = []
        for question, answer in history:
            self.turns.append(Answer(self.whole(question), answer, False, "", "", (), (), asked=question))

    def whole(self, question: str) -> str:
        """`question` as it will be asked: with what it leaves out put in from the turns before."""
        return standalone(question, [_turn(answer) for answer in self.turns])

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
        """As `Library.ask`, of the question made whole."""
        answer = self.library.ask(
            self.whole(question),
            k,
            mode=mode,
            since=since,
            until=until,
            under=under,
            site=site,
            on_hits=on_hits,
            on_text=on_text,
            on_verified=on_verified,
        )
        answer = replace(answer, asked=question)
        self.turns.append(answer)
        return answer

    def clear(self) -> None:
        """Forget all turns."""
        self.turns.clear()

    @property
    def last(self) -> Answer:
        """The last answer; raises NotFound before the first."""
        if not self.turns:
            raise NotFound("nothing was asked yet", "ask something")
        return self.turns[-1]

    def original(self, marker: int) -> tuple[Document, TracedText, Span]:
        """The original of citation `marker` of the last answer, as cleaned, and the cited stretch. Raises NotFound."""
        cited = next((citation for citation in self.last.citations if citation.marker == marker), None)
        if not cited:
            raise NotFound(f"the last answer has no citation {marker}", "/sources lists those it has")
        for document, page in self.library.pages(cited.doc_id):
            if document.sha256 == cited.sha256:
                return document, page, Span(cited.start, cited.end)
        raise NotFound(f"{cited.source} is no longer as it was cited", "ask again")

    def transcript(self) -> str:
        """All turns in Markdown: question, answer, and each citation with its quote, word for word."""
        parts = ["# Conversation"]
        for answer in self.turns:
            parts.append(f"## {_escaped(' '.join(answer.asked.split()))}")
            if answer.question != answer.asked:
                parts.append(f"*Asked as: {_escaped(answer.question)}*")
            parts += [_escaped(line) for line in answer.text.split("\n")]
            for cited in answer.citations:
                parts += [_cited(cited), _fenced(cited.quote)]
        return "\n\n".join(parts) + "\n"

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the transcript. Raises BadInput for a file that is there, unless `overwrite`, or cannot be written."""
        try:
            with Path(path).open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
                file.write(self.transcript())
        except FileExistsError:
            raise BadInput(f"{path} is there already", f"/save! {path} writes over it") from None
        except OSError as problem:
            raise BadInput(f"cannot write {path}: {problem.strerror}", "name another file") from problem


def _turn(answer: Answer) -> Turn:
    """What a later question may lean on; a refusal says nothing but has a subject."""
    said = _MARKER.sub("", answer.answer)
    return Turn(answer.question, said, tuple(dict.fromkeys(citation.title for citation in answer.citations)))


def _cited(citation: Citation) -> str:
    place, more = located(citation)
    return f"[{citation.marker}] {_escaped(citation.title)}, {_escaped(place)}, {more}"


def _escaped(text: str) -> str:
    """`text` so that Markdown shows it as it is: an article's words load no picture and open no tag. Markers stay.

    >>> _escaped("![x](http://y) is *it* [1]")
    '\\\\!\\\\[x\\\\](http://y) is \\\\*it\\\\* [1]'
    """
    return re.sub(r"\\\[(\d+)\\\]", r"[\1]", re.sub(r"([\\`*_<>#|!\[\]])", r"\\\1", text))


def _fenced(quote: str) -> str:
    """`quote` word for word, in a fence that nothing in it closes."""
    longest = max(map(len, re.findall("`+", quote)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{quote}\n{fence}"
