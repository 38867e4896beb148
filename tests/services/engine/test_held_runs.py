"""Held orders are found among all that completed, by an index that every checkpoint keeps."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from infra.pagination import Page
from services.engine import listing, reading
from services.engine.claims import Claims
from services.engine.listing import RunFilter
from services.engine.reading import Row
from tests.world import deploy, make_tenant, progress, start_runs, write

_MANY = 1_500
_FEW = 100
"""Each is read twice: to be found, and to be shown."""
_READ = text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int FROM pg_stat_xact_user_tables "
    "WHERE schemaname = 'app' AND relname = 'run'"
)
_HELD = ('{"released":false}', '{"holds":"none","released":false}', '{"a":"\\u001b","released":false}')
_NOT_HELD = (
    '{"released":true}',
    '{"order":{"released":false}}',
    '["released"]',
    '"released"',
    "null",
    '{"released":"false"}',
    '{"x":"' + "y" * 65_536 + '","released":false}',
    # PostgreSQL can store these two and not look into them: a checkpoint must not fail over one.
    '{"a":"\\u0000","released":false}',
    '{"a":"\\ud800","released":false}',
)


async def _ended(app: Database, worker: Database, tenant: TenantId, outputs: list[str]) -> list[UUID]:
    """Runs that completed with these outputs."""
    await start_runs(app, tenant, len(outputs))
    claims = await Claims(worker, "w", 30).take(len(outputs))
    done = [
        msgspec.structs.replace(progress(claim, "completed"), output=output)
        for claim, output in zip(claims, outputs, strict=True)
    ]
    assert set(await write(worker, *done)) == {"committed"}
    return [claim.run_id for claim in claims]


async def _held(database: Database, tenant: TenantId, limit: int = 50) -> tuple[list[Row], int]:
    """The newest, and how many rows of `app.run` were looked at."""
    async with database.session(Scope.tenant(tenant)) as session:
        before = (await session.execute(_READ)).scalar_one()
        rows = await listing.list_runs(session, tenant, Page(limit), RunFilter(held=True))
        return rows, (await session.execute(_READ)).scalar_one() - before


async def test_what_an_output_says_of_a_hold_is_seen_and_never_fails_a_checkpoint(
    app_database: Database, worker_database: Database
) -> None:
    tenant = (await make_tenant(app_database)).tenant_id
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    runs = await _ended(app_database, worker_database, tenant, [*_HELD, *_NOT_HELD])
    rows, _ = await _held(app_database, tenant)
    assert {row["run_id"] for row in rows} == set(runs[: len(_HELD)])
    assert {row["told"] for row in rows} == set(_HELD)
    async with app_database.session(Scope.tenant(tenant)) as session:
        others = await reading.read_runs(session, tenant, runs[len(_HELD) :])
    assert [row["told"] for row in others] == [None] * len(_NOT_HELD)


async def test_held_runs_of_one_tenant_are_read_without_the_others(
    app_database: Database, worker_database: Database
) -> None:
    """Also before the table has statistics: one row is looked at for each that is shown."""
    tenants = [(await make_tenant(app_database, slug)).tenant_id for slug in ("one", "two")]
    for tenant in tenants:
        await deploy(app_database, tenant, "document: {}", event_type="order.captured")
        await _ended(app_database, worker_database, tenant, ['{"released":true}'] * (_MANY // 2) + [_HELD[0]] * 30)
    for limit in (5, 50):
        rows, looked_at = await _held(app_database, tenants[0], limit)
        assert len(rows) == min(limit + 1, 30)
        assert rows == sorted(rows, key=lambda row: ids.show("run", row["run_id"]), reverse=True)
        assert looked_at < _FEW
