"""A writer behind an address that speaks the OpenAI chat API: Ollama, vLLM, llama.cpp, LM Studio, a vendor."""

import http.client
import json
import time
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
from typing import Any

from rag.answer.prompt import Filter, answered, chat, fitting, no_answer
from rag.errors import ModelError
from rag.remote import EndpointError, call, first_model, key_for, locate, said_by, shown
from rag.types import Evidence

__all__ = ["EndpointWriter"]

CONTEXT = 4096
"""Tokens that prompt and answer may have together: what Ollama gives a model by default. No server says its own."""
MOST_TOKENS = 2000
"""Of an answer and what is thought aloud before it."""
_BYTES_A_TOKEN = 2
"""Cautious: tokenizers need a token for a Chinese character (three bytes), and for four Latin letters."""
_CHECK = "check that this is an OpenAI-style chat API, and the model a chat model"


class EndpointWriter:
    """Writes with a model that a server runs. The address is as `rag.remote.locate` reads it, so
    `http://localhost:11434/v1#qwen3:0.6b` names the model; without a fragment it is the first that the server lists.

    The key, if the server wants one, comes from the environment only: `RAG_API_KEY`, or else `OPENAI_API_KEY`,
    which is not sent over plain http to another machine. `timeout` is in seconds, without a byte; `longest` in
    seconds, for a whole answer; `tries` and `wait` are those of `rag.remote.call`. The constructor opens no socket.
    """

    def __init__(
        self, address: str, *, timeout: float = 120.0, longest: float = 600.0, tries: int = 4, wait: float = 0.5
    ) -> None:
        self._url, self._models, self._model = locate(address, "/chat/completions")
        self.name = address
        self._longest = longest
        self._ask: dict[str, Any] = {"timeout": timeout, "tries": tries, "wait": wait}
        self._context = CONTEXT
        self._options: dict[str, Any] = {"temperature": 0, "max_tokens": MOST_TOKENS}

    @cached_property
    def model(self) -> str:
        """The model's name, from the address or else from the server."""
        return self._model or first_model(self._models, **self._ask)

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The answer in parts, with markers `[n]`, none of them split between parts.

        What a model thinks aloud is left out, it is stopped when it repeats itself, and closing the iterator closes
        the connection. Evidence that there is no room for is left out, the lowest scored first.

        A server that fails is asked again as long as it has sent no text. Raises `ModelError`, which names the
        address and what to do, when it is not reached, refuses, breaks off, or sends what is no chat completion.
        """
        if not evidence:
            yield no_answer(question)
            return
        yield from answered(question, self._generate(question, evidence), Filter())

    def _generate(self, question: str, evidence: Sequence[Evidence]) -> Generator[str, None, None]:
        response, first, parts = self._begin(question, evidence)
        with response:
            yield first
            left = MOST_TOKENS * 10
            try:
                for part in parts:
                    yield part
                    left -= len(part)
                    if left < 0:  # it does not keep to max_tokens
                        return
            except TimeoutError:
                said = f"{shown(self._url)} sent nothing for {self._ask['timeout']:g} s in the middle of its answer"
                raise EndpointError(said, "check that the server is not overloaded") from None
            except (OSError, http.client.HTTPException) as error:
                said = (
                    f"{shown(self._url)} broke off in the middle of its answer ({str(error) or type(error).__name__})"
                )
                raise EndpointError(said, "ask again; if it stays so, look into the server's log") from None

    def _begin(
        self, question: str, evidence: Sequence[Evidence]
    ) -> tuple[http.client.HTTPResponse, str, Iterator[str]]:
        """The response with its first text read, so that a failure before it can be tried again."""

        def read(response: http.client.HTTPResponse) -> tuple[http.client.HTTPResponse, str, Iterator[str]]:
            try:
                parts = self._texts(response)
                return response, next(parts, ""), parts
            except BaseException:
                response.close()
                raise

        while True:
            payload = {"model": self.model, "messages": self._messages(question, evidence), "stream": True}
            try:
                return call(self._url, payload | self._options, read, **self._ask)
            except EndpointError as error:
                if error.status not in (400, 413, 422) or not self._give_in(error.what.lower()):
                    raise

    def _give_in(self, said: str) -> bool:
        """Change the next request by what the refusal says; False if it says nothing that is understood."""
        if ("context" in said or "too long" in said or "answered 413" in said) and self._context > CONTEXT // 4:
            self._context //= 2
            limit = next((name for name in self._options if name != "temperature"), "max_tokens")
            self._options[limit] = min(MOST_TOKENS, self._context // 2)
        elif "temperature" in said and "temperature" in self._options:
            del self._options["temperature"]  # some of a vendor's models have one alone
        elif "max_tokens" in said and "max_tokens" in self._options:
            self._options["max_completion_tokens"] = self._options.pop("max_tokens")
        else:
            return False
        return True

    def _messages(self, question: str, evidence: Sequence[Evidence]) -> list[dict[str, str]]:
        def tokens(kept: Sequence[Evidence]) -> int:
            return sum(len(turn["content"].encode()) for turn in chat(question, kept)) // _BYTES_A_TOKEN

        kept = fitting(evidence, tokens, self._context - min(MOST_TOKENS, self._context // 2))
        if not kept:
            said = f"the question and any evidence do not fit into {self._context} tokens"
            raise ModelError(said, "ask in fewer words, or choose a model with a longer context")
        return chat(question, kept)

    def _texts(self, response: http.client.HTTPResponse) -> Iterator[str]:
        """The texts of a stream as it comes; none of them empty. Raises OSError where it ends before it is done."""
        place, deadline = shown(self._url), time.monotonic() + self._longest
        if "text/event-stream" not in (response.headers.get("Content-Type") or ""):
            text = self._text(json.loads(response.read(1 << 22)), "message")  # this server does not stream
            if text:
                yield text
            return
        for data in _events(response, deadline, place):
            if data == "[DONE]":
                return
            try:
                chunk = json.loads(data)
            except ValueError:
                raise EndpointError(f"{place} sent what is not JSON: {data[:60]!r}", _CHECK, 200) from None
            if isinstance(chunk, dict) and chunk.get("error"):
                said = said_by(data, key_for(self._url))
                raise EndpointError(f"{place} failed while writing: {said}", "look into the server's log", 200)
            if isinstance(chunk, dict) and chunk.get("choices") == []:
                continue  # counts of tokens
            text = self._text(chunk, "delta")
            if text:
                yield text
            if chunk["choices"][0].get("finish_reason"):
                return
        raise ConnectionError("the stream ended before it was done")

    def _text(self, body: Any, part: str) -> str:
        try:
            content = (body["choices"][0].get(part) or {}).get("content")
        except (LookupError, TypeError, AttributeError):
            said = f"{shown(self._url)} did not answer with a chat completion: {str(body)[:60]}"
            raise EndpointError(said, _CHECK, 200) from None
        return content if isinstance(content, str) else ""


def _events(response: http.client.HTTPResponse, deadline: float, place: str) -> Iterator[str]:
    """What the `data:` lines of a stream hold; comments, which keep a connection open, are left out."""
    held = b""
    while block := response.read1(1 << 16):
        if time.monotonic() > deadline or len(held) > 1 << 20:
            raise EndpointError(f"{place} did not come to an end", "choose a smaller or faster model")
        *lines, held = (held + block).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip().decode("utf-8", "replace")
    if held.startswith(b"data:"):
        yield held[5:].strip().decode("utf-8", "replace")
