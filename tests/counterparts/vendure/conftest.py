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
from tests.counterparts.vendure import people
from tests.counterparts.vendure.crowd import Crowd
from tests.counterparts.vendure.install import install, running


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shop keeps what it has."""
    return tmp_path_factory.mktemp("vendure")


@pytest.fixture(scope="session")
def port(data: Path) -> Iterator[int]:
    place = install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    with running(place, data) as port:
        yield port


@pytest.fixture
def crowd(data: Path) -> Iterator[Crowd]:
    with Crowd(data / "shop.sqlite") as crowd:
        yield crowd


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture(scope="session")
async def keys(port: int) -> tuple[str, str]:
    """Of the connector's role, and of one that may not see orders."""
    async with Client(Guard(allow_loopback=True)) as client:
        return await people.furnished(client, f"http://127.0.0.1:{port}")


@pytest.fixture
async def proxy(port: int) -> AsyncIterator[Proxy]:
    async with proxied(port) as proxy:
        yield proxy


@pytest.fixture
async def shop(client: Client, proxy: Proxy, keys: tuple[str, str]) -> AsyncIterator[Caller]:
    async with ExpressionPool(size=1) as pool:
        url, evaluator = f"http://127.0.0.1:{proxy.port}", Expressions(pool)
        yield Caller("vendure", url, client, evaluator, settings={}, secrets={"key": keys[0]})


@pytest.fixture
def key() -> str:
    return uuid4().hex
