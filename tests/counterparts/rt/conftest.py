from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from infra.egress import Client, Guard
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Proxy, proxied
from tests.counterparts.rt.install import PASSWORD, QUEUE, USER, install
from tests.counterparts.rt.server import running


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    place = install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    with running(place, tmp_path_factory.mktemp("rt")) as port:
        yield port


@pytest.fixture
async def proxy(port: int) -> AsyncIterator[Proxy]:
    async with proxied(port) as proxy:
        yield proxy


@pytest.fixture
async def desk(proxy: Proxy) -> AsyncIterator[Caller]:
    async with Client(Guard(allow_loopback=True)) as client, ExpressionPool(size=1) as pool:
        settings = {"user": USER, "queue": QUEUE}
        url = f"http://127.0.0.1:{proxy.port}"
        evaluator = Expressions(pool)
        yield Caller("request-tracker", url, client, evaluator, settings=settings, secrets={"password": PASSWORD})


@pytest.fixture
def key() -> str:
    return uuid4().hex
