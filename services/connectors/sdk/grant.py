from __future__ import annotations

from datetime import datetime

import msgspec


class Grant(msgspec.Struct, frozen=True):
    """What credentials were exchanged for.

    Attributes:
        scopes: its rights; empty where nobody says.
        renews: another one is fetched by itself; else a person has to authorise it again.
    """

    ends_at: datetime | None = None
    scopes: frozenset[str] = frozenset()
    renews: bool = True
