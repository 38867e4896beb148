"""The API as operators run it: `waybill api` in a process of its own, on a port of loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from infra.embedded import ports
from infra.embedded.stack import Endpoints
from tests.faults.warm import WarmStarter
from tests.patience import PATIENCE

_READY_SECONDS = 90.0
"""A start takes three seconds of processor time; a machine that runs all tests at once gives them ten times as late."""


@contextmanager
def served(home: Path, endpoints: Endpoints, **settings: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Its port, and the environment that commands beside it need. Ends the process and waits for its end."""
    kek = home / "secrets" / "kek"
    kek.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)
    port = ports.choose(None)
    own = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
    environment = {
        **own,
        "WAYBILL_HOME": str(home),
        "WAYBILL_DATABASE_URL": endpoints.database_url,
        "WAYBILL_REDIS_URL": endpoints.redis_url,
        "WAYBILL_API_PORT": str(port),
        "WAYBILL_LIVE_OWNERS": "reported",
        "WAYBILL_API_URL": f"http://127.0.0.1:{port}",
        **settings,
    }
    log = home / "api.log"
    process = WarmStarter.get().start(["services.cli.main", "api"], environment, log)
    try:
        _wait(process, port, log)
        yield port, environment
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with (
            contextlib.suppress(OSError),
            contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line,
        ):
            line.request("GET", "/health/ready")
            if line.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(0.05)  # polls another process, which tells nobody when it listens
    raise AssertionError(log.read_text())


def ask(port: int, method: str, target: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """One request by the standard library's client."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        line.request(method, target, headers=headers)
        answer = line.getresponse()
        return answer, answer.read()
