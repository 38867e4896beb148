"""Time-based one-time codes (RFC 6238): six digits, thirty seconds, SHA-1, as every authenticator app has them."""

from __future__ import annotations

import base64
import hmac
import os
from typing import Final
from urllib.parse import quote, urlencode

SECRET_BYTES: Final = 20
STEP_SECONDS: Final = 30
DIGITS: Final = 6
_AROUND: Final = (0, -1, 1)


def new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """The code of the `step`th half minute since 1970 (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 0x0F
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: bytes, code: str, now: float) -> int | None:
    """The step that `code` is of: the present one, or a neighbour for clocks that differ. None: it is of none.

    All three are compared, each in constant time.
    """
    present = int(now) // STEP_SECONDS
    found = None
    for around in _AROUND:
        if hmac.compare_digest(code_at(secret, present + around).encode(), code.encode("utf-8", "replace")):
            found = present + around
    return found


def uri(secret: bytes, issuer: str, account: str) -> str:
    """What an authenticator app reads from a picture; `issuer` is the partner's name."""
    key = base64.b32encode(secret).decode().rstrip("=")
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    query = urlencode({"secret": key, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"
