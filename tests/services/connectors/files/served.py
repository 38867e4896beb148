"""A connection to a server of files, called as the engine calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from infra import egress
from services.connectors.simulators import sftp_server
from services.connectors.simulators.sftp_server import FileServer
from services.engine.expressions.protocol import Evaluator
from tests.counterparts.calling import Caller

PASSWORD: Final = "canary-password"  # noqa: S105 (a server on loopback)
LAYOUTS: Final[dict[str, Any]] = {
    "orders": {
        "format": "csv",
        "columns": [
            {"name": "order", "required": True},
            {"name": "quantity", "kind": "decimal", "required": True},
        ],
    }
}


class Served:
    """`caller` speaks with it by the manifest `sftp`; `root` is what the account sees."""

    def __init__(self, root: Path, server: FileServer, caller: Caller) -> None:
        self.root = root
        self.server = server
        self.caller = caller

    def files(self, folder: str) -> dict[str, str]:
        return {one.name: one.read_text() for one in sorted((self.root / folder).iterdir()) if one.is_file()}


@asynccontextmanager
async def served(folder: Path, client: egress.Client, evaluator: Evaluator, **settings: Any) -> AsyncIterator[Served]:
    root = folder / "served"
    for one in ("in/done", "out"):
        (root / one).mkdir(parents=True)
    async with sftp_server.serving(root, "acme", PASSWORD) as server:
        given = {"user": "acme", "host_keys": [server.host_key], "layouts": LAYOUTS, **settings}
        secrets = {"password": PASSWORD}
        yield Served(root, server, Caller("sftp", server.url, client, evaluator, settings=given, secrets=secrets))
