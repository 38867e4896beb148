"""`order-release` where a customer owes more than as their order was let go, or their credit is that of last night."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from infra import egress
from services.connectors import function as connector
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call, Done
from services.rehearsals import rehearsing, systems
from services.rehearsals.rehearsing import Stage
from services.rehearsals.systems import Doubles
from template_library import catalog, schemas
from template_library.dsl import parse
from template_library.scenarios import ClearedHold, Double, Expectation, Holds, Reply, Scenario

ORDER = {
    "number": "PO-1",
    "customer": "ACME-001",
    "currency": "USD",
    "lines": [
        {"item": "SKU-1", "quantity": 1, "unit_price": {"amount": 1_299, "currency": "USD"}},
        {"item": "SKU-3", "quantity": 1, "unit_price": {"amount": 420, "currency": "USD"}},
    ],
}


class Growing:
    """The ERP's functions; each time that it is asked, 5,000 less of the customer's credit is left."""

    def __init__(self, doubles: Doubles) -> None:
        self._doubles, self._left = doubles, 0
        self.terms, self.settle = doubles.terms, doubles.settle

    async def __call__(self, call: Call) -> Answer:
        answer = await self._doubles(call)
        if call.arguments["operation"] != "erp.customers.credit":
            return answer
        assert isinstance(answer, Done)
        self._left -= 5_000
        told = {**answer.output, "available": {"amount": self._left, "currency": "USD"}}
        return msgspec.structs.replace(answer, output=told)


class Dated:
    """The ERP's functions, of a night: what the customer's credit was at ten in the evening."""

    def __init__(self, doubles: Doubles) -> None:
        self._doubles = doubles
        self.terms, self.settle = doubles.terms, doubles.settle

    async def __call__(self, call: Call) -> Answer:
        answer = await self._doubles(call)
        if call.arguments["operation"] != "erp.customers.credit":
            return answer
        assert isinstance(answer, Done)
        return msgspec.structs.replace(answer, output={**answer.output, "as_of": "2026-03-01T22:00:00Z"})


async def played(scenario: Scenario, erp: type[Growing | Dated] = Growing) -> dict[str, Any]:
    """What there is beside the run, which completes, with its output."""
    package = catalog.builtin().find("order-release", "1.2.0")
    workflow = parse(package.document, functions=rehearsing.FUNCTIONS)
    stage = Stage(scenario)
    async with AsyncExitStack() as until:
        client = await until.enter_async_context(egress.Client(egress.Guard(allow_loopback=True)))
        evaluator = Expressions(await until.enter_async_context(ExpressionPool(size=1)))
        running = {
            name: await until.enter_async_context(systems.running(double, client, scenario.at))
            for name, double in scenario.connections.items()
        }
        stage.functions[connector.NAME] = erp(Doubles(running, client, evaluator))
        parameters = schemas.with_defaults(package.parameters, scenario.parameters)
        report = await rehearsing.once(workflow, scenario, parameters, stage, evaluator)
    assert report.status == "completed", report.error
    assert stage.left() == []
    return {**stage.found(report.emitted), "output": report.output}


@pytest.mark.parametrize(
    ("grace_days", "later", "holds"),
    [(3, 2, 1), (3, 4, 2), (0, 60, 1)],
    ids=["within the grace", "behind it", "never"],
)
async def test_an_exposure_that_grows_holds_an_order_again_behind_the_grace(
    grace_days: int, later: int, holds: int
) -> None:
    """Its goods are shipped some days after it was released; meanwhile the customer owes more."""
    decided = (Reply(outcome="ship-complete", values={"days": later}), Reply(outcome="split"))
    found = await played(
        Scenario(
            name="growing",
            data=ORDER,
            parameters={"grace_days": grace_days},
            connections={"erp": Double(connector="erp-simulator")},
            people={"short-stock": decided},
            holds=Holds(cleared=(ClearedHold(type="credit", after="PT1H", by="kim"),) * holds),
            expect=Expectation(status="completed"),
        )
    )
    assert [one["reason"] for one in found["holds"] if one["type"] == "credit"] == ["limit-exceeded"] * holds


async def test_a_hold_for_a_figure_of_a_batch_says_of_when_that_is() -> None:
    """Whoever decides sees that it is of last night; and of what is known now nothing is said."""
    unknown = {"item": "SKU-99", "quantity": 50, "unit_price": {"amount": 1_299, "currency": "USD"}}
    books = {
        "items": [{"code": "SKU-3", "stock": "40"}],
        "counts": [{"code": "SKU-3", "as_of": "2026-03-01T21:00:00Z"}],
    }
    found = await played(
        Scenario(
            name="of the night",
            data={**ORDER, "customer": "TIGHT-001", "lines": [unknown, {**unknown, "item": "SKU-3"}]},
            connections={"erp": Double(connector="erp-simulator", books=books)},
            people={"complete-order": (Reply(outcome="cancel"),)},
            expect=Expectation(status="completed"),
        ),
        Dated,
    )
    item, credit, stock = found["output"]["holds"]
    assert (item["reason"], item["words"]) == ("unknown-item", "Items are not known in the ERP.")
    assert (credit["reason"], credit["as_of"]) == ("limit-exceeded", "2026-03-01T22:00:00Z")
    assert credit["words"] == "The order goes above the customer's available credit, as of 2026-03-01T22:00:00Z."
    assert stock["words"] == "Items are short in stock, as of 2026-03-01T21:00:00Z."
    assert [one["as_of"] for one in stock["items"]] == ["2026-03-01T21:00:00Z"]
