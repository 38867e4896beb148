"""What `infra.egress.sftp` does by asyncssh, which takes half a second to import.

The library would open sockets, read the home folder's keys, configuration and known hosts, and ask an agent, all by
itself; here it is given the socket and each of the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Final

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_REGULAR

from infra import redaction
from infra.egress.messages import Failed
from infra.egress.sftp import MOST_FILES, Aside, Entry, Login, SftpRefused
from infra.encryption.secret import Secret

_ASIDES: Final = 8
_GOODBYE_SECONDS: Final = 1.0
_FINGERPRINT: Final = "SHA256:"
_LOST: Final = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
_ABSENT: Final = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
# It tells of each connection, with the account's name.
asyncssh.set_log_level(logging.WARNING)


class Session:
    """Fills `Sftp`."""

    def __init__(self, client: asyncssh.SFTPClient) -> None:
        self._client = client

    async def entries(self, folder: str) -> list[Entry]:
        """See `Sftp`, as of every method here."""
        found: list[Entry] = []
        seen = 0
        with _told(folder):
            async for one in self._client.scandir(folder):
                seen += 1
                if seen > MOST_FILES:
                    raise Failed("too-large", f"the folder {folder} has more than {MOST_FILES} names", sent=True)
                if one.attrs.type == FILEXFER_TYPE_REGULAR:
                    found.append(_entry(str(one.filename), one.attrs))
        return sorted(found, key=lambda one: one.name)

    async def find(self, path: str) -> Entry | None:
        try:
            with _told(path):
                attrs = await self._client.lstat(path)
        except SftpRefused as refused:
            if refused.why == "absent":
                return None
            raise
        return _entry(path.rpartition("/")[2], attrs) if attrs.type == FILEXFER_TYPE_REGULAR else None

    async def read(self, path: str, most: int) -> bytes:
        with _told(path):
            async with self._client.open(path, "rb") as file:
                found: Any = await file.read(most + 1)
        if len(found) > most:
            raise Failed("too-large", f"the file {path} has more than {most} bytes", sent=True)
        return bytes(found)

    async def put(self, path: str, content: bytes) -> Aside:
        aside, file = await self._begun(path)
        try:
            with _told(aside.path):
                async with file:
                    await file.write(content)
        except SftpRefused:
            with contextlib.suppress(SftpRefused, Failed):
                await self.remove(aside.path)
            raise
        return aside

    async def _begun(self, path: str) -> tuple[Aside, Any]:
        """Names that follow from the file's: who comes after somebody that broke off finds what that one left."""
        folder, slash, name = path.rpartition("/")
        before: list[str] = []
        for mark in (*range(_ASIDES), secrets.token_hex(4)):
            aside = f"{folder}{slash}.{name}.{mark}.part"
            if await self.find(aside) is not None:
                before.append(aside)
                continue
            try:
                with _told(aside):
                    return Aside(aside, tuple(before)), await self._client.open(aside, "xb")
            except SftpRefused:
                if await self.find(aside) is None:
                    raise
                # Somebody was quicker by a moment, and is at it.
        raise SftpRefused("exists", f"there is something under way to {path} under every name")

    async def rename(self, old: str, new: str) -> None:
        try:
            with _told(old):
                await self._client.rename(old, new)
        except SftpRefused as refused:
            # The version of the protocol that everybody speaks has no code for it.
            if refused.why == "refused" and await self.find(new) is not None:
                raise SftpRefused("exists", f"there is a file {new} already") from refused
            raise

    async def remove(self, path: str) -> None:
        with _told(path):
            await self._client.remove(path)


