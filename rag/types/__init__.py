"""The records that flow through the pipeline: frozen, without behaviour beyond arithmetic on offsets."""

from rag.types.answers import Answer, Citation, Evidence, Found, Hit, Mode, Statement, Status
from rag.types.articles import (
    PROPERTIES,
    Document,
    Edges,
    Edit,
    Extracted,
    Kind,
    Offsets,
    Origin,
    Passage,
    Piece,
    Place,
    Span,
    offsets_of,
)

__all__ = [
    "PROPERTIES",
    "Answer",
    "Citation",
    "Document",
    "Edges",
    "Edit",
    "Evidence",
    "Extracted",
    "Found",
    "Hit",
    "Kind",
    "Mode",
    "Offsets",
    "Origin",
    "Passage",
    "Piece",
    "Place",
    "Span",
    "Statement",
    "Status",
    "offsets_of",
]
