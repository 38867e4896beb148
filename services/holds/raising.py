"""Holds are raised: by a person, by a key, or by a run. The same of the same order is one row (ADR 0104)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.holds import clock, facts, kinds, subjects, telling
from services.holds.clock import Counted
from services.holds.facts import Stated
from services.holds.kinds import Kind
from services.holds.subjects import Subject, What
from services.holds.telling import PREFIX
from template_library.holds import HoldDeadline
from tenants.audit import writing as audit

_RAISED: Final = """
SELECT hold_id, after_release, status FROM app.hold
WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND $4 = ANY (raise_keys)
"""
_ADD: Final = """
INSERT INTO app.hold (tenant_id, hold_id, kind, key, line, type, reason, words, run_id, raised_by, raise_keys,
  owner_role, due, value, currency, worth, after_release, facts, raisers, decision, run_may_clear)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13, 'infinity'::timestamptz),
  $14, $15, coalesce($14, -9223372036854775808), $16, $17, ARRAY[$10], $18, $19)
ON CONFLICT (tenant_id, kind, key, line, type, reason) WHERE status = 'active' DO NOTHING
RETURNING hold_id, kind, key, line, type, reason, owner_role, status, value, currency, raised_by, cleared_by,
  after_release, salt
"""
_THERE: Final = """
SELECT hold_id, value, currency, facts::text AS facts, raisers, decision, run_may_clear, salt FROM app.hold
WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND line = $4 AND type = $5 AND reason = $6 AND status = 'active'
"""
_JOIN: Final = """
UPDATE app.hold SET raise_keys = raise_keys || $3::text[], value = $4, currency = $5,
  worth = coalesce($4, -9223372036854775808), facts = $6, raisers = $7, version = version + $8,
  decision = $9, run_may_clear = $10
