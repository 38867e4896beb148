"""Judges the events that may begin runs of a deployment: filters, correlations and `until` (ADR 0020)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, crash_points, ids
from infra.database import Database, is_outage
from infra.ids import TenantId
from services.engine import candidates, findings, pending, starter, values
from services.engine.candidates import Candidate, Deployed
from services.engine.definitions import Definition, Definitions
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.faults import Fault
from services.engine.gathering import Gatherings, Judge, Judged, failure
from services.engine.lookout import Lookout
from services.engine.state import RunDescriptor
from template_library.dsl import DocumentError
from template_library.dsl.model import Consumption, Expression
from tenants.deployments.priorities import of_event

SECONDS: Final = 2.0
"""After so long a round ends with what it has judged: what is left is another round's, behind other deployments."""
TRIES: Final = 5
"""Of judging one event that may fail for no reason of its filters."""
_FAILED: Final = "deployment.filter-failed"


class _Batch(msgspec.Struct, frozen=True):
    """Events of one deployment and the revision that they are judged by."""

    tenant: TenantId
    deployment: UUID
    deployed: Deployed
    events: list[Candidate]


async def judge(database: Database, definitions: Definitions, tenant: TenantId, deployment: UUID) -> int:
    """Judge the oldest events of a deployment and begin the runs that follow; answers how many. Safe to repeat.

    An event that fails `TRIES` times though everything that it needs is there is told and left out, so that those
    behind it have their turn.

    Raises:
        ExpressionsUnavailable: nothing happened; try again. So with any other error.
    """
    try:
        return await _judge(database, definitions, tenant, deployment)
    except ExpressionsUnavailable:
        raise
    except Exception as error:
        if not is_outage(error):
            await _put_off(database, tenant, deployment)
        raise


async def _put_off(database: Database, tenant: TenantId, deployment: UUID) -> None:
    async with database.tenant(tenant) as connection:
        found = await candidates.put_off(connection, tenant, deployment)
        if found is not None and found[1] >= TRIES:
            after = {"event": ids.show("evt", found[0]), "detail": f"the event could not be judged in {TRIES} tries"}
            await findings.tell(connection, tenant, deployment, _FAILED, after)
            await candidates.remove(connection, tenant, deployment, [found[0]])


async def _judge(database: Database, definitions: Definitions, tenant: TenantId, deployment: UUID) -> int:
    """Judge one batch. Safe to do twice at once: what follows from events and their removal are one commit.

    Expressions are evaluated outside any transaction, but for conditions of `until`.
    """
    async with database.tenant(tenant) as connection:
        found = await candidates.oldest(connection, tenant, deployment)
        deployed = await candidates.deployed(connection, tenant, deployment)
    events = [one.event_id for one in found]
    if deployed is None:
        return await _drop(database, tenant, deployment, events)
    batch = _Batch(tenant, deployment, deployed, found)
    try:
        definition = await definitions.get(tenant, deployment, deployed.revision)
    except DocumentError as error:
        return await _drop(database, tenant, deployment, events, f"the document cannot be read: {error}")
    schedule = definition.interpreter.program.workflow.schedule
    if schedule is None or schedule.on is None:  # of a revision that no event starts
        return await _drop(database, tenant, deployment, events)
    return await _Round(database, batch, definition, schedule.on).run()


async def _drop(database: Database, tenant: TenantId, deployment: UUID, events: list[UUID], why: str = "") -> int:
    """Remove events that begin nothing, whatever they are."""
    async with database.tenant(tenant) as connection:
        await pending.lock(connection, deployment)
        if why:
            await findings.tell(connection, tenant, deployment, _FAILED, {"detail": why})
        await candidates.remove(connection, tenant, deployment, events)
    return 0


