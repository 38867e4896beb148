"""Row-level security as the roles meet it (attacks B1)."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from tests.infra.database.test_catalogue import rows
from tests.world import deploy, make_tenant

INSERT_CONNECTION = (
    "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) VALUES ($1, $2, $3, 'http', '{}')"
)
INSERT_RUN = (
    "INSERT INTO app.run (tenant_id, run_id, deployment_id, revision, state, turn) VALUES ($1, $2, $3, 1, '{}', 0)"
)


async def test_a_tenant_sees_its_own_rows_and_no_others(app_database: Database) -> None:
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    for world in (mine, other):
        async with app_database.tenant(world.tenant_id) as connection:
            await connection.execute(INSERT_CONNECTION, world.tenant_id, ids.new(), "erp")
    async with app_database.tenant(mine.tenant_id) as connection:
        assert await connection.fetch("SELECT DISTINCT tenant_id FROM app.connection") == [(mine.tenant_id,)]
        assert await connection.execute("UPDATE app.connection SET name = 'taken'") == "UPDATE 1"


async def test_S_14_a_row_for_another_tenant_is_refused(app_database: Database) -> None:
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app_database.tenant(mine.tenant_id) as connection:
            await connection.execute(INSERT_CONNECTION, other.tenant_id, ids.new(), "erp")
    async with app_database.tenant(mine.tenant_id) as connection:
        await connection.execute(INSERT_CONNECTION, mine.tenant_id, ids.new(), "erp")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app_database.tenant(mine.tenant_id) as connection:
            await connection.execute("UPDATE app.connection SET tenant_id = $1", other.tenant_id)


async def test_S_12_a_child_cannot_name_another_tenants_parent(app_database: Database) -> None:
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    foreign = await deploy(app_database, other.tenant_id, "document: {}", event_type="x")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with app_database.tenant(mine.tenant_id) as connection:
            await connection.execute(
                INSERT_RUN.format("pending"),
                mine.tenant_id,
                ids.new(),
                foreign,
            )


INSERT_ROLE = (
    "INSERT INTO app.role (role_id, partner_id, tenant_id, level, slug, name, permissions) "
    "VALUES ($1, $2, $3, 'client', $4, 'A role', '{runs:read}')"
)
INSERT_PERSON = (
    "INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, permissions) "
    "VALUES ($1, $2, $3, 'somebody@acme.example', 'Somebody', '{}')"
)
INSERT_PROVIDER = (
    "INSERT INTO app.identity_provider (partner_id, provider_id, tenant_id, role_id, name, issuer, client_id, "
    "algorithm) VALUES ($1, $2, $3, $4, 'Own', 'https://login.acme.example', 'a', 'RS256')"
)


async def test_S_12_nobody_is_given_a_role_of_another_tenant_though_its_key_is_one_column(
    app_database: Database,
) -> None:
    """Roles of the product's are everybody's, so the key of a role names no tenant: policies do (ADR 0069)."""
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    person, own, foreign = ids.new(), ids.new(), ids.new()
    for world, role in ((mine, own), (other, foreign)):
        async with app_database.tenant(world.tenant_id) as connection:
            await connection.execute(INSERT_ROLE, role, world.partner_id, world.tenant_id, "night-shift")
    async with app_database.tenant(mine.tenant_id) as connection:
        products = await connection.fetchval("SELECT role_id FROM app.role WHERE partner_id IS NULL LIMIT 1")
        await connection.execute(INSERT_PERSON, mine.partner_id, person, mine.tenant_id)
    give = "INSERT INTO app.account_role (partner_id, account_id, tenant_id, role_id) VALUES ($1, $2, $3, $4)"
    for role in (own, products):
        async with app_database.tenant(mine.tenant_id) as connection:
            await connection.execute(give, mine.partner_id, person, mine.tenant_id, role)
            await connection.execute(INSERT_PROVIDER, mine.partner_id, ids.new(), mine.tenant_id, role)
    for statement, third in ((give, person), (INSERT_PROVIDER, ids.new())):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app_database.tenant(mine.tenant_id) as connection:
                await connection.execute(statement, mine.partner_id, third, mine.tenant_id, foreign)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app_database.tenant(mine.tenant_id) as connection:
            await connection.execute("UPDATE app.identity_provider SET role_id = $1", foreign)


async def test_S_13_names_are_unique_per_tenant_only(app_database: Database) -> None:
    for slug in ("one", "two"):
        world = await make_tenant(app_database, slug)
        async with app_database.tenant(world.tenant_id) as connection:
            await connection.execute(INSERT_CONNECTION, world.tenant_id, ids.new(), "erp")


async def test_S_09_a_setting_left_on_a_pooled_connection_does_not_count(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(INSERT_CONNECTION, world.tenant_id, ids.new(), "erp")
    stranger = await make_tenant(app_database, "stranger")
    async with app_database.session(Scope.tenant(stranger.tenant_id)) as session:
        # What a careless statement would leave behind: session-wide instead of local.
        await session.execute(text("SELECT set_config('app.tenant_id', :t, false)"), {"t": str(world.tenant_id)})
        await session.commit()
    for _ in range(3):
        async with app_database.session(Scope.tenant(stranger.tenant_id)) as session:
            assert await session.scalar(text("SELECT count(*) FROM app.connection")) == 0


async def test_S_10_each_transaction_of_a_session_carries_the_scope(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(INSERT_CONNECTION, world.tenant_id, ids.new(), "erp")
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        for _ in range(2):
            assert await session.scalar(text("SELECT count(*) FROM app.connection")) == 1
            await session.commit()


async def fail_half_way(database: Database, tenant: TenantId) -> None:
    async with database.tenant(tenant) as connection:
        await connection.execute(INSERT_CONNECTION, tenant, ids.new(), "erp")
        await connection.execute("SELECT * FROM app.nothing")


async def test_an_error_rolls_back_and_frees_the_connection(app_database: Database) -> None:
    world = await make_tenant(app_database)
    for _ in range(12):
        with pytest.raises(asyncpg.UndefinedTableError):
            await fail_half_way(app_database, world.tenant_id)
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.connection") == 0


async def test_a_partner_sees_its_clients_and_not_their_rows(app_database: Database) -> None:
    """S-05: a parent's scope opens no table of its children."""
    world = await make_tenant(app_database)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(INSERT_CONNECTION, world.tenant_id, ids.new(), "erp")
    async with app_database.session(Scope.partner(world.partner_id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM app.client")) == 1
        assert await session.scalar(text("SELECT count(*) FROM app.connection")) == 0
    async with app_database.session(Scope.partner(ids.new())) as session:
        assert await session.scalar(text("SELECT count(*) FROM app.client")) == 0


@pytest.mark.parametrize(
    "statement", ["UPDATE app.audit SET action = 'x'", "DELETE FROM app.audit", "TRUNCATE app.audit"]
)
async def test_S_80_the_audit_only_grows(statement: str, app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(statement))


async def test_S_88_the_api_cannot_write_usage_of_another_tenant(app_database: Database) -> None:
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app_database.tenant(mine.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO app.usage (tenant_id, run_id, seq, kind, quantity) VALUES ($1, $2, 0, 'run', 1)",
                other.tenant_id,
                ids.new(),
            )


async def test_F_15_a_state_that_is_none_is_refused_by_the_table(app_database: Database) -> None:
    world = await make_tenant(app_database)
    deployment = await deploy(app_database, world.tenant_id, "document: {}", event_type="x")
    with pytest.raises(asyncpg.CheckViolationError):
        async with app_database.tenant(world.tenant_id) as connection:
            await connection.execute(
                INSERT_RUN.format("done"),
                world.tenant_id,
                ids.new(),
                deployment,
            )


# Of one column, since roles of the product's have no partner: policies say whose may be named, as above.
OF_ONE_COLUMN = {("account_role", "role"), ("identity_provider", "role")}


async def test_S_12_every_reference_carries_whose_it_is(app_database: Database) -> None:
    """Both ends are of one tenant, one partner or one log: else a row could be tied to another's, and fall with it."""
    keys = await rows(
        app_database,
        "SELECT c.relname AS child, p.relname AS parent, array_agg(a.attname || '>' || b.attname) AS pairs "
        "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid "
        "CROSS JOIN LATERAL unnest(k.conkey, k.confkey) u(x, y) "
        "JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.x "
        "JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.y "
        "WHERE k.contype = 'f' AND NOT c.relispartition AND c.relnamespace = 'app'::regnamespace "
        "GROUP BY k.oid, c.relname, p.relname",
    )
    whose = {"tenant_id>tenant_id", "partner_id>partner_id", "log_id>log_id"}
    assert len(keys) > 100
    assert {(k["child"], k["parent"]) for k in keys if not whose & set(k["pairs"])} == OF_ONE_COLUMN
