"""order-release, unchanged, on a real Tryton: the straight path, and a short order that a person splits."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra import ids
from services.connectors import function as connector
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call
from services.engine.memory import Played, Report, run_workflow
from services.rehearsals import rehearsing
from services.rehearsals.rehearsing import Stage
from template_library import catalog, schemas
from template_library.dsl import parse
from template_library.scenarios import Expectation, Reply, Scenario
from tests.counterparts.tryton.conftest import CONNECTION, TENANT, Erp

pytestmark = [pytest.mark.tryton]


async def ran(erp: Erp, lines: list[dict[str, Any]], **people: tuple[Reply, ...]) -> tuple[Report, Stage]:
    package = catalog.builtin().find("order-release", "1.2.0")
    replies = {name.replace("_", "-"): one for name, one in people.items()}
    scenario = Scenario(name="real", expect=Expectation(status="completed"), people=replies)
    stage, worker = Stage(scenario), erp.worker()

    async def real(call: Call) -> Answer:
        return await worker(msgspec.structs.replace(call, tenant=TENANT, bindings={"erp": CONNECTION}))

    stage.functions[connector.NAME] = real
    data = {"number": f"PO-{uuid4().hex[:8]}", "customer": "ACME-001", "currency": "USD", "lines": lines}
    async with ExpressionPool(size=1) as pool:
        report = await run_workflow(
            parse(package.document, functions=rehearsing.FUNCTIONS),
            [{"specversion": "1.0", "id": "1", "source": "/tests", "type": "order.captured", "data": data}],
            functions=stage.functions,
            evaluator=Expressions(pool),
            run=ids.new(),
            parameters=schemas.with_defaults(package.parameters, {}),
            clock=stage.time,
            played=Played(left=stage.people.left),
        )
    assert stage.left() == []
    assert report.status == "completed", report.error
    return report, stage


def line(item: str, quantity: int, cents: int) -> dict[str, Any]:
    return {"item": item, "quantity": quantity, "unit_price": {"amount": cents, "currency": "USD"}}


async def test_a_clean_order_is_a_sale(erp: Erp) -> None:
    report, stage = await ran(erp, [line("SKU-1", 2, 1299)])
    assert report.output["released"]
    assert report.output["sale"]["total"] == {"amount": 2598, "currency": "USD"}
    assert stage.people.found() == stage.holds.found() == []


async def test_a_short_order_is_split_by_whom_it_asks(erp: Erp) -> None:
    splits = Reply(outcome="split", by="sam", after="PT1H")
    report, stage = await ran(erp, [line("SKU-3", 5, 420), line("SKU-1", 1, 1299)], short_stock=(splits,))
    assert report.output["sale"]["total"] == {"amount": 1299, "currency": "USD"}
    assert [one["item"] for one in report.output["backordered"]] == ["SKU-3"]
    (task,), (hold,) = stage.people.found(), stage.holds.found()
    assert (task["task"], task["outcome"], hold["type"], hold["status"]) == ("short-stock", "split", "stock", "cleared")
