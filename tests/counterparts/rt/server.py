"""A desk of one's own for a test run: a copy of the pristine one, served on a free port of loopback."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.ports import choose
from tests.counterparts.rt.install import SERVER, configure
from tests.patience import PATIENCE


@contextmanager
def running(place: Path, data: Path) -> Iterator[int]:
    """Serve it from `data` until the block ends; gives the port.

    Raises:
        RuntimeError: it ended before it served, with the end of its log.
    """
    port = choose(None)
    environment = configure(data, port)
    shutil.copyfile(place / "rt.sqlite", data / "rt.sqlite")
    command: list[str | Path] = [SERVER, "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            _wait(server)
            yield port
        finally:
            # By SIGTERM: at SIGINT, as root, it would hand Debian's own folder to the web server's user.
            server.terminate()
            server.wait(PATIENCE)


def _wait(server: subprocess.Popen[str]) -> None:
    assert server.stderr is not None
    lines: list[str] = []
    for line in server.stderr:
        lines.append(line)
        if "Accepting connections" in line:
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return
    raise RuntimeError("Request Tracker did not start:\n" + "".join(lines[-20:]))
