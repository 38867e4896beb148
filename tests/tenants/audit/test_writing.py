"""Rows from transactions of the data plane."""

from __future__ import annotations

from decimal import Decimal

from infra import ids
from infra.database import Database
from tenants.audit import writing
from tests.tenants.audit.chains import exported, rows_of
from tests.world import make_tenant


async def test_a_record_that_is_named_is_written_once_and_numbers_keep_their_digits(
    app_database: Database, worker_database: Database
) -> None:
    world = await make_tenant(app_database)
    named = ids.new()
    written = []
    for database in (worker_database, app_database):
        async with database.tenant(world.tenant_id) as connection:
            written.append(
                await writing.write(
                    connection,
                    world.tenant_id,
                    actor="engine",
                    action="thing.made",
                    target="t",
                    after={"amount": Decimal("1.10")},
                    audit_id=named,
                )
            )
            await writing.write(connection, world.tenant_id, actor="engine", action="thing.unmade", target="t")
    assert written == [True, False]
    rows = [row for row in rows_of(await exported(app_database, world.tenant_id)) if row["target"] == "t"]
    assert [(row["action"], row["after"]) for row in rows] == [
        ("thing.made", '{"amount":1.10}'),
        ("thing.unmade", None),
        ("thing.unmade", None),
    ]
