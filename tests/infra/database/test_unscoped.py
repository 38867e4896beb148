"""S-08: nobody is shown a row without a scope, of tables that all have rows."""

from __future__ import annotations

from pathlib import Path

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from tests.infra.database.test_catalogue import TABLES, rows
from tests.services.api.leftovers import Ours, fill
from tests.services.archives.olden import Olden
from tests.superuser import connected

COUNT = 'SELECT count(*) FROM app."{}"'
# What tells nothing of anybody: how the installation is set up, and on which history of the database it stands.
_OF_NOBODY = ("installation", "alembic_version", "timeline")


async def test_S_08_without_a_scope_no_table_shows_a_row(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> None:
    """Each has one: else nothing would be proven of it."""
    olden = await Olden(app_database, worker_database, (stack, endpoints), tmp_path).open()
    named = {r["relname"] for r in await rows(app_database, TABLES + " AND NOT c.relispartition")} - set(_OF_NOBODY)
    some = {name: ids.new() for name in Ours.__struct_fields__}
    fill(olden, Ours(**some | {"tenant_id": olden.tenant}), named)
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as superuser:
        held = {name: await superuser.fetchval(COUNT.format(name)) for name in named}
    assert [name for name, count in held.items() if not count] == []
    for database in (app_database, worker_database):
        readable = TABLES + " AND c.relname = ANY ($1) AND has_any_column_privilege(c.oid, 'SELECT')"
        seen = [r["relname"] for r in await rows(database, readable, list(named))]
        assert len(seen) > 40
        for name in seen:
            assert [tuple(one) for one in await rows(database, COUNT.format(name))] == [(0,)], name
