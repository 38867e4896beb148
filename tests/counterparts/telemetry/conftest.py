from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.counterparts.telemetry.install import PHOENIX
from tests.counterparts.telemetry.servers import phoenix


@pytest.fixture(scope="session")
def phoenix_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Phoenix."""
    with phoenix(PHOENIX.at_hand(), tmp_path_factory.mktemp("phoenix")) as url:
        yield url


@pytest.fixture
def with_prometheus() -> None:
    """In CI Prometheus is there, elsewhere its tests are skipped without it."""
    if shutil.which("prometheus") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Prometheus is missing; `.ci/run` installs it")
        pytest.skip("Prometheus is not installed: `apt install --no-install-recommends prometheus`")
