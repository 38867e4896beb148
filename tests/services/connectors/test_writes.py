"""What a call may write is told by the connector that stands behind its connection now (row 94)."""

from __future__ import annotations

from uuid import UUID

import pytest

from infra import clock, ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.connectors import writes
from services.connectors.builtin import all_connectors
from services.connectors.registry import Registry
from services.connectors.writes import ConnectorWrites
from services.engine.functions import Call
from template_library.policies.capabilities import ANYTHING, NOTHING
from tests.superuser import connected
from tests.world import make_tenant

CREDIT = "erp.customers.credit"


async def put(stack: Stack, endpoints: Endpoints, tenant: UUID, connection: UUID, connector: str) -> None:
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await admin.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', $3, '{}') "
            "ON CONFLICT (tenant_id, connection_id) DO UPDATE SET connector = excluded.connector",
            tenant,
            connection,
            connector,
        )


async def test_row_94_a_connection_with_another_connector_writes_what_that_one_does(
    app_database: Database,
    worker_database: Database,
    stack: Stack,
    endpoints: Endpoints,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant, connection = (await make_tenant(app_database)).tenant_id, ids.new()
    await put(stack, endpoints, tenant, connection, "erp-simulator")
    told = ConnectorWrites(Registry(all_connectors()), worker_database)
    call = Call(
        function="connector:1.0.0@default",
        arguments={"connection": "erp", "operation": CREDIT, "input": {"customer": "ACME-001"}},
        reference="/do/0/ask",
        key="k",
        tenant=tenant,
        run=ids.new(),
        bindings={"erp": connection},
    )
    assert await told(call) == NOTHING, "it only reads"
    await put(stack, endpoints, tenant, connection, "http")
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + writes.FRESH_SECONDS)
    assert await told(call) == ANYTHING, "nobody knows what this name means there"
