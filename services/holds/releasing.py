"""Whether an order may go out: when no hold is active on it, on a line of it, or on its customer (ADR 0104).

`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.holds import subjects
from services.holds.subjects import What

On = Literal["order", "line", "customer"]
# Those of a customer are read by the same statement as the order's: what is answered is of one moment.
_ACTIVE: Final = """
SELECT hold_id, kind, key, line, type, reason, owner_role, raised_by FROM app.hold
WHERE tenant_id = $1 AND status = 'active'
  AND ((kind = 'order' AND key = $2) OR (kind = 'customer' AND key = $3)) ORDER BY hold_id
"""
_WAITS: Final = """
INSERT INTO app.hold_wait (tenant_id, run_id, key, order_key, customer) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, run_id, key) DO UPDATE
SET order_key = excluded.order_key, customer = excluded.customer, wake_at = NULL
"""
_GOES_ON: Final = "DELETE FROM app.hold_wait WHERE tenant_id = $1 AND run_id = $2 AND key = $3"
# Also where something else keeps it still: of two that are cleared at once neither would see that the other is gone.
_CALL: Final = """
UPDATE app.hold_wait SET wake_at = clock_timestamp()
WHERE tenant_id = $1 AND (($2 = 'order' AND order_key = $3) OR ($2 = 'customer' AND customer = $3))
"""


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """An active hold that keeps an order. `on`: the whole order, its `line`, or its customer."""

    hold_id: UUID
    on: On
    line: str
    type: str
    reason: str
    owner_role: str
    raised_by: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Of an order. `customer` None: nobody said whose it is, so that nobody can say that it may go."""

    order: str
    customer: str | None
    is_released: bool
    holds: list[Keeping]

    @property
    def is_releasable(self) -> bool:
        return self.customer is not None and not self.holds


class Waiter(msgspec.Struct, frozen=True, kw_only=True):
    """An effect of a run that goes on when the order may.

    Attributes:
        key: of the effect.
        actor: the run, as the audit has it.
        site: that the order goes out of; None: as was said before.
    """

    run: UUID
    key: str
    actor: str
    site: str | None = None


async def read(connection: Any, tenant: TenantId, order: str, customer: str | None = None) -> Standing:
    """As it stands now, without a lock: a moment later it may be otherwise. Use `release` to let an order go."""
    found = await subjects.known(connection, tenant, "order", order)
    whose = customer or (found.customer if found else None)
    is_released = found is not None and found.is_released
    return Standing(
        order=order, customer=whose, is_released=is_released, holds=await _active(connection, tenant, order, whose)
    )


async def release(connection: Any, tenant: TenantId, order: str, customer: str, waiter: Waiter) -> Standing:
    """Let the order go if it may, else have the waiter called when it does. Safe to repeat.

    Behind the locks of the customer and of the order: a hold that is raised at the same time comes before, and keeps
    it, or behind, and whoever raises it is told that the order had gone.
    """
    await subjects.keep_customer(connection, tenant, customer)
    await subjects.hold_order(connection, tenant, order, customer, waiter.site)
    holds = await _active(connection, tenant, order, customer)
    if holds:
        await begin_waiting(connection, tenant, order, customer, waiter)
    else:
        await subjects.note_release(connection, tenant, order, waiter.actor)
        await end_waiting(connection, tenant, waiter)
    return Standing(order=order, customer=customer, is_released=not holds, holds=holds)


async def begin_waiting(connection: Any, tenant: TenantId, order: str, customer: str, waiter: Waiter) -> None:
    """Have the waiter called when something happens to the order, or to its customer; it is parked behind this."""
    await connection.execute(_WAITS, tenant, waiter.run, waiter.key, order, customer)


async def end_waiting(connection: Any, tenant: TenantId, waiter: Waiter) -> None:
    await connection.execute(_GOES_ON, tenant, waiter.run, waiter.key)


async def call_waiting(connection: Any, tenant: TenantId, kind: What, key: str) -> None:
    """Have the runs look again whose orders this kept; in the transaction that cleared it."""
    await connection.execute(_CALL, tenant, kind, key)


async def _active(connection: Any, tenant: TenantId, order: str, customer: str | None) -> list[Keeping]:
    rows = await connection.fetch(_ACTIVE, tenant, order, customer)
    return [
        Keeping(
            on="customer" if row["kind"] == "customer" else "line" if row["line"] else "order",
            **{name: row[name] for name in ("hold_id", "line", "type", "reason", "owner_role", "raised_by")},
        )
        for row in rows
    ]
