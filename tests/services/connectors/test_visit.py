"""What a refusal says of an effect: one that answers the call itself is its end, any other is a person's question."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra import clock
from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.connector import Absent, Found, ReadBack, Refused
from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Manifest, Operation
from services.engine.functions import Call, Done, Failed, Later, Unknown
from tests.services.connectors.conftest import CONNECTION, TENANT, TOKEN, Desk, Simulator

CREATE = "erp.sales-orders.create"


def _call(operation: str, values: Any) -> Call:
    return Call(
        function="connector:1.0.0@default",
        arguments={"connection": "erp", "operation": operation, "input": values},
        reference="/do/0",
        key="key-1",
        tenant=TENANT,
        run=CONNECTION,
        bindings={"erp": CONNECTION},
        age=60.0,
    )


@pytest.mark.parametrize("orders", ["once-or-ask", "check-then-write"])
async def test_F_03_a_look_that_is_refused_does_not_say_that_the_effect_was(
    desk: Desk, simulator: Simulator, order: Any, orders: str
) -> None:
    """The token was exchanged between the order and the look for it."""
    settings = desk.connection.settings | {"orders": orders}
    desk.connection = msgspec.structs.replace(desk.connection, settings=settings)
    assert isinstance(await desk.call(CREATE, order), Done)
    secrets = {"token": Secret("no-token-of-this-erp")}
    desk.connection = msgspec.structs.replace(desk.connection, secrets=secrets)
    looked = await desk.function.settle(_call(CREATE, order))
    assert isinstance(looked, Unknown)
    assert "looking for it was refused" in looked.error.detail
    desk.connection = msgspec.structs.replace(desk.connection, secrets={"token": Secret(TOKEN)})
    assert isinstance(await desk.function.settle(_call(CREATE, order)), Done)
    assert (await simulator.state())["orders"] == 1


class Strict:
    """Has refused the write for good, and says so to who looks."""

    manifest = Manifest(
        name="strict",
        version="1.0.0",
        title="",
        settings={},
        operations=(Operation(name="write", title="", mode="check-then-write", input={}, output={}),),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        raise AssertionError((operation, values, context))

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        del operation, values, context
        return Refused("it is over the limit")


class Loose(Strict):
    """Finds what is no output of the operation."""

    manifest = msgspec.structs.replace(
        Strict.manifest,
        name="loose",
        operations=(
            msgspec.structs.replace(
                Strict.manifest.operations[0], output={"properties": {"number": {"type": "integer"}}}
            ),
        ),
    )

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        del operation, values, context
        return Found({"number": "PRIVATE-VALUE-77"})


class Still(Strict):
    """Stands still for an hour when it has looked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        del operation, values, context
        later = clock.monotonic() + 3600
        self._monkeypatch.setattr(clock, "monotonic", lambda: later)
        return Absent()


async def test_F_03_an_effect_that_was_refused_for_good_has_failed(desk: Desk, client: Client) -> None:
    desk.connection = msgspec.structs.replace(desk.connection, connector="strict")
    function = ConnectorFunction(Registry([Strict()]), desk, client)
    for answer in (await function(_call("write", {})), await function.settle(_call("write", {}))):
        assert isinstance(answer, Failed)
        assert (answer.error.status, answer.error.detail) == (409, "it is over the limit")


async def test_S_05_why_a_person_is_asked_says_nothing_of_what_was_found(desk: Desk, client: Client) -> None:
    """It is what the run waits for, and the title of its exception; what was found is kept beside it."""
    desk.connection = msgspec.structs.replace(desk.connection, connector="loose")
    answer = await ConnectorFunction(Registry([Loose()]), desk, client).settle(_call("write", {}))
    assert isinstance(answer, Unknown)
    assert answer.error.detail.endswith("no output of it: breaks the rule `type` (at /number)")
    assert answer.answer == {"output": {"number": "PRIVATE-VALUE-77"}}


async def test_F_03_a_key_that_grew_old_may_have_been_sent_until_then(desk: Desk, order: Any) -> None:
    """What is absent counts when the last request that the key allowed has had its time: 1 s, and twice 1 s."""
    settings = desk.connection.settings | {"key_valid_for": "PT1S"}
    desk.connection = msgspec.structs.replace(desk.connection, settings=settings)
    call = _call(CREATE, order)
    early = await desk.function.settle(msgspec.structs.replace(call, age=2.5))
    late = await desk.function.settle(msgspec.structs.replace(call, age=3.5))
    assert isinstance(early, Later)
    assert isinstance(late, Later)
    assert (early.absent, early.seconds, late.absent) == (False, 0.5, True)


async def test_F_03_a_worker_that_stood_still_sends_nothing_that_others_already_look_for(
    desk: Desk, simulator: Simulator, order: Any
) -> None:
    settings = desk.connection.settings | {"orders": "once-or-ask"}
    desk.connection = msgspec.structs.replace(desk.connection, settings=settings)
    call = _call(CREATE, order)
    answer = await desk.function(msgspec.structs.replace(call, planned=clock.monotonic() - 2))
    assert isinstance(answer, Later)
    assert (answer.sent, answer.uncertain, (await simulator.state())["requests"]) == (False, False, 0)
    assert isinstance(await desk.function(msgspec.structs.replace(call, planned=clock.monotonic())), Done)


async def test_F_03_a_worker_that_stood_still_after_its_look_does_not_write(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, still = clock.monotonic(), Still(monkeypatch)
    desk.connection = msgspec.structs.replace(desk.connection, connector="strict")
    function = ConnectorFunction(Registry([still]), desk, client)
    answer = await function(msgspec.structs.replace(_call("write", {}), planned=planned))
    assert isinstance(answer, Later)
    assert not answer.sent
