"""The real provider as a process beside a test."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.counterparts.oidc_provider.install import environment, folder, install, is_installed

SECRET: Final = "of-these-tests-and-nothing-else"  # noqa: S105 (loopback, for a minute)


def programs() -> Path:
    """The installed provider; in CI it is installed, elsewhere the tests are skipped without it."""
    home = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
    if os.environ.get("CI") != "true" and not is_installed(home):
        pytest.skip("oidc-provider is not installed: run `python tests/counterparts/oidc_provider/install.py`")
    install(home)
    return folder(home)


def free_issuer() -> str:
    """An address of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return f"http://127.0.0.1:{port}"


@contextmanager
def provider(place: Path, issuer: str, returns: list[str]) -> Iterator[None]:
    """Answers at `issuer`, and sends browsers back to `returns` alone."""
    given = {**environment(), "PORT": issuer.rpartition(":")[2], "SECRET": SECRET, "RETURNS": " ".join(returns)}
    with subprocess.Popen(
        ["node", "provider.mjs"], cwd=place, env=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            # It warns of the settings of tests before it is ready.
            assert any(line.strip() == "ready" for line in process.stdout)
            yield
        finally:
            process.terminate()
