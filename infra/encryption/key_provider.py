"""Who wraps tenants' keys: the key-encryption key in a file, or its public half, which wraps alone.

A cloud's key service fills the same protocols in `infra/key_services/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import ID_BYTES, kek_id, read_kek_file
from infra.encryption.key_pair import derived, open_with, private_half, public_half, seal_to
from infra.encryption.public_file import KEK_PURPOSE, read_public_file


class KeyWrapper(Protocol):
    """Wraps keys and other values of at most 4 KiB. Asynchronous, since a cloud's key service answers over the network.

    `context` is bound to the wrapped key: it unwraps with equal bytes only. What it wraps begins with its `id`.
    """

    @property
    def name(self) -> str:
        """Stored beside what it wraps."""
        ...

    @property
    def id(self) -> bytes:
        """8 bytes that name the key-encryption key and give nothing of it away."""
        ...

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        """Raises KeyServiceUnavailable where that is asked over the network."""
        ...

    async def close(self) -> None:
        """Give back what it holds open. Safe to repeat."""
        ...


@runtime_checkable
class KeyProvider(KeyWrapper, Protocol):
    """Unwraps as well."""

    @property
    def ids(self) -> frozenset[bytes]:
        """Of all keys whose wrapped keys it unwraps."""
        ...

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Raises SecretUnreadable when it was wrapped by another key or for another context, else as `wrap`."""
        ...


class FileKeyProvider:
    """A key-encryption key of 32 bytes in a file of mode 0600.

    Args:
        older: files of keys that it takes the place of; they unwrap, and wrap nothing any more.

    Raises:
        KeyFileUnusable: missing, another size, or open to group or others.
    """

    name: ClassVar[str] = "file"

    def __init__(self, path: Path, older: Sequence[Path] = ()) -> None:
        self._halves: dict[bytes, X25519PrivateKey] = {}
        for file in (path, *older):
            key = read_kek_file(file)
            self._halves.setdefault(kek_id(key), private_half(derived(key, KEK_PURPOSE)))
        key = read_kek_file(path)
        self._id, self._public = kek_id(key), public_half(derived(key, KEK_PURPOSE))

    def __repr__(self) -> str:
        return "FileKeyProvider()"

    @property
    def id(self) -> bytes:
        return self._id

    @property
    def ids(self) -> frozenset[bytes]:
        return frozenset(self._halves)

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        return self._id + seal_to(self._public, key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        half = self._halves.get(wrapped[:ID_BYTES])
        if half is None:
            raise SecretUnreadable("The tenant key was wrapped by another key file")
        try:
            return open_with(half, wrapped[ID_BYTES:], context)
        except InvalidTag as error:
            raise SecretUnreadable("The tenant key is damaged or belongs to another tenant") from error

    async def close(self) -> None:
        """Nothing is held open."""


class PublicKeyWrapper:
    """The public half of a key-encryption key: it wraps what the holder of the other half unwraps.

    `of_file` and `of_kek` raise KeyFileUnusable: the file is missing, has another size, or is open to others.
    """

    name: ClassVar[str] = "file"

    def __init__(self, wrapping_id: bytes, public: bytes) -> None:
        self._id, self._public = wrapping_id, public

    @classmethod
    def of_file(cls, path: Path) -> PublicKeyWrapper:
        return cls(*read_public_file(path))

    @classmethod
    def of_kek(cls, path: Path) -> PublicKeyWrapper:
        """From the key file itself, for a process that may read it and is to keep nothing but the public half."""
        key = read_kek_file(path)
        return cls(kek_id(key), public_half(derived(key, KEK_PURPOSE)))

    @property
    def id(self) -> bytes:
        return self._id

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        return self._id + seal_to(self._public, key, context)

    async def close(self) -> None:
        """Nothing is held open."""
