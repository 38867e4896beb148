"""Connections on PostgreSQL: what is stored and shown, and what a worker opens."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from asyncpg import InsufficientPrivilegeError
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.pagination import Page
from infra.problems import NameTaken
from tenants.connections import opening, service
from tenants.connections.errors import ConnectionDisabled, InvalidConnection, UnknownConnection
from tenants.connections.opening import OpenConnections, open_connection
from tenants.connections.sealing import Sealer
from tenants.connections.service import Changes, Desk, Pair, Plan
from tests.world import World, make_tenant

WHO = "key:tests"
URL = {"url": "https://erp.example/api"}
PASSWORD = "a long enough canary 7351"  # noqa: S105 - what must never show


async def create(database: Database, world: World, desk: Desk, name: str = "erp", **plan: Any) -> UUID:
    given = Plan(**{"connector": "erp", "settings": URL, "secrets": {"password": PASSWORD}, **plan})
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        made, _ = await service.create(session, world.tenant_id, name, given, desk=desk, actor=WHO)
        await session.commit()
    return made.connection_id


async def update(database: Database, world: World, desk: Desk, connection_id: UUID, **changes: Any) -> Pair:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        pair = await service.update(session, world.tenant_id, connection_id, Changes(**changes), desk=desk, actor=WHO)
        await session.commit()
    return pair


async def disable(database: Database, world: World, connection_id: UUID) -> None:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        await service.set_status(session, world.tenant_id, connection_id, "disabled", actor=WHO)
        await session.commit()


async def opened(database: Database, world: World, sealer: Sealer, connection_id: UUID) -> opening.OpenConnection:
    async with database.tenant(world.tenant_id) as connection:
        return await open_connection(sealer, connection, world.tenant_id, connection_id)


async def test_a_connection_is_opened_with_its_defaults_and_secrets(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    found = await opened(worker_database, world, desk.sealer, connection_id)
    assert (found.connector, found.settings, found.revision) == ("erp", {**URL, "timeout": 30}, 1)
    assert {field: secret.reveal() for field, secret in found.secrets.items()} == {"password": PASSWORD}
    assert PASSWORD not in repr(found)


async def test_S_70_a_secret_is_known_by_its_end_only(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk, secrets={"password": PASSWORD, "pin": "12345678"})
    await update(app_database, world, desk, connection_id, secrets={"password": PASSWORD + "!!"})
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        _, secrets = await service.find(session, world.tenant_id, connection_id)
        assert {one.field: one.last4 for one in secrets} == {"password": "51!!", "pin": ""}
        kept = await session.scalar(
            text(
                "SELECT string_agg(a.after::text, ' ') || ' ' || min(c.settings::text) "
                "FROM app.audit a, app.connection c"
            )
        )
    raw = [row["sealed"] for row in await sealed(worker_database, world)]
    assert len(raw) == 2
    assert PASSWORD not in str(kept)
    assert all(PASSWORD.encode() not in one for one in raw)
    assert PASSWORD not in repr(Plan(connector="erp", secrets={"password": PASSWORD}))


@pytest.mark.parametrize(
    ("plan", "pointers"),
    [
        ({"connector": "none"}, ["/connector"]),
        ({"settings": {}}, ["/settings"]),
        (
            {"settings": {"url": "ftp://x", "timeout": 0, "extra": 1}},
            ["/settings/timeout", "/settings/url", "/settings"],
        ),
        ({"secrets": {}}, ["/secrets"]),
        ({"secrets": {"password": "1234567"}}, ["/secrets/password"]),
        ({"secrets": {"password": PASSWORD, "other": PASSWORD}}, ["/secrets/other"]),
    ],
)
async def test_S_74_everything_wrong_is_named(
    app_database: Database, desk: Desk, plan: dict[str, Any], pointers: list[str]
) -> None:
    world = await make_tenant(app_database)
    with pytest.raises(InvalidConnection) as caught:
        await create(app_database, world, desk, **plan)
    assert sorted(error["pointer"] for error in caught.value.extensions["errors"]) == sorted(pointers)
    assert PASSWORD not in str(caught.value.document())


async def test_another_erp_by_changing_the_connection_alone(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    with pytest.raises(InvalidConnection):
        await update(app_database, world, desk, connection_id, connector="other")
    row, secrets = await update(
        app_database,
        world,
        desk,
        connection_id,
        connector="other",
        settings={"url": "http://127.0.0.1:1"},
        secrets={"token": "another secret"},
    )
    assert (row.connector, row.revision, [one.field for one in secrets]) == ("other", 2, ["token"])
    found = await opened(worker_database, world, desk.sealer, connection_id)
    assert (found.connector, found.settings["url"]) == ("other", "http://127.0.0.1:1")
    assert {field: secret.reveal() for field, secret in found.secrets.items()} == {"token": "another secret"}


async def test_a_secret_goes_nowhere_but_where_it_was_entered_for(app_database: Database, desk: Desk) -> None:
    """S-56: whoever may change the address must not thereby learn the password."""
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    row, _ = await update(app_database, world, desk, connection_id, settings={**URL, "timeout": 5})
    assert row.revision == 2
    with pytest.raises(InvalidConnection) as caught:
        await update(app_database, world, desk, connection_id, settings={"url": "https://evil.example"})
    assert caught.value.extensions["errors"][0]["pointer"] == "/secrets/password"
    moved = {"settings": {"url": "https://new.example"}, "secrets": {"password": PASSWORD}}
    assert (await update(app_database, world, desk, connection_id, **moved))[0].revision == 3


async def test_nothing_changed_is_no_revision(app_database: Database, desk: Desk) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    row, _ = await update(app_database, world, desk, connection_id, settings=URL, connector="erp")
    assert row.revision == 1


async def test_names_are_taken_once_and_lists_are_filtered(app_database: Database, desk: Desk) -> None:
    world = await make_tenant(app_database)
    made = [await create(app_database, world, desk, f"erp-{n}") for n in range(3)]
    with pytest.raises(NameTaken):
        await create(app_database, world, desk, "erp-1")
    await disable(app_database, world, made[0])
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        rows, more = await service.list_connections(session, world.tenant_id, Page(2), {})
        assert ([row.connection_id for row, _ in rows], more) == ([made[2], made[1]], str(made[1]))
        assert [one.field for one in rows[0][1]] == ["password"]
        rows, more = await service.list_connections(session, world.tenant_id, Page(2, more), {})
        assert ([row.connection_id for row, _ in rows], more) == ([made[0]], None)
        rows, _ = await service.list_connections(session, world.tenant_id, Page(5), {"status": "disabled"})
        assert [row.name for row, _ in rows] == ["erp-0"]
        rows, _ = await service.list_connections(session, world.tenant_id, Page(5), {"name": "erp-2"})
        assert [row.name for row, _ in rows] == ["erp-2"]


async def test_S_02_another_tenants_connection_is_unknown(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    mine, theirs = await make_tenant(app_database, "acme"), await make_tenant(app_database, "rival")
    connection_id = await create(app_database, theirs, desk)
    with pytest.raises(UnknownConnection):
        await update(app_database, mine, desk, connection_id, settings=URL)
    with pytest.raises(UnknownConnection):
        await disable(app_database, mine, connection_id)
    with pytest.raises(UnknownConnection):
        await opened(worker_database, mine, desk.sealer, connection_id)


async def sealed(worker: Database, world: World) -> list[Any]:
    """Connection and sealed value of each secret, the oldest connection's first."""
    async with worker.tenant(world.tenant_id) as connection:
        query = "SELECT connection_id, sealed FROM app.connection_secret ORDER BY connection_id, field"
        return list(await connection.fetch(query))


