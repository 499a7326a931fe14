"""Passages of the same content, of which a search takes one: documents do not share rows."""

from collections.abc import Iterable

__all__ = ["Copies"]


class Copies:
    """Which of them stands for the others in one search, on both of its sides."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._others: dict[int, set[int]] = {}

    def once(self, found: Iterable[tuple[int, float, int]]) -> list[tuple[int, float]]:
        """From ids, scores and contents: ids and scores with each content once, best first."""
        kept: dict[int, float] = {}
        for key, score, content in sorted(found, key=lambda one: (-one[1], one[0])):
            first = self._first.setdefault(content, key)
            if key != first:
                self._others.setdefault(first, set()).add(key)
            kept.setdefault(first, score)
        return list(kept.items())

    def of(self, key: int) -> set[int]:
        """The others that were met."""
        return self._others.get(key, set())
