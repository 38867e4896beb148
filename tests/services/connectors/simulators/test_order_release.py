"""The released `order-release`, unchanged, on each simulated ERP: one sale for an order, also if an answer is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from infra import egress
from infra.database import Database
from services.connectors import function as connector
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.simulators.systems import KINDS
from services.engine.expressions.evaluator import Expressions
from services.events import cloud_event
from services.holds import function as holds
from services.holds import waking
from template_library import catalog, schemas
from tests.counterparts.calling import CONNECTION
from tests.patience import PATIENCE
from tests.services.connectors.simulators.beside import beside
from tests.services.connectors.simulators.test_failures import WALKS
from tests.services.engine.running import Engine, at_work
from tests.services.holds.holding import Desk, Judging
from tests.world import World, deploy, make_tenant

CREATE: Final = "erp.sales-orders.create"
ERPS: Final = sorted(name for name, walk in WALKS.items() if walk.operation == CREATE)
CHECKS: Final = 2
"""Requests of the template before it creates the sale: credit and stock."""


def order(
    number: str, customer: str = "ACME-001", quantity: int = 10, event_id: str | None = None
) -> cloud_event.CloudEvent:
    lines = [
        {"item": "SKU-1", "quantity": quantity, "unit_price": {"amount": 1299, "currency": "USD"}},
        {"item": "SKU-2", "quantity": "2", "unit_price": {"amount": 2450, "currency": "USD"}},
    ]
    data = {"number": number, "customer": customer, "currency": "USD", "lines": lines}
    event = {"specversion": "1.0", "id": event_id or number, "source": "/shop", "type": "order.captured", "data": data}
    return cloud_event.read({"content-type": cloud_event.STRUCTURED}, msgspec.json.encode(event))


async def released(engine: Engine, world: World, event: cloud_event.CloudEvent, count: int) -> dict[str, Any]:
    """What came of the order, the run's output."""
    await engine.intake.receive(world.tenant_id, event, "tests")
    run = (await engine.ended(world, count))[-1]
    assert run["state"] == "completed", run["error"]
    output: dict[str, Any] = msgspec.json.decode(run["output"])
    return output


async def deployed(database: Database, version: str, **given: Any) -> World:
    """A new tenant that has the template and nothing else."""
    package = catalog.builtin().find("order-release", version)
    world = await make_tenant(database)
    await deploy(
        database,
        world.tenant_id,
        package.document,
        event_type="order.captured",
        bindings={"erp": CONNECTION},
        parameters=schemas.with_defaults(package.parameters, given),
    )
    return world


async def deployed_beside(database: Database, world: World) -> None:
    """The template once more, for the same events, whose runs line up by nothing."""
    package = catalog.builtin().find("order-release", "1.2.0")
    document = package.document.replace("      serialize: orderNumber\n", "")
    assert document != package.document
    parameters = schemas.with_defaults(package.parameters, {})
    await deploy(
        database,
        world.tenant_id,
        document,
        event_type="order.captured",
        bindings={"erp": CONNECTION},
        parameters=parameters,
    )


