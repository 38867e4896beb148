"""Where the key-encryption key lives, and the provider that keeps it in a file."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.encryption.errors import KeyFileUnusable, SecretUnreadable

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 8


class KeyProvider(Protocol):
    """Wraps and unwraps 32-byte tenant keys. Asynchronous, since a cloud's key service answers over the network.

    `context` is bound to the wrapped key: it unwraps with equal bytes only.
    """

    name: ClassVar[str]

    async def wrap(self, key: bytes, context: bytes) -> bytes: ...

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Raises SecretUnreadable when it was wrapped by another key or for another context."""
        ...


class FileKeyProvider:
    """A key-encryption key of 32 bytes in a file of mode 0600.

    Raises:
        KeyFileUnusable: missing, another size, or open to group or others.
    """

    name: ClassVar[str] = "file"

    def __init__(self, path: Path) -> None:
        key = _read(path)
        self._aead = AESGCM(key)
        # Tells a wrong key file from a damaged row; a hash of 256 random bits gives nothing away.
        self._id = hashlib.sha256(b"kek-id" + key).digest()[:_ID_BYTES]

    def __repr__(self) -> str:
        return "FileKeyProvider()"

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._id + nonce + self._aead.encrypt(nonce, key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if wrapped[:_ID_BYTES] != self._id:
            raise SecretUnreadable("The tenant key was wrapped by another key file")
        rest = wrapped[_ID_BYTES:]
        try:
            return self._aead.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable("The tenant key is damaged or belongs to another tenant") from error


def create_kek_file(path: Path) -> None:
    """Make a new key file, mode 0600. Losing it loses every stored secret.

    Raises:
        FileExistsError: there is one; it is never overwritten.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(file, 0o600)
        os.write(file, os.urandom(KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise KeyFileUnusable(f"The key file cannot be opened ({error.strerror})") from error
    if mode & 0o077:
        raise KeyFileUnusable(f"The key file's mode is {mode:04o}; it must be 0600")
    if len(key) != KEY_BYTES:
        raise KeyFileUnusable(f"The key file must have {KEY_BYTES} bytes")
    return key
