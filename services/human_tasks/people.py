"""Who works on tasks: their roles, and those of the absent for whom they act. In a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.human_tasks.showing import Shown

_ROLES: Final = """
SELECT a.account_id, a.account_id <> $2 AS is_absent, coalesce(array_agg(r.slug ORDER BY r.slug) FILTER (
  WHERE r.status = 'active' AND r.level = 'client'), '{}') AS roles
FROM app.account a LEFT JOIN app.account_role g ON g.partner_id = a.partner_id AND g.account_id = a.account_id
LEFT JOIN app.role r ON r.role_id = g.role_id
WHERE a.tenant_id = $1 AND a.status = 'active' AND (a.account_id = $2 OR a.account_id IN (
  SELECT b.account_id FROM app.absence b WHERE b.tenant_id = $1 AND b.substitute = $2
    AND b.since <= clock_timestamp() AND clock_timestamp() < b.until))
GROUP BY a.account_id ORDER BY a.account_id
"""
_ACTIVE: Final = "SELECT true FROM app.account WHERE tenant_id = $1 AND account_id = $2 AND status = 'active'"


def _whole(shown: Shown) -> Shown:
    return shown


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in.

    Attributes:
        roles: slugs of their own roles.
        absent: roles of those who are away now and named them, by account.
        veil: what of a task they see, where that is not all.
        manages: sees every queue, and gives tasks to others; decides nothing by it.
        via: `mail` where a mailed link stands for the sign-in.
    """

    account: UUID
    actor: str
    roles: frozenset[str] = frozenset()
    absent: dict[UUID, frozenset[str]] = {}
    manages: bool = False
    veil: Callable[[Shown], Shown] = _whole
    network: str | None = None
    via: str | None = None

    @property
    def queues(self) -> list[str]:
        """Every role whose queue they see."""
        return sorted(self.roles.union(*self.absent.values()))

    @property
    def accounts(self) -> list[UUID]:
        """Whose tasks are theirs to do."""
        return [self.account, *sorted(self.absent)]

    def behalf(self, role: str, assignee: UUID | None, *, is_given: bool = False) -> tuple[bool, UUID | None]:
        """Whether a task of `role` that `assignee` has is theirs to do, and for whom: None for themselves.

        Their own right comes before one of somebody absent; of several absent the oldest account's. `is_given`: a
        colleague gave it to `assignee`, who has it without the role as well.
        """
        if assignee is not None and assignee != self.account:
            is_theirs = assignee in self.absent and (is_given or role in self.absent[assignee])
            return is_theirs, assignee if is_theirs else None
        if role in self.roles or (is_given and assignee == self.account):
            return True, None
        absent = next((one for one in sorted(self.absent) if role in self.absent[one]), None)
        return absent is not None, absent

    def sees(self, role: str, assignee: UUID | None, *, is_given: bool = False) -> bool:
        """What somebody has in hand without the role, and was not given, they had by a role that they have lost."""
        return self.manages or role in self.queues or (is_given and assignee in self.accounts)


async def read(connection: Any, tenant: UUID, who: Person) -> Person:
    """`who` with their roles, and of whom they are the substitute, as it is now. One who is not active has none."""
    own: frozenset[str] = frozenset()
    absent: dict[UUID, frozenset[str]] = {}
    for row in await connection.fetch(_ROLES, tenant, who.account):
        if row["is_absent"]:
            absent[row["account_id"]] = frozenset(row["roles"])
        else:
            own = frozenset(row["roles"])
    return msgspec.structs.replace(who, roles=own, absent=absent)


async def is_active(connection: Any, tenant: UUID, account: UUID) -> bool:
    return bool(await connection.fetchval(_ACTIVE, tenant, account))


def shown(account: UUID | None) -> str | None:
    """As people are named: `acc_…`."""
    return None if account is None else ids.show("acc", account)
