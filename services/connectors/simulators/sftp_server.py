"""A folder of this machine over SFTP, for simulators and for the tests of manifests: one account, loopback alone."""

from __future__ import annotations

import hmac
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncssh

from services.connectors.simulators.faults import AT_LOGIN, Chance, Faults

HOST: Final = "127.0.0.1"
_AT_RENAMING: Final = frozenset({"cut", "cut-after-accept"})


class FileServer:
    """`root` is all that the account sees. `url` and `host_key` are known once it listens.

    Attributes:
        chance: draws what goes wrong as somebody comes in, and as a file is written.
        accounts: the keys with which the account may come in, beside its password; public ones, as OpenSSH writes them.
    """

    def __init__(self, root: Path, user: str, password: str, key: Path | None = None) -> None:
        """`key`: file of the server's own key; made when missing. None: a new key each time."""
        self._root = root
        self._user = user
        self._password = password
        self._key = _host_key(key)
        self._server: asyncssh.SSHAcceptor | None = None
        self.chance = Chance(Faults())
        self.accounts: list[str] = []
        self.before: Callable[[], None] = lambda: None
        """Called when somebody has come in."""
        self.url = ""

    @property
    def host_key(self) -> str:
        """Its fingerprint."""
        return self._key.get_fingerprint()

    async def listen(self, port: int = 0) -> None:
        """Raises OSError: the port is taken."""
        self._root.mkdir(parents=True, exist_ok=True)
        self._server = await asyncssh.listen(
            HOST,
            port,
            config=None,
            server_factory=lambda: _Door(self),
            server_host_keys=[self._key],
            sftp_factory=lambda channel: _Folder(self, channel),
            gss_host=None,
            x509_trusted_certs=None,
            x509_trusted_cert_paths=[],
        )
        self.url = f"sftp://{HOST}:{self._server.get_port()}"

    def shut(self) -> None:
        """Take nobody in any more."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        self.shut()
        if self._server is not None:
            await self._server.wait_closed()

    def admits(self, user: str, password: str) -> bool:
        is_user = hmac.compare_digest(user.encode(), self._user.encode())
        return hmac.compare_digest(password.encode(), self._password.encode()) and is_user

    @property
    def folder(self) -> bytes:
        return os.fsencode(self._root)


@asynccontextmanager
async def serving(root: Path, user: str, password: str) -> AsyncIterator[FileServer]:
    """One on a free port."""
    server = FileServer(root, user, password)
    await server.listen()
    try:
        yield server
    finally:
        await server.close()


class _Door(asyncssh.SSHServer):
    def __init__(self, server: FileServer) -> None:
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None
        self._is_expired = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        fault = self._server.chance.draw(AT_LOGIN)
        if fault == "busy":
            raise asyncssh.DisconnectError(asyncssh.DISC_TOO_MANY_CONNECTIONS, "Too many connections")
        self._is_expired = fault == "expired"
        if self._server.accounts and self._connection is not None and not self._is_expired:
            known = asyncssh.import_authorized_keys("".join(f"{one}\n" for one in self._server.accounts))
            self._connection.set_authorized_keys(known)
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return not self._is_expired and self._server.admits(username, password)


class _Folder(asyncssh.SFTPServer):
    def __init__(self, server: FileServer, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel, chroot=server.folder)
        self._server = server
        server.before()

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """As a server does whose account may not write."""
        if pflags & asyncssh.FXF_WRITE and self._server.chance.draw({"forbidden"}):
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        return super().open(path, pflags, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        """As a server does whose disk is full in the middle of a file."""
        if self._server.chance.draw({"full"}) is None:
            return super().write(file_obj, offset, data)
        super().write(file_obj, offset, data[: len(data) // 2])
        raise asyncssh.SFTPFailure("No space left on device")

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        """As a server does that breaks at the worst moment: before a file has its name, or behind that."""
        broken = self._server.chance.draw(_AT_RENAMING)
        if broken != "cut":
            super().rename(oldpath, newpath)
        if broken is not None:
            self.connection.abort()


def _host_key(file: Path | None) -> asyncssh.SSHKey:
    if file is not None and file.exists():
        return asyncssh.read_private_key(file)
    made = asyncssh.generate_private_key("ssh-ed25519")
    if file is not None:
        file.touch(mode=0o600)
        made.write_private_key(file)
    return made
