"""What a JSON Web Token says of itself. Its receiver verifies it; here it only informs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

_PARTS: Final = 3
_LONGEST: Final = 8_192


def ends(token: str) -> datetime | None:
    """`exp` (RFC 7519, 4.1.4); None where it is no such token, or has none."""
    try:
        return datetime.fromtimestamp(_claims(token)["exp"], UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None


def rights(token: str) -> frozenset[str]:
    """`scope` (RFC 9068, 2.2.3) or `scp`; where it has neither, `roles` (2.2.3.1), as applications get them.

    Empty: nobody says.
    """
    claims = _claims(token)
    found = (frozenset(_named(claims.get(name))) for name in ("scope", "scp", "roles"))
    return next((one for one in found if one), frozenset())


def _named(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield from given.split()
    elif isinstance(given, list):
        yield from (one for one in given if isinstance(one, str))


def _claims(token: str) -> Mapping[str, Any]:
    """Empty where it is no such token."""
    parts = token.split(".")
    if len(parts) != _PARTS or len(token) > _LONGEST:
        return {}
    try:
        found: Any = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
