"""Whatever makes a run stand still opens one exception, and whatever lets it go on closes it, in one transaction."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.pagination import Page
from services.engine import findings, operating, outages, repeating
from services.engine.claims import Claim, Claims
from services.engine.world import check_world
from services.exceptions import reading
from tests.services.exceptions.standing import LONG_AGO, Desk, fault, park, quarantine, stand
from tests.superuser import connected
from tests.world import World, deploy, make_tenant, start_runs, write


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


@pytest.fixture
def desk(app_database: Database, world: World) -> Desk:
    return Desk(app_database, world.tenant_id)


async def begun(app: Database, worker: Database, world: World, count: int = 1) -> list[Claim]:
    await start_runs(app, world.tenant_id, count)
    return await Claims(worker, "w", 30).take(count)


async def test_a_fault_opens_one_and_the_retry_closes_it(
    app_database: Database, worker_database: Database, world: World, desk: Desk
) -> None:
    (claim,) = await begun(app_database, worker_database, world)
    assert await write(worker_database, fault(claim)) == ["committed"]
    (row,) = await desk.rows()
    assert (row["category"], row["cause"], row["title"], row["reference"]) == ("failed", "x:own", "No stock", "/do/0/a")
    assert (row["state"], row["times"], row["run_id"]) == ("open", 1, claim.run_id)
    async with app_database.tenant(world.tenant_id) as connection:
        await repeating.retry(connection, world.tenant_id, claim.run_id, "key:k")
    (row,) = await desk.rows()
    assert (row["state"], row["outcome"], row["closed_by"]) == ("resolved", "retried", "key:k")
    (again,) = await Claims(worker_database, "w", 30).take(1)
    assert await write(worker_database, fault(again)) == ["committed"]
    assert [row["state"] for row in await desk.rows()] == ["resolved", "open"]
    assert await check_world(worker_database, LONG_AGO, 30.0) == []


async def test_a_fault_at_a_connection_is_found_by_it_and_by_no_other_of_its_deployment(
    app_database: Database, worker_database: Database
) -> None:
    erp, carrier = ids.new(), ids.new()
    bindings = {"erp": erp, "carrier": carrier}
    world = await make_tenant(app_database)
    desk = Desk(app_database, world.tenant_id)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured", bindings=bindings)
    one, other = await begun(app_database, worker_database, world, 2)
    at = {"type": "x:own", "title": "No", "instance": "/do/0/a", "connection": ids.show("con", carrier)}
    assert await write(worker_database, replace(fault(one), error=json.dumps(at)), fault(other)) == ["committed"] * 2
    assert sorted(row["connection"] or "" for row in await desk.rows()) == ["", ids.show("con", carrier)]
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        for connection, count in ((carrier, 2), (erp, 1)):
            only = reading.Filter(connection=connection)
            found = await reading.list_exceptions(session, world.tenant_id, Page(9), only, "age")
            assert len(found) == count


async def test_F_20_a_parked_run_that_tries_in_vain_keeps_its_row_and_its_owner(
    app_database: Database, worker_database: Database, world: World, desk: Desk
) -> None:
    (claim,) = await begun(app_database, worker_database, world)
    ref = ids.show("con", ids.new())
    assert await write(worker_database, park(claim, ref)) == ["committed"]
    (row,) = await desk.rows()
    assert (row["category"], row["connection"], row["reference"]) == ("parked", ref, "/do/0/order")
    assert row["title"] == "The connection erp waits"
    await desk.do("UPDATE app.exception SET owner = 'role:erp', is_assigned = true")
    (again,) = await desk.claimed(worker_database)
    assert [row["state"] for row in await desk.rows()] == ["resolved"]
    assert await check_world(worker_database, LONG_AGO, 30.0) == []
    assert await write(worker_database, park(again, ref)) == ["committed"]
    (same,) = await desk.rows()
    assert (same["exception_id"], same["state"], same["times"]) == (row["exception_id"], "open", 2)
    assert (same["owner"], same["opened_at"]) == ("role:erp", row["opened_at"])
    (last,) = await desk.claimed(worker_database)
    assert await write(worker_database, replace(park(last, ref), waiting_for='{"kind": "timer"}')) == ["committed"]
    (row,) = await desk.rows()
    assert (row["state"], row["outcome"], row["closed_by"]) == ("resolved", "went-on", "engine")


async def test_an_ordinary_wait_a_short_one_and_a_persons_suspension_are_none(
    app_database: Database, worker_database: Database, world: World, desk: Desk
) -> None:
    claims = await begun(app_database, worker_database, world, 3)
    await write(worker_database, stand(claims[0], "waiting", {"kind": "timer"}))
    await write(worker_database, stand(claims[1], "waiting", {"kind": "connection", "ref": "con_1"}))
    await write(worker_database, stand(claims[2], "waiting", {"kind": "event"}))
    async with app_database.tenant(world.tenant_id) as connection:
        await operating.suspend(connection, world.tenant_id, claims[0].run_id, "key:k")
    assert await desk.rows() == []
    assert await check_world(worker_database, LONG_AGO, 30.0) == []


async def test_F_19_an_unknown_outcome_stays_one_while_somebody_suspends_its_run(
    app_database: Database, worker_database: Database, world: World, desk: Desk
) -> None:
    (claim,) = await begun(app_database, worker_database, world)
    await write(worker_database, stand(claim, "waiting", {"kind": "uncertain", "reason": "nobody knows", "task": "/a"}))
    async with app_database.tenant(world.tenant_id) as connection:
        await operating.suspend(connection, world.tenant_id, claim.run_id, "key:k")
    (row,) = await desk.rows()
    assert (row["category"], row["state"], row["title"]) == ("uncertain", "open", "nobody knows")
    assert await check_world(worker_database, LONG_AGO, 30.0) == []
    async with app_database.tenant(world.tenant_id) as connection:
        await operating.cancel(connection, world.tenant_id, claim.run_id, "key:k")
    (row,) = await desk.rows()
    assert (row["state"], row["outcome"], row["closed_by"]) == ("resolved", "cancelled", "key:k")


async def test_F_04_a_quarantined_run_is_one_until_it_is_resumed(
    app_database: Database, worker_database: Database, world: World, desk: Desk, stack: Stack, endpoints: Endpoints
) -> None:
    (claim,) = await begun(app_database, worker_database, world)
    await quarantine(stack, endpoints, claim)
    (row,) = await desk.rows()
    assert (row["category"], row["cause"], row["run_id"]) == ("quarantined", "no-commit", claim.run_id)
    async with app_database.tenant(world.tenant_id) as connection:
        await operating.resume(connection, world.tenant_id, claim.run_id, "key:k")
    (row,) = await desk.rows()
    assert (row["state"], row["outcome"], row["closed_by"]) == ("resolved", "resumed", "key:k")


async def test_F_20_an_outage_is_one_row_from_its_beginning_to_its_end(
    worker_database: Database, world: World, desk: Desk
) -> None:
    erp = ids.new()
    await desk.do(
        "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
        "VALUES ($1, $2, 'erp', 'erp-simulator', '{}')",
        world.tenant_id,
        erp,
    )
    for _ in range(2):
        await outages.begin(worker_database, world.tenant_id, erp, "it answered with status 503", 30)
    (row,) = await desk.rows()
    assert (row["category"], row["connection"], row["state"]) == ("outage", ids.show("con", erp), "open")
    for _ in range(2):
        await outages.end(worker_database, world.tenant_id, erp)
    await outages.begin(worker_database, world.tenant_id, erp, "it answered with status 502", 30)
    assert [(row["state"], row["title"][-3:]) for row in await desk.rows()] == [("resolved", "503"), ("open", "502")]


async def test_events_that_begin_no_run_are_one_row_that_counts_them(
    app_database: Database, world: World, desk: Desk
) -> None:
    deployment: UUID = (await desk.do("SELECT deployment_id FROM app.deployment"))[0]["deployment_id"]
    for detail in ("one", "one", "two"):
        async with app_database.tenant(world.tenant_id) as connection:
            after: dict[str, Any] = {"detail": detail}
            await findings.tell(connection, world.tenant_id, deployment, "deployment.filter-failed", after)
    told = [(row["category"], row["title"], row["times"], row["deployment_id"]) for row in await desk.rows()]
    assert told == [("dead-letter", "one", 2, deployment), ("dead-letter", "two", 1, deployment)]


@pytest.mark.parametrize("broken", ["DELETE FROM app.exception", "UPDATE app.run SET error = error"])
async def test_the_check_names_a_run_that_nobody_sees(
    app_database: Database, worker_database: Database, world: World, stack: Stack, endpoints: Endpoints, broken: str
) -> None:
    claims = await begun(app_database, worker_database, world, 2)
    await write(worker_database, fault(claims[0]))
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(broken)
        if "UPDATE" in broken:
            await connection.execute(
                "UPDATE app.exception SET run_id = $1 WHERE run_id = $2", claims[1].run_id, claims[0].run_id
            )
    found = [(one.invariant, one.run, one.words) for one in await check_world(worker_database, LONG_AGO, 30.0)]
    missing = ("I1", claims[0].run_id, "it is failed, and no exception says so")
    wrong = ("I1", claims[1].run_id, "an exception says that it is failed, and it is not")
    told = [one for one in found if "exception" in one[2]]
    assert told == ([missing] if "DELETE" in broken else [missing, wrong])


async def test_an_entry_that_is_to_be_decided_stands_beside_what_its_run_is(
    app_database: Database, worker_database: Database, world: World, desk: Desk, stack: Stack, endpoints: Endpoints
) -> None:
    """Row 119: each is opened and closed by itself, and `uncertain` is counted for both."""
    (claim,) = await begun(app_database, worker_database, world)
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', 'http', '{}')",
            world.tenant_id,
            claim.run_id,
        )
        await connection.execute(
            "INSERT INTO app.entry (tenant_id, entry_id, connection_id, run_id, key, reference, operation, mode, way, "
            "state, request, answered_by, answered_at) VALUES ($1, app.new_id(), $2, $2, 'k', '/do/0/order', "
            "'erp.orders', 'keyed', 'manual', 'answered', '{}', 'key:k', now())",
            world.tenant_id,
            claim.run_id,
        )
    async with worker_database.tenant(world.tenant_id) as connection:
        await connection.execute("UPDATE app.entry SET found = 'missing'")
    assert await write(worker_database, fault(claim)) == ["committed"]
    assert [(row["category"], row["state"]) for row in await desk.rows()] == [("uncertain", "open"), ("failed", "open")]
    async with app_database.tenant(world.tenant_id) as connection:
        await repeating.retry(connection, world.tenant_id, claim.run_id, "key:k")
    (entry, run) = await desk.rows()
    assert (entry["state"], run["state"], run["outcome"]) == ("open", "resolved", "retried")
    (again,) = await Claims(worker_database, "w", 30).take(1)
    assert await write(worker_database, fault(again)) == ["committed"]
    await desk.do("UPDATE app.entry SET resolution = 'dropped', resolved_at = now(), resolved_by = 'key:k'")
    assert [(row["state"], row["outcome"]) for row in await desk.rows()] == [
        ("resolved", "decided"),
        ("resolved", "retried"),
        ("open", None),
    ]
    assert await check_world(worker_database, LONG_AGO, 30.0) == []


async def test_texts_of_any_kind_open_one(
    app_database: Database, worker_database: Database, world: World, desk: Desk
) -> None:
    (claim,) = await begun(app_database, worker_database, world)
    error = json.dumps({"type": "t" * 5_000, "title": "ü" * 5_000, "instance": "/" + "x" * 5_000}, ensure_ascii=False)
    assert await write(worker_database, replace(fault(claim), error=error)) == ["committed"]
    (row,) = await desk.rows()
    assert (len(row["cause"]), len(row["title"])) == (500, 1_000)
