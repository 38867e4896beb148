"""Events that wait in sets for others, as rows (`app.pending_event`). All inside a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.engine import findings, values
from services.engine.gathering import MOST, Gathering, Gatherings, Member

_GIVEN_UP: Final = "deployment.events-given-up"


class Place(msgspec.Struct, frozen=True):
    """Whose events wait: those of one revision."""

    tenant: TenantId
    deployment_id: UUID
    revision: int


class Contents(msgspec.Struct, frozen=True):
    """Events as the run gets them: JSON text of an array. `depth` is the deepest one's."""

    text: str
    depth: int


async def lock(connection: Any, deployment_id: UUID) -> None:
    """One transaction at a time gathers for a deployment; for several, lock in the order of their ids."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(deployment_id))


async def read(connection: Any, place: Place) -> list[Gathering]:
    """The open sets, oldest first."""
    rows = await connection.fetch(
        "SELECT gathering_id, event_id, place, keys::text AS keys FROM app.pending_event "
        "WHERE tenant_id = $1 AND deployment_id = $2 AND revision = $3 ORDER BY gathering_id, event_id",
        place.tenant,
        place.deployment_id,
        place.revision,
    )
    found: dict[UUID, Gathering] = {}
    for row in rows:
        gathering = found.setdefault(row["gathering_id"], Gathering(row["gathering_id"], []))
        gathering.members.append(Member(row["event_id"], row["place"], values.decode(row["keys"])))
    return list(found.values())


async def write(connection: Any, place: Place, before: Iterable[tuple[UUID, UUID]], gatherings: Gatherings) -> None:
    """Make the rows what waits now; what are more than may wait are given up, which the audit says."""
    given = gatherings.give_up()
    now = {(one.gathering_id, member.event_id): member for one in gatherings.open for member in one.members}
    known = set(before)
    gone = sorted(known - now.keys())
    new = sorted(now.keys() - known)
    whole = (place.tenant, place.deployment_id, place.revision)
    if gone:
        await connection.execute(
            "DELETE FROM app.pending_event p USING unnest($4::uuid[], $5::uuid[]) AS g(gathering_id, event_id) "
            "WHERE p.tenant_id = $1 AND p.deployment_id = $2 AND p.revision = $3 "
            "AND p.gathering_id = g.gathering_id AND p.event_id = g.event_id",
            *whole,
            [one for one, _ in gone],
            [one for _, one in gone],
        )
    if new:
        await connection.execute(
            "INSERT INTO app.pending_event (tenant_id, deployment_id, revision, gathering_id, event_id, place, keys) "
            "SELECT $1, $2, $3, * FROM unnest($4::uuid[], $5::uuid[], $6::integer[], $7::json[])",
            *whole,
            [one for one, _ in new],
            [one for _, one in new],
            [now[one].place for one in new],
            [values.encode(now[one].keys).decode() for one in new],
        )
    if given:
        detail = f"more than {MOST:,} events waited for others; the oldest were given up"
        after = {"revision": place.revision, "first": ids.show("evt", given[0]), "detail": detail}
        await findings.tell(connection, place.tenant, place.deployment_id, _GIVEN_UP, after)


def keys_of(gatherings: Iterable[Gathering]) -> list[tuple[UUID, UUID]]:
    """The rows of sets, by their ids."""
    return [(one.gathering_id, member.event_id) for one in gatherings for member in one.members]


async def contents(connection: Any, tenant: TenantId, events: list[UUID]) -> Contents:
    """The stored events in the order of `events`; what is not kept any more is left out."""
    rows = await connection.fetch(
        "SELECT event_id, content::text AS content, depth FROM app.event WHERE tenant_id = $1 AND event_id = ANY ($2)",
        tenant,
        events,
    )
    known = {row["event_id"]: row["content"] for row in rows}
    text = ",".join(known[event] for event in events if event in known)
    return Contents(f"[{text}]", max((row["depth"] for row in rows), default=0))
