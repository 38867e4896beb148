"""Events for the runs of one key: handed to those that listen, stored like any other (ADR 0028)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from infra.problems import Conflict, Problem
from services.engine import subscriptions
from services.events import store
from services.events.errors import EventIdReused
from services.events.received import Received
from tenants.audit import writing as audit

MOST: Final = 1_000
"""Runs that one signal reaches; a key of more names no thing that they wait for."""


class NoRunOfKey(Problem):
    """No run that has not ended has this key. Nothing was stored; correct the key, or send it again later."""

    name = "no-run-of-key"
    title = "No run has this key"
    status = 404


class NobodyListens(Conflict):
    """Runs of the key are under way and none listens for this type. Nothing was stored; send it again later."""

    name = "nobody-listens"
    title = "No run of this key listens for it now"


class TooManyListen(Conflict):
    """More runs of the key listen than one signal reaches. Nothing was stored; use a key that tells them apart."""

    name = "too-many-listen"
    title = "Too many runs of this key listen for it"


class Signal(msgspec.Struct, frozen=True):
    """A stored event, and the key that it is for."""

    event_id: UUID
    name: str
    value: str


class Taken(msgspec.Struct, frozen=True):
    """A signal that was taken, and the runs that it was handed to; `repeated`: it had been taken before."""

    event_id: UUID
    runs: list[UUID]
    repeated: bool = False


async def signal(database: Database, tenant: TenantId, received: Received, name: str, value: str) -> Taken:
    """Store the event and hand it to every run of the key that listens for it, in one commit. Safe to repeat.

    It starts no run, and nobody else hears it. The same source and id again get the first one's answer.

    Raises:
        NoRunOfKey, NobodyListens, TooManyListen: nothing was stored.
        EventIdReused: the id belongs to another event of the source.
    """
    async with database.tenant(tenant) as connection:
        event_id, digest = (await store.keep(connection, tenant, [received]))[received.key]
        if event_id != received.event_id:
            if digest != received.event.digest:
                raise _reused(received)
            return await _repeated(connection, tenant, received, Signal(event_id, name, value))
        taken = Taken(event_id, await _post(connection, received, name, value))
        await _record(connection, tenant, received, taken, name)
    return taken


async def _post(connection: Any, received: Received, name: str, value: str) -> list[UUID]:
    event = received.event
    row = await connection.fetchrow(
        "SELECT * FROM app.post_signal($1, $2, $3, $4, $5, $6)",
        received.event_id,
        event.type,
        msgspec.json.encode(subscriptions.texts(event.attributes)).decode(),
        name,
        value,
        MOST,
    )
    if row["listening"] > MOST:
        raise TooManyListen(f"More than {MOST} runs whose {name} this is listen for {event.type!r}")
    if not row["listening"] and not row["alive"]:
        raise NoRunOfKey(f"No run that has not ended has this {name}")
    if not row["listening"]:
        raise NobodyListens(f"{row['alive']} runs have this {name}, and none listens for {event.type!r} now")
    return list(row["runs"])


async def _repeated(connection: Any, tenant: TenantId, received: Received, known: Signal) -> Taken:
    row = await connection.fetchrow(
        "SELECT name, value, runs FROM app.signal WHERE tenant_id = $1 AND event_id = $2", tenant, known.event_id
    )
    if row is None or (row["name"], row["value"]) != (known.name, known.value):
        raise _reused(received)
    return Taken(known.event_id, list(row["runs"]), repeated=True)


def _reused(received: Received) -> EventIdReused:
    source, sent = received.key
    return EventIdReused(f"{source!r} has sent id {sent!r} before, as something else; give this signal its own id")


async def _record(connection: Any, tenant: TenantId, received: Received, taken: Taken, name: str) -> None:
    shown = [ids.show("run", run) for run in taken.runs]
    after = {"key": name, "type": received.event.type, "runs": shown[:20], "count": len(shown)}
    target = ids.show("evt", taken.event_id)
    await audit.write(connection, tenant, actor=received.actor, action="signal.sent", target=target, after=after)
