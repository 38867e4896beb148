from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from tenants.audit import service
from tenants.audit.errors import WrongScopeError
from tenants.audit.log import Log, Wanted
from tenants.audit.models import AuditRecord
from tests.world import make_tenant


async def test_a_record_lands_in_the_log_of_its_scope(app_database: Database) -> None:
    world = await make_tenant(app_database)
    other = await make_tenant(app_database, "other")
    for scope in (Scope.tenant(world.tenant_id), Scope.partner(world.partner_id), Scope.operator()):
        async with app_database.session(scope) as session:
            await service.record(session, actor="key:x", action="thing.made", target="t", after={"a": 1})
            await session.commit()
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        rows, following = await service.history(session, Log.of(Scope.tenant(world.tenant_id)), Page(10))
        assert [(row.actor, row.action, row.target, row.after) for row in rows] == [
            ("key:x", "thing.made", "t", {"a": 1})
        ]
        assert following is None
        assert (await service.history(session, Log.of(Scope.tenant(other.tenant_id)), Page(10)))[0] == []
    async with app_database.session(Scope.operator()) as session:
        owners = await session.execute(text("SELECT partner_id FROM app.organization_audit ORDER BY audit_id"))
        assert [row[0] for row in owners] == [world.partner_id, None]


async def test_history_pages_and_filters(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        for number in range(5):
            action = "even" if number % 2 == 0 else "odd"
            await service.record(session, actor="a", action=action, target=str(number))
        await session.commit()
        log, even = Log.of(Scope.tenant(world.tenant_id)), Wanted(action="even")
        first, position = await service.history(session, log, Page(2, None), even)
        assert [row.target for row in first] == ["4", "2"]
        second, end = await service.history(session, log, Page(2, position), even)
        assert ([row.target for row in second], end) == (["0"], None)
        (third,), _ = await service.history(session, log, Page(9), Wanted(target="3"))
        assert third.target == "3"


async def test_a_partner_cannot_write_into_anothers_log(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.partner(world.partner_id)) as session:
        with pytest.raises(WrongScopeError):
            await service.record(session, actor="a", action="b", target="c", partner_id=ids.new())


@pytest.mark.parametrize("statement", ["UPDATE app.{} SET actor = 'x'", "DELETE FROM app.{}", "TRUNCATE app.{}"])
@pytest.mark.parametrize("table", ["audit", "organization_audit"])
@pytest.mark.parametrize("role", ["app", "worker"])
async def test_S_80_records_cannot_be_changed(
    role: str, table: str, statement: str, app_database: Database, worker_database: Database
) -> None:
    world = await make_tenant(app_database)
    scope = Scope.tenant(world.tenant_id) if table == "audit" else Scope.operator()
    async with {"app": app_database, "worker": worker_database}[role].session(scope) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(statement.format(table)))


@pytest.mark.parametrize(
    ("wanted", "condition"),
    [
        (Wanted(target="run_1"), "(target = "),
        (Wanted(actor="account:acc_1"), "(actor = "),
        (Wanted(action="run.started"), "(action = "),
        (Wanted(since=datetime(2026, 1, 31, tzinfo=UTC)), "(audit_id >= "),
    ],
)
async def test_A17_what_is_searched_for_reaches_an_index_through_row_security(
    wanted: Wanted, condition: str, app_database: Database
) -> None:
    """Operators that are not leakproof would be held back behind the policy, and every row of the log be read."""
    world = await make_tenant(app_database)
    log = Log.of(Scope.tenant(world.tenant_id))
    query = select(AuditRecord.audit_id).where(*wanted.conditions(log))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    shown = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    async with app_database.session(log.rows) as session:
        for off in ("enable_seqscan", "enable_bitmapscan"):
            await session.execute(text(f"SET LOCAL {off} = off"))
        plan = list((await session.execute(text(f"EXPLAIN {shown}".replace(":", "\\:")))).scalars())
    assert any("Index Cond" in line and condition in line for line in plan), plan
