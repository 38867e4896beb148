from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.database import Database
from infra.egress import Client, Guard
from tests.services.connectors.declared.authority import Authority
from tests.services.connectors.declared.other import Other, said
from tests.services.connectors.health.clinic import Clinic
from tests.world import make_tenant


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def client(authority: Authority) -> AsyncIterator[Client]:
    """The guarded one, by which every name is this machine's, but for `nowhere.example`."""

    async def resolve(name: str, _port: int) -> list[str]:
        return [] if name == "nowhere.example" else ["127.0.0.1"]

    trust = ssl.create_default_context(cafile=authority.file)
    async with Client(Guard(allow_loopback=True, resolve=resolve), trust=trust) as made:
        yield made


@pytest.fixture
async def clinic(client: Client, app_database: Database, worker_database: Database) -> AsyncIterator[Clinic]:
    """A connection that was made a moment ago, to a system that is well."""
    async with Other(said({"total": 1})).running() as other:
        found = Clinic(client, other, app_database, worker_database, await make_tenant(app_database))
        await found.begin()
        yield found
