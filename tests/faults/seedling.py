"""A home that is ready to be started: made once for all tests of a process, and copied, since a copy costs a tenth."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from infra import migrate
from infra.embedded.ports import choose
from infra.embedded.stack import Stack
from infra.encryption.key_file import create_kek_file
from infra.settings import child_environment, load
from services.cli import demo


class Seedling:
    """Databases, secrets and the demo's clients, of services that have ended well.

    Attributes:
        erp_port: where the demo's connection looks for the simulated ERP.
        key: the demo client's API key.
    """

    _made: ClassVar[Seedling | None] = None

    def __init__(self, home: Path, erp_port: int, key: str) -> None:
        self.home = home
        self.erp_port = erp_port
        self.key = key

    @classmethod
    def get(cls) -> Seedling:
        """May be called inside an event loop; it is grown on another."""
        if cls._made is None:
            folder = Path(tempfile.mkdtemp(prefix="seedling-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            with ThreadPoolExecutor(1) as beside:
                cls._made = beside.submit(lambda: asyncio.run(_grown(folder / "home"))).result()
        return cls._made

    def plant_in(self, folder: Path) -> None:
        """Copy it to `folder`, which must not be there yet."""
        shutil.copytree(self.home, folder, symlinks=True)


async def _grown(home: Path) -> Seedling:
    port = choose(None)
    with Stack.start(home) as stack:
        create_kek_file(home / "secrets" / "kek")
        stack.home.secret("erp-token")
        urls = stack.endpoints
        await migrate.upgrade(urls.migrator_database_url)
        environment = child_environment(
            {
                "WAYBILL_HOME": str(home),
                "WAYBILL_DATABASE_URL": urls.database_url,
                "WAYBILL_WORKER_DATABASE_URL": urls.worker_database_url,
                "WAYBILL_REDIS_URL": urls.redis_url,
                "WAYBILL_DEMO_ERP_URL": f"http://127.0.0.1:{port}",
                "WAYBILL_EGRESS_LOOPBACK": "true",
            }
        )
        credentials = await demo.seed(load(environment))
    return Seedling(home, port, credentials.api_key)
