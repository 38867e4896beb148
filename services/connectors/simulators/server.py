"""A simulator as a process: it listens, closes its port for a while when it is told to, and ends on a signal."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from services.connectors.simulators.faults import Faults
from services.connectors.simulators.front import Front
from services.connectors.simulators.http import Connection
from services.connectors.simulators.system import System


class Server:
    """`system` behind its front. Port 0 takes a free one; a port refused for some seconds is taken again afterwards."""

    def __init__(self, system: System, host: str, port: int, token: str | None, latency: float = 0.0) -> None:
        self._system = system
        self._host = host
        self.port = port
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._front = Front(system, token, self._refuse, Faults(latency=latency))
        self._tasks: set[asyncio.Task[None]] = set()
        self.beside: dict[str, str] = {}
        """Where else its system listens."""

    async def listen(self) -> None:
        """Begin, with what the system does by itself. Raises OSError when the port is taken."""
        await self._listen()
        self.beside = await self._system.open()
        self._keep(self._system.run())

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._front, self._open), self._host, self.port, reuse_address=True, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """End it, with its system."""
        self._shut()
        for task in self._tasks:
            task.cancel()
        self._system.close()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._open):
            connection.cut()

    def _refuse(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        # The answer to the control request goes out first.
        loop.call_later(0.02, self._shut)
        loop.call_later(0.02 + seconds, self._reopen)

    def _reopen(self) -> None:
        self._keep(self._listen())

    def _keep(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve(server: Server, host: str) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await server.listen()
    address = {"address": f"http://{host}:{server.port}", "port": server.port, "pid": os.getpid(), **server.beside}
    sys.stdout.write(json.dumps(address) + "\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()
