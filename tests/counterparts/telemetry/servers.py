"""A real Phoenix and a real Prometheus for the tests, on loopback, each gone when its block ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import msgspec

from infra.embedded.ports import choose

HERE = Path(__file__).parent
PATIENCE = 120.0


@contextmanager
def phoenix(place: Path, data: Path) -> Iterator[str]:
    """The address of a Phoenix with an empty database in `data`."""
    port = choose(None)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(choose(None)),
        "PHOENIX_WORKING_DIR": str(data),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    command = [str(place / "venv/bin/python"), str(HERE / "phoenix_on_loopback.py")]
    with _running(command, environment, data / "phoenix.log"):
        url = f"http://127.0.0.1:{port}"
        _until(f"{url}/healthz", data / "phoenix.log")
        yield url


@contextmanager
def prometheus(data: Path, ports: Sequence[int]) -> Iterator[str]:
    """The address of a Prometheus that scrapes `ports` each second."""
    program, port = shutil.which("prometheus"), choose(None)
    assert program is not None
    targets = ", ".join(f"'127.0.0.1:{one}'" for one in ports)
    configuration = data / "prometheus.yml"
    configuration.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: waybill, static_configs: [{{targets: [{targets}]}}]}}]\n"
    )
    command = [program, f"--config.file={configuration}", f"--storage.tsdb.path={data / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with _running(command, {"PATH": os.environ["PATH"]}, data / "prometheus.log"):
        url = f"http://127.0.0.1:{port}"
        _until(f"{url}/-/ready", data / "prometheus.log")
        yield url


def read(url: str, **query: str) -> Any:
    """The JSON at `url`."""
    with urlopen(f"{url}?{urlencode(query)}" if query else url, timeout=PATIENCE) as answer:  # noqa: S310 (loopback)
        return msgspec.json.decode(answer.read())


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=log.parent, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def _until(url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 (loopback)
                if answer.status == 200:
                    return
        except (URLError, OSError):
            pass
        if time.monotonic() > until:
            raise TimeoutError(log.read_text(errors="replace")[-3000:])
        time.sleep(0.1)
