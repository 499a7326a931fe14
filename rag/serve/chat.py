"""A conversation in OpenAI's form, and an answer in it: text with markers, annotations, and a list of sources."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from rag.library import Library
from rag.script import language
from rag.serve.errors import Refused
from rag.serve.schemas import LONGEST_ANSWER, LONGEST_QUESTION
from rag.types import Answer

__all__ = ["Completion", "Message", "answered", "asked_in"]

TURNS = 20
"""Earlier turns that are looked at."""

_SOURCES = {"zh": "来源：", "en": "Sources:"}
_LIST = re.compile(rf"\n\n(?:{'|'.join(_SOURCES.values())})\n\[1\] .*", re.DOTALL)


class Part(BaseModel):
    """A part of a message; only text is understood."""

    type: str
    text: Annotated[str, Field(max_length=LONGEST_ANSWER)] = ""


class Message(BaseModel):
    """What somebody said."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=10 * LONGEST_ANSWER)] | list[Part] | None = None

    def said(self) -> str:
        """Its text. Raises Refused for a picture or a sound of the user."""
        if not isinstance(self.content, list):
            return self.content or ""
        if self.role == "user" and any(part.type not in ("text", "input_text") for part in self.content):
            raise Refused(400, "only text is understood", param="messages")
        return "\n".join(part.text for part in self.content)


@dataclass(frozen=True)
class Completion:
    """An answer as a chat program gets it."""

    content: str
    annotations: list[dict[str, Any]]
    usage: dict[str, int]


def asked_in(messages: Sequence[Message]) -> tuple[str, list[tuple[str, str]]]:
    """The question, and the turns before it; what a system or a tool says is no part of them. Raises Refused."""
    talk = [one for one in messages if one.role in ("user", "assistant")]
    if not talk or talk[-1].role != "user" or not (question := talk[-1].said().strip()):
        raise Refused(400, "the last message must be a question of the user", param="messages")
    if len(question) > LONGEST_QUESTION:
        raise Refused(400, f"the question has more than {LONGEST_QUESTION} characters", param="messages")
    history: list[tuple[str, str]] = []
    before = ""
    for one in talk[:-1]:
        said = one.said().strip()
        if one.role == "user":
            before = said[:LONGEST_QUESTION]
        elif before:
            history.append((before, _LIST.sub("", said)[:LONGEST_ANSWER]))
            before = ""
    return question, history[-TURNS:]


def answered(
    library: Library,
    question: str,
    history: Sequence[tuple[str, str]],
    documents: str,
    index: str,
    on_verified: Callable[[str], None] | None = None,
) -> Completion:
    """The answer of a library. An article without an address of its own is cited by the one below `documents`.

    `on_verified` is given the beginning of its content, statement by statement, as each is verified.
    """
    answer = library.chat(history).ask(question, on_verified=on_verified)
    addresses: dict[str, str] = {}
    for doc_id in {citation.doc_id for citation in answer.citations}:
        own = library.document(doc_id)[0].url
        web = own.startswith(("http://", "https://"))
        addresses[doc_id] = own if web else f"{documents}{quote(doc_id, safe='')}?index={quote(index)}"
    content = answer.text + _listed(answer)
    counts = [len(library.words.numbers([text])[0]) for text in (question, content)]
    usage = {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts)}
    return Completion(content, _annotations(answer, addresses), usage)


def _annotations(answer: Answer, addresses: dict[str, str]) -> list[dict[str, Any]]:
    """One for each place where a marker stands, in code points of the content, which begins with the answer."""
    cited = {citation.marker: citation for citation in answer.citations}
    found = [(mark, cited.get(int(mark[1]))) for mark in re.finditer(r"\[(\d{1,6})\]", answer.text)]
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "url": addresses[citation.doc_id],
                "title": citation.title or citation.source,
                "start_index": mark.start(),
                "end_index": mark.end(),
            },
        }
        for mark, citation in found
        if citation
    ]


def _listed(answer: Answer) -> str:
    if not answer.citations:
        return ""
    rows = [
        f"[{one.marker}] {one.title or one.source} ({one.source} {one.place or f'{one.start}-{one.end}'})"
        for one in answer.citations
    ]
    return "\n\n" + "\n".join([_SOURCES["zh" if language(answer.asked) == "zh" else "en"], *rows])
