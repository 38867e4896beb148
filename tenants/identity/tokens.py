"""The text of an API key: `pk_<26 letters of its id>_<52 letters>`, the last 52 being 32 random bytes in base 32.

The fixed form lets a secret scanner find a leaked key; the id in it finds the row without a search by secret.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import Final
from uuid import UUID

import msgspec

from infra import ids

SECRET_BYTES: Final = 32
BEGINS: Final = "pk_"
FORM: Final = r"pk_[0-7][0-9a-hjkmnp-tv-z]{25}_[a-z2-7]{52}"
_FORM: Final = re.compile(r"pk_([0-7][0-9a-hjkmnp-tv-z]{25})_[a-z2-7]{52}")
_LENGTH: Final = 3 + 26 + 1 + 52


class Token(msgspec.Struct, frozen=True):
    """`text` is shown once, at the making; `digest` (SHA-256 of the text, 32 bytes) is what is kept."""

    key_id: UUID
    text: str
    digest: bytes

    def __repr__(self) -> str:
        return f"Token({self.key_id})"


def make() -> Token:
    key_id = ids.new()
    secret = base64.b32encode(os.urandom(SECRET_BYTES)).decode().rstrip("=").lower()
    text = f"pk_{ids.show('key', key_id)[4:]}_{secret}"
    return Token(key_id, text, digest(text))


def digest(text: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess (S-65).
    return hashlib.sha256(text.encode()).digest()


def key_id_of(text: str) -> UUID | None:
    """The id in `text`, None when it has not the form of a key."""
    if len(text) != _LENGTH:
        return None
    match = _FORM.fullmatch(text)
    return None if match is None else ids.read("key", f"key_{match[1]}")
