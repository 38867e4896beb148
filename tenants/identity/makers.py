"""Who stands behind an act: of a key those who made it, and what made that."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.identity import repository
from tenants.identity.principal import Principal

_PEOPLE: Final = ("account", "acting")
_LONGEST: Final = 100
"""Keys that made keys; nobody has more."""


async def behind(session: AsyncSession, principal: Principal) -> frozenset[UUID]:
    """Accounts: the person who calls, or the one whose act the making of the key goes back to.

    None of a key that an operator's command made. `session` sees the principal's keys.
    """
    if principal.account_id is not None:
        return frozenset({principal.account_id})
    at = principal.key_id
    for _ in range(_LONGEST):
        row = None if at is None else await repository.key(session, at)
        kind, _, shown = ("" if row is None or row.made_by is None else row.made_by).partition(":")
        if kind in _PEOPLE:
            return frozenset({ids.read("acc", shown)})
        if kind != "key":
            break
        at = ids.read("key", shown)
    return frozenset()
