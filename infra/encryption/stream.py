"""Files of any size under a key of their own, a piece at a time: AES-256-GCM in the STREAM construction.

Each piece of 64 KiB is sealed with its number and whether it is the last one in its nonce, so that none is left out,
moved, doubled or cut off unseen. The key is for one file alone; that is what makes counted nonces safe.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.encryption.errors import SecretUnreadable

PIECE: Final = 64 * 1024
_TAG: Final = 16
_FORMAT: Final = b"\x01"


def sealed_size(size: int) -> int:
    """Bytes of a file of `size` bytes once it is sealed."""
    pieces = max(1, -(-size // PIECE))
    return len(_FORMAT) + size + pieces * _TAG


async def seal(key: bytes, bound_to: bytes, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The sealed form of `content`, in parts of any size; nothing of it is kept."""
    aead, number, held = AESGCM(key), 0, bytearray()
    yield _FORMAT
    async for part in content:
        held += part
        # What might be the last piece is held back until something follows it.
        while len(held) > PIECE:
            piece = bytes(held[:PIECE])
            del held[:PIECE]
            yield aead.encrypt(_nonce(number, last=False), piece, bound_to)
            number += 1
    yield aead.encrypt(_nonce(number, last=True), bytes(held), bound_to)


async def unseal(key: bytes, bound_to: bytes, sealed: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What was sealed, piece by piece; a piece is given out when it was proven, and the end is proven too.

    Raises:
        SecretUnreadable: another key or place, or it was altered, moved or cut.
    """
    aead, number, held, begun = AESGCM(key), 0, bytearray(), False
    async for part in sealed:
        held += part
        if not begun and held:
            if held[:1] != _FORMAT:
                raise SecretUnreadable("The stored file has an unknown form")
            del held[:1]
            begun = True
        while len(held) > PIECE + _TAG:
            piece = bytes(held[: PIECE + _TAG])
            del held[: PIECE + _TAG]
            yield _opened(aead, number, piece, bound_to, last=False)
            number += 1
    yield _opened(aead, number, bytes(held), bound_to, last=True)


def _opened(aead: AESGCM, number: int, piece: bytes, bound_to: bytes, *, last: bool) -> bytes:
    try:
        return aead.decrypt(_nonce(number, last=last), piece, bound_to)
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable("The stored file was moved, altered or cut") from error


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