async def held(desk: Desk) -> Any:
    """The hold that keeps the order whose run is parked for it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = await desk.rows(
                "SELECT h.hold_id, h.reason, h.value FROM app.hold h JOIN app.hold_wait w ON w.tenant_id = h.tenant_id "
                "AND w.order_key = h.key WHERE h.tenant_id = $1 AND h.status = 'active'"
            )
            if rows:
                return rows[0]
            await asyncio.sleep(0.02)


async def called_until_ended(engine: Engine, world: World, count: int) -> list[Any]:
    """The runs, which are called meanwhile as workers do whose orders may have become free."""
    async with asyncio.timeout(PATIENCE):
        ending = asyncio.create_task(engine.ended(world, count))
        while not ending.done():
            await waking.wake(engine.worker)
            await asyncio.sleep(0.02)
        return await ending


def test_there_are_three_erps_of_different_shapes() -> None:
    assert {KINDS[name].connector for name in ERPS} == {"erp-simulator", "erp-rpc-simulator", "erp-odata-simulator"}


@pytest.mark.parametrize("name", ERPS)
async def test_F_03_order_release_runs_unchanged_and_finds_what_an_answer_was_lost_of(
    name: str,
    tmp_path: Path,
    client: egress.Client,
    evaluator: Expressions,
    app_database: Database,
    worker_database: Database,
) -> None:
    world = await deployed(app_database, "1.1.0")
    async with beside(name, tmp_path, client, evaluator) as erp, at_work(app_database, worker_database) as engine:
        registry = Registry([erp.caller.connector])
        engine.functions[connector.NAME] = ConnectorFunction(registry, erp.caller, erp.caller.noting)
        total = {"amount": 17890, "currency": "USD"}
        first = await released(engine, world, order("PO-1"), 1)
        assert first["sale"] == {"number": "SO-1001", "state": "confirmed", "total": total}
        await erp.faults(*["none"] * (CHECKS + WALKS[name].looks), "cut-after-accept")
        second = await released(engine, world, order("PO-2"), 2)
        assert second["sale"] == {"number": "SO-1002", "state": "confirmed", "total": total}
        held = await released(engine, world, order("PO-3", "TIGHT-001"), 3)
        assert (held["released"], held["hold"]["type"]) == (False, "credit")
        state = await erp.state()
        assert (state["orders"], state["total"], state["stock"]["SKU-1"]) == (2, 2 * 17890, "4980")


@pytest.mark.parametrize("name", ERPS)
async def test_its_holds_are_waited_for_and_it_is_checked_again_before_it_goes(
    name: str,
    tmp_path: Path,
    client: egress.Client,
    evaluator: Expressions,
    app_database: Database,
    worker_database: Database,
) -> None:
    world = await deployed(app_database, "1.2.0", max_order_value={"amount": 17000, "currency": "USD"})
    desk = Desk(app_database, world.tenant_id, Judging("allowed"))
    async with beside(name, tmp_path, client, evaluator) as erp, at_work(app_database, worker_database) as engine:
        engine.functions[connector.NAME] = ConnectorFunction(
            Registry([erp.caller.connector]), erp.caller, erp.caller.noting
        )
        engine.functions[holds.NAME] = holds.HoldsFunction(worker_database)
        small = order("PO-1", quantity=9)
        assert (await released(engine, world, small, 1))["sale"]["total"] == {"amount": 16591, "currency": "USD"}
        await engine.intake.receive(world.tenant_id, order("PO-2"), "tests")
        hold = await held(desk)
        assert (hold["reason"], hold["value"], (await erp.state())["orders"]) == ("order-value", 17890, 1)
        await desk.act(hold["hold_id"])
        assert [one["state"] for one in await called_until_ended(engine, world, 2)] == ["completed", "completed"]
        assert (await erp.state())["total"] == 16591 + 17890


async def test_F_13_one_order_under_many_event_ids_at_once_is_one_sale_also_where_runs_line_up_by_nothing(
    tmp_path: Path,
    client: egress.Client,
    evaluator: Expressions,
    app_database: Database,
    worker_database: Database,
) -> None:
    """Two deployments take each event; the runs of one do not line up, so that only their claims keep them apart."""
    name = ERPS[0]
    world = await deployed(app_database, "1.2.0")
    await deployed_beside(app_database, world)
    async with beside(name, tmp_path, client, evaluator) as erp, at_work(app_database, worker_database) as engine:
        engine.functions[connector.NAME] = ConnectorFunction(
            Registry([erp.caller.connector]), erp.caller, erp.caller.noting
        )
        engine.functions[holds.NAME] = holds.HoldsFunction(worker_database)
        again = [order("PO-1", event_id=f"again-{place}") for place in range(3)]
        await asyncio.gather(*[engine.intake.receive(world.tenant_id, one, "tests") for one in again])
        runs = await called_until_ended(engine, world, 6)
        outputs = [msgspec.json.decode(one["output"]) for one in runs]
        (sold,) = [one for one in outputs if one.get("released")]
        assert [one["earlier"]["sale"] for one in outputs if one is not sold] == [sold["sale"]["number"]] * 5
        assert all(one["duplicate"] and one["earlier"]["same"] for one in outputs if one is not sold)
        assert (await erp.state())["orders"] == 1
