from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from infra.egress import Client, Guard
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.counterparts.calling import Caller
from tests.counterparts.oscar import install as oscar
from tests.counterparts.proxy import Proxy, proxied
from tests.counterparts.rt import install as rt
from tests.counterparts.rt.server import running as desk_running
from tests.counterparts.tryton import install as tryton
from tests.counterparts.tryton.people import People
from tests.counterparts.tryton.server import running as erp_running
from tests.counterparts.vendure import install as vendure
from tests.counterparts.vendure import people
from tests.counterparts.way.course import Course
from tests.counterparts.way.landscape import MAPPINGS, Way, temporary
from tests.counterparts.way.shops import Oscar, Shop, Vendure
from tests.faults.plant import PATIENT, Plant

HOME = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
HURRIED = pytest.mark.parametrize("patience", [5])
"""Of tests in which calls wait until nobody waits for them any more: seconds."""


@pytest.fixture
def patience() -> int:
    """Seconds that a call may take."""
    return 30


@pytest.fixture(scope="session")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Ports of the ERP and the desk, which all tests share."""
    folder = tmp_path_factory.mktemp("systems")
    with ExitStack() as stack:
        erp = stack.enter_context(erp_running(tryton.install(HOME), temporary(folder, "erp")))
        desk = stack.enter_context(desk_running(rt.install(HOME), temporary(folder, "desk")))
        yield {"erp": erp, "desk": desk}


@pytest.fixture(scope="session")
def oscar_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with oscar.running(oscar.install(HOME), tmp_path_factory.mktemp("oscar")) as port:
        yield port


@pytest.fixture(scope="session")
def vendure_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with vendure.running(vendure.install(HOME), tmp_path_factory.mktemp("vendure")) as port:
        yield port


@pytest.fixture(scope="session")
async def vendure_key(vendure_port: int) -> str:
    async with Client(Guard(allow_loopback=True)) as client:
        return (await people.furnished(client, f"http://127.0.0.1:{vendure_port}"))[0]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture(params=["oscar", "vendure"])
def shop(request: pytest.FixtureRequest, client: Client) -> tuple[Shop, int]:
    """One of the shops, and its port."""
    port = request.getfixturevalue(f"{request.param}_port")
    if request.param == "oscar":
        return Oscar(client, port), port
    return Vendure(client, port, request.getfixturevalue("vendure_key")), port


@pytest.fixture
async def proxies(systems: dict[str, int], shop: tuple[Shop, int]) -> AsyncIterator[dict[str, Proxy]]:
    """What the product calls in place of each system."""
    async with AsyncExitStack() as stack:
        ports = {**systems, "shop": shop[1]}
        yield {name: await stack.enter_async_context(proxied(port)) for name, port in ports.items()}


@pytest.fixture
def erp(client: Client, systems: dict[str, int]) -> People:
    return People(client, systems["erp"])


@pytest.fixture
async def desk(client: Client, systems: dict[str, int]) -> AsyncIterator[Caller]:
    """What is to be seen at the desk."""
    async with ExpressionPool(size=1) as pool:
        settings, url = {"user": rt.USER, "queue": rt.QUEUE}, f"http://127.0.0.1:{systems['desk']}"
        secrets = {"password": rt.PASSWORD}
        yield Caller("request-tracker", url, client, Expressions(pool), settings=settings, secrets=secrets)


@pytest.fixture
def course(way: Way, shop: tuple[Shop, int], erp: People, desk: Caller) -> Course:
    return Course(way, shop[0], erp, desk)


@pytest.fixture
async def way(tmp_path: Path, shop: tuple[Shop, int], proxies: dict[str, Proxy], patience: int) -> AsyncIterator[Way]:
    """The client with its connections, mappings and workflows, and no worker yet."""

    def at(name: str, **more: Any) -> dict[str, Any]:
        url = f"http://127.0.0.1:{proxies[name].port}"
        return {"base_url": url, "allow_http": True, "timeout_seconds": patience, **more}

    async with Plant(tmp_path / "home", settings=PATIENT) as plant:
        way = Way(plant)
        erp = at("erp", database=tryton.DATABASE, user=tryton.USER, watch=["orders", "shipments", "invoices"])
        await way.erp(erp, {"password": tryton.PASSWORD})
        settings, secrets = shop[0].settings()
        await way.connect("shop", shop[0].connector, at("shop", watch=["orders"], **settings), secrets)
        desk = at("desk", user=rt.USER, queue=rt.QUEUE)
        await way.connect("desk", "request-tracker", desk, {"password": rt.PASSWORD})
        await way.release(*MAPPINGS)
        await way.deploy(fetch_order="shop", tell_invoice="shop", open_ticket="desk", **{shop[0].teller: "shop"})
        await way.listen("shop", {"type": {"value": f"{shop[0].connector}.order"}, "subject": {"pointer": "/number"}})
        await way.listen("disputes", {"type": {"value": "shop.dispute"}, "id": {"pointer": "/number"}})
        yield way
