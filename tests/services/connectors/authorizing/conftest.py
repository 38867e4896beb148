from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.database import Database
from infra.egress import Client
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from tenants.connections.sealing import Sealer
from tests.services.connectors.authorizing.side import Side
from tests.services.connectors.authorizing.system import CLIENT, MACHINE, SYSTEM, System


@pytest.fixture
async def side(
    client: Client, app_database: Database, worker_database: Database, tmp_path: Path
) -> AsyncIterator[Side]:
    async with _side(client, app_database, worker_database, tmp_path, SYSTEM) as found:
        yield found


@pytest.fixture
async def machine(
    client: Client, app_database: Database, worker_database: Database, tmp_path: Path
) -> AsyncIterator[Side]:
    """A connection that nobody has to authorise."""
    async with _side(client, app_database, worker_database, tmp_path, MACHINE) as found:
        yield found


@asynccontextmanager
async def _side(
    client: Client, app_database: Database, worker_database: Database, tmp_path: Path, document: Mapping[str, Any]
) -> AsyncIterator[Side]:
    create_kek_file(tmp_path / "kek")
    async with System().running() as system:
        assert isinstance(system, System)
        sealer = Sealer(FileKeyProvider(tmp_path / "kek"))
        settings = {"base_url": f"{system.url}/api", "allow_http": True, "client_id": CLIENT}
        side = Side(client, app_database, worker_database, sealer, settings, document=document)
        side.system = system
        await side.begin()
        yield side