class _Round:
    """One batch."""

    def __init__(self, database: Database, batch: _Batch, definition: Definition, on: Consumption) -> None:
        self._database = database
        self._batch = batch
        self._on = on
        self._keys = definition.interpreter.program.workflow.keys
        described = RunDescriptor(
            id="",
            tenant=ids.show("ten", batch.tenant),
            environment=batch.deployed.environment,
            started_at=int(clock.now().timestamp() * 1000),
            parameters=definition.parameters,
        )
        self._lookout = Lookout(definition.interpreter.program.evaluator, described)
        self._judge = Judge(on, self._lookout)
        self._failures: dict[str, UUID] = {}
        self._until = clock.monotonic() + SECONDS

    async def run(self) -> int:
        judged = await self._judged()
        async with self._database.tenant(self._batch.tenant) as connection:
            begun = await self._follow(connection, judged)
            crash_points.pass_by("judging.before")
        crash_points.pass_by("judging.committed")
        return begun

    async def _judged(self) -> list[Judged]:
        """As many as there is time for, at least one."""
        found: list[Judged] = []
        try:
            await self._judge.open()
        except Fault as fault:
            self._failures[failure(fault)] = self._batch.events[0].event_id if self._batch.events else ids.new()
            return [Judged(one.event_id, ()) for one in self._batch.events]
        for one in self._batch.events:
            if found and clock.monotonic() > self._until:
                break
            judged = Judged(one.event_id, ())
            if one.event is not None:
                judged = await self._judge.judge(one.event_id, one.event)
            found.append(judged)
            for each in judged.failures:
                self._failures.setdefault(each, one.event_id)
        return found

    async def _follow(self, connection: Any, judged: list[Judged]) -> int:
        """Gather, begin runs, remove what was judged: the whole in one transaction."""
        batch = self._batch
        await pending.lock(connection, batch.deployment)
        if await candidates.deployed(connection, batch.tenant, batch.deployment) != batch.deployed:
            return 0  # disabled, or revised: the next round sees
        left = await candidates.remaining(connection, batch.tenant, batch.deployment, [one.event_id for one in judged])
        place = pending.Place(batch.tenant, batch.deployment, batch.deployed.revision)
        waiting = await pending.read(connection, place)
        before = pending.keys_of(waiting)
        gatherings = Gatherings(self._on, self._judge.expected, waiting, lambda events: self._holds(connection, events))
        beginnings: list[starter.Beginning] = []
        done: list[UUID] = []
        for one in judged:
            if one.event_id not in left:
                continue
            if done and clock.monotonic() > self._until + SECONDS:
                break
            complete = await self._add(gatherings, one)
            beginnings += [await self._beginning(connection, one.event_id, events) for events in complete]
            done.append(one.event_id)
        await starter.begin(connection, batch.tenant, beginnings)
        await pending.write(connection, place, before, gatherings)
        for detail, event in self._failures.items():
            after = {"revision": batch.deployed.revision, "event": ids.show("evt", event), "detail": detail}
            await findings.tell(connection, batch.tenant, batch.deployment, _FAILED, after)
        await candidates.remove(connection, batch.tenant, batch.deployment, done)
        return len(beginnings)

    async def _add(self, gatherings: Gatherings, judged: Judged) -> list[list[UUID]]:
        try:
            return await gatherings.add(judged)
        except Fault as fault:
            self._failures.setdefault(failure(fault), judged.event_id)
            return []

    async def _holds(self, connection: Any, events: list[UUID]) -> bool:
        """The condition of `until` on the events so far."""
        until = self._on.until
        if not isinstance(until, Expression):
            return False
        text = (await pending.contents(connection, self._batch.tenant, events)).text
        return await self._lookout.test(until, values.decode(text, depth=2 * values.DEPTH))

    async def _beginning(self, connection: Any, last: UUID, events: list[UUID]) -> starter.Beginning:
        batch = self._batch
        candidate = next(one for one in batch.events if one.event_id == last)
        whole = await pending.contents(connection, batch.tenant, events)
        return starter.Beginning(
            run_id=ids.new(),
            deployment_id=batch.deployment,
            revision=batch.deployed.revision,
            event_id=last,
            business_key=None if candidate.event is None else candidate.event.get("subject"),
            input=whole.text,
            actor=candidate.actor,
            cause=candidates.cause(events, batch.deployed.revision),
            trace=candidate.trace,
            depth=whole.depth,
            keys=self._keys,
            priority=of_event(candidate.event or {}, batch.deployed.priority),
        )
