"""What a server is told when it starts."""

import ipaddress
from dataclasses import dataclass

from rag.errors import BadInput

__all__ = ["SHORTEST_TOKEN", "Options", "is_loopback"]

SHORTEST_TOKEN = 16
"""Characters."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, whom to answer, and how much of it.

    `token`: without it nobody is let in, if there is one. `open_to_all` lets an address other than loopback go without.
    `origins`: web pages of other sites that may ask. `hosts`: further names under which the server is known.
    Sizes are in bytes, times in seconds. `running` requests are worked on at once; `waiting` more are kept in line,
    and of one client `each` at most are open.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    open_to_all: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    body: int = 1 << 20
    upload: int = 64 << 20
    body_time: float = 30.0
    upload_time: float = 600.0
    time: float = 120.0
    running: int = 8
    waiting: int = 64
    each: int = 48

    def __post_init__(self) -> None:
        """Raises BadInput where the server would be open to the network, and for a token that no header can carry."""
        if self.token and (wrong := _wrong_with(self.token)):
            raise BadInput(wrong, "make one with: python -c 'import secrets; print(secrets.token_urlsafe())'")
        if not (self.token or self.open_to_all or is_loopback(self.host)):
            raise BadInput(
                f"{self.host} can be reached from other machines, and there is no token",
                "set RAG_TOKEN or --token, or say --open-to-all",
            )


def _wrong_with(token: str) -> str:
    if len(token) < SHORTEST_TOKEN:
        return f"the token has {len(token)} characters, which can be guessed; it needs {SHORTEST_TOKEN} at least"
    if not token.isascii() or not token.isprintable() or " " in token:
        return "the token holds a space, or a character that is no ASCII letter, digit or sign: no header can carry it"
    return ""


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
