"""A simulator as a process: `python -m services.connectors.simulators NAME --port 0 --data FILE`.

Prints one JSON line with its address when it listens; ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

import uvloop

from services.connectors.simulators import systems
from services.connectors.simulators.server import Server, serve


def main() -> None:
    arguments = argparse.ArgumentParser(description="A simulated system with its own state and failure modes")
    arguments.add_argument("name", choices=sorted(systems.KINDS))
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--data", type=Path, required=True, help="SQLite file; made and filled when missing")
    arguments.add_argument("--token-file", type=Path, help="file with the bearer token; without it none is asked for")
    arguments.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    given = arguments.parse_args()
    token = None if given.token_file is None else given.token_file.read_text().strip()
    server = Server(systems.start(given.name, given.data, token), given.host, given.port, token, given.latency)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(serve(server, given.host))
    except OSError as error:
        raise SystemExit(f"The simulator cannot start: {error}") from error


if __name__ == "__main__":
    main()
