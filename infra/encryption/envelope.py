"""Sealing one field (HPKE with AES-256-GCM), bound to the place it is stored in: moved, it does not open (S-71)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from infra.encryption.canonical import encode
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_pair import open_with, seal_to
from infra.encryption.secret import Secret
from infra.encryption.tenant_key import SealingKey, TenantKey

_FORMAT: Final = b"\x02"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sealed value belongs. `version` counts the values that the field has had."""

    installation: str
    environment: str
    tenant: UUID
    connection: UUID
    field: str
    version: int


def seal(key: SealingKey, place: Place, secret: Secret) -> bytes:
    """Format byte, then what HPKE makes of it: each seal has a key of its own, so no nonce is ever used twice."""
    return _FORMAT + seal_to(key.public, secret.reveal().encode(), _bound(key.version, place))


def unseal(key: TenantKey, place: Place, sealed: bytes) -> Secret:
    """The secret in `sealed`.

    Raises:
        SecretUnreadable: another place, version, key, or altered bytes.
    """
    if sealed[:1] != _FORMAT:
        raise SecretUnreadable("The stored secret has an unknown form")
    try:
        return Secret.of_bytes(open_with(key.private, sealed[1:], _bound(key.version, place)))
    except InvalidTag as error:
        raise SecretUnreadable("The stored secret was moved or altered") from error


def _bound(key_version: int, place: Place) -> bytes:
    return encode(
        "v2",
        place.installation,
        place.environment,
        str(place.tenant),
        str(place.connection),
        place.field,
        place.version,
        key_version,
    )
