"""The released `order-release`, unchanged, on each simulated ERP: one sale for an order, also if an answer is lost."""

from __future__ import annotations

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
from template_library import catalog, schemas
from tests.counterparts.calling import CONNECTION
from tests.services.connectors.simulators.beside import beside
from tests.services.connectors.simulators.test_failures import WALKS
from tests.services.engine.running import Engine, at_work
from tests.world import World, deploy, make_tenant

CREATE: Final = "erp.sales-orders.create"
ERPS: Final = sorted(name for name, walk in WALKS.items() if walk.operation == CREATE)
CHECKS: Final = 2
"""Requests of the template before it creates the sale: credit and stock."""


def order(number: str, customer: str = "ACME-001") -> cloud_event.CloudEvent:
    lines = [
        {"item": "SKU-1", "quantity": 10, "unit_price": {"amount": 1299, "currency": "USD"}},
        {"item": "SKU-2", "quantity": "2", "unit_price": {"amount": 2450, "currency": "USD"}},
    ]
    data = {"number": number, "customer": customer, "currency": "USD", "lines": lines}
    event = {"specversion": "1.0", "id": number, "source": "/shop", "type": "order.captured", "data": data}
    return cloud_event.read({"content-type": cloud_event.STRUCTURED}, msgspec.json.encode(event))


async def released(engine: Engine, world: World, event: cloud_event.CloudEvent, count: int) -> dict[str, Any]:
    """What came of the order, the run's output."""
    await engine.intake.receive(world.tenant_id, event, "tests")
    run = (await engine.ended(world, count))[-1]
    assert run["state"] == "completed", run["error"]
    output: dict[str, Any] = msgspec.json.decode(run["output"])
    return output


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
    package = catalog.builtin().find("order-release")
    parameters = schemas.with_defaults(package.parameters, {})
    world = await make_tenant(app_database)
    await deploy(
        app_database,
        world.tenant_id,
        package.document,
        event_type="order.captured",
        bindings={"erp": CONNECTION},
        parameters=parameters,
    )
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
