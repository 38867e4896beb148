"""The connector function over the simulated ERP: what becomes Done, Failed and Later (F-03, F-20, S-72)."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.encryption.secret import Secret
from infra.problems import NotFound, Problem, Unavailable
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.errors import Away
from services.connectors.sdk.manifest import Manifest, Operation
from services.engine.functions import Call, Cautious, Done, Failed, Later, Unknown
from tests.services.connectors.conftest import CONNECTION, TOKEN, Desk, Simulator

CREATE = "erp.sales-orders.create"

pytestmark = pytest.mark.certifies("erp-simulator", simulator=True)


async def test_the_three_operations_answer_in_their_common_form(desk: Desk, order: Any) -> None:
    credit = await desk.call("erp.customers.credit", {"customer": "ACME-001"})
    assert isinstance(credit, Done)
    money = {"amount": 5_000_000, "currency": "USD"}
    assert credit.output == {
        "customer": "ACME-001",
        "found": True,
        "limit": money,
        "exposure": money | {"amount": 0},
        "available": money,
    }
    stock = await desk.call(
        "erp.items.availability", {"items": [{"item": "SKU-2", "quantity": 600}, {"item": "SKU-2", "quantity": "401"}]}
    )
    assert isinstance(stock, Done)
    assert [item["sufficient"] for item in stock.output["items"]] == [False, False], "two lines need the sum"
    made = await desk.call(CREATE, order)
    assert isinstance(made, Done)
    assert made.output["total"] == {"amount": 12_990, "currency": "USD"}
    assert made == await desk.call(CREATE, order)


@pytest.mark.parametrize("fault", ["unavailable", "busy", "cut", "cut-after-accept", "cut-body", "hang", "not-json"])
async def test_F_03_F_20_a_failing_erp_is_waited_for_and_the_order_made_once(
    desk: Desk, simulator: Simulator, order: Any, fault: str
) -> None:
    await simulator.faults(next=[fault], retry_after=7)
    first = await desk.call(CREATE, order)
    assert isinstance(first, Later)
    assert first.ref == "con_0"
    assert first.seconds == (7 if fault == "busy" else None)
    assert first.error.status == (504 if fault == "hang" else 503)
    assert first.sent
    assert isinstance(await desk.call(CREATE, order), Done)
    state = await simulator.state()
    assert state["orders"] == 1
    assert state["duplicates_refused"] == (1 if fault in {"cut-after-accept", "cut-body", "not-json"} else 0)


async def test_a_refusal_of_the_erp_fails_with_its_words(desk: Desk, order: Any) -> None:
    answer = await desk.call(CREATE, order | {"customer": "TIGHT-001"})
    assert isinstance(answer, Failed)
    assert answer.error.status == 409
    assert "free credit" in answer.error.detail
    unknown = await desk.call("erp.customers.credit", {"customer": "a/b?c=d#e"})
    assert isinstance(unknown, Done)
    assert not unknown.output["found"]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"customer": 3}, "/customer"),
        ({}, "the root"),
        ({"customer": "A", "extra": 1}, "the root"),
        ({"customer": ""}, "/customer"),
    ],
)
async def test_input_is_checked_before_anything_is_sent(
    desk: Desk, simulator: Simulator, values: Any, pointer: str
) -> None:
    answer = await desk.call("erp.customers.credit", values)
    assert isinstance(answer, Failed)
    assert (answer.error.type.rpartition("/")[2], answer.error.status) == ("validation", 400)
    assert answer.error.detail.endswith(f"(at {pointer})")
    assert (await simulator.state())["requests"] == 0


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "0", "0.0", "-1", "1e3", "", True, None])
async def test_a_quantity_is_a_positive_integer_or_decimal_text(desk: Desk, quantity: Any) -> None:
    answer = await desk.call("erp.items.availability", {"items": [{"item": "SKU-1", "quantity": quantity}]})
    assert isinstance(answer, Failed)
    assert answer.error.status == 400


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"connection": "shop"}, "configuration"),
        ({"operation": "erp.unknown"}, "configuration"),
        ({"surplus": 1}, "validation"),
        ({"connection": 3}, "validation"),
    ],
)
async def test_a_call_that_names_nothing_fails(desk: Desk, arguments: dict[str, Any], error: str) -> None:
    answer = await desk.call("erp.customers.credit", {"customer": "ACME-001"}, change=arguments)
    assert isinstance(answer, Failed)
    assert answer.error.type.rpartition("/")[2] == error


async def test_a_connection_that_cannot_be_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_tenant: UUID, _connection: UUID) -> OpenConnection:
        raise problems.pop()

    problems: list[Problem] = [NotFound("No such connection"), Unavailable("The key service is away")]
    monkeypatch.setattr(desk, "open", fails)
    later = await desk.call("erp.customers.credit", {"customer": "A"})
    assert isinstance(later, Later)
    assert not later.sent, "A19: nothing went out"
    assert isinstance(await desk.call("erp.customers.credit", {"customer": "A"}), Failed)


async def test_F_03_reads_and_keyed_writes_may_be_repeated_and_so_may_what_never_sends(desk: Desk, order: Any) -> None:
    assert isinstance(desk.function, Cautious), "the engine asks it"
    assert await desk.may_repeat(CREATE, order)
    assert await desk.may_repeat("erp.customers.credit", {"customer": "ACME-001"})
    changes: list[dict[str, Any]] = [{"connection": "a"}, {"operation": "erp.unknown"}, {"surplus": 1}, {"input": {}}]
    for change in changes:
        assert await desk.may_repeat(CREATE, order, change=change)


@pytest.mark.parametrize("problem", [NotFound("No such connection"), Unavailable("The key service is away")])
async def test_F_03_nothing_is_repeated_blindly_while_the_connection_cannot_be_opened(
    desk: Desk, order: Any, monkeypatch: pytest.MonkeyPatch, problem: Problem
) -> None:
    async def fails(_tenant: UUID, _connection: UUID) -> OpenConnection:
        raise problem

    monkeypatch.setattr(desk, "open", fails)
    assert not await desk.may_repeat(CREATE, order)


class LateBooks:
    """Takes a write, loses its answer, and books it when `work` says so; two writes of it are two."""

    def __init__(self, *, evens_out: bool) -> None:
        write = Operation(
            name="write", title="", mode="check-then-write", input={}, output={"type": "string"}, evens_out=evens_out
        )
        settings = {"properties": {"timeout_seconds": {"type": "number"}}}
        self.manifest = Manifest(name="late", version="1.0.0", title="", settings=settings, operations=(write,))
        self.under_way: list[str] = []
        self.booked: list[str] = []

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        del operation, values
        await context.send("POST", "orders")
        self.under_way.append(context.key)
        raise Away("its answer was lost")

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        del operation, values
        return Found(context.key) if context.key in self.booked else Absent()

    def work(self) -> None:
        self.booked += self.under_way
        self.under_way.clear()


@pytest.mark.parametrize("evens_out", [False, True])
async def test_F_03_what_may_still_be_worked_on_is_not_written_twice(desk: Desk, *, evens_out: bool) -> None:
    side = LateBooks(evens_out=evens_out)
    desk.function = ConnectorFunction(Registry([side]), desk, desk.sender)
    desk.connection = msgspec.structs.replace(desk.connection, connector="late")
    lost = await desk.call("write", {})
    assert isinstance(lost, Later)
    assert lost.uncertain
    looked = await desk.settle("write", {}, age=0.5)
    assert isinstance(looked, Later)
    assert (looked.absent, looked.seconds) == ((True, 0.0) if evens_out else (False, 1.5))
    late = await desk.settle("write", {}, age=2.5)
    assert isinstance(late, Later)
    assert late.absent, "twice its time limit: nothing is on its way any more"
    side.work()
    assert (await desk.settle("write", {}, age=0.5), side.booked) == (Done(output="key-1"), ["key-1"])


class Mistaken(LateBooks):
    """Makes a mistake of its own behind its request, which `does` or does not get through."""

    def __init__(self, *, evens_out: bool, does: bool) -> None:
        super().__init__(evens_out=evens_out)
        self.does = does

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        del operation, values
        await context.send("POST", "orders")
        if self.does:
            self.booked.append(context.key)
        raise KeyError("number")


@pytest.mark.parametrize("evens_out", [False, True])
async def test_F_03_a_mistake_behind_the_request_is_looked_into_before_anybody_is_asked(
    desk: Desk, *, evens_out: bool
) -> None:
    side = Mistaken(evens_out=evens_out, does=True)
    desk.function = ConnectorFunction(Registry([side]), desk, desk.sender)
    desk.connection = msgspec.structs.replace(desk.connection, connector="late")
    assert (await desk.call("write", {}), side.booked) == (Done(output="key-1"), ["key-1"])
    side.booked.clear()
    side.does = False
    first = await desk.call("write", {})
    assert isinstance(first, Later)
    assert (first.absent, first.uncertain) == ((True, False) if evens_out else (False, True))
    if evens_out:
        assert isinstance(await desk.call("write", {}, attempt=3), Unknown), "it is not tried for ever"


class Blind:
    """Makes the same mistake, and has no way to look."""

    def __init__(self) -> None:
        write = Operation(name="write", title="", mode="once-or-ask", input={}, output={})
        self.manifest = Manifest(name="late", version="1.0.0", title="", settings={}, operations=(write,))

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        del operation, values
        await context.send("POST", "orders")
        raise KeyError("number")


async def test_F_03_a_mistake_that_nobody_can_look_into_is_told_to_the_engine(desk: Desk) -> None:
    """Which asks a person: `test_ledger.py`."""
    desk.function = ConnectorFunction(Registry([Blind()]), desk, desk.sender)
    desk.connection = msgspec.structs.replace(desk.connection, connector="late")
    with pytest.raises(KeyError):
        await desk.call("write", {})


async def test_S_56_settings_with_another_address_form_never_reach_it(desk: Desk) -> None:
    for url in ("https://169.254.169.254", "http://10.0.0.1", "https://user@erp.example.com", "http://127.0.0.1:22"):
        settings = desk.connection.settings | {"base_url": url}
        desk.connection = msgspec.structs.replace(desk.connection, settings=settings)
        answer = await desk.call("erp.customers.credit", {"customer": "ACME-001"})
        assert isinstance(answer, Failed)
        assert answer.error.type.rpartition("/")[2] == "configuration"


async def test_S_72_S_73_the_token_is_in_no_answer_and_no_log(
    desk: Desk, simulator: Simulator, order: Any, caplog: pytest.LogCaptureFixture
) -> None:
    echo = {"reference": "PO", "customer": TOKEN}
    with caplog.at_level(logging.DEBUG):
        refused = await desk.call(CREATE, order | echo)
        wrong = {"token": Secret("canary-another-token")}
        desk.connection = msgspec.structs.replace(desk.connection, secrets=wrong)
        unauthorized = await desk.call(CREATE, order)
    assert isinstance(refused, Failed)
    assert "[redacted]" in refused.error.detail
    assert isinstance(unauthorized, Failed)
    assert unauthorized.error.status == 401
    assert "canary" not in repr((refused, unauthorized, desk.connection))
    assert "canary" not in caplog.text
    assert f"POST {simulator.url}/orders 401" in caplog.text


async def test_a_call_needs_no_state_of_the_function(desk: Desk) -> None:
    assert isinstance(desk.function, ConnectorFunction)
    call = Call(
        function="connector:1.0.0@default",
        arguments={"connection": "erp", "operation": "erp.customers.credit", "input": {"customer": "ACME-001"}},
        reference="/do/0",
        key="k",
        tenant=UUID(int=1),
        run=UUID(int=3),
        bindings={"erp": CONNECTION},
    )
    assert await desk.function(call) == await desk.function(call)
