from __future__ import annotations

from datetime import datetime

import msgspec


class Grant(msgspec.Struct, frozen=True):
    """What credentials were exchanged for. `scopes`: its rights; empty where nobody says."""

    ends_at: datetime | None = None
    scopes: frozenset[str] = frozenset()
