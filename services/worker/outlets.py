"""Where messages of runs go that set something else going: events that they emitted, runs that they started."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import msgspec

from infra import crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from infra.problems import Problem
from services.engine import emission, starter
from services.engine.emission import Emitted, Started
from services.events import cloud_event
from services.events.checks import EventChecks
from services.events.cloud_event import CloudEvent
from services.events.errors import EventBreaksSchema, EventIdReused
from services.events.intake import Intake
from tenants.audit import writing as audit
from tenants.deployments.triggers import declared

_log: Final = logging.getLogger(__name__)
_PLACES: Final = 5
_LONGEST: Final = 500


class Outlets:
    """One for the process. Each may be given the same message again: what it does counts once."""

    def __init__(self, database: Database, ring: Callable[[], None], *, judge: Callable[[], None]) -> None:
        """`ring` tells the workers that something is in line, `judge` that events are to be judged."""
        self._database = database
        self._ring = ring
        self._checks = EventChecks(database)
        self._turn = asyncio.Lock()
        self._intake = Intake(database, starter.follow, ring, judge=judge)

    @property
    def by_topic(self) -> dict[str, Callable[[UUID, UUID, str], Awaitable[None]]]:
        """What takes messages of each topic."""
        return {emission.EMIT: self.emit, emission.START: self.start}

    async def emit(self, tenant: UUID, message: UUID, body: str) -> None:
        """Take the event in, as if somebody had sent it.

        One that is no CloudEvent, or breaks a schema that it is held to, is dropped: the audit and an exception tell.
        """
        told = msgspec.json.decode(body, type=Emitted)
        event = None
        try:
            event = cloud_event.read({"content-type": cloud_event.STRUCTURED}, bytes(told.event))
            # One may have to learn what the next one finds known: they are taken in as they were emitted all the same.
            async with self._turn:
                await self._checks.check(TenantId(tenant), event)
            await self._intake.receive(TenantId(tenant), event, _emitter(told), depth=told.depth)
        except EventIdReused:
            _log.info("an emitted event had the id of another one")  # its intake wrote the audit
        except Problem as problem:
            await self._record(tenant, message, told, _words(event, problem))
        crash_points.pass_by("emit.taken")

    async def start(self, tenant: UUID, message: UUID, body: str) -> None:
        """Begin the run; its id is the message's."""
        told = msgspec.json.decode(body, type=Started)
        async with self._database.tenant(tenant) as connection:
            parent = ids.read("run", told.run)
            place = (told.deployment_id, told.revision)
            its = await declared(connection, tenant, *place, program=told.program, parent=parent)
            beginning = starter.Beginning(
                run_id=message,
                deployment_id=told.deployment_id,
                revision=told.revision,
                program=told.program,
                input=bytes(told.input).decode(),
                actor=f"run:{told.run}",
                cause={"run": told.run, "workflow": told.program},
                depth=told.depth,
                keys=its.keys,
                priority=its.priority,
            )
            await starter.begin(connection, TenantId(tenant), [beginning])
        self._ring()

    async def _record(self, tenant: UUID, message: UUID, told: Emitted, detail: str) -> None:
        """Once for a message: the row of the audit has its id."""
        async with self._database.tenant(tenant) as connection:
            is_news = await audit.write(
                connection,
                tenant,
                actor=_emitter(told),
                action="event.refused",
                target=told.run or ids.show("evt", message),
                after={"detail": detail},
                audit_id=message,
            )
            if is_news and told.run:
                await connection.execute(
                    "SELECT app.note_exception($1, 'dead-letter', deployment_id, 'event.refused', $3) "
                    "FROM app.run WHERE tenant_id = $1 AND run_id = $2",
                    tenant,
                    ids.read("run", told.run),
                    detail,
                )


def _emitter(told: Emitted) -> str:
    return told.actor or f"run:{told.run}"


def _words(event: CloudEvent | None, problem: Problem) -> str:
    """Why an emitted event was not taken in, without what it holds: the partner's people read this, too."""
    if event is None:
        return problem.detail
    said = problem.detail
    if isinstance(problem, EventBreaksSchema):
        places = [one["pointer"] for one in problem.extensions["errors"]]
        more = ", …" if len(places) > _PLACES else ""
        said = f"its data break {problem.extensions['schema']} at {', '.join(places[:_PLACES])}{more}"
    return f"An event of type {event.type!r} that was emitted here was not taken in: {said}"[:_LONGEST]
