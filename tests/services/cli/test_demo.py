"""The demo data: made once, found again, following the simulator, and keeping what somebody changed."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from infra import settings
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from infra.encryption.key_file import create_kek_file
from infra.settings import BadSetting, Settings
from services.cli import demo
from tenants.identity.keyring import Keyring
from tenants.identity.principal import Principal


def settings_of(endpoints: Endpoints, home: Path, erp: str = "http://127.0.0.1:9") -> Settings:
    with suppress(FileExistsError):
        create_kek_file(home / "secrets" / "kek")
    return settings.load(
        {"WAYBILL_HOME": str(home), "WAYBILL_DATABASE_URL": endpoints.database_url, "WAYBILL_DEMO_ERP_URL": erp}
    )


async def principal_of(database: Database, key: str) -> Principal:
    found = await Keyring(database).authenticate(key)
    assert found is not None
    return found


async def rows(database: Database, who: Principal, statement: str) -> list[tuple[object, ...]]:
    assert who.tenant_id is not None
    async with database.session(Scope.tenant(who.tenant_id)) as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def test_the_demo_is_made_once_and_found_again(
    endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    first = await demo.seed(settings_of(endpoints, tmp_path))
    again = await demo.seed(settings_of(endpoints, tmp_path))
    assert first == again
    who = await principal_of(app_database, first.api_key)
    assert (who.client_slug, who.environment) == ("acme-wholesale", "live")
    assert await rows(app_database, who, "SELECT name, status, revision FROM app.deployment") == [
        ("order-release", "active", 1)
    ]
    assert await rows(app_database, who, "SELECT name, connector, revision FROM app.connection") == [
        ("erp", "erp-simulator", 1)
    ]
    for name in ("operator-key", "partner-key", "client-key", "erp-token"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600


async def test_the_second_partners_client_is_in_test(
    endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    made = await demo.seed(settings_of(endpoints, tmp_path))
    assert [one.environment for one in made.portals] == ["live", "test"]
    who = await principal_of(app_database, (tmp_path / "secrets" / "summit-client-key").read_text().strip())
    assert (who.client_slug, who.environment) == ("borealis-parts", "test")
    for table in ("account", "deployment", "connection"):
        assert await rows(app_database, who, f"SELECT count(*) FROM app.{table}") == [(1,)]  # noqa: S608 (ours)


async def test_an_account_stays_in_its_environment_and_is_told_there(
    endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    await demo.seed(settings_of(endpoints, tmp_path))
    who = await principal_of(app_database, (tmp_path / "secrets" / "summit-partner-key").read_text().strip())
    assert who.partner_id is not None
    async with app_database.session(Scope.partner(who.partner_id)) as session:
        await session.execute(
            text("UPDATE app.account SET tenant_id = (SELECT tenant_id FROM app.tenant WHERE environment = 'live')")
        )
        await session.commit()
    (tmp_path / "secrets" / "summit-portal-password").unlink()
    again = await demo.seed(settings_of(endpoints, tmp_path))
    assert [one.environment for one in again.portals] == ["live", "live"]


async def test_the_connection_follows_the_simulator(
    endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    made = await demo.seed(settings_of(endpoints, tmp_path))
    await demo.seed(settings_of(endpoints, tmp_path, "http://127.0.0.1:10"))
    who = await principal_of(app_database, made.api_key)
    found = await rows(app_database, who, "SELECT settings->>'base_url', revision FROM app.connection")
    assert found == [("http://127.0.0.1:10", 2)]
    (tmp_path / "secrets" / "erp-token").unlink()
    await demo.seed(settings_of(endpoints, tmp_path, "http://127.0.0.1:10"))
    assert await rows(app_database, who, "SELECT revision FROM app.connection") == [(3,)]


async def test_a_connection_that_was_led_elsewhere_stays_there(
    endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    made = await demo.seed(settings_of(endpoints, tmp_path))
    who = await principal_of(app_database, made.api_key)
    assert who.tenant_id is not None
    async with app_database.tenant(who.tenant_id) as connection:
        await connection.execute("UPDATE app.connection SET connector = 'tryton'")
        await connection.execute("UPDATE app.deployment SET status = 'disabled'")
    await demo.seed(settings_of(endpoints, tmp_path, "http://127.0.0.1:11"))
    found = await rows(app_database, who, "SELECT connector, settings->>'base_url' FROM app.connection")
    assert found == [("tryton", "http://127.0.0.1:9")]
    assert await rows(app_database, who, "SELECT status FROM app.deployment") == [("disabled",)]


async def test_keys_are_made_anew_when_their_files_or_rows_are_gone(
    endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    made = await demo.seed(settings_of(endpoints, tmp_path))
    (tmp_path / "secrets" / "client-key").unlink()
    (tmp_path / "secrets" / "partner-key").write_text("pk_nonsense")
    again = await demo.seed(settings_of(endpoints, tmp_path))
    assert again.api_key != made.api_key
    old, new = [await principal_of(app_database, one.api_key) for one in (made, again)]
    assert old.tenant_id == new.tenant_id


async def test_without_a_simulator_nothing_is_made(endpoints: Endpoints, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="WAYBILL_DEMO_ERP_URL"):
        await demo.seed(settings_of(endpoints, tmp_path, ""))
