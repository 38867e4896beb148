from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.house.tree import ROOT
from tests.portal.browser import executable, launched
from tests.portal.person import SCREENSHOTS
from tests.portal.site import Site

BUILT = ROOT / "services/portal/static/index.html"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests; the pictures of the session before are gone, so that none of them is taken for a new one."""
    async with launched() as found:
        shutil.rmtree(SCREENSHOTS, ignore_errors=True)
        yield found


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One installation for all journeys, with a worker and an ERP that takes its time as real ones do."""
    executable()
    assert BUILT.exists(), "`make portal` builds the pages"
    async with Site(tmp_path_factory.mktemp("site") / "home") as found:
        found.start_worker()
        yield found


@pytest.fixture
async def slow_erp(site: Site) -> AsyncIterator[Site]:
    """So slow that a person sees a run move."""
    await site.faults(latency=1.0)
    yield site
    await site.faults()


@pytest.fixture
def static() -> Path:
    assert BUILT.exists(), "`make portal` builds the pages"
    return BUILT.parent
