"""The JSON of the contract, the same behind every door."""

from dataclasses import asdict
from typing import Any

from rag.types import Answer, Hit

__all__ = ["answer_record", "hit_record"]


def hit_record(hit: Hit) -> dict[str, Any]:
    """A hit as JSON has it."""
    record = asdict(hit)
    del record["sentences"], record["key"]
    return record


def answer_record(answer: Answer) -> dict[str, Any]:
    """An answer as JSON has it."""
    return {
        "question": answer.question,
        "answer": answer.answer,
        "refused": answer.refused,
        "reason": answer.reason,
        "writer": answer.writer,
        "took_ms": answer.took_ms,
        "citations": [asdict(citation) for citation in answer.citations],
        "hits": [hit_record(hit) for hit in answer.hits],
        "statements": [asdict(statement) for statement in answer.statements],
    }
