"""Sealing to the public half of a key, so that only the private half opens: HPKE of RFC 9180, base mode.

X25519, HKDF-SHA256, AES-256-GCM. What a value is bound to goes in as HPKE's `info`: other bytes, and it does not open.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import KEY_BYTES

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def derived(key: bytes, purpose: bytes) -> bytes:
    """32 bytes of `key` for one purpose alone (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


def private_half(key: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(key)


def public_half(key: bytes) -> bytes:
    """32 bytes that may be shown to who is to seal."""
    return private_half(key).public_key().public_bytes_raw()


def seal_to(public: bytes, value: bytes, info: bytes) -> bytes:
    """Raises SecretUnreadable: `public` is no key."""
    try:
        return _SUITE.encrypt(value, X25519PublicKey.from_public_bytes(public), info)
    except ValueError as error:
        raise SecretUnreadable("The stored public key has an unknown form") from error


def open_with(private: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """Raises InvalidTag: sealed to another key, bound to something else, altered or cut."""
    try:
        return _SUITE.decrypt(sealed, private, info)
    except ValueError as error:
        raise InvalidTag from error
