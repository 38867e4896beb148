"""One round of deliveries that dies when the first message was sent: `python -m … DATABASE KEY`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from infra import crash_points
from infra.database import Database
from infra.egress import Client, Guard
from infra.encryption.key_provider import FileKeyProvider
from services.worker.webhooks import Deliverer
from tenants.connections.sealing import Sealer


async def main(url: str, kek: str) -> None:
    crash_points.arm("webhook.sent")
    database = await Database(url).open()
    async with Client(Guard(allow_loopback=True)) as client:
        deliverer = Deliverer(database, client, Sealer(FileKeyProvider(Path(kek))), poll=1.0)
        await deliverer.round()
        await deliverer.idle()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
