from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.database import Database
from infra.egress import Client, Guard
from infra.encryption.key_provider import FileKeyProvider
from tenants.connections.sealing import Sealer
from tests.services.webhooks.desk import Desk
from tests.services.webhooks.receiver import Receiver, receiving
from tests.world import make_tenant


@pytest.fixture
def kek(tmp_path: Path) -> Path:
    path = tmp_path / "kek"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o600)
    return path


@pytest.fixture
async def desk(app_database: Database, worker_database: Database, kek: Path) -> AsyncIterator[Desk]:
    world = await make_tenant(app_database)
    async with Client(Guard(allow_loopback=True)) as client:
        yield Desk(app_database, worker_database, world.tenant_id, Sealer(FileKeyProvider(kek)), client)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made
