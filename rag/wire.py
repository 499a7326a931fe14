"""The JSON of the contract, the same behind every door."""

from dataclasses import asdict, fields
from typing import Any

from rag.types import Answer, Hit

__all__ = ["answer_record", "hit_record"]

_OF_HIT = tuple(field.name for field in fields(Hit) if field.name not in ("sentences", "key"))


def hit_record(hit: Hit) -> dict[str, Any]:
    """A hit as JSON has it."""
    record = {name: getattr(hit, name) for name in _OF_HIT}
    record["found_by"] = {side: {"rank": found.rank, "score": found.score} for side, found in hit.found_by.items()}
    record["also"] = list(hit.also)
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
        "short": answer.short,
    }
