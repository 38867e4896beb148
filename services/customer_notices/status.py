"""How something stands that a customer was written to about, for whoever has the link of its page (ADR 0127).

Nothing is changed by looking. Told is what that address was told of it; of an order also the way that systems told of,
where the notice's own run began with one of those tellings: a number alone may be another customer's order as well.
`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.links import links
from services.links.links import Link
from services.records import folding, meeting, sightings
from services.records.folding import Turn
from services.records.mapping.document import ORDER
from tenants.audit import writing as audit

PURPOSE: Final = "status"
"""What the links of status pages are for."""
WHOSE: Final = "customer:"
"""Before the keyed hash of an address, in hexadecimal."""
_MOST: Final = 200
_TOLD: Final = """
SELECT n.milestone, n.promise_was, n.promise_now, n.language, n.due_at, r.event_id
FROM app.customer_notice n LEFT JOIN app.run r ON r.tenant_id = n.tenant_id AND r.run_id = n.run_id
WHERE n.tenant_id = $1 AND n.about_kind = $2 AND n.about_key = $3 AND n.address_digest = $4 AND n.outcome = 'sent'
  AND n.due_at <= clock_timestamp()
ORDER BY n.notice_id DESC LIMIT $5
"""
_KNOWN: Final = "SELECT DISTINCT entity_id FROM app.entity_key WHERE tenant_id = $1 AND kind = $2 AND id = $3 LIMIT 20"
_BEGAN: Final = """
SELECT true FROM app.sighting s WHERE s.tenant_id = $1 AND s.entity_id = ANY ($2)
  AND (s.event_id = ANY ($3) OR s.made && $3) LIMIT 1
"""
What = Literal["received", "preparing", "awaited", "sent", "delivered", "cancelled", "returned", "delayed", "told"]
_PLAIN: Final[Mapping[str, What]] = {
    "captured": "received",
    "released": "preparing",
    "allocated": "preparing",
    "pick-released": "preparing",
    "picked": "preparing",
    "packed": "preparing",
    "backordered": "awaited",
    "shipped": "sent",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "returned": "returned",
}
"""States of an order that are a customer's business: that it is held, checked or charged is none."""
_NOTED: Final[Mapping[str, What]] = {"shipped": "sent", "delivered": "delivered", "delayed": "delayed"}
"""Milestones of notices that say of the whole what they are called."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, and when; of a delay what was promised and is now, days or moments."""

    what: What
    at: datetime
    was: str | None = None
    now: str | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`steps`: the oldest first. `language`: of the newest notice; None where none is kept any more."""

    kind: str
    key: str
    language: str | None
    steps: list[Step]


async def read(connection: Any, link: Link) -> Status:
    """What the link is of. `link`: one whose purpose is `PURPOSE`."""
    tenant = TenantId(link.tenant_id)
    kind, _, key = link.subject.partition(":")
    whose = bytes.fromhex(link.recipient.removeprefix(WHOSE))
    told = list(reversed(await connection.fetch(_TOLD, tenant, kind, key, whose, _MOST)))
    turns = await _turns(connection, tenant, key, told) if kind == ORDER else []
    language = told[-1]["language"] if told else None
    return Status(kind=kind, key=key, language=language, steps=steps(turns, told))


async def withdraw(connection: Any, tenant: UUID, about: str, *, actor: str, reason: str) -> int:
    """Nobody opens a status page of `about` by what was sent so far; how many links ended. Safe to repeat; audited."""
    count = await links.withdraw(connection, tenant, PURPOSE, about)
    after = {"links": count, "reason": reason}
    await audit.write(connection, tenant, actor=actor, action="notice.links-withdrawn", target=about, after=after)
    return count


def steps(turns: Iterable[Turn], told: Iterable[Mapping[str, Any]]) -> list[Step]:
    """One way of both. What a notice says of the whole is told once, by the system where that knows it."""
    way: list[Step] = []
    for turn in turns:
        what = _PLAIN.get(turn.state)
        if what is not None and (not way or way[-1].what != what):
            way.append(Step(what=what, at=datetime.fromisoformat(turn.by.at)))
    known = {one.what for one in way}
    for row in told:
        found = "delayed" if row["promise_now"] else _NOTED.get(row["milestone"] or "", "told")
        if found not in known or found == "delayed":
            way.append(Step(what=found, at=row["due_at"], was=row["promise_was"], now=row["promise_now"]))
    return sorted(way, key=lambda one: one.at)


async def _turns(connection: Any, tenant: TenantId, key: str, told: list[Mapping[str, Any]]) -> list[Turn]:
    """Of the one order of this number that the runs of the notices began with; none where it is not plain which."""
    events = [row["event_id"] for row in told if row["event_id"] is not None]
    if not events:
        return []
    found = []
    for row in await connection.fetch(_KNOWN, tenant, ORDER, key):
        entities = await meeting.standing_for(connection, tenant, row["entity_id"])
        if await connection.fetchval(_BEGAN, tenant, entities, events):
            found.append(entities)
    if len(found) != 1:
        return []
    sights, _ = await sightings.sights(connection, tenant, found[0])
    return folding.course(sights).turns
