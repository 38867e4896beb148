"""The product on an outside server of the oldest version that is supported, as the operator's guide sets it up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import database_roles as roles
from infra.database_preparation import prepare
from infra.embedded import Home, Postgres
from infra.embedded.cluster import Cluster
from infra.embedded.stack import Endpoints, Stack
from infra.embedded.valkey import Valkey
from tests.counterparts.postgresql_17.install import folder, install, is_installed
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.infra.outside_server import admin, as_outside

pytestmark = [pytest.mark.night, pytest.mark.postgresql_17]


@pytest.fixture(scope="session")
def prefix() -> Path:
    """The installed programs; in CI they are installed, elsewhere the tests are skipped without them."""
    home = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
    if os.environ.get("CI") == "true":
        return install(home)
    if not is_installed(home):
        pytest.skip("PostgreSQL 17.6 is not installed: run the tests with CI=true to install it")
    return folder(home)


class Postgres17(Postgres):
    def __init__(self, home: Home, prefix: Path) -> None:
        super().__init__(home, durable=False)
        self.bin = prefix / "bin"
        self.cluster = Cluster(home, self._parent / "data", self.bin, 17, self._user)


class OutsideStack(Stack):
    """Services whose database somebody else runs: all that is known of it are the addresses that `prepare` gave."""

    given: Endpoints

    @property
    def endpoints(self) -> Endpoints:
        return self.given


@pytest.fixture
def server(prefix: Path, tmp_path: Path) -> Iterator[OutsideStack]:
    home = Home(tmp_path / "plant")
    home.lock()
    postgres, valkey = Postgres17(home, prefix), Valkey(home)
    postgres.start()
    valkey.start()
    as_outside(postgres)
    running = OutsideStack(home, postgres, valkey)
    yield running
    running.stop()


async def test_orders_become_sales_on_postgresql_17_6(server: OutsideStack) -> None:
    urls = await prepare(admin(server.postgres))
    server.given = Endpoints(
        database_url=urls[roles.APP],
        worker_database_url=urls[roles.WORKER],
        migrator_database_url=urls[roles.MIGRATOR],
        redis_url=server.valkey.url(),
    )
    assert server.postgres.run_sql(["SHOW server_version"]).strip() == "17.6"
    async with Plant(server.home.folder, stack=server) as plant:
        plant.start_worker()
        for number in range(20):
            await plant.send_until_taken(number)
        await plant.all_ended(20)
        await check_world(plant, accepted=20)
