"""Full-width marks as many pages have them: ASCII."""

from typing import Final

__all__ = ["NARROW"]

NARROW: Final = str.maketrans("，！？：；", ",!?:;")
"""For `str.translate`; brackets and quotation marks are left as they are."""
