"""Every failure of every simulator, before and after a write: what is written comes to one (F-03, F-20).

A call is made as the engine makes it: again with the same key, past a look where nobody knows what came of it. What is
read, polled or looked for in another form than its connector knows is never taken for nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from infra import egress
from services.connectors.declared.effects import modes_of
from services.connectors.declared.trigger_parts import WebhookPart
from services.connectors.sdk.watching import Position
from services.connectors.simulators.faults import NAMES
from services.connectors.simulators.systems import KINDS
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Answer, Done, Failed, Later
from tests import certifying
from tests.counterparts.calling import TENANT
from tests.services.connectors.simulators.beside import Beside, beside
from tests.services.connectors.simulators.test_manifests import declared


class Walk(msgspec.Struct):
    """A write of a simulator's connector.

    Attributes:
        made: its input, another one for each number.
        counted: what of the simulator's state is one more after it.
        looks: how many requests come before the one that writes.
        fetches: whether its credentials are fetched, and so fetched anew.
    """

    operation: str
    made: Callable[[int], dict[str, Any]]
    counted: str
    looks: int = 0
    fetches: bool = False


def order(number: int) -> dict[str, Any]:
    line = {"item": "SKU-1", "quantity": 1, "unit_price": {"amount": 1299, "currency": "USD"}}
    return {"reference": f"PO-{number}", "customer": "OPEN-001", "currency": "USD", "lines": [line]}


def record(number: int) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "10", "unit": "EA"}}
    head = {"number": f"SO-{2000 + number}", "state": "released", "ordered_at": "2026-03-01T10:00:00Z"}
    return {**head, "customer": {"id": "ACME-001"}, "currency": "USD", "lines": [line]}


def parcel(number: int) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "10", "unit": "EA"}}
    return {"service": "GROUND", "shipment": {"number": f"SH-{number}", "status": "packed", "lines": [line]}}


def invoice(number: int) -> dict[str, Any]:
    sale = {"customer": "WEB-1", "jurisdiction": "DE", "currency": "EUR", "lines": [{"line": "1", "amount": "9.99"}]}
    return {"invoice": f"INV-{number}", "sale": sale}


def fulfilment(number: int) -> dict[str, Any]:
    # Of the ten that were ordered, one at a time but for the last walks, which are of the other order.
    order, line = ("5001", "1") if number < 10 else ("5003", "2")
    return {"id": order, "shipment": f"SH-{number}", "lines": [{"line": line, "quantity": "1"}]}


def feed(number: int) -> dict[str, Any]:
    return {"id": "M-9001", "shipment": f"SH-{number}", "lines": [{"line": "1", "quantity": "1"}]}


WALKS: Final = {
    "bureau": Walk("credit.checks.run", lambda number: {"name": f"Business {number}"}, "charged"),
    "carrier": Walk("carrier.labels.create", parcel, "parcel", fetches=True),
    "crm": Walk("crm.activities.create", lambda number: {"id": "A-1", "subject": f"{number}", "text": "."}, "activity"),
    "desk": Walk("desk.tickets.create", lambda number: {"subject": f"{number}", "text": "."}, "ticket"),
    "erp": Walk("erp.sales-orders.create", order, "orders"),
    "marketplace": Walk("shop.orders.fulfil", feed, "taken", looks=1),
    "odata": Walk("erp.sales-orders.create", order, "orders", looks=2, fetches=True),
    "rpc": Walk("erp.sales-orders.create", order, "orders", looks=1),
    "shop": Walk("shop.orders.fulfil", fulfilment, "fulfilment", looks=1),
    "tax": Walk("tax.sales.record", invoice, "transaction", fetches=True),
    "threepl": Walk("wms.orders.create", lambda number: {"order": record(number)}, "accepted", looks=1),
    "tms": Walk("tms.shipments.plan", lambda number: {"shipment": parcel(number)["shipment"]}, "load"),
    "warehouse": Walk("wms.orders.create", lambda number: {"order": record(number)}, "order", looks=1),
}


def test_every_simulator_is_walked() -> None:
    assert WALKS.keys() == {name for name, kind in KINDS.items() if not kind.has_files}, "files: test_file_warehouse.py"


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.certifies(KINDS[one].connector, simulator=True)) for one in sorted(WALKS)],
)
async def test_F_03_F_20_what_is_written_through_every_failure_is_there_once(
    name: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    walk = WALKS[name]
    certifying.saw(KINDS[name].connector, f"the {KINDS[name].title} simulator")
    async with beside(name, tmp_path, client, evaluator, timeout_seconds=1) as running:
        assert isinstance(await running.caller.through(walk.operation, walk.made(0), "key-0"), Done)
        for number, fault in enumerate(NAMES, start=1):
            before = (await running.state())[walk.counted]
            await running.faults(*["none"] * walk.looks, fault, retry_after=0, late_seconds=0.1)
            values, key = walk.made(number), f"key-{number}"
            answer = await running.caller.through(walk.operation, values, key)
            if fault == "drift" or (fault == "expired" and not walk.fetches):
                assert not isinstance(answer, Done), fault
                if fault == "expired":
                    assert isinstance(answer, Failed)
                    assert answer.error.type.endswith("/authentication")
                answer = await running.caller.through(walk.operation, values, key)
            assert isinstance(answer, Done), (fault, answer)
            assert (await running.state())[walk.counted] == before + 1, fault


def certified(name: str, *more: Any) -> Any:
    mark = pytest.mark.certifies(KINDS[name].connector, simulator=True)
    return pytest.param(name, *more, marks=mark, id=" ".join((name, *map(str, more))))


def reading(name: str) -> list[str]:
    document = declared(name)[0]
    return sorted(one for one, part in document.operations.items() if modes_of(document, part.care) == {"read"})


def polling(name: str) -> list[str]:
    triggers = declared(name)[0].triggers
    return sorted(one for one, part in triggers.items() if not isinstance(part, WebhookPart))


OF_MADE: Final = {"credit.reports.get": ("report", "report"), "marketplace-simulator.feeds.get": ("feed", "fulfilment")}
"""Reads of what a walk has made: the member of the input, and that of the walk's output."""
LOOKS: Final = [name for name in sorted(WALKS) if WALKS[name].looks]
"""Whose write is looked for."""


