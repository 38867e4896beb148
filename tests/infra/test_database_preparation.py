"""Roles and layout on an outside server, played by the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from infra import database_roles as roles
from infra.database_preparation import TooOld, prepare
from infra.embedded import Home, Postgres
from tests.infra.outside_server import admin, as_outside


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    """A server to which an administrator comes by TCP, as to a hosted one."""
    home = Home(tmp_path / "home")
    home.lock()
    started = Postgres(home, durable=False)
    started.start()
    as_outside(started)
    yield started
    started.stop()
    home.unlock()


async def test_an_administrator_who_is_no_superuser_prepares_a_server_and_may_repeat_it(server: Postgres) -> None:
    await prepare(admin(server))
    urls = await prepare(admin(server))
    assert set(urls) == set(roles.LOGINS)
    for name, url in urls.items():
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT current_user::text") == name
        assert (
            await connection.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1", name) is False
        )
        await connection.close()
    migrator = await asyncpg.connect(urls[roles.MIGRATOR])
    await migrator.execute("SET ROLE waybill_owner")
    await migrator.execute("CREATE FUNCTION app.door() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 7'")
    await migrator.execute("ALTER FUNCTION app.door() OWNER TO waybill_doors")
    await migrator.close()


async def test_the_administrator_keeps_no_way_into_the_owner(server: Postgres) -> None:
    await prepare(admin(server))
    connection = await asyncpg.connect(admin(server).replace("/postgres", "/waybill"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SET ROLE waybill_owner")
    await connection.close()


async def test_a_server_older_than_17_6_is_refused_untouched(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "MINIMUM_VERSION", 990000)
    with pytest.raises(TooOld, match=r"older than 17\.6"):
        await prepare(admin(server))
    assert roles.APP not in server.run_sql(["SELECT rolname FROM pg_roles"])


def test_a_verifier_holds_no_password_and_a_literal_stays_one() -> None:
    assert "secret" not in roles.verifier("secret")
    assert roles.literal("it's") == "'it''s'"
    with pytest.raises(ValueError, match="NUL"):
        roles.literal("a\0b")
