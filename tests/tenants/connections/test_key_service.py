"""F-27, S-76: what goes on while the key service is away, and what waits."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from infra import clock
from infra.database import Database
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.tenant_key import KEPT_SECONDS
from tenants.audit import alarms
from tenants.connections import opening
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tests.tenants.connections.keys_side import PASSWORD, change, hold
from tests.world import make_tenant


class Service(FileKeyProvider):
    """A key service that can be away."""

    is_away = False
    asked = 0

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        self._look()
        return await super().wrap(key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self._look()
        return await super().unwrap(wrapped, context)

    def _look(self) -> None:
        self.asked += 1
        if self.is_away:
            raise KeyServiceUnavailable


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(clock, "monotonic", found)
    return found


@pytest.fixture
def service(tmp_path: Path, sealer: Sealer) -> Service:
    del sealer
    return Service(tmp_path / "kek")


async def test_F_27_what_was_opened_goes_on_for_five_minutes_and_no_longer(
    app_database: Database, worker_database: Database, desk: Desk, service: Service, moment: Clock
) -> None:
    held = await hold(app_database, desk)
    connections = OpenConnections(worker_database, Sealer(service))
    first = await connections.get(held.tenant, held.connection)
    assert first.until == moment.now + KEPT_SECONDS < math.inf
    service.is_away = True
    moment.now += KEPT_SECONDS - 1
    assert (await connections.get(held.tenant, held.connection)).secrets["password"].reveal() == PASSWORD
    await change(app_database, desk, held, PASSWORD + "!")
    moment.now += 1
    with pytest.raises(KeyServiceUnavailable):
        await connections.get(held.tenant, held.connection)
    assert service.asked == 2, "once to open, once in vain"
    service.is_away = False
    assert (await connections.get(held.tenant, held.connection)).secrets["password"].reveal() == PASSWORD + "!"


async def test_F_27_a_changed_secret_opens_with_a_key_that_is_kept(
    app_database: Database, worker_database: Database, desk: Desk, service: Service, moment: Clock
) -> None:
    held = await hold(app_database, desk)
    connections = OpenConnections(worker_database, Sealer(service))
    await connections.get(held.tenant, held.connection)
    service.is_away = True
    await change(app_database, desk, held, PASSWORD + "!")
    moment.now += opening.FRESH_SECONDS
    assert (await connections.get(held.tenant, held.connection)).secrets["password"].reveal() == PASSWORD + "!"


async def test_F_27_S_76_a_first_secret_waits_for_the_service_and_later_ones_do_not(
    app_database: Database, desk: Desk, service: Service
) -> None:
    api = Desk(desk.forms, Sealer(service))
    world = await make_tenant(app_database, "new")
    service.is_away = True
    with pytest.raises(KeyServiceUnavailable):
        await api.sealer.prepare(app_database, world.tenant_id)
    service.is_away = False
    held = await hold(app_database, api)
    service.is_away = True
    await api.sealer.prepare(app_database, held.tenant)
    await change(app_database, api, held, PASSWORD + "!")


async def test_S_71_what_does_not_open_is_an_alarm_and_in_the_audit_once_in_five_minutes(
    app_database: Database,
    worker_database: Database,
    desk: Desk,
    sealer: Sealer,
    moment: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    held = await hold(app_database, desk)
    async with app_database.tenant(held.tenant) as connection:
        await connection.execute("UPDATE app.connection_secret SET version = version + 1")
    connections = OpenConnections(worker_database, sealer)
    for passed in (0.0, 3.0, alarms.AGAIN_SECONDS):
        moment.now += passed
        with pytest.raises(SecretUnreadable):
            await connections.get(held.tenant, held.connection)
    async with app_database.tenant(held.tenant) as connection:
        rows = await connection.fetch(
            "SELECT actor, target, after::text AS why FROM app.audit WHERE action = $1", alarms.ACTION
        )
    assert [row["actor"] for row in rows] == ["engine", "engine"]
    assert all("moved or altered" in row["why"] for row in rows)
    assert caplog.text.count("a stored secret cannot be read") == 2
    assert PASSWORD not in caplog.text
