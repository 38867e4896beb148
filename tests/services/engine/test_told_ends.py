"""What the outbox tells of a run's end is what its journal's last line says, under the same id (ADR 0022)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from services.engine import lifecycle
from services.engine.lifecycle import Line, Subject, members
from tests.services.engine.running import DOCUMENT, Engine, order
from tests.world import World, deploy

NAMED = {"namespace": "tests", "name": "two-calls", "version": "1.0.0"}


async def told_and_read(engine: Engine, world: World, definition: dict[str, str]) -> tuple[Any, Any]:
    """The one message of the outbox, and the event of the journal's last line."""
    async with engine.app.tenant(world.tenant_id) as connection:
        row = await connection.fetchrow("SELECT *, data::text AS text FROM app.journal ORDER BY seq DESC LIMIT 1")
    async with engine.worker.doors() as connection:
        (message,) = await connection.fetch("SELECT * FROM app.take_outbox(10, 0)")
    line = Line(seq=row["seq"], at=row["at"], kind=row["kind"], data=members(row["text"]))
    event = lifecycle.own(Subject(tenant=world.tenant_id, run=row["run_id"], definition=definition), line)
    assert message["topic"] == lifecycle.TOPIC
    return msgspec.json.decode(message["body"]), msgspec.json.decode(msgspec.json.encode(event))


async def version_of(engine: Engine, world: World, deployment: UUID) -> dict[str, str]:
    async with engine.app.tenant(world.tenant_id) as connection:
        row = await connection.fetchrow(
            "SELECT v.namespace, v.name, v.version FROM app.workflow_version v "
            "JOIN app.deployment_revision r USING (tenant_id, workflow_version_id) WHERE r.deployment_id = $1",
            deployment,
        )
    return dict(row)


@pytest.mark.parametrize(("value", "end"), [(1, "completed"), ("no number", "faulted")])
async def test_the_end_of_a_run_is_told_as_it_is_read(engine: Engine, world: World, value: Any, end: str) -> None:
    await engine.intake.receive(world.tenant_id, order(1, value), "key")
    (run,) = await engine.ended(world)
    told, read = await told_and_read(engine, world, NAMED)
    assert run["state"] == end
    assert told == read
    assert told["type"] == f"io.serverlessworkflow.workflow.{end}.v1"
    assert told["id"] == f"{ids.show('run', run['run_id'])}-{run['seq'] - 1}"
    result = {"output": run["output"], "error": run["error"]}
    assert {name: msgspec.json.encode(told["data"].get(name)).decode() if text else None
            for name, text in result.items()} == result  # fmt: skip


async def test_a_run_that_cannot_be_begun_is_told_under_the_name_that_was_published(
    engine: Engine, world: World
) -> None:
    broken = DOCUMENT.replace("call: connector", "shout: connector")
    deployment = await deploy(engine.app, world.tenant_id, broken, event_type="broken")
    await engine.intake.receive(world.tenant_id, order(1, kind="broken"), "key")
    await engine.ended(world)
    told, read = await told_and_read(engine, world, await version_of(engine, world, deployment))
    assert told == read
    assert told["data"]["error"]["title"] == "The pinned workflow cannot be run"