@pytest.mark.parametrize(
    ("name", "operation"), [certified(one, each) for one in sorted(WALKS) for each in reading(one)]
)
async def test_F_20_what_is_read_in_another_form_is_no_answer(
    name: str, operation: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    walk, (_, _, found) = WALKS[name], declared(name)
    case = next(one for one in found.tests if one.live and one.operation == operation)
    certifying.saw(KINDS[name].connector, f"the {KINDS[name].title} simulator")
    async with beside(name, tmp_path, client, evaluator, **{**found.settings, **case.settings}) as running:
        given = case.input
        if operation in OF_MADE:
            member, of_output = OF_MADE[operation]
            given = {member: (await running.caller.done(walk.operation, walk.made(0)))[of_output]}
        ask = partial(running.caller.call, operation, given)
        for at in range(await requests(running, ask)):
            await running.faults(*["none"] * at, "drift")
            assert [isinstance(await ask(), Done) for _ in range(2)] == [False, True], at


@pytest.mark.parametrize(("name", "trigger"), [certified(one, each) for one in sorted(WALKS) for each in polling(one)])
async def test_F_20_what_is_polled_in_another_form_is_no_news_of_nothing(
    name: str, trigger: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    certifying.saw(KINDS[name].connector, f"the {KINDS[name].title} simulator")
    async with beside(name, tmp_path, client, evaluator, **declared(name)[2].settings) as running:
        polled = running.caller.connector.polled(trigger)
        assert polled is not None
        began = Position(cursor=None, began="2026-01-01T00:00:00+00:00")
        given = await polled.asks(began, dict(running.caller.settings), TENANT)
        ask = partial(running.caller.triggered, polled.operation, given, trigger)
        for at in range(await requests(running, ask)):
            await running.faults(*["none"] * at, "drift")
            assert [isinstance(await ask(), Done) for _ in range(2)] == [False, True], at


async def requests(running: Beside, ask: Callable[[], Awaitable[Answer]]) -> int:
    """How many it takes where all is well, once there is a token."""
    assert isinstance(await ask(), Done)
    before = (await running.state())["requests"]
    assert isinstance(await ask(), Done)
    return int((await running.state())["requests"] - before)


@pytest.mark.parametrize("name", [certified(one) for one in LOOKS])
async def test_F_03_F_20_what_was_done_is_not_done_again_because_looking_for_it_was_answered_in_another_form(
    name: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    walk = WALKS[name]
    certifying.saw(KINDS[name].connector, f"the {KINDS[name].title} simulator")
    async with beside(name, tmp_path, client, evaluator, timeout_seconds=1) as running:
        assert isinstance(await running.caller.through(walk.operation, walk.made(0), "key-0"), Done)
        for at in range(
            await requests(running, partial(running.caller.settled, walk.operation, walk.made(0), "key-0"))
        ):
            values, key = walk.made(at + 1), f"key-{at + 1}"
            before = (await running.state())[walk.counted]
            await running.faults(*["none"] * walk.looks, "cut-after-accept")
            lost = await running.caller.call(walk.operation, values, key)
            assert isinstance(lost, Later), lost
            await running.faults(*["none"] * at, "drift")
            looked = await running.caller.settled(walk.operation, values, key)
            assert not isinstance(looked, Done), looked
            assert not (isinstance(looked, Later) and looked.absent), looked
            assert isinstance(await running.caller.through(walk.operation, values, key), Done)
            assert (await running.state())[walk.counted] == before + 1
