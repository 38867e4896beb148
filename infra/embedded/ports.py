from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import stat
from pathlib import Path
from typing import Final

# Below the range that Linux takes for outgoing connections (32768 on), which would sit on a port at times.
LOW: Final = 20_000
HIGH: Final = 32_000
TRIES: Final = 200
# The same for every session and home of the user: only listeners of one user can share a port.
_MARKS: Final = Path("/tmp")  # noqa: S108 - `_folder` checks whose it is and who may enter


class NoFreePort(OSError):
    """No port can be had; the message says why. Something may hold very many, or loopback is missing."""


class Held:
    """A port that no other installation of this user takes until `release` or the end of this process, however sudden.

    From the choice to the server's own listening lies time, and two servers that share ports would both listen.
    """

    def __init__(self, port: int, mark: int) -> None:
        self.port = port
        self._mark: int | None = mark

    def release(self) -> None:
        """Safe to repeat."""
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None


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


def hold(port: int, host: str = "127.0.0.1") -> Held | None:
    """`port`, or None when it is busy or another holds it."""
    mark = os.open(_folder() / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(mark)
        return None
    if free(host, port):
        return Held(port, mark)
    os.close(mark)
    return None


def _folder() -> Path:
    """The marks' folder: ours alone, and no link to another. In a sticky `/tmp` nobody else can then exchange it.

    Raises:
        NoFreePort: something else lies there.
    """
    folder = _MARKS / f"waybill-ports-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    wrong = ""
    if not stat.S_ISDIR(found.st_mode):
        wrong = "is no folder"
    elif found.st_uid != os.geteuid():
        wrong = "belongs to somebody else"
    elif found.st_mode & 0o077:
        wrong = f"is open to others (mode {stat.S_IMODE(found.st_mode):04o})"
    if wrong:
        raise NoFreePort(f"{folder} keeps ports apart and {wrong}. Remove it; it is made anew.")
    return folder


def take(wanted: int | None, host: str = "127.0.0.1") -> Held:
    """`wanted` when it is free, otherwise another free one."""
    held = None if wanted is None else hold(wanted, host)
    for _ in range(TRIES):
        held = held or hold(LOW + secrets.randbelow(HIGH - LOW), host)
        if held is not None:
            return held
    raise NoFreePort(f"no free port between {LOW} and {HIGH} on {host}")


def choose(wanted: int | None, host: str = "127.0.0.1") -> int:
    """As `take`, of a port that nobody holds from then on."""
    held = take(wanted, host)
    held.release()
    return held.port


def following(wanted: int, host: str, span: int = 100) -> Held:
    """The first free port from `wanted` on, so that a second installation is found next to the first."""
    for port in range(wanted, min(wanted + span, 65_536)):
        if held := hold(port, host):
            return held
    return take(None, host)


class Lease:
    """The port of one server over its starts.

    Attributes:
        port: 0 before the first.
        given_out: others know its address. Then it stays, since nobody would tell them of another.
    """

    def __init__(self) -> None:
        self.port = 0
        self.given_out = False
        self._held: Held | None = None

    def take(self, wanted: int | None) -> None:
        """Hold a port for the next start: that which was given out, or `wanted` when it is free, or another."""
        if self.given_out:
            # Busy or not: then the server says so in its log, and is tried again.
            self._held = self._held or hold(self.port)
            return
        self.end()
        self._held = take(wanted)
        self.port = self._held.port

    def end(self) -> None:
        """Let others have it. Safe to repeat."""
        if self._held is not None:
            self._held.release()
            self._held = None
