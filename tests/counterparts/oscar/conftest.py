from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra.egress import Client, Guard, Request
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.counterparts.calling import TENANT, Caller
from tests.counterparts.oscar.install import BUYER, PASSWORD, STAFF, install, running
from tests.counterparts.proxy import Proxy, proxied


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    place = install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    with running(place, tmp_path_factory.mktemp("oscar")) as port:
        yield port


@pytest.fixture
async def proxy(port: int) -> AsyncIterator[Proxy]:
    async with proxied(port) as proxy:
        yield proxy


class Buyer:
    """Somebody who buys in the shop, past the connector."""

    def __init__(self, client: Client, port: int) -> None:
        self._client = client
        self._base = f"http://127.0.0.1:{port}/api"
        token = base64.b64encode(":".join(BUYER).encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        content = b"" if body is None else msgspec.json.encode(body)
        url = f"{self._base}/{path}"
        request = Request(method=method, url=url, headers=self._headers, body=content)
        answer = await self._client.send(TENANT, request)
        assert answer.status < 300, answer.body
        return msgspec.json.decode(answer.body) if answer.body else None

    async def order(self, **quantities: int) -> str:
        """Buy so many of each; the order's number. `SKU_1` is the first part."""
        products = (await self.ask("GET", "products/"))["results"]
        by_title = {one["title"].rpartition(" ")[2].replace("-", "_"): one["url"] for one in products}
        basket = await self.ask("GET", "basket/")
        # What another test has left in it is no part of this order.
        for line in (await self.ask("GET", basket["lines"].partition("/api/")[2]))["results"]:
            await self.ask("DELETE", line["url"].partition("/api/")[2])
        for sku, quantity in quantities.items():
            await self.ask("POST", "basket/add-product/", {"url": by_title[sku], "quantity": quantity})
        address = {
            "first_name": "Ann",
            "last_name": "Buyer",
            "line1": "5 Example Street",
            "line4": "Springfield",
            "postcode": "00001",
            "country": f"{self._base}/countries/US/",
        }
        given = {"basket": basket["url"], "shipping_address": address, "billing_address": address}
        number: str = (await self.ask("POST", "checkout/", given))["number"]
        return number


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture
def buyer(client: Client, port: int) -> Buyer:
    return Buyer(client, port)


@pytest.fixture
async def shop(client: Client, proxy: Proxy) -> AsyncIterator[Caller]:
    async with ExpressionPool(size=1) as pool:
        url, evaluator = f"http://127.0.0.1:{proxy.port}", Expressions(pool)
        yield Caller("django-oscar", url, client, evaluator, settings={"user": STAFF}, secrets={"password": PASSWORD})


@pytest.fixture
def key() -> str:
    return uuid4().hex
