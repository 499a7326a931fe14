"""One tree of errors; each message says what was wrong, with what, and what to do next.

RagError
├── NotFound        a file, folder, document or index that is not there
├── Unreadable      a file whose bytes are not text in any encoding known here
├── BadInput        an empty question, k out of range, an empty folder, an unknown setting
├── ModelError      a model that is not known, not here, or did not answer
└── IndexUnusable     an index that is damaged, locked, or was built by another model
"""

from collections.abc import Callable

__all__ = ["BadInput", "IndexUnusable", "ModelError", "NotFound", "RagError", "Unreadable"]


class RagError(Exception):
    """Base of all errors that `rag` raises on purpose.

    >>> str(RagError("no such file: a.txt", "check the path"))
    'no such file: a.txt; check the path'
    """

    def __init__(self, what: str, next_step: str = "") -> None:
        self.what, self.next_step = what, next_step
        super().__init__(f"{what}; {next_step}" if next_step else what)

    def reword(self, word: Callable[[str], str]) -> None:
        """Say what `word` makes of both parts."""
        RagError.__init__(self, word(self.what), word(self.next_step))


class NotFound(RagError):
    """A file, folder, document or index that is not there."""


class Unreadable(RagError):
    """A file whose bytes are not text in any encoding known here, or that the system refuses to open."""


class BadInput(RagError):
    """An argument or a setting that cannot be worked with."""


class ModelError(RagError):
    """A model that is not known, not on this machine, or that failed to answer."""


class IndexUnusable(RagError):
    """An index that is damaged, locked by another writer, or built with another model."""
