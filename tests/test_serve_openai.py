"""What speaks to OpenAI speaks to `rag serve`: asked with the real client."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import openai
import pytest
from conftest import SEEDS
from serving import Running, running

from rag.embed import load
from rag.errors import BadInput
from rag.library import Library
from rag.serve.collection import Collection
from rag.testing import HashedTerms
from rag.types import Evidence

JASPER = "why did Jasper decline"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    library = Library(tmp_path_factory.mktemp("served") / "seeds")
    library.add(SEEDS)
    with running(Collection(library)) as made:
        yield made


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def test_a_chat_completion_is_the_cited_answer(client: openai.OpenAI, seeded: Library) -> None:
    expected = seeded.ask(JASPER)
    made = client.chat.completions.create(model="rag", messages=[{"role": "user", "content": JASPER}])
    message = made.choices[0].message
    content = message.content or ""
    assert content.startswith(expected.answer + "\n\nSources:\n[1] ")
    assert "jasper-lost-its-lead.txt" in content
    assert message.annotations
    assert {content[a.url_citation.start_index : a.url_citation.end_index] for a in message.annotations} == {
        f"[{one.marker}]" for one in expected.citations
    }
    citation = message.annotations[0].url_citation
    assert citation.title == expected.citations[0].title
    assert made.choices[0].finish_reason == "stop"
    assert made.usage and made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 0


def test_a_citation_leads_to_the_article(server: Running, client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="seeds", messages=[{"role": "user", "content": JASPER}])
    address = (made.choices[0].message.annotations or [])[0].url_citation.url
    assert address.startswith(server.url)
    assert server("GET", address.removeprefix(server.url)).json["source"].endswith("jasper-lost-its-lead.txt")


def test_a_stream_gives_the_same_in_pieces(client: openai.OpenAI, seeded: Library) -> None:
    whole = client.chat.completions.create(model="rag", messages=[{"role": "user", "content": JASPER}])
    chunks = list(
        client.chat.completions.create(
            model="rag",
            messages=[{"role": "user", "content": JASPER}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    said = [delta.content for delta in deltas if delta.content]
    assert len(said) == 3 and "".join(said[:2]) == seeded.ask(JASPER).answer and "Sources:" in said[2]
    annotations = [one for delta in deltas for one in getattr(delta, "annotations", None) or []]
    assert annotations == [one.model_dump() for one in whole.choices[0].message.annotations or []]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage


class Patient:
    """A writer that begins, and goes on after its first statement, when it is told to."""

    name = "patient"

    def __init__(self) -> None:
        self.begin, self.go_on, self.ended = threading.Event(), threading.Event(), False

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        assert self.begin.wait(20)
        yield f"{evidence[0].text} [{evidence[0].number}]"
        yield " The next statement has begun, and so"
        assert self.go_on.wait(20)
        yield f" there is nothing that it stands on [{evidence[0].number}]."
        self.ended = True


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[tuple[Patient, Running]]:
    writer = Patient()
    (tmp_path / "a.txt").write_text("The hens of Farnham lay at night.", encoding="utf-8")
    library = Library(tmp_path / "index", embedder=HashedTerms(), writer=writer)
    library.add(tmp_path / "a.txt")
    with running(Collection(library)) as made:
        yield writer, made


HENS = "When do the hens of Farnham lay?"


def test_a_statement_is_streamed_while_the_next_one_is_written(patient: tuple[Patient, Running]) -> None:
    writer, server = patient
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        chunks = iter(
            client.chat.completions.create(model="rag", messages=[{"role": "user", "content": HENS}], stream=True)
        )
        assert next(chunks).choices[0].delta.role == "assistant"
        writer.begin.set()
        assert next(chunks).choices[0].delta.content == "The hens of Farnham lay at night. [1]"
        assert not writer.ended
        writer.go_on.set()
        rest = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert writer.ended and rest.startswith("\n\nSources:\n[1] "), "what stands on nothing is not said"


def test_a_stream_is_kept_open_while_nothing_can_be_said(
    patient: tuple[Patient, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sse_starlette.EventSourceResponse.DEFAULT_PING_INTERVAL", 0.1)
    writer, server = patient
    body = json.dumps({"model": "rag", "messages": [{"role": "user", "content": HENS}], "stream": True}).encode()
    request = Request(f"{server.url}/v1/chat/completions", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=20) as reply:
        said = []
        while len(said) < 3:
            said += [line] if (line := reply.readline().strip()) else []
        writer.begin.set()
        writer.go_on.set()
        assert b'"role": "assistant"' in said[0] and said[1].startswith(b": ping") and said[2].startswith(b": ping")
        assert b"data: [DONE]" in reply.read()


def test_earlier_turns_are_used(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="rag", messages=[{"role": "user", "content": "what does Jasper do"}])
    made = client.chat.completions.create(
        model="rag",
        messages=[
            {"role": "system", "content": "You are a parrot."},
            {"role": "user", "content": "what does Jasper do"},
            {"role": "assistant", "content": first.choices[0].message.content or ""},
            {"role": "user", "content": [{"type": "text", "text": "why did it decline"}]},
        ],
    )
    alone = client.chat.completions.create(model="rag", messages=[{"role": "user", "content": JASPER}])
    assert made.choices[0].message.content == alone.choices[0].message.content


def test_a_refusal_has_a_reason_and_no_annotations(client: openai.OpenAI) -> None:
    question = "how do I bake sourdough bread"
    message = client.chat.completions.create(model="rag", messages=[{"role": "user", "content": question}])
    assert message.choices[0].message.content == "The articles do not say: nothing in them is about this."
    assert message.choices[0].message.annotations == []


def test_a_chinese_question_has_its_sources_in_chinese(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="rag", messages=[{"role": "user", "content": "商汤为什么亏损"}])
    assert "\n\n来源：\n[1] " in (made.choices[0].message.content or "")


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["rag", "seeds", "builtin"]
    assert client.models.retrieve("seeds").owned_by == "rag"


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings_are_those_of_the_model(client: openai.OpenAI, form: str) -> None:
    texts = ["小米的手机", "a phone"]
    made = client.embeddings.create(model="builtin", input=texts, encoding_format=form)  # type: ignore[arg-type]
    vectors = [one.embedding for one in made.data]
    if form == "base64":
        import base64

        vectors = [np.frombuffer(base64.b64decode(one), dtype="<f4").tolist() for one in vectors]  # type: ignore[arg-type]
    assert np.allclose(vectors, load("builtin").embed_passages(texts), atol=1e-6)
    assert np.allclose(client.embeddings.create(model="builtin", input=texts[0]).data[0].embedding, vectors[0])


def test_errors_are_those_that_the_client_knows(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="parrot", messages=[{"role": "user", "content": "x"}])
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as nobody:
        client.chat.completions.create(model="rag", messages=[{"role": "system", "content": "x"}])
    assert (nobody.value.type, nobody.value.param) == ("invalid_request_error", "messages")
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="builtin", input="x", dimensions=7)
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="builtin", input=[1, 2, 3])
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="rag", messages=[{"role": "user", "content": [picture]}])  # type: ignore[list-item]


def test_a_stream_tells_errors_as_a_reply_does(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = {"model": "rag", "messages": [{"role": "user", "content": JASPER}]}

    def refused(*_: object) -> None:
        raise BadInput("the question means nothing", "ask another")

    monkeypatch.setattr("rag.serve.openai.answered", refused)
    whole = server("POST", "/v1/chat/completions", chat)
    streamed = server("POST", "/v1/chat/completions", chat | {"stream": True}).body.decode()
    told = json.loads(streamed.strip().splitlines()[-1].removeprefix("data: "))["error"]
    assert whole.status == 400 and told["type"] == whole.json["error"]["type"] == "invalid_request_error"
    assert told["message"] == whole.json["error"]["message"]
    monkeypatch.setattr("rag.serve.collection.READERS", 0)
    busy = server("POST", "/v1/chat/completions", chat | {"stream": True})
    assert (busy.status, busy.headers["Retry-After"]) == (503, "1")


def test_a_chat_program_that_others_wrote_converses(server: Running, tmp_path: Path) -> None:
    """`llm`, a chat for the terminal: in a conversation, piece by piece, and whole."""
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: rag\n  model_name: rag\n  api_base: {server.url}/v1\n", encoding="utf-8"
    )
    environment = os.environ | {"LLM_USER_PATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"}

    def llm(*words: str, said: str | None = None) -> str:
        command = [sys.executable, "-m", "llm", *words]
        return subprocess.run(
            command, input=said, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=True
        ).stdout

    reply = server("POST", "/v1/chat/completions", {"model": "rag", "messages": [{"role": "user", "content": JASPER}]})
    expected = reply.json["choices"][0]["message"]["content"]
    assert "\n\nSources:\n[1] " in expected
    assert llm("-m", "rag", JASPER).strip() == llm("-m", "rag", "--no-stream", JASPER).strip() == expected
    talked = llm("chat", "-m", "rag", said="what does Jasper do\nwhy did it decline\nquit\n")
    assert expected in talked
