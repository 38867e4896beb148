"""What a door reads does not grow with the runs that have ended, also before the tables have statistics."""

from __future__ import annotations

from typing import Any

from infra.database import Database
from infra.ids import TenantId
from services.engine.claims import Claim, Claims
from services.engine.journal import CALL, parameters_of
from tests.world import deploy, make_tenant, progress, start_runs, write

ENDED = 2_000
FEW = 200

_READ = (
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int FROM pg_stat_xact_user_tables "
    "WHERE schemaname = 'app' AND relname = 'run'"
)
_CLAIM = "SELECT * FROM app.claim_runs('w', 10, 30, false, 10)"


async def _reads(database: Database, statement: str, *values: Any) -> int:
    """Rows of `app.run` that one call looks at; its transaction is undone."""
    async with database.doors() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # A plan that is kept is made in the first calls, as it is in a young table.
        before = 0
        for _ in range(7):
            before = await connection.fetchval(_READ)
            await connection.fetch(statement, *values)
        read: int = await connection.fetchval(_READ) - before
        await transaction.rollback()
        return read


async def test_F_22_doors_look_at_few_runs_however_many_have_ended(
    app_database: Database, worker_database: Database
) -> None:
    for slug in ("one", "two"):
        world = await make_tenant(app_database, slug)
        await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
        await start_runs(app_database, world.tenant_id, ENDED // 2)
    claims = Claims(worker_database, "w", 30)
    claim = await _end(worker_database, await claims.take(ENDED))
    # A tenant near its cap: each tenant is asked for its own rows, and the leased ones are counted.
    await start_runs(app_database, TenantId(claim.tenant_id), 20)
    held = await claims.take(5)
    assert await _reads(worker_database, _CLAIM) < FEW
    assert await _reads(worker_database, CALL, *parameters_of([progress(one) for one in held])) < FEW
    assert await _reads(worker_database, "SELECT * FROM app.sweep_runs(100, 3, 30)") < FEW
    assert await _reads(worker_database, "SELECT * FROM app.queue_state(1000)") < FEW


async def _end(database: Database, claimed: list[Claim]) -> Claim:
    """Complete them all; answers one."""
    assert len(claimed) == ENDED
    assert set(await write(database, *(progress(claim, "completed") for claim in claimed))) == {"committed"}
    return claimed[0]
