"""Orders and customers that holds are about, as rows, by which everything about them is done one after the other.

`connection` (asyncpg) is in a transaction of the tenant. A customer is locked before its order, never behind it.
"""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.holds.errors import OtherCustomer

What = Literal["order", "customer"]
RECORDS: Final[dict[What, str]] = {"order": "sales-order", "customer": "customer"}
"""The records that they are, where systems told of them."""
_MAKE: Final = """
INSERT INTO app.hold_subject (tenant_id, kind, key, customer, site) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, kind, key) DO NOTHING
"""
_READ: Final = """
SELECT kind, key, customer, site, entity_id, released_at FROM app.hold_subject
WHERE tenant_id = $1 AND kind = $2 AND key = $3
"""
_LOCK: Final = """
SELECT true FROM app.hold_subject WHERE tenant_id = $1 AND kind = $2 AND key = $3 FOR UPDATE
"""
_SHARE: Final = """
SELECT true FROM app.hold_subject WHERE tenant_id = $1 AND kind = $2 AND key = $3 FOR SHARE
"""
# Only where one record alone is known by the number: two systems may use the same for different orders.
_COMPLETE: Final = """
UPDATE app.hold_subject s SET customer = coalesce(s.customer, $4), site = coalesce(s.site, $5),
  entity_id = coalesce(s.entity_id, (SELECT (array_agg(DISTINCT k.entity_id))[1] FROM app.entity_key k
    WHERE k.tenant_id = $1 AND k.kind = $6 AND k.id = $3 HAVING count(DISTINCT k.entity_id) = 1))
WHERE s.tenant_id = $1 AND s.kind = $2 AND s.key = $3
RETURNING s.kind, s.key, s.customer, s.site, s.entity_id, s.released_at
"""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """`customer`: key of an order's customer, None while nobody said; `is_released`: of an order that was let go."""

    kind: What
    key: str
    customer: str | None
    site: str | None
    entity_id: UUID | None
    is_released: bool


async def hold_order(
    connection: Any, tenant: TenantId, key: str, customer: str | None = None, site: str | None = None
) -> Subject:
    """Lock the order until the transaction ends, with what was said of it first.

    Raises:
        OtherCustomer: nobody moves an order out from under its customer's holds.
    """
    await connection.execute(_MAKE, tenant, "order", key, customer, site)
    await connection.fetchrow(_LOCK, tenant, "order", key)
    row = await connection.fetchrow(_COMPLETE, tenant, "order", key, customer, site, RECORDS["order"])
    if customer is not None and row["customer"] != customer:
        raise OtherCustomer(f"It was first held as an order of {row['customer'][:200]}")
    return _subject(row)


async def hold_customer(connection: Any, tenant: TenantId, key: str) -> Subject:
    """Lock the customer until the transaction ends: none of its orders is let go meanwhile."""
    await connection.execute(_MAKE, tenant, "customer", key, key, None)
    await connection.fetchrow(_LOCK, tenant, "customer", key)
    row = await connection.fetchrow(_COMPLETE, tenant, "customer", key, key, None, RECORDS["customer"])
    return _subject(row)


async def keep_customer(connection: Any, tenant: TenantId, key: str) -> None:
    """No hold of the customer is raised or cleared until the transaction ends; its other orders go on."""
    await connection.execute(_MAKE, tenant, "customer", key, key, None)
    await connection.fetchrow(_SHARE, tenant, "customer", key)


async def known(connection: Any, tenant: TenantId, kind: What, key: str) -> Subject | None:
    """As it stands, without a lock; None: no hold and no release was ever told of it."""
    row = await connection.fetchrow(_READ, tenant, kind, key)
    return None if row is None else _subject(row)


async def note_release(connection: Any, tenant: TenantId, order: str, by: str) -> None:
    """The order is let go; behind its lock."""
    await connection.execute(
        "UPDATE app.hold_subject SET released_at = clock_timestamp(), released_by = $3 "
        "WHERE tenant_id = $1 AND kind = 'order' AND key = $2",
        tenant,
        order,
        by,
    )


async def take_back(connection: Any, tenant: TenantId, order: str) -> None:
    """The order is not let go any more; behind its lock."""
    await connection.execute(
        "UPDATE app.hold_subject SET released_at = NULL, released_by = NULL "
        "WHERE tenant_id = $1 AND kind = 'order' AND key = $2",
        tenant,
        order,
    )


def _subject(row: Any) -> Subject:
    members = {name: row[name] for name in ("kind", "key", "customer", "site", "entity_id")}
    return Subject(**members, is_released=row["released_at"] is not None)
