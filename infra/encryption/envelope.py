"""Sealing one field with AES-256-GCM, bound to the place it is stored in: moved, it does not open (S-71)."""

from __future__ import annotations

import os
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from infra.encryption.canonical import encode
from infra.encryption.errors import SecretUnreadable
from infra.encryption.secret import Secret
from infra.encryption.tenant_key import TenantKey

_FORMAT: Final = b"\x01"
_NONCE_BYTES: Final = 12


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sealed value belongs. `version` counts the values that the field has had."""

    installation: str
    environment: str
    tenant: UUID
    connection: UUID
    field: str
    version: int


def seal(key: TenantKey, place: Place, secret: Secret) -> bytes:
    """Format byte, 96-bit random nonce, ciphertext and tag. Under 2^32 seals a key, so random nonces are safe."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + key.aead.encrypt(nonce, secret.reveal().encode(), _associated(key, place))


def unseal(key: TenantKey, place: Place, sealed: bytes) -> Secret:
    """The secret in `sealed`.

    Raises:
        SecretUnreadable: another place, version, key, or altered bytes.
    """
    nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if sealed[:1] != _FORMAT or len(nonce) < _NONCE_BYTES:
        raise SecretUnreadable("The stored secret has an unknown form")
    try:
        return Secret.of_bytes(key.aead.decrypt(nonce, rest, _associated(key, place)))
    except InvalidTag as error:
        raise SecretUnreadable("The stored secret was moved or altered") from error


def _associated(key: TenantKey, place: Place) -> bytes:
    return encode(
        "v1",
        place.installation,
        place.environment,
        str(place.tenant),
        str(place.connection),
        place.field,
        place.version,
        key.version,
    )
