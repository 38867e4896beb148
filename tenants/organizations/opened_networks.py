"""Which private networks each tenant may reach, as this process knows it: read anew every few seconds."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from ipaddress import ip_network
from typing import Final
from uuid import UUID

from infra.database import Database, surviving
from infra.egress.addresses import Network

SECONDS: Final = 3.0


class OpenedNetworks:
    """Asked by the way out before each call. Nothing is open before the first reading."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[Network, ...]] = {}

    def __call__(self, tenant: UUID) -> tuple[Network, ...]:
        return self._known.get(tenant, ())

    async def run(self, seconds: float = SECONDS) -> None:
        """Until cancelled. While the database is away what was read last holds."""
        while True:
            with surviving("reading the opened networks"):
                await self.refresh()
            await asyncio.sleep(seconds)

    async def refresh(self) -> None:
        async with self._database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.opened_networks()")
        found: defaultdict[UUID, list[Network]] = defaultdict(list)
        for row in rows:
            found[row["tenant_id"]].append(ip_network(row["network"]))
        self._known = {tenant: tuple(networks) for tenant, networks in found.items()}
