"""F-20, row 66: while a connection is away its reads are answered by its fallback, and its writes wait."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.egress import Client
from infra.embedded import ports
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.secret import Secret
from services.connectors.breakers import IN_A_ROW, SharedBreakers
from services.connectors.builtin import all_connectors
from services.connectors.fallback import FallbackFunction
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection
from services.engine.functions import Done, Later
from tenants.connections.errors import ConnectionDisabled
from tests.services.connectors.conftest import CONNECTION, Desk, Simulator, store
from tests.superuser import connected

SPARE = UUID(int=9)
CREDIT = "erp.customers.credit"
ACME = {"customer": "ACME-001"}


class Pair(Desk):
    """A connection whose side is gone, and another one with the same ERP behind it, which is there."""

    def __init__(self, desk: Desk, client: Client, database: Database) -> None:
        super().__init__(client, desk.connection)
        self.spare: OpenConnection | None = replace(desk.connection, id=SPARE, ref="con_9")
        gone = desk.connection.settings | {"base_url": f"http://127.0.0.1:{ports.choose(None)}"}
        self.connection = replace(desk.connection, settings=gone, fallback=SPARE)
        self.function = FallbackFunction(Registry(all_connectors()), self, client, SharedBreakers(database))

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        if connection_id != SPARE:
            return await super().open(tenant, connection_id)
        if self.spare is None:
            raise ConnectionDisabled
        return self.spare


@pytest.fixture
async def pair(desk: Desk, client: Client, worker_database: Database, stack: Stack, endpoints: Endpoints) -> Pair:
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await store(admin, erp=CONNECTION, spare=SPARE)
    return Pair(desk, client, worker_database)


async def go_away(pair: Pair) -> None:
    for _ in range(IN_A_ROW - 1):
        answer = await pair.call(CREDIT, ACME)
        assert isinstance(answer, Later), "a call that failed is no outage yet"


async def test_F_20_a_read_goes_to_the_fallback_while_the_connection_is_away(pair: Pair, simulator: Simulator) -> None:
    await go_away(pair)
    before = (await simulator.state())["requests"]
    for _ in range(3):
        answer = await pair.call(CREDIT, ACME)
        assert isinstance(answer, Done)
        assert answer.via == ids.show("con", SPARE)
        assert answer.output["found"]
    assert (await simulator.state())["requests"] - before == 3, "each once"


async def test_F_20_a_write_waits_for_its_own_side(pair: Pair, simulator: Simulator, order: Any) -> None:
    await go_away(pair)
    before = (await simulator.state())["requests"]
    for key in ("a", "b"):
        answer = await pair.call("erp.sales-orders.create", order, key=key)
        assert isinstance(answer, Later)
        assert answer.parked
    assert (await simulator.state())["requests"] == before, "nothing is sold in another system"


async def test_a_fallback_that_cannot_be_used_is_none(pair: Pair) -> None:
    await go_away(pair)
    await pair.call(CREDIT, ACME)
    spare = pair.spare
    assert spare is not None
    refused = replace(spare, secrets={"token": Secret("no-token-of-this-erp")})
    gone = replace(spare, settings=pair.connection.settings)
    for unfit in (None, replace(spare, connector="tryton"), refused, gone):
        pair.spare = unfit
        answer = await pair.call(CREDIT, ACME)
        assert isinstance(answer, Later)
        assert (answer.parked, answer.ref) == (True, "con_0")
