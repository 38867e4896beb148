"""A run of thousands of effects is read within bounds, and each of them can be decided (F-03)."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.embedded.stack import Endpoints, Stack
from services.engine import ledger_reading
from tests.superuser import connected

TENANT = UUID(int=1)
COUNT = 40


async def test_F_03_the_oldest_question_is_read_however_many_effects_follow_it(
    stack: Stack, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_reading, "MOST", 10)
    monkeypatch.setattr(ledger_reading, "BUDGET", 5_000)
    run = ids.new()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await admin.execute(
            "INSERT INTO app.effect (tenant_id, run_id, key, reference, name, mode, operation, status, seq, "
            "  intended_at, asked_at, sent) "
            "SELECT $1, $2, lpad(n::text, 64, '0'), '/do/0', 'write', 'once-or-ask', 'orders.write', "
            "  CASE n WHEN 0 THEN 'unknown' ELSE 'confirmed' END, n, clock_timestamp() + n * interval '1 s', "
            "  CASE n WHEN 0 THEN clock_timestamp() END, json_build_object('text', repeat('x', 1000)) "
            "FROM generate_series(0, $3::int - 1) AS n",
            TENANT,
            run,
            COUNT,
        )
        found = await ledger_reading.rows(admin, TENANT, run)
        assert [int(row.key or "") for row in found] == [0, *range(COUNT - 9, COUNT)]
        shown = [int(row.key or "") for row in found if "text" in msgspec.json.decode(row.sent or "")]
        assert shown == [0, 37, 38, 39], "those within the budget, the question before all"
        assert {row.sent for row in found if int(row.key or "") not in shown} == {'{"omitted" : 1013}'}
        old = await ledger_reading.one(admin, TENANT, run, f"{5:064}")
        assert old is not None
        assert (old.operation, len(old.sent or "")) == ("orders.write", 1013)
        assert await ledger_reading.one(admin, TENANT, ids.new(), f"{5:064}") is None
