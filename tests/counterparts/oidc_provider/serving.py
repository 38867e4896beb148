"""The real provider as a process beside a test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from joserfc.jwk import RSAKey

from infra.embedded.ports import choose
from tests.counterparts.oidc_provider.install import environment, folder, install, is_installed

SECRET: Final = "of-these-tests-and-nothing-else"  # noqa: S105 (loopback, for a minute)

KEY: Final = RSAKey.generate_key(2048, {"kid": "of-these-tests", "use": "sig", "alg": "RS256"})
"""What it signs with, so that tests can sign what it would never say."""


def programs() -> Path:
    """The installed provider; in CI it is installed, elsewhere the tests are skipped without it."""
    home = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
    if os.environ.get("CI") != "true" and not is_installed(home):
        pytest.skip("oidc-provider is not installed: run `python tests/counterparts/oidc_provider/install.py`")
    install(home)
    return folder(home)


class Serving:
    """The running provider, at `issuer`."""

    def __init__(self, process: subprocess.Popen[str], issuer: str) -> None:
        self._process = process
        self.issuer = issuer

    def begin(self, returns: list[str], logout: str = "") -> None:
        """Nobody is signed in there. Browsers go back to `returns` alone; it tells of ended sessions at `logout`."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"returns": returns, "logout": logout}) + "\n")
        process.stdin.flush()
        # It warns of the settings of tests before it is ready.
        assert any(line.strip() == "ready" for line in process.stdout)


@contextmanager
def provider(place: Path) -> Iterator[Serving]:
    """One process, for one test after the other."""
    port = choose(None)
    given = {**environment(), "PORT": str(port), "SECRET": SECRET}
    given |= {"KEYS": json.dumps({"keys": [KEY.as_dict(private=True)]})}
    with subprocess.Popen(
        ["node", "provider.mjs"],
        cwd=place,
        env=given,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Serving(process, f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
