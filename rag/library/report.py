"""What an addition did."""

from dataclasses import dataclass, field

__all__ = ["Report"]


@dataclass(slots=True)
class Report:
    """What an addition did, in articles; `skipped` names what could not be read, as (where, why).

    `moved` are those of the unchanged whose file has another name or place.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    moved: int = 0
    passages: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
