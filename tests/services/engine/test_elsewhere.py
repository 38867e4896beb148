from __future__ import annotations

from typing import Any

import msgspec

from infra.database import Database
from tests.services.engine.running import Engine, order
from tests.world import deploy, make_tenant

DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: borrows, version: 1.0.0}
use: {catalogs: {ours: {endpoint: 'https://catalog.example'}}}
input: {schema: {resource: {endpoint: 'https://schemas.example/order.json'}}, from: '${ .[0].data }'}
do:
  - twice: {call: 'double:1.0.0@ours', with: {n: '${ .value }'}}
"""
TAKEN: dict[str, Any] = {
    "functions": {"double:1.0.0@ours": {"set": {"n": "${ .n * 2 }"}}},
    "schemas": {
        "https://schemas.example/order.json": {"type": "array", "items": {"type": "object", "required": ["data"]}}
    },
}


async def test_runs_use_what_their_version_took_from_others(engine: Engine, app_database: Database) -> None:
    """Two tenants published the same text when the function was another one."""
    outputs = []
    for factor in ("2", "3"):
        world = await make_tenant(app_database, f"acme-{factor}")
        taken = msgspec.json.encode(TAKEN).decode().replace("* 2", f"* {factor}")
        await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", elsewhere=taken)
        await engine.intake.receive(world.tenant_id, order(1, 7), "key")
        outputs += [run["output"] for run in await engine.ended(world)]
    assert outputs == ['{"n":14}', '{"n":21}']
