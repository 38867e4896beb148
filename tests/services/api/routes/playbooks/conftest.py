from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.database import Database
from infra.egress import Client, Guard
from infra.settings import Settings
from tenants.connections import opening
from tests.services.api.routes.conftest import Cast
from tests.services.api.routes.playbooks.continuing import Shop, open_shop
from tests.services.connectors.conftest import Simulator


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture
async def shop(
    cast: Cast,
    api_settings: Settings,
    app_database: Database,
    worker_database: Database,
    tmp_path: Path,
    client: Client,
) -> AsyncIterator[Shop]:
    """Its workers know a connection for as long as they do."""
    (tmp_path / "erp").mkdir()
    async with (
        Simulator(client, tmp_path / "erp").running() as simulator,
        open_shop(cast, api_settings, app_database, worker_database, client, simulator) as shop,
    ):
        yield shop


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker sees at once what others do with a connection."""
    monkeypatch.setattr(opening, "FRESH_SECONDS", 0.0)
