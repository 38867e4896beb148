"""What grows and belongs to no run goes by its age, and what is still so stays (F-40)."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.worker.cleaning import Ages
from services.worker.housekeeping import keep_house
from tests.superuser import connected
from tests.world import make_tenant

_EXCEPTION = (
    "INSERT INTO app.exception (tenant_id, exception_id, category, mark, cause, title, state, outcome, reason, "
    "closed_by, closed_at) "
    "SELECT $1, gen_random_uuid(), $2, $2 || n, n::text, '', $3, CASE WHEN $3 <> 'open' THEN 'x' END, "
    "CASE WHEN $3 = 'discarded' THEN 'x' END, CASE WHEN $3 <> 'open' THEN 'x' END, "
    "CASE WHEN $3 <> 'open' THEN clock_timestamp() - make_interval(days => n) END FROM unnest(ARRAY[9, 11]) AS n"
)
_OUTAGE = (
    "INSERT INTO app.outage (tenant_id, connection_id, revision, reason, probe_at, ended_at) "
    "VALUES ($1, $2, 1, '', now(), CASE WHEN $3 THEN now() END)"
)
_EFFECT = (
    "INSERT INTO app.effect "
    "(tenant_id, run_id, key, reference, name, mode, operation, status, seq, intended_at, asked_at) "
    "VALUES ($1, $2, 'asked', '', '', 'once-or-ask', '', 'unknown', 0, now(), now())"
)
_NOTICE = (
    "INSERT INTO app.notice (tenant_id, notice_id, at, kind, connection_id, run_id, body) "
    "VALUES ($1, gen_random_uuid(), now() - make_interval(days => $2), $3, $4, $5, "
    "json_build_object('effect', $6::text))"
)
_SIGNALS = (
    "WITH made AS (INSERT INTO app.event_key (tenant_id, source, id, event_id, digest, received_at) "
    "SELECT $1, '/s', n::text, gen_random_uuid(), sha256(''), now() - make_interval(days => n) "
    "FROM unnest(ARRAY[6, 8]) AS n RETURNING *) "
    "INSERT INTO app.signal (tenant_id, event_id, name, value, runs) "
    "SELECT tenant_id, event_id, 'order', id, '{}' FROM made"
)


async def test_closed_exceptions_go_by_age_and_open_ones_stay(
    app_database: Database, worker_database: Database
) -> None:
    world = await make_tenant(app_database)
    async with app_database.tenant(world.tenant_id) as connection:
        for category, state in (("outage", "resolved"), ("missed", "discarded"), ("dead-letter", "open")):
            await connection.execute(_EXCEPTION, world.tenant_id, category, state)
    await keep_house(worker_database, Ages(exception_days=10))
    async with app_database.tenant(world.tenant_id) as connection:
        left = await connection.fetch("SELECT category, cause FROM app.exception ORDER BY category, cause")
    assert [tuple(row) for row in left] == [
        ("dead-letter", "11"),
        ("dead-letter", "9"),
        ("missed", "9"),
        ("outage", "9"),
    ]


async def test_notices_go_by_age_but_of_what_lasts(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    tenant = (await make_tenant(app_database)).tenant_id
    away, back, run = ids.new(), ids.new(), ids.new()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("SET session_replication_role = replica")  # no connections behind them
        for one, has_ended in ((away, False), (back, True)):
            await connection.execute(_OUTAGE, tenant, one, has_ended)
        await connection.execute(_EFFECT, tenant, run)
        for days, kind, of, of_run, words in (
            (11, "connection.away", away, None, "lasts"),
            (11, "connection.away", back, None, "over"),
            (11, "connection.back", away, None, "before"),
            (9, "connection.back", back, None, "young"),
            (11, "effect.uncertain", None, run, "asked"),
            (11, "effect.uncertain", None, run, "decided"),
        ):
            await connection.execute(_NOTICE, tenant, days, kind, of, of_run, words)
    await keep_house(worker_database, Ages(notice_days=10))
    async with app_database.tenant(tenant) as connection:
        left = await connection.fetch("SELECT body ->> 'effect' AS effect FROM app.notice ORDER BY 1")
    assert [row["effect"] for row in left] == ["asked", "lasts", "young"]


async def test_whom_a_signal_was_handed_to_goes_with_its_dedupe_key(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    tenant = (await make_tenant(app_database)).tenant_id
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(_SIGNALS, tenant)
    await keep_house(worker_database)
    async with app_database.tenant(tenant) as connection:
        assert await connection.fetchval("SELECT array_agg(value) FROM app.signal") == ["6"]
