from __future__ import annotations

import secrets
import socket
from typing import Final

# Below the range that Linux takes for outgoing connections (32768 on), which would sit on a port at times.
LOW: Final = 20_000
HIGH: Final = 32_000
TRIES: Final = 200


class NoFreePort(OSError):
    """No port could be bound. Something on this machine holds very many, or loopback is missing."""


def free(host: str, port: int) -> bool:
    """Whether a server could listen on `port` of `host` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Binding alone succeeds beside a listener that shares the port; listening does not.
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(wanted: int | None, host: str = "127.0.0.1") -> int:
    """`wanted` when it is free, otherwise another free one."""
    if wanted is not None and free(host, wanted):
        return wanted
    for _ in range(TRIES):
        port = LOW + secrets.randbelow(HIGH - LOW)
        if free(host, port):
            return port
    raise NoFreePort(f"no free port between {LOW} and {HIGH} on {host}")


def following(wanted: int, host: str, span: int = 100) -> int:
    """The first free port from `wanted` on, so that a second installation is found next to the first."""
    for port in range(wanted, min(wanted + span, 65_536)):
        if free(host, port):
            return port
    return choose(None, host)
