"""What kinds of holds there are: words of the client's, with those that are shipped where it said nothing (ADR 0104).

`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from infra.ids import TenantId
from services.holds.errors import InvalidHoldTypes, UnknownHoldType
from template_library.holds import HoldDeadline
from tenants.audit import writing as audit
from tenants.calendars import reading as calendars

WORD: Final = r"^[a-z0-9](-?[a-z0-9]){0,62}$"
MOST: Final = 50
LONGEST_MINUTES: Final = 366 * 24 * 60
_WORD: Final = re.compile(WORD)
_ENCODER: Final = msgspec.json.Encoder()


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One type of hold.

    Attributes:
        role: slug of the role that looks after it where whoever raises it names no other.
        minutes: of business time until it is due, where whoever raises it names no moment; None: never.
        deadline: what is done meanwhile, in place of `minutes`.
        decision: what the authority is asked before it is cleared or overridden, such as `credit.release`; None: who
            holds the permission may.
        run_may_clear: a run may clear what that very run raised.
    """

    name: str
    title: str
    role: str
    minutes: int | None = None
    deadline: HoldDeadline | None = None
    decision: str | None = None
    run_may_clear: bool = True


SHIPPED: Final = (
    Kind(name="credit", title="Credit", role="credit-manager", minutes=120, decision="credit.release"),
    Kind(name="price", title="Price", role="pricing-desk", minutes=60, decision="price.release"),
    Kind(name="margin", title="Margin", role="pricing-desk", minutes=60, decision="margin.release"),
    Kind(name="stock", title="Stock", role="inventory-desk", minutes=240),
    Kind(
        name="compliance",
        title="Compliance",
        role="compliance-officer",
        minutes=480,
        decision="compliance.release",
        run_may_clear=False,
    ),
    Kind(name="incomplete", title="Incomplete", role="order-desk", minutes=240),
    Kind(name="proof-of-delivery", title="Proof of delivery", role="logistics-desk", minutes=5 * 24 * 60),
)
"""In force where an environment has said nothing."""


class Kinds(msgspec.Struct, frozen=True):
    """Those of an environment; version 0: the shipped ones."""

    version: int
    kinds: tuple[Kind, ...]

    def find(self, name: str) -> Kind:
        """Raises UnknownHoldType."""
        found = next((one for one in self.kinds if one.name == name), None)
        if found is None:
            known = ", ".join(one.name for one in self.kinds)
            raise UnknownHoldType.at("/type", f"there are holds of the types {known}")
        return found


async def in_force(connection: Any, tenant: TenantId) -> Kinds:
    row = await connection.fetchrow(
        "SELECT version, types::text AS types FROM app.hold_type_version WHERE tenant_id = $1 "
        "ORDER BY version DESC LIMIT 1",
        tenant,
    )
    if row is None:
        return Kinds(0, SHIPPED)
    return Kinds(row["version"], msgspec.json.decode(row["types"], type=tuple[Kind, ...]))


async def set_since(connection: Any, tenant: TenantId, moment: datetime) -> tuple[str, ...]:
    """Actors who have set them since then."""
    rows = await connection.fetch(
        "SELECT DISTINCT set_by FROM app.hold_type_version WHERE tenant_id = $1 AND set_at > $2 ORDER BY set_by",
        tenant,
        moment,
    )
    return tuple(row["set_by"] for row in rows)


async def take_turn(connection: Any, tenant: TenantId) -> None:
    """Nobody else sets them, and nobody raises a hold, until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 104))", str(tenant))


async def share_turn(connection: Any, tenant: TenantId) -> None:
    """They stay as they are until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 104))", str(tenant))


async def put(connection: Any, tenant: TenantId, kinds: Sequence[Kind], *, actor: str) -> Kinds:
    """The next version; the present one where it says the same. After `take_turn`.

    Raises:
        InvalidHoldTypes: one is no good, counts by a calendar that is not there, or is left out while a hold of it is
            active.
    """
    present, wanted = await in_force(connection, tenant), tuple(kinds)
    if present.kinds == wanted:
        return present
    errors = _mistakes(wanted) + await _left_out(connection, tenant, wanted)
    if errors := errors + await _uncounted(connection, tenant, wanted):
        raise InvalidHoldTypes("; ".join(one["detail"] for one in errors[:3]), errors=errors)
    version = present.version + 1
    await connection.execute(
        "INSERT INTO app.hold_type_version (tenant_id, version, types, set_by) VALUES ($1, $2, $3, $4)",
        tenant,
        version,
        _ENCODER.encode(wanted).decode(),
        actor,
    )
    after = {"version": version, "types": msgspec.to_builtins(wanted)}
    await audit.write(connection, tenant, actor=actor, action="hold-types.set", target="hold-types", after=after)
    return Kinds(version, wanted)


def _mistakes(kinds: Sequence[Kind]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    if not 1 <= len(kinds) <= MOST:
        found.append({"pointer": "/types", "detail": f"there are 1 to {MOST} types"})
    names = [one.name for one in kinds]
    for place, one in enumerate(kinds):
        if not _WORD.fullmatch(one.name):
            found.append({"pointer": f"/types/{place}/name", "detail": "a name has lower-case words with hyphens"})
        if names.index(one.name) < place:
            found.append({"pointer": f"/types/{place}/name", "detail": f"{one.name} is there twice"})
        if one.minutes is not None and one.deadline is not None:
            found.append({"pointer": f"/types/{place}/minutes", "detail": "give `minutes` or a `deadline`"})
    return found


async def _uncounted(connection: Any, tenant: TenantId, kinds: Sequence[Kind]) -> list[dict[str, str]]:
    there = {one.name for one in await calendars.every(connection, tenant)}
    return [
        {"pointer": f"/types/{place}/deadline/calendar", "detail": "the environment has no such calendar"}
        for place, one in enumerate(kinds)
        if one.deadline is not None and one.deadline.calendar is not None and one.deadline.calendar not in there
    ]


async def _left_out(connection: Any, tenant: TenantId, kinds: Sequence[Kind]) -> list[dict[str, str]]:
    rows = await connection.fetch(
        "SELECT DISTINCT type FROM app.hold WHERE tenant_id = $1 AND status = 'active' AND type <> ALL ($2) ORDER BY 1",
        tenant,
        [one.name for one in kinds],
    )
    return [{"pointer": "/types", "detail": f"a hold of the type {row['type']} is active"} for row in rows]
