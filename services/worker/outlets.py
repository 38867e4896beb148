"""Where messages of runs go that set something else going: events that they emitted, runs that they started."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from infra import crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from infra.problems import Problem
from services.engine import starter
from services.engine.emission import Emitted, Started
from services.events import cloud_event
from services.events.errors import EventIdReused
from services.events.intake import Intake
from tenants.deployments.triggers import declared

_log: Final = logging.getLogger(__name__)


class Outlets:
    """One for the process. Each may be given the same message again: what it does counts once."""

    def __init__(self, database: Database, ring: Callable[[], None], *, judge: Callable[[], None]) -> None:
        """`ring` tells the workers that something is in line, `judge` that events are to be judged."""
        self._database = database
        self._ring = ring
        self._intake = Intake(database, starter.follow, ring, judge=judge)

    async def emit(self, tenant: UUID, _message: UUID, body: str) -> None:
        """Take the event in, as if somebody had sent it; one that is no CloudEvent is audited and dropped."""
        told = msgspec.json.decode(body, type=Emitted)
        actor = f"run:{told.run}"
        try:
            event = cloud_event.read({"content-type": cloud_event.STRUCTURED}, bytes(told.event))
            await self._intake.receive(TenantId(tenant), event, actor, depth=told.depth)
        except EventIdReused:
            _log.info("an emitted event had the id of another one")  # its intake wrote the audit
        except Problem as problem:
            await self._record(tenant, actor, told.run, problem)
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

    async def _record(self, tenant: UUID, actor: str, run: str, problem: Problem) -> None:
        after = msgspec.json.encode({"detail": problem.detail}).decode()
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) "
                "VALUES ($1, $2, $3, 'event.refused', $4, $5)",
                tenant,
                ids.new(),
                actor,
                run,
                after,
            )
