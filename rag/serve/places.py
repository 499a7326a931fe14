"""Where things are on this machine, which is no business of who asks over HTTP."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import RagError

__all__ = ["Places"]


class Places:
    """Paths as they may stand in an error, and what they are called instead; each is known in its absolute forms too.

    >>> Places({"/srv/my notes": "notes"}).without("cannot read '/srv/my notes/rag.sqlite'")
    "cannot read 'notes/rag.sqlite'"
    """

    def __init__(self, called: dict[str, str]) -> None:
        absolute = {os.path.abspath(path): name for path, name in called.items()}  # noqa: PTH100 - links stay
        forms = {os.path.realpath(path): name for path, name in absolute.items()} | absolute | called
        # what is only dots and slashes stands in any sentence, and tells nothing
        self._called = {path: name for path, name in forms.items() if name and re.search(r"\w", path)}
        longest_first = sorted(map(re.escape, self._called), key=len, reverse=True)
        # Chinese has no spaces: only letters of ASCII make a path a part of something longer
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first) or '(?!)'})(?![\w-])", re.ASCII)

    def without(self, text: str) -> str:
        """`text` with names in place of the paths."""
        return self._pattern.sub(lambda found: self._called[found[0]], text)

    @contextmanager
    def unsaid(self) -> Iterator[None]:
        """What the block raises does not say them."""
        try:
            yield
        except RagError as error:
            error.reword(self.without)
            raise
