"""The retrievers for LangChain and LlamaIndex, in chains of those packages."""

import socket
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode, get_response_synthesizer

from rag.library import Library
from rag.serve import langchain, llama_index
from rag.types import Span

QUESTION = "why did Jasper decline"
SAID = "Jasper之所以衰落,最主要的原因是微軟、谷歌等巨頭帶著同類產品闖了進來,寫作工具一下子不再稀罕。"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither package may call home."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def proven(library: Library, found: dict[str, Any], text: str) -> None:
    """The stretch that the metadata names is in the original, and cleans to the passage."""
    [(_, page)] = library.pages(found["source"])
    span = Span(found["start"], found["end"])
    assert page.to_text(span).of(page.text) == text and SAID in text


def test_langchain_retrieves_what_the_answer_stands_on(seeded: Library) -> None:
    retriever = langchain.RagRetriever(library=seeded, k=3)
    documents = retriever.invoke(QUESTION)
    assert [one.metadata["rank"] for one in documents] == [1, 2, 3]
    assert documents[0].id == documents[0].metadata["passage_id"]
    proven(seeded, documents[0].metadata, documents[0].page_content)


def test_a_langchain_chain_answers_with_its_source(seeded: Library) -> None:
    asked: list[str] = []

    def quoted(documents: list[Any]) -> str:
        return "\n".join(f"[{n}] {one.page_content} ({one.metadata['source']})" for n, one in enumerate(documents, 1))

    def note(prompt: Any) -> Any:
        asked.append(prompt.to_string())
        return prompt

    chain = (
        {"context": langchain.RagRetriever(library=seeded) | quoted, "question": RunnablePassthrough()}
        | ChatPromptTemplate.from_template("{context}\n\n{question}")
        | RunnableLambda(note)
        | FakeListChatModel(responses=["Big firms came with the same product.[1]"])
        | StrOutputParser()
    )
    assert chain.invoke(QUESTION).endswith("[1]")
    assert SAID in asked[0] and "jasper-lost-its-lead.txt" in asked[0] and asked[0].endswith(QUESTION)


def test_langchain_filters(seeded: Library) -> None:
    later = langchain.RagRetriever(library=seeded, filters={"since": "2024-01-01"}).invoke(QUESTION)
    assert later and all(one.metadata["date"] >= "2024" for one in later)


def test_llama_index_retrieves_what_the_answer_stands_on(seeded: Library) -> None:
    nodes = llama_index.RagRetriever(seeded, k=3).retrieve(QUESTION)
    assert [one.metadata["rank"] for one in nodes] == [1, 2, 3]
    assert [one.score for one in nodes] == [one.metadata["score"] for one in nodes]
    proven(seeded, nodes[0].metadata, nodes[0].text)
    later = llama_index.RagRetriever(seeded, since="2024-01-01").retrieve(QUESTION)
    assert later and all(one.metadata["date"] >= "2024" for one in later)


def test_a_llama_index_engine_answers_with_its_source(seeded: Library) -> None:
    engine = RetrieverQueryEngine(
        retriever=llama_index.RagRetriever(seeded, k=2),
        response_synthesizer=get_response_synthesizer(llm=MockLLM(), response_mode=ResponseMode.SIMPLE_SUMMARIZE),
    )
    answer = engine.query(QUESTION)
    assert SAID in str(answer)  # the stand-in for a model says its prompt again
    assert "sha256" not in str(answer) and "lexical" not in str(answer)
    proven(seeded, answer.source_nodes[0].metadata, answer.source_nodes[0].text)
