"""A simulated ERP, as a process: `python -m services.connectors.simulators.erp --port 0 --data FILE`.

Prints one JSON line with its address when it listens; ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import uvloop

from services.connectors.simulators.erp_faults import Faults
from services.connectors.simulators.erp_http import Connection
from services.connectors.simulators.erp_routes import Routes
from services.connectors.simulators.erp_store import Books


class Simulator:
    """The server. Port 0 takes a free one; a port refused for some seconds is taken again afterwards."""

    def __init__(self, books: Books, host: str, port: int, token: str | None, latency: float = 0.0) -> None:
        self._host = host
        self.port = port
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._routes = Routes(books, token, self._refuse, Faults(latency=latency))
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._routes, self._open), self._host, self.port, reuse_address=True, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._open):
            connection.cut()

    def _refuse(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        # The answer to the control request goes out first.
        loop.call_later(0.02, self.close)
        loop.call_later(0.02 + seconds, self._reopen)

    def _reopen(self) -> None:
        task = asyncio.get_running_loop().create_task(self.listen())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve(host: str, port: int, data: Path, token: str | None, latency: float = 0.0) -> None:
    """Run until SIGTERM or SIGINT."""
    books = Books(data)
    simulator = Simulator(books, host, port, token, latency)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await simulator.listen()
    address = {"address": f"http://{host}:{simulator.port}", "port": simulator.port, "pid": os.getpid()}
    sys.stdout.write(json.dumps(address) + "\n")
    sys.stdout.flush()
    await stop.wait()
    simulator.close()
    books.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description="A simulated ERP with its own state and failure modes")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--data", type=Path, required=True, help="SQLite file; made and filled when missing")
    arguments.add_argument("--token-file", type=Path, help="file with the bearer token; without it none is asked for")
    arguments.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    given = arguments.parse_args()
    token = None if given.token_file is None else given.token_file.read_text().strip()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(serve(given.host, given.port, given.data, token, given.latency))
    except OSError as error:
        raise SystemExit(f"The simulator cannot start: {error}") from error


if __name__ == "__main__":
    main()