async def put_sealed(app: Database, world: World, connection_id: UUID, value: bytes) -> None:
    async with app.tenant(world.tenant_id) as connection:
        change = "UPDATE app.connection_secret SET sealed = $1 WHERE connection_id = $2"
        assert await connection.execute(change, value, connection_id) == "UPDATE 1"


async def test_S_70_the_apis_role_writes_sealed_values_and_cannot_read_them(app_database: Database, desk: Desk) -> None:
    """By the catalogue: of all tables it reads neither sealed values nor the salt of pseudonyms; and by trying."""
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    async with app_database.tenant(world.tenant_id) as connection:
        closed = await connection.fetch(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped "
            "AND has_any_column_privilege('waybill_app', c.oid, 'SELECT') "
            "AND NOT has_column_privilege('waybill_app', c.oid, a.attnum, 'SELECT')"
        )
        found = {".".join(row) for row in closed}
        tables = ("connection_grant", "connection_link", "connection_secret", "mail", "webhook_secret")
        assert found == {*(f"{one}.sealed" for one in tables), "mail.facts", "mail.taken_until", "deletion.salt"}
    for query in (
        "SELECT sealed FROM app.connection_secret",
        "SELECT s FROM app.connection_secret s",
        "UPDATE app.connection_secret SET field = field RETURNING sealed",
        "UPDATE app.connection_secret SET last4 = get_byte(sealed, 0)::text",
        "DELETE FROM app.connection_secret WHERE length(sealed) > 0",
    ):
        with pytest.raises(InsufficientPrivilegeError):
            async with app_database.tenant(world.tenant_id) as connection:
                await connection.execute(query)
    with pytest.raises(InsufficientPrivilegeError):
        await opened(app_database, world, desk.sealer, connection_id)


