from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counterparts.telemetry.install import folder, install, is_installed
from tests.counterparts.telemetry.servers import phoenix


@pytest.fixture(scope="session")
def phoenix_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Phoenix; in CI it is installed, elsewhere its tests are skipped without it."""
    home = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
    if os.environ.get("CI") == "true":
        install(home)
    elif not is_installed(home):
        pytest.skip("Phoenix is not installed: run `python -m tests.counterparts.telemetry.install`")
    with phoenix(folder(home), tmp_path_factory.mktemp("phoenix")) as url:
        yield url


@pytest.fixture
def with_prometheus() -> None:
    """In CI Prometheus is there, elsewhere its tests are skipped without it."""
    if shutil.which("prometheus") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Prometheus is missing; `.ci/run` installs it")
        pytest.skip("Prometheus is not installed: `apt install --no-install-recommends prometheus`")
