"""Digests by which the log knows what people wrote, and cannot be made to say it (ADR 0115)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")


def of(salt: bytes, said: Any) -> str:
    """HMAC-SHA256 hex of a text, of bytes, or of anything else as canonical JSON.

    `salt` is random and stands with what was said, in its own row: who has both can show that it is the same, and once
    that row is gone nobody finds the words by trying short ones.
    """
    if isinstance(said, str):
        said = said.encode()
    return hmac.new(salt, said if isinstance(said, bytes) else _ENCODER.encode(said), hashlib.sha256).hexdigest()


def together(salt: bytes, **said: Any) -> dict[str, str]:
    """Of what was said, by name; without what was not. Both stand in their row, beside the salt."""
    return {name: of(salt, one) for name, one in said.items() if one is not None}
