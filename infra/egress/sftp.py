"""Files over SSH, on a socket that the guard has let through: the server's key is pinned before anything is said."""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Literal, Protocol

import msgspec

from infra.encryption.secret import Secret

MOST_FILES: Final = 10_000
"""Names of a folder."""
Why = Literal["host-key", "credentials", "key", "absent", "denied", "exists", "refused"]


class SftpRefused(Exception):
    """The other side, or a check of ours, said no.

    Attributes:
        why: `key`: the private key cannot be used.
        detail: for a person, without a secret; of `host-key` the fingerprint that was shown.
    """

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why: Why = why
        self.detail = detail


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes, and whom they expect.

    Attributes:
        host_keys: of the server, as `SHA256:…` or as OpenSSH writes public keys; one has to be the one it shows.
        key: private key as PEM or of OpenSSH, without a passphrase; before the password, where both are given.
    """

    user: str
    host_keys: tuple[str, ...]
    password: Secret | None = None
    key: Secret | None = None


class Entry(msgspec.Struct, frozen=True):
    """A file. `modified`: seconds of Unix, by the server's clock. What is not UTF-8 in its name are lone surrogates."""

    name: str
    size: int
    modified: int


class Aside(msgspec.Struct, frozen=True):
    """A file that has not got its name yet. `before`: what was broken off under way to the same name, earlier."""

    path: str
    before: tuple[str, ...] = ()


class Sftp(Protocol):
    """A session. Paths are the server's own; every method raises SftpRefused and Failed."""

    async def entries(self, folder: str) -> list[Entry]:
        """The regular files in it, by name; of more than `MOST_FILES` names Failed `too-large`."""
        ...

    async def find(self, path: str) -> Entry | None:
        """None: it is not there, or is no file."""
        ...

    async def read(self, path: str, most: int) -> bytes:
        """What is in it; of more than `most` bytes Failed `too-large`."""
        ...

    async def put(self, path: str, content: bytes) -> Aside:
        """A new file under another name beside `path`, which `rename` makes the one."""
        ...

    async def rename(self, old: str, new: str) -> None:
        """At once, or not at all; SftpRefused `exists` where there is a file `new`."""
        ...

    async def remove(self, path: str) -> None: ...


@asynccontextmanager
async def opened(plug: AbstractAsyncContextManager[socket.socket], login: Login, seconds: float) -> AsyncIterator[Sftp]:
    """A session over the socket that `plug` opens; it lasts `seconds` at most.

    Raises:
        SftpRefused: `host-key`, `credentials`, `key`.
        Refused: a rule of the way out.
        Failed: `timeout`, `cut`, or as `Client.dial`; what was asked for last may have been done.
    """
    # Half a second of imports, which most processes never need, and no loop should stand still for.
    ssh = await asyncio.to_thread(importlib.import_module, "infra.egress.ssh")
    async with ssh.opened(plug, login, seconds) as session:
        yield session
