"""Events that begin runs once expressions have judged them: filters, correlations, `until` (ADR 0020)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from services.engine import gathering, judging, pending
from services.events.cloud_event import CloudEvent, read
from template_library.dsl import parse
from tenants.deployments import schedules
from tests.patience import PATIENCE
from tests.services.engine.running import Engine
from tests.world import World, deploy, make_tenant

HEAD = "document: {{dsl: '1.0.3', namespace: tests, name: judged, version: 1.0.0}}\nschedule: {{on: {}}}\n"
BODY = "do: [{say: {set: {ids: '${ map(.id) }'}}}]\n"
LARGE = "{one: {with: {type: paid, data: '${ .n > 10 }'}}}"
ROOM = "correlate: {room: {from: .room}}"
ROOMS = f"{{all: [{{with: {{type: warm}}, {ROOM}}}, {{with: {{type: damp}}, {ROOM}}}]}}"
THREE = f"{{any: [{{with: {{type: tick}}, {ROOM}}}], until: length == 3}}"
UNTIL_EVENING = f"{{any: [{{with: {{type: tick}}, {ROOM}}}], until: {{one: {{with: {{type: '^evening$'}}}}}}}}"


def event(number: int, kind: str, **data: Any) -> CloudEvent:
    named = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind, "subject": f"s-{number}"}
    return read({"content-type": "application/cloudevents+json"}, msgspec.json.encode({**named, "data": data}))


@pytest.fixture
async def tenant(app_database: Database) -> World:
    return await make_tenant(app_database)


async def start_by(engine: Engine, tenant: World, on: str) -> UUID:
    document = HEAD.format(on) + BODY
    deployment = await deploy(engine.app, tenant.tenant_id, document, event_type="never")
    async with engine.app.session(Scope.tenant(tenant.tenant_id)) as session:
        await schedules.add_triggers(session, tenant.tenant_id, deployment, 1, parse(document).schedule)
        await session.commit()
    return deployment


async def send(engine: Engine, tenant: World, *events: CloudEvent) -> None:
    for one in events:
        assert (await engine.intake.receive(tenant.tenant_id, one, "key")).runs == []


async def rows(engine: Engine, tenant: World, query: str) -> list[Any]:
    async with engine.app.tenant(tenant.tenant_id) as connection:
        return list(await connection.fetch(query))


async def audited(engine: Engine, tenant: World, action: str) -> list[str]:
    """What the audit says of deployments, as JSON text."""
    query = "SELECT action, after::text AS after FROM app.audit WHERE actor = 'schedule'"
    found = await rows(engine, tenant, query)
    return [row["after"] for row in found if row["action"] == f"deployment.{action}"]


async def waiting(engine: Engine, tenant: World) -> list[str]:
    """Ids of the events that wait for others."""
    query = "SELECT e.id FROM app.pending_event p JOIN app.event e USING (event_id) ORDER BY e.id"
    return [row["id"] for row in await rows(engine, tenant, query)]


async def settled(engine: Engine, tenant: World) -> None:
    async with asyncio.timeout(PATIENCE):
        while await rows(engine, tenant, "SELECT 1 FROM app.candidate"):
            await asyncio.sleep(0.02)


async def outputs(engine: Engine, tenant: World, count: int) -> list[Any]:
    await settled(engine, tenant)
    assert len(await rows(engine, tenant, "SELECT 1 FROM app.run")) == count
    if not count:
        return []
    return [msgspec.json.decode(run["output"])["ids"] for run in await engine.ended(tenant, count)]


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        (LARGE, "paid"),
        ("{one: {with: {type: '^pa', data: '${ .n > 10 }'}}}", "paid"),
        ("{any: [{with: {type: sent}}, {with: {source: '^/sh', data: '${ .n > 10 }'}}]}", "paid"),
        ("{one: {with: {type: paid}, correlate: {n: {from: .n, expect: '${ 3 * 4 }'}}}}", "paid"),
    ],
)
async def test_an_event_begins_a_run_where_expressions_and_patterns_let_it_pass(
    engine: Engine, tenant: World, on: str, kind: str
) -> None:
    await start_by(engine, tenant, on)
    await send(engine, tenant, event(1, kind, n=5), event(2, kind, n=12), event(3, "other", n=5))
    assert await outputs(engine, tenant, 1) == [["2"]]
    (run,) = await rows(engine, tenant, "SELECT business_key, event_id, input::text AS input FROM app.run")
    (known,) = await rows(engine, tenant, "SELECT event_id FROM app.event WHERE id = '2'")
    assert (run["business_key"], run["event_id"]) == ("s-2", known["event_id"])
    (given,) = msgspec.json.decode(run["input"])
    assert (given["type"], given["data"]) == (kind, {"n": 12})


async def test_each_correlation_gathers_its_own_set(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, ROOMS)
    warm, damp = ((1, 1), (2, 2), (4, 2)), ((3, 2), (5, 1), (6, 3), (7, 2))
    sent = [(number, "warm", room) for number, room in warm] + [(number, "damp", room) for number, room in damp]
    await send(engine, tenant, *[event(number, kind, room=room) for number, kind, room in sorted(sent)])
    await send(engine, tenant, event(8, "warm"))  # no room: it can be correlated with nothing
    assert await outputs(engine, tenant, 3) == [["2", "3"], ["1", "5"], ["4", "7"]]
    assert await waiting(engine, tenant) == ["6"]


async def test_until_is_asked_of_the_events_of_each_correlation(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, THREE)
    await send(engine, tenant, *[event(n, "tick", room=n % 2) for n in range(7)])
    assert await outputs(engine, tenant, 2) == [["0", "2", "4"], ["1", "3", "5"]]


async def test_an_event_of_until_ends_every_set_that_it_agrees_with_and_is_in_none(
    engine: Engine, tenant: World
) -> None:
    await start_by(engine, tenant, UNTIL_EVENING)
    await send(engine, tenant, event(0, "evening"))  # nothing waits yet, so nothing begins
    await send(engine, tenant, *[event(n, "tick", room=n % 2) for n in range(1, 6)], event(6, "evening"))
    assert sorted(await outputs(engine, tenant, 2)) == [["1", "3", "5"], ["2", "4"]]
    assert await rows(engine, tenant, "SELECT 1 FROM app.pending_event") == []


async def test_an_expression_that_fails_is_told_once_and_keeps_nothing_back(engine: Engine, tenant: World) -> None:
    """S-27: neither its deployment's later events nor other deployments; jq's words may quote data and stay out."""
    await start_by(engine, tenant, "{one: {with: {type: paid, data: '${ .n | tonumber > 10 }'}}}")
    await start_by(engine, tenant, LARGE)
    await send(engine, tenant, event(1, "paid", n="secret-word"), event(2, "paid", n="secret-word"))
    await send(engine, tenant, event(3, "paid", n=12))
    # Any text is above any number in jq's order, so the second one takes all.
    assert sorted(await outputs(engine, tenant, 4)) == [["1"], ["2"], ["3"], ["3"]]
    told = await audited(engine, tenant, "filter-failed")
    assert len(told) == 1
    assert "/schedule/on/one/with/data: expression_failed" in told[0]
    assert "secret-word" not in told[0]


async def test_a_disabled_deployment_begins_none_and_a_new_revision_gathers_anew(engine: Engine, tenant: World) -> None:
    deployment = await start_by(engine, tenant, ROOMS)
    await send(engine, tenant, event(1, "warm", room=1))
    await settled(engine, tenant)
    document = parse(HEAD.format(ROOMS) + BODY)
    async with engine.app.session(Scope.tenant(tenant.tenant_id)) as session:
        await schedules.plan(session, tenant.tenant_id, deployment, 2, document.schedule)
        await session.commit()
    assert await rows(engine, tenant, "SELECT 1 FROM app.pending_event") == []
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await connection.execute("UPDATE app.deployment SET status = 'disabled'")
        await connection.execute(
            "INSERT INTO app.candidate (tenant_id, deployment_id, event_id, actor) "
            "SELECT tenant_id, $1, event_id, 'key' FROM app.event",
            deployment,
        )
    assert await outputs(engine, tenant, 0) == []
    await send(engine, tenant, event(2, "damp", room=1))
    assert await outputs(engine, tenant, 0) == []


async def test_more_events_than_may_wait_are_given_up_from_the_oldest_and_told(
    engine: Engine, tenant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST", 3)
    await start_by(engine, tenant, ROOMS)
    for number in range(5):
        await send(engine, tenant, event(number, "warm", room=number))
        await settled(engine, tenant)
    assert await waiting(engine, tenant) == ["2", "3", "4"]
    told = await audited(engine, tenant, "events-given-up")
    assert len(told) == 1
    (first,) = await rows(engine, tenant, "SELECT event_id FROM app.event WHERE id = '0'")
    assert ids.show("evt", first["event_id"]) in told[0]


async def test_F_14_judged_by_two_at_once_each_event_counts_once(engine: Engine, tenant: World) -> None:
    deployment = await start_by(engine, tenant, ROOMS)
    work = [event(n, "warm" if n % 2 else "damp", room=0) for n in range(20)]
    sending = asyncio.gather(*[engine.intake.receive(tenant.tenant_id, one, "key") for one in work])
    for _ in range(10):
        both = [judging.judge(engine.worker, engine.definitions, tenant.tenant_id, deployment) for _ in range(3)]
        await asyncio.gather(*both)
    await sending
    found = await outputs(engine, tenant, 10)
    assert sorted(int(one) for pair in found for one in pair) == list(range(20))


async def test_an_event_that_cannot_be_judged_at_all_is_left_out_in_the_end(
    engine: Engine, tenant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = await start_by(engine, tenant, LARGE)
    add = gathering.Gatherings.add

    async def broken(self: gathering.Gatherings, judged: gathering.Judged) -> list[list[UUID]]:
        (row,) = await rows(engine, tenant, "SELECT event_id FROM app.event WHERE id = '1'")
        if judged.event_id == row["event_id"]:
            raise RuntimeError("a mistake of ours")
        return await add(self, judged)

    monkeypatch.setattr(gathering.Gatherings, "add", broken)
    await send(engine, tenant, event(1, "paid", n=11), event(2, "paid", n=12))
    for _ in range(judging.TRIES + 1):
        try:
            await judging.judge(engine.worker, engine.definitions, tenant.tenant_id, deployment)
        except RuntimeError:
            continue
    assert await outputs(engine, tenant, 1) == [["2"]]
    told = await audited(engine, tenant, "filter-failed")
    assert "could not be judged in 5 tries" in told[0]


async def test_a_run_sees_its_deployments_parameters_in_its_filters(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, "{one: {with: {type: paid, data: '${ .n > $runtime.metadata.parameters.least }'}}}")
    await send(engine, tenant, event(1, "paid", n=1))
    assert await outputs(engine, tenant, 1) == [["1"]]  # there are none, and every number is above null


async def test_A13_each_tenants_first_deployment_is_taken_before_anybodys_second(
    app_database: Database, worker_database: Database
) -> None:
    worlds = [await make_tenant(app_database, name) for name in ("many", "one")]
    for world, count in zip(worlds, (5, 1), strict=True):
        async with app_database.tenant(world.tenant_id) as connection:
            for _ in range(count):
                await connection.execute(
                    "INSERT INTO app.candidate (tenant_id, deployment_id, event_id, actor) VALUES ($1, $2, $3, 'key')",
                    world.tenant_id,
                    ids.new(),
                    ids.new(),
                )
    async with worker_database.doors() as connection:
        taken = await connection.fetch("SELECT * FROM app.take_candidates(2, 60)")
        assert {row["tenant_id"] for row in taken} == {world.tenant_id for world in worlds}
        rest = await connection.fetch("SELECT * FROM app.take_candidates(10, 60)")
        assert [row["tenant_id"] for row in rest] == [worlds[0].tenant_id] * 4
        assert await connection.fetch("SELECT * FROM app.take_candidates(10, 60)") == []


async def test_S_14_events_to_judge_and_events_that_wait_are_one_tenants(engine: Engine, tenant: World) -> None:
    await start_by(engine, tenant, ROOMS)
    await send(engine, tenant, event(1, "warm", room=1))
    await settled(engine, tenant)
    other = await make_tenant(engine.app, "other")
    await start_by(engine, other, ROOMS)
    await send(engine, other, event(2, "damp", room=1))
    await settled(engine, other)
    for world in (tenant, other):
        assert await rows(engine, world, "SELECT 1 FROM app.run") == []
        assert len(await rows(engine, world, "SELECT 1 FROM app.pending_event")) == 1
        place = pending.Place(other.tenant_id, UUID(int=1), 1)
        async with engine.worker.tenant(tenant.tenant_id) as connection:
            assert await pending.read(connection, place) == []
