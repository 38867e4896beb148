"""What a call needs of secrets is evaluated at the call, and is nowhere else (S-36, S-72)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from infra.database import Database
from infra.encryption.secret import Secret
from infra.problems import Unavailable
from services.connectors.sdk.redaction import hidden
from services.engine.functions import Answer, Call, Done
from services.engine.secrets import Opened
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

CANARY = "c4n4ry-8f31e0d2"
DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: sealed, version: 1.0.0}
input: {from: '${ .[0].data }'}
use:
  secrets: [erp]
  authentications: {erp: {bearer: {token: '${ $secrets.erp.token }'}}}
do:
  - ask:
      call: http
      with:
        method: get
        endpoint: {uri: 'https://erp.example/orders', authentication: {use: erp}}
        headers: {X-Key: '${ "key \\($secrets.erp.token)" }', X-Open: '${ .value | tostring }',
          X-How: '${ $authorization.scheme }'}
"""


class Safe:
    """Opens the secret `erp` of one tenant; `away` times it cannot."""

    def __init__(self) -> None:
        self.asked: list[tuple[UUID, dict[str, UUID], tuple[str, ...]]] = []
        self.away = 0

    async def open(self, tenant: UUID, bindings: Mapping[str, UUID], names: tuple[str, ...]) -> Opened:
        self.asked.append((tenant, dict(bindings), names))
        if self.away:
            self.away -= 1
            raise Unavailable("the safe is closed")
        members = {"erp": {"token": CANARY}}
        return Opened(members, lambda value: hidden(value, [Secret(CANARY)]), {"erp": "https://erp.example/api"})


class Echo:
    """A side that sends back all that it was given."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def __call__(self, call: Call) -> Answer:
        self.calls.append(call)
        return Done(output={"seen": call.arguments})


async def test_S_36_a_secret_reaches_the_call_and_no_row(engine: Engine, app_database: Database) -> None:
    safe, echo, connection = Safe(), Echo(), uuid4()
    safe.away = 1
    engine.advance.secrets = safe
    engine.functions["http"] = echo
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": connection})
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "completed"
    (call,) = echo.calls
    bound = ["https://erp.example/api"]
    assert call.arguments["authentication"] == {"bearer": {"token": CANARY}, "origins": bound}
    assert call.arguments["origins"] == bound, "S-53: of the headers"
    assert call.arguments["headers"] == {"X-Key": f"key {CANARY}", "X-Open": "1", "X-How": "Bearer"}
    assert safe.asked == [(world.tenant_id, {"erp": connection}, ("erp",))] * 2
    assert "[redacted]" in run["output"]
    for table in ("run", "journal", "audit"):
        assert CANARY not in await _everything(app_database, world, table)


async def _everything(database: Database, world: World, table: str) -> str:
    async with database.tenant(world.tenant_id) as connection:
        rows: list[Any] = await connection.fetch(f"SELECT to_jsonb(t)::text AS line FROM app.{table} t")  # noqa: S608
    return "\n".join(row["line"] for row in rows)


SEVERAL = """
document: {dsl: '1.0.3', namespace: tests, name: several, version: 1.0.0}
use: {secrets: [erp, shop, bank]}
do:
  - one: {call: http, with: {method: get, endpoint: 'https://a.example/', headers: {X-Key: '${ $secrets.erp.token }'}}}
  - two:
      call: http
      with:
        method: get
        endpoint: {uri: 'https://a.example/', authentication: {bearer: {use: bank}}}
        headers: {X-Key: '${ $secrets["shop"].token }'}
"""


async def test_S_36_a_call_opens_the_secrets_that_it_mentions(engine: Engine, app_database: Database) -> None:
    asked: list[tuple[str, ...]] = []

    class All(Safe):
        async def open(self, tenant: UUID, bindings: Mapping[str, UUID], names: tuple[str, ...]) -> Opened:
            del tenant, bindings
            asked.append(names)
            return Opened({name: {"token": CANARY} for name in names}, lambda value: hidden(value, [Secret(CANARY)]))

    engine.advance.secrets = All()
    engine.functions["http"] = Echo()
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, SEVERAL, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "completed", run["error"]
    assert asked == [("erp",), ("bank", "shop")]
