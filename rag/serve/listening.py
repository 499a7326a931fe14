"""The socket that a server listens on."""

import os
import socket

from rag.errors import BadInput

__all__ = ["listening_at"]


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that listens; `port` 0 takes a free one. Raises BadInput where that cannot be.

    Its protocol is named, which `socket.create_server` does not do: asyncio has only sockets that say that they are TCP
    send at once (TCP_NODELAY), and on others the second part of an answer waits 40 ms for the first to be acknowledged.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(256)
    except OSError as problem:
        made.close()
        raise BadInput(f"cannot listen on {host}:{port}: {problem.strerror}", "choose another with --port") from problem
    return made
