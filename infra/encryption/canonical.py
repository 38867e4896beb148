"""Associated data as bytes that can be read in one way only."""

from __future__ import annotations

import struct


def encode(*parts: str | int) -> bytes:
    """`parts` as UTF-8, each behind its length (4 bytes, big-endian): `("a", "bc")` and `("ab", "c")` differ."""
    texts = [str(part).encode() for part in parts]
    return b"".join(struct.pack(">I", len(text)) + text for text in texts)
