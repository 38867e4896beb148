"""Who wraps tenant keys: the key-encryption key in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import ID_BYTES, kek_id, read_kek_file

_NONCE_BYTES: Final = 12


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
        key = read_kek_file(path)
        self._aead = AESGCM(key)
        self._id = kek_id(key)

    def __repr__(self) -> str:
        return "FileKeyProvider()"

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._id + nonce + self._aead.encrypt(nonce, key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if wrapped[:ID_BYTES] != self._id:
            raise SecretUnreadable("The tenant key was wrapped by another key file")
        rest = wrapped[ID_BYTES:]
        try:
            return self._aead.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable("The tenant key is damaged or belongs to another tenant") from error
