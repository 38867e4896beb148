"""A whole installation with the portal in front, as `waybill up` has it: two partners, two hosts, two brands."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.embedded.ports import choose
from infra.settings import load
from services.cli import demo
from services.cli.running import Portal
from tests.faults.plant import Plant


class Site(Plant):
    """Use as `async with Site(folder) as site`; signs in by `harbor` and `summit`."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, settings=settings)
        self.harbor: Portal
        self.summit: Portal
        self._port = 0

    async def _start(self) -> None:
        await super()._start()
        # The seed finds what the plant has sown and answers the ways in.
        self.harbor, self.summit = (await demo.seed(load(self.environment()))).portals

    def start_api(self, changes: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """On the same port each time: a page that is open finds it again."""
        self._port = self._port or choose(None)
        self.api_url = f"http://127.0.0.1:{self._port}"
        command = ["granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--loop", "uvloop", "--no-ws", "services.portal.app:create_app"]
        self.api = self._spawn("api", command, self.environment(changes))
        self._others.append(self.api)
        return self.api

    def url(self, portal: Portal, path: str = "/") -> str:
        return f"http://{portal.host}:{self._port}{path}"
