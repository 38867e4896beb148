from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.database import Database
from infra.egress import Client
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from tenants.connections.sealing import Sealer
from tests.services.connectors.authorizing.side import Side
from tests.services.connectors.authorizing.system import CLIENT, System


@pytest.fixture
async def side(
    client: Client, app_database: Database, worker_database: Database, tmp_path: Path
) -> AsyncIterator[Side]:
    create_kek_file(tmp_path / "kek")
    async with System().running() as system:
        assert isinstance(system, System)
        sealer = Sealer(FileKeyProvider(tmp_path / "kek"))
        settings = {"base_url": f"{system.url}/api", "allow_http": True, "client_id": CLIENT}
        side = Side(client, app_database, worker_database, sealer, settings)
        side.system = system
        await side.begin()
        yield side
