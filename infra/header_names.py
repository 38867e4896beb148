"""Names that a header of a request may have."""

from __future__ import annotations

import re
from typing import Final

_RESERVED: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"}
    | {"proxy-authorization", "proxy-connection", "accept-encoding", "user-agent", "forwarded", "x-real-ip"}
)
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def is_usable(name: str) -> bool:
    """Whether a request may bring a header of this name itself."""
    lower = name.lower()
    return bool(_NAME.fullmatch(name)) and lower not in _RESERVED and not lower.startswith("x-forwarded-")
