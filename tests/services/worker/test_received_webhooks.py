"""Webhooks that came in are kept for their days, and never for fewer than ids of events are remembered."""

from __future__ import annotations

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.worker.cleaning import Ages, clean
from tests.superuser import connected
from tests.world import make_tenant

_ROW = """
INSERT INTO app.inbound_request (tenant_id, request_id, hook_id, sent_id, digest, state, headers, body, received_at)
VALUES ($1, gen_random_uuid(), $2, $3, sha256(''), 'taken', '[]', '', clock_timestamp() - make_interval(days => $4))
"""


@pytest.mark.parametrize(
    ("days", "left"), [(30, ["new", "of 20 days", "of 9 days"]), (10, ["new", "of 9 days"]), (1, ["new"])]
)
async def test_received_webhooks_go_by_age(
    days: int, left: list[str], app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    tenant, hook = (await make_tenant(app_database)).tenant_id, ids.new()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("SET session_replication_role = replica")  # no endpoint behind them
        for sent_id, age in (("of 31 days", 31), ("of 20 days", 20), ("of 9 days", 9), ("new", 7)):
            await connection.execute(_ROW, tenant, hook, sent_id, age)
    await clean(worker_database, Ages(webhook_days=days))
    async with app_database.tenant(tenant) as connection:
        found = await connection.fetch("SELECT sent_id FROM app.inbound_request ORDER BY sent_id")
    assert [row["sent_id"] for row in found] == left
