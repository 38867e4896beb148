from __future__ import annotations

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.worker.housekeeping import keep_house
from tests.world import make_tenant


async def test_old_dedupe_keys_go_and_young_ones_stay(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    """A7: the window is seven days."""
    world = await make_tenant(app_database)
    name = endpoints.database_url.rpartition("/")[2]
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.event_key (tenant_id, source, id, event_id, digest, received_at) "
            "SELECT $1, '/s', n::text, gen_random_uuid(), sha256(''), clock_timestamp() - make_interval(hours => n) "
            "FROM unnest(ARRAY[1, 167, 169, 500]) AS n",
            world.tenant_id,
        )
    await keep_house(worker_database)
    left = stack.postgres.run_sql(["SELECT id FROM app.event_key ORDER BY id"], name)
    assert left.split() == ["1", "167"]


async def test_the_coming_months_have_their_partitions(worker_database: Database) -> None:
    await keep_house(worker_database)
    async with worker_database.doors() as connection:
        rows = await connection.fetch(
            "SELECT c.relname FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' "
            "AND c.relnamespace = 'app'::regnamespace"
        )
        made = await connection.fetchval("SELECT app.ensure_partitions(4)")
    # Three months and a default for each of six tables; the next call adds what is missing and no more.
    assert len(rows) == 24
    assert made == 12


async def test_rows_that_came_before_their_month_do_not_stop_its_partition(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    """A worker was away for months, or a clock was wrong: the rows lie in the default partition until then."""
    world = await make_tenant(app_database)
    name = endpoints.database_url.rpartition("/")[2]
    async with app_database.tenant(world.tenant_id) as connection:
        early = await connection.fetchval("SELECT app.month_floor((now() + interval '4 months')::date)")
        await connection.execute(
            "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target) VALUES ($1, $2, 'a', 'b', 'c')",
            world.tenant_id,
            early,
        )
    assert stack.postgres.run_sql(["SELECT count(*) FROM app.audit_default"], name) == "1"
    async with worker_database.doors() as connection:
        assert await connection.fetchval("SELECT app.ensure_partitions(5)") == 18
    assert stack.postgres.run_sql(["SELECT count(*) FROM app.audit_default"], name) == "0"
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.audit WHERE audit_id = $1", early) == 1
