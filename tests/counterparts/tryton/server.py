"""A Tryton of one's own for a test run: a fresh database, a server on a free port."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.ports import choose
from tests.counterparts.tryton.install import DATABASE, fresh, write_configuration
from tests.patience import PATIENCE


@contextmanager
def running(place: Path, data: Path, port: int = 0, address: str = "") -> Iterator[int]:
    """Serve a fresh ERP from `data` until the block ends, or the one at `address`; gives the port.

    Raises:
        RuntimeError: it ended before it served, with the end of its log.
    """
    port = choose(port or None)
    if not address:
        fresh(place, data)
    configuration = write_configuration(data, port, address or "sqlite://")
    command: list[str | Path] = [place / "venv/bin/trytond", "-c", configuration, "-d", DATABASE]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait_until_it_serves(server)
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_until_it_serves(server: subprocess.Popen[str]) -> None:
    assert server.stderr is not None
    lines: list[str] = []
    for line in server.stderr:
        lines.append(line)
        if "Running on http://" in line:
            # Its log is read to the end, or the pipe would fill and stop it.
            threading.Thread(target=_drain, args=(server,), daemon=True).start()
            return
    raise RuntimeError("Tryton did not start:\n" + "".join(lines[-20:]))


def _drain(server: subprocess.Popen[str]) -> None:
    if server.stderr is not None:
        with server.stderr as log:
            for _ in log:
                pass