@asynccontextmanager
async def opened(
    plug: AbstractAsyncContextManager[socket.socket], login: Login, seconds: float
) -> AsyncIterator[Session]:
    """See `infra.egress.sftp.opened`."""
    redaction.hold([one for one in (login.password, login.key) if one is not None])
    keys = [_private(login.key)] if login.key is not None else None
    try:
        async with asyncio.timeout(seconds), plug as made, _greeted(made, login, keys, seconds) as connection:
            with _told("the session"):
                # A name that is not UTF-8 is listed among the others, as Python writes those of its own files.
                client = await connection.start_sftp_client(path_errors="surrogateescape")
            yield Session(client)
    except TimeoutError as error:
        raise Failed("timeout", f"no end within {seconds:g} s", sent=True) from error


@asynccontextmanager
async def _greeted(plugged: socket.socket, login: Login, keys: Any, seconds: float) -> AsyncIterator[Any]:
    pinned = _Pinned(frozenset(map(fingerprint, login.host_keys)))
    try:
        connection = await asyncssh.connect(
            sock=plugged,
            config=None,
            client_factory=lambda: pinned,
            known_hosts=([], [], []),
            username=login.user,
            password=None if login.password is None else login.password.reveal(),
            client_keys=keys,
            agent_path=None,
            gss_host=None,
            host_based_auth=False,
            x509_trusted_certs=None,
            x509_trusted_cert_paths=[],
            compression_algs=["none"],  # the library unpacks without a bound, and offers to (S-57)
            login_timeout=seconds,
        )
    except asyncssh.HostKeyNotVerifiable as error:
        raise SftpRefused("host-key", pinned.shown) from error
    except asyncssh.PermissionDenied as error:
        raise SftpRefused("credentials", "it does not let the account in") from error
    except asyncssh.KeyExchangeFailed as error:
        why = "it offers no way to encrypt that is still safe, or none without compression"
        raise SftpRefused("refused", why) from error
    except ValueError as error:
        # The library asks who we are, of whom it needs nothing.
        why = "this process runs as a user without a name: its operator gives it one, or sets LOGNAME"
        raise SftpRefused("refused", why) from error
    except (asyncssh.Error, OSError) as error:
        raise Failed("cut", "the connection was cut before anything was asked", sent=False) from error
    try:
        yield connection
    finally:
        connection.close()
        with contextlib.suppress(asyncssh.Error, OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await connection.wait_closed()
        connection.abort()


class _Pinned(asyncssh.SSHClient):
    """Takes a server by its key alone. `shown`: kind and fingerprint of the one that it showed."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self.shown = "none that can be read"

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        del host, addr, port
        self.shown = f"{key.get_algorithm()} {key.get_fingerprint()}"
        return key.get_fingerprint() in self._allowed


def fingerprint(text: str) -> str:
    """Of a host key, which may be its fingerprint already.

    Raises:
        SftpRefused: `host-key`: it is neither.
    """
    if text.startswith(_FINGERPRINT):
        return text.strip().rstrip("=")
    try:
        return asyncssh.import_public_key(text).get_fingerprint()
    except (asyncssh.KeyImportError, ValueError) as error:
        raise SftpRefused("host-key", "a key that cannot be read is pinned") from error


def _private(key: Secret) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(key.reveal())
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise SftpRefused("key", "it is no private key, or it has a passphrase") from error


def _entry(name: str, attrs: asyncssh.SFTPAttrs) -> Entry:
    return Entry(name, attrs.size or 0, int(attrs.mtime or 0))


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Errors of the library as ours."""
    try:
        yield
    except _LOST as error:
        raise Failed("cut", "the connection was cut", sent=True) from error
    except _ABSENT as error:
        raise SftpRefused("absent", f"there is no {path}") from error
    except asyncssh.SFTPPermissionDenied as error:
        raise SftpRefused("denied", f"the account may not do this with {path}") from error
    except asyncssh.SFTPFileAlreadyExists as error:
        raise SftpRefused("exists", f"there is a file {path} already") from error
    except (asyncssh.SFTPError, asyncssh.ChannelOpenError) as error:
        raise SftpRefused("refused", f"it refused to do this with {path}") from error
    except (asyncssh.Error, OSError) as error:
        raise Failed("cut", "the connection was cut", sent=True) from error
