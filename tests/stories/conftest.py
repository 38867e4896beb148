from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.faults.plant import PATIENT, UNHURRIED
from tests.portal.site import Site


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One installation for all stories, each of which has a client of its own there; no worker yet."""
    async with Site(tmp_path_factory.mktemp("stories") / "home", settings={**PATIENT, **UNHURRIED}) as site:
        yield site
