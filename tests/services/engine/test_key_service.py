"""F-27: while the key service is away a step waits as `kms_unavailable`, loses no attempt, and goes on by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.database import Database, Scope
from infra.egress import Client, Guard
from infra.encryption.errors import KeyServiceUnavailable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from services.connectors.builtin import all_connectors
from services.connectors.connections import TenantConnections
from services.connectors.forms import forms
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.secrets import BoundSecrets
from services.engine import secrets
from services.engine.functions import Done
from services.engine.recovery import sweep
from tenants.connections import service
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk, Plan
from tests.echo import Echo
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

CANARY = "canary-of-the-key-service"
BY_CONNECTOR = """
document: {dsl: '1.0.3', namespace: tests, name: asks, version: 1.0.0}
do:
  - ask:
      call: connector:1.0.0@default
      with: {connection: erp, operation: http.request, input: {path: json}}
"""
BY_NAME = """
document: {dsl: '1.0.3', namespace: tests, name: calls, version: 1.0.0}
use: {secrets: [erp], authentications: {erp: {bearer: {token: '${ $secrets.erp.token }'}}}}
do:
  - ask:
      call: http
      with: {method: get, endpoint: {uri: 'https://erp.example/orders', authentication: {use: erp}}}
"""


class Service(FileKeyProvider):
    """A key service that is away until it is told to be back."""

    is_away = True
    asked = 0

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self.asked += 1
        if self.is_away:
            raise KeyServiceUnavailable
        return await super().unwrap(wrapped, context)


class Answers:
    """Stands for the protocols' own function."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    async def __call__(self, call: Any) -> Done:
        self.calls.append(call)
        return Done(output={"given": call.arguments})


async def connect(app: Database, keys: Service, url: str) -> tuple[World, UUID]:
    world = await make_tenant(app)
    desk = Desk(forms(Registry(all_connectors())), Sealer(keys))
    settings = {"base_url": url, "allow_http": True, "authentication": "bearer"}
    plan = Plan(connector="http", settings=settings, secrets={"token": CANARY})
    async with app.session(Scope.tenant(world.tenant_id)) as session:
        made, _ = await service.create(session, world.tenant_id, "erp", plan, desk=desk, actor="key:tests")
        await session.commit()
    return world, made.connection_id


@pytest.mark.parametrize("document", [BY_CONNECTOR, BY_NAME], ids=["connector", "secret"])
async def test_F_27_a_step_waits_for_the_key_service_and_loses_no_attempt(
    engine: Engine, app_database: Database, tmp_path: Path, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "LOOK_SECONDS", 0.05)
    create_kek_file(tmp_path / "kek")
    keys = Service(tmp_path / "kek")
    opened = OpenConnections(engine.worker, Sealer(keys))
    engine.advance.secrets = BoundSecrets(opened)
    engine.functions["http"] = Answers()
    async with Echo() as echo, Client(Guard(allow_loopback=True)) as client:
        registry = Registry(all_connectors())
        engine.functions["connector:1.0.0@default"] = ConnectorFunction(registry, TenantConnections(opened), client)
        world, connection = await connect(app_database, keys, echo.url)
        await deploy(app_database, world.tenant_id, document, event_type="order", bindings={"erp": connection})
        await engine.intake.receive(world.tenant_id, order(1), "key")
        run = None
        while run is None or keys.asked < 5:
            await sweep(engine.worker, 3, 0)
            await asyncio.sleep(0.02)
            async with app_database.tenant(world.tenant_id) as reading:
                query = "SELECT state, attempt, waiting_for::text AS why FROM app.run WHERE state = 'waiting'"
                run = await reading.fetchrow(query)
        async with app_database.tenant(world.tenant_id) as reading:
            journal = [row["kind"] for row in await reading.fetch("SELECT kind FROM app.journal ORDER BY seq")]
        assert run["attempt"] == 1
        assert secrets.KMS_UNAVAILABLE in run["why"]
        assert journal.count("task.faulted") == 0
        keys.is_away = False
        (run,) = await engine.ended(world)
    assert (run["state"], run["attempt"]) == ("completed", 1)
    assert CANARY not in str(dict(run))
