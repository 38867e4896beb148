from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.egress import Client, Guard
from services.engine.expressions.evaluator import NOWHERE
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.n8n import workflows
from tests.counterparts.n8n.install import TOKEN, VERSION, install, running
from tests.counterparts.proxy import Proxy, proxied

ALL = [workflows.doubling(), workflows.calling_back(), workflows.handing_on(), workflows.forgetting()]


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    place = install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    for name in ("n8n", "webhook"):
        certifying.saw(name, VERSION)
    with running(place, tmp_path_factory.mktemp("n8n"), ALL) as port:
        yield port


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture
async def proxy(port: int) -> AsyncIterator[Proxy]:
    async with proxied(port) as proxy:
        yield proxy


@pytest.fixture
def caller(client: Client, proxy: Proxy) -> Caller:
    url = f"http://127.0.0.1:{proxy.port}"
    return Caller("n8n", url, client, NOWHERE, settings={"calls": "keyed"}, secrets={"token": TOKEN})
