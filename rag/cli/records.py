"""The JSON that the commands print, beside what `rag.wire` has for all doors."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.index import Address
from rag.library import Report
from rag.types import Document

if TYPE_CHECKING:  # searching needs nothing of it
    from rag.clean import TracedText

__all__ = ["page_record", "print_json", "report_record"]


def print_json(record: dict[str, Any]) -> None:
    """One object, on one line."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


def report_record(done: Report, index: Path | Address, seconds: float) -> dict[str, Any]:
    """The JSON of `rag index`."""
    record = asdict(done)
    record["skipped"] = [{"source": where, "reason": why} for where, why in done.skipped]
    return {"index": str(index), "took_ms": round(seconds * 1000, 2)} | record


def page_record(document: Document, cleaned_page: "TracedText") -> dict[str, Any]:
    """The JSON of `rag show`: the cleaned text and every edit, in offsets of the original."""
    return {
        "doc_id": document.doc_id,
        "source": document.source,
        "sha256": document.sha256,
        "encoding": document.encoding,
        "title": document.title,
        "author": document.author,
        "site": document.site,
        "date": document.date,
        "provenance": {name: asdict(origin) for name, origin in document.provenance.items()},
        "offsets": document.offsets,
        "places": [asdict(place) for place in document.places],
        "text": cleaned_page.text,
        "edits": [asdict(edit) for edit in cleaned_page.edits],
    }