WHERE tenant_id = $1 AND hold_id = $2
"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be held, and why.

    Attributes:
        kind, key: the order, or the customer, by the number that people know it by.
        customer: of an order whose it is; None: as was said before, if ever.
        line: of the order; empty: the whole.
        role, due, deadline: None: as the type has it.
        value: at risk, in minor units of `currency`.
        facts: that the authority judges by, as `facts.kept` has them.
        run: that raises it; `raise_key`: its effect, by which raising it again changes nothing.
    """

    kind: What
    key: str
    type: str
    reason: str
    customer: str | None = None
    site: str | None = None
    line: str = ""
    words: str | None = None
    role: str | None = None
    due: datetime | None = None
    deadline: HoldDeadline | None = None
    value: int | None = None
    currency: str | None = None
    facts: dict[str, Any] = {}
    run: UUID | None = None
    raise_key: str | None = None


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """The hold that stands for what was wanted.

    Attributes:
        is_new: this made it.
        after_release: the order had been let go: whoever raised it has to call it back.
        is_active: False: it was raised by this very effect, and somebody has cleared it since.
    """

    hold_id: UUID
    is_new: bool
    after_release: bool = False
    is_active: bool = True


async def raise_hold(connection: Any, tenant: TenantId, wanted: Wanted, *, actor: str) -> Raised:
    """Hold it, with its audit and its event; in a transaction of the tenant. Safe to repeat.

    Raises:
        UnknownHoldType: the environment has none of this type.
        BadFact: by what is stated nobody could ever let it go.
        OtherCustomer, OtherFacts, TooManyNamed: it is held otherwise, and nothing was changed.
    """
    facts.check(wanted.facts, value=wanted.value, currency=wanted.currency, site=wanted.site)
    await kinds.share_turn(connection, tenant)
    kind = (await kinds.in_force(connection, tenant)).find(wanted.type)
    subject = await _locked(connection, tenant, wanted)
    keys = [] if wanted.raise_key is None else [wanted.raise_key]
    if keys:
        known = await connection.fetchrow(_RAISED, tenant, wanted.kind, wanted.key, wanted.raise_key)
        if known is not None:
            active = known["status"] == "active"
            return Raised(
                hold_id=known["hold_id"], is_new=False, after_release=known["after_release"], is_active=active
            )
    plan = None if wanted.due is not None else clock.plan_of(kind, wanted.deadline, subject.site)
    counted = await clock.count(connection, tenant, plan)
    row = await _added(connection, tenant, wanted, (kind, counted), actor=actor, after_release=subject.is_released)
    if row is None:
        return Raised(hold_id=await _join(connection, tenant, wanted, kind, actor=actor), is_new=False)
    await clock.begin(connection, tenant, row["hold_id"], counted, wanted.run)
    if subject.is_released:
        await subjects.take_back(connection, tenant, wanted.key)
    await _tell(connection, tenant, dict(row) | {"customer": subject.customer}, wanted, actor)
    return Raised(hold_id=row["hold_id"], is_new=True, after_release=row["after_release"])


async def _added(  # noqa: PLR0913 (what is held, and by whom)
    connection: Any, tenant: TenantId, wanted: Wanted, by: tuple[Kind, Counted], *, actor: str, after_release: bool
) -> Any:
    """The new row, of its type and with its time; None where the same is held already."""
    kind, counted = by
    return await connection.fetchrow(
        _ADD,
        tenant,
        ids.new(),
        wanted.kind,
        wanted.key,
        wanted.line,
        wanted.type,
        wanted.reason,
        wanted.words,
        wanted.run,
        actor,
        [] if wanted.raise_key is None else [wanted.raise_key],
        wanted.role or kind.role,
        wanted.due or counted.due,
        wanted.value,
        wanted.currency,
        after_release,
        msgspec.json.encode(wanted.facts).decode(),
        kind.decision,
        kind.run_may_clear,
    )


async def _join(connection: Any, tenant: TenantId, wanted: Wanted, kind: Kind, *, actor: str) -> UUID:
    """Add what is said now to the hold that stands; who saw it before sees that it has changed."""
    of_it = (wanted.kind, wanted.key, wanted.line, wanted.type, wanted.reason)
    row = await connection.fetchrow(_THERE, tenant, *of_it)
    hold: UUID = row["hold_id"]
    there = Stated(
        value=row["value"],
        currency=row["currency"],
        facts=msgspec.json.decode(row["facts"]),
        raisers=tuple(row["raisers"]),
        decision=row["decision"],
        run_may_clear=row["run_may_clear"],
    )
    found = facts.joined(there, _stated(wanted, kind, actor))
    told, raised = msgspec.json.encode(found.facts).decode(), int(found != there)
    keys = [] if wanted.raise_key is None else [wanted.raise_key]
    kept = (found.value, found.currency, told, list(found.raisers), raised, found.decision, found.run_may_clear)
    await connection.execute(_JOIN, tenant, hold, keys, *kept)
    if raised:
        after = _told(wanted, row["salt"], found.value, found.currency)
        shown = ids.show(PREFIX, hold)
        await audit.write(connection, tenant, actor=actor, action="hold.joined", target=shown, after=after)
    return hold


def _stated(wanted: Wanted, kind: Kind, actor: str) -> Stated:
    return Stated(
        value=wanted.value,
        currency=wanted.currency,
        facts=wanted.facts,
        raisers=(actor,),
        decision=kind.decision,
        run_may_clear=kind.run_may_clear,
    )


def _told(wanted: Wanted, salt: bytes, value: int | None, currency: str | None) -> dict[str, Any]:
    """For the audit: what is held and at how much, with digests of what was stated now (ADR 0115)."""
    after: dict[str, Any] = {wanted.kind: wanted.key, "type": wanted.type, "reason": wanted.reason}
    if wanted.line:
        after["line"] = wanted.line
    if value is not None:
        after |= {"amount": value, "currency": currency}
    if wanted.facts:
        after["digests"] = facts.digests_of(salt, wanted.facts)
    return after


async def _locked(connection: Any, tenant: TenantId, wanted: Wanted) -> Subject:
    if wanted.kind == "customer":
        return await subjects.hold_customer(connection, tenant, wanted.key)
    return await subjects.hold_order(connection, tenant, wanted.key, wanted.customer, wanted.site)


async def _tell(connection: Any, tenant: TenantId, row: dict[str, Any], wanted: Wanted, actor: str) -> None:
    after = _told(wanted, row["salt"], wanted.value, wanted.currency)
    target = ids.show(PREFIX, row["hold_id"])
    await audit.write(connection, tenant, actor=actor, action="hold.raised", target=target, after=after)
    await telling.tell(connection, tenant, "raised", row, actor=actor, run=wanted.run)
