"""Runs that several events start: any of them, or all of them in any order, each used once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from infra.database import Database, Scope
from template_library.dsl import parse
from tenants.deployments import schedules
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

HEAD = "document: {{dsl: '1.0.3', namespace: tests, name: several, version: 1.0.0}}\nschedule: {{on: {}}}\n"
BODY = "do: [{say: {set: {ids: '${ map(.id) }'}}}]\n"
ALL = "{all: [{with: {type: paid}}, {with: {type: sent, source: /shop}}]}"
ANY = "{any: [{with: {type: paid}}, {with: {type: paid, source: /shop}}, {with: {type: sent}}]}"


@pytest.fixture
async def tenant(app_database: Database) -> World:
    return await make_tenant(app_database)


async def start_by(engine: Engine, tenant: World, on: str) -> None:
    document = HEAD.format(on) + BODY
    deployment = await deploy(engine.app, tenant.tenant_id, document, event_type="never")
    async with engine.app.session(Scope.tenant(tenant.tenant_id)) as session:
        await schedules.add_triggers(session, tenant.tenant_id, deployment, 1, parse(document).schedule)
        await session.commit()


async def send(engine: Engine, tenant: World, number: int, kind: str) -> int:
    accepted = await engine.intake.receive(tenant.tenant_id, order(number, kind=kind), "key")
    return len(accepted.runs)


async def outputs(engine: Engine, tenant: World, count: int) -> list[Any]:
    return [msgspec.json.decode(run["output"])["ids"] for run in await engine.ended(tenant, count)]


async def test_any_starts_one_run_for_each_event_whatever_filters_it_passes(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, ANY)
    assert [await send(engine, tenant, n, kind) for n, kind in enumerate(["paid", "sent", "lost"])] == [1, 1, 0]
    assert await outputs(engine, tenant, 2) == [["0"], ["1"]]


async def test_all_starts_a_run_when_the_last_has_come_and_uses_each_event_once(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, ALL)
    kinds = ["paid", "paid", "sent", "sent", "sent", "paid"]
    assert [await send(engine, tenant, n, kind) for n, kind in enumerate(kinds)] == [0, 0, 1, 1, 0, 1]
    assert await outputs(engine, tenant, 3) == [["0", "2"], ["1", "3"], ["5", "4"]]
    async with engine.app.tenant(tenant.tenant_id) as connection:
        assert await connection.fetch("SELECT 1 FROM app.pending_event") == []


async def test_events_that_come_at_once_are_paired_without_a_loss(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, ALL)
    await asyncio.gather(*(send(engine, tenant, n, "paid" if n % 2 else "sent") for n in range(40)))
    found = await outputs(engine, tenant, 20)
    assert sorted(int(number) for pair in found for number in pair) == list(range(40))
    assert all(int(paid) % 2 == 1 and int(sent) % 2 == 0 for paid, sent in found)
