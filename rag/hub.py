"""What the rooms that load models from a hub's cache have in common."""

import os

__all__ = ["first_line", "offline"]


def offline() -> bool:
    """Whether the user has said that no hub is to be asked."""
    return any(
        os.environ.get(variable, "").upper() in ("1", "ON", "YES", "TRUE")
        for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's message, cut to 300 characters; the name of its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
