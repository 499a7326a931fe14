"""What the routes share."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.serve.collection import Collection
from rag.serve.errors import Refused
from rag.serve.options import Options
from rag.serve.watch import Figures
from rag.serve.work import Work

__all__ = ["State"]


@dataclass(frozen=True, slots=True)
class State:
    """The collections by name, of which the first is the default, and what watches over work on them."""

    collections: dict[str, Collection]
    options: Options
    figures: Figures
    work: Work

    @classmethod
    def of(cls, collections: Sequence[Collection], options: Options, figures: Figures) -> "State":
        """Of at least one collection."""
        return cls({one.name: one for one in collections}, options, figures, Work(options))

    def collection(self, name: str | None) -> Collection:
        """The collection of this name. Raises Refused, 404."""
        if not name:
            return next(iter(self.collections.values()))
        if name not in self.collections:
            raise Refused(404, "no such index; GET /api/indexes names them")
        return self.collections[name]
