"""What a refusal says of an effect: one that answers the call itself is its end, any other is a person's question."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.connector import ReadBack, Refused
from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Manifest, Operation
from services.engine.functions import Call, Done, Failed, Unknown
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


async def test_F_03_an_effect_that_was_refused_for_good_has_failed(desk: Desk, client: Client) -> None:
    desk.connection = msgspec.structs.replace(desk.connection, connector="strict")
    function = ConnectorFunction(Registry([Strict()]), desk, client)
    for answer in (await function(_call("write", {})), await function.settle(_call("write", {}))):
        assert isinstance(answer, Failed)
        assert (answer.error.status, answer.error.detail) == (409, "it is over the limit")