async def test_S_71_a_changed_secret_does_not_open(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    value = (await sealed(worker_database, world))[0]["sealed"]
    await put_sealed(app_database, world, connection_id, value[:20] + bytes([value[20] ^ 1]) + value[21:])
    with pytest.raises(SecretUnreadable):
        await opened(worker_database, world, desk.sealer, connection_id)
    await put_sealed(app_database, world, connection_id, value)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute("UPDATE app.connection_secret SET version = version + 1")
    with pytest.raises(SecretUnreadable):
        await opened(worker_database, world, desk.sealer, connection_id)


async def test_S_71_a_secret_moved_to_another_row_does_not_open(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    world = await make_tenant(app_database)
    first, second = [await create(app_database, world, desk, name) for name in ("one", "two")]
    kept = {row["connection_id"]: row["sealed"] for row in await sealed(worker_database, world)}
    await put_sealed(app_database, world, second, kept[first])
    with pytest.raises(SecretUnreadable):
        await opened(worker_database, world, desk.sealer, second)
    assert (await opened(worker_database, world, desk.sealer, first)).secrets["password"].reveal() == PASSWORD


async def test_S_71_another_key_file_opens_nothing(
    app_database: Database, worker_database: Database, desk: Desk, tmp_path: Any
) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    create_kek_file(tmp_path / "other")
    with pytest.raises(SecretUnreadable):
        await opened(worker_database, world, Sealer(FileKeyProvider(tmp_path / "other")), connection_id)


async def test_first_secrets_at_once_share_one_tenant_key(
    app_database: Database, worker_database: Database, desk: Desk
) -> None:
    world = await make_tenant(app_database)
    made = await asyncio.gather(*(create(app_database, world, desk, f"c{n}") for n in range(4)))
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        assert await session.scalar(text("SELECT count(*) FROM app.tenant_key")) == 1
    for connection_id in made:
        found = await opened(worker_database, world, desk.sealer, connection_id)
        assert found.secrets["password"].reveal() == PASSWORD


async def test_workers_follow_a_change_when_their_copy_is_stale(
    app_database: Database, worker_database: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_tenant(app_database)
    connection_id = await create(app_database, world, desk)
    connections = OpenConnections(worker_database, desk.sealer)
    first, again = await asyncio.gather(*(connections.get(world.tenant_id, connection_id) for _ in range(2)))
    assert first is again
    await update(app_database, world, desk, connection_id, settings={**URL, "timeout": 7})
    assert (await connections.get(world.tenant_id, connection_id)) is first
    monkeypatch.setattr(opening, "FRESH_SECONDS", 0.0)
    later = OpenConnections(worker_database, desk.sealer)
    assert (await later.get(world.tenant_id, connection_id)).settings["timeout"] == 7
    kept = await later.get(world.tenant_id, connection_id)
    assert (await later.get(world.tenant_id, connection_id)) is kept
    await update(app_database, world, desk, connection_id, settings={**URL, "timeout": 8})
    assert (await later.get(world.tenant_id, connection_id)).settings["timeout"] == 8
    await disable(app_database, world, connection_id)
    with pytest.raises(ConnectionDisabled):
        await later.get(world.tenant_id, connection_id)
    with pytest.raises(UnknownConnection):
        await later.get(world.tenant_id, ids.new())
