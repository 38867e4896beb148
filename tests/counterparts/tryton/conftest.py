from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.egress import Client, Guard
from infra.embedded import binaries
from infra.encryption.secret import Secret
from services.connectors.builtin.tryton import Tryton
from services.connectors.builtin.tryton.sales_order import reference
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.context import Context, OpenConnection
from services.engine.functions import Answer, Call, Done, Later
from tests import certifying
from tests.counterparts.proxy import Proxy, proxied
from tests.counterparts.tryton import on_postgresql
from tests.counterparts.tryton.install import DATABASE, PASSWORD, USER, folder, install, is_installed
from tests.counterparts.tryton.server import running
from tests.marks import night

TENANT = UUID(int=1)
CONNECTION = UUID(int=2)
CALLS = 60
PERSON = Path(__file__).with_name("person.py")
_RUNNING: dict[int, Path] = {}
"""Configurations by port."""
BOTH = pytest.mark.parametrize("tryton", ["sqlite", night(on_postgresql.SYSTEM)], indirect=True)
"""Of tests that are tried on both databases."""


@pytest.fixture(scope="session")
def tryton_place() -> Path:
    """The installed Tryton; in CI it is installed, elsewhere the tests are skipped without it."""
    home = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
    if os.environ.get("CI") == "true":
        return install(home)
    if not is_installed(home):
        pytest.skip("Tryton is not installed: run `make counterparts`")
    return folder(home)


@pytest.fixture(scope="session")
def tryton(
    request: pytest.FixtureRequest, tryton_place: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of a Tryton with a fresh database: SQLite, unless a test's parameter says `postgresql`."""
    version = subprocess.check_output([str(tryton_place / "venv/bin/trytond"), "--version"], text=True).split()[-1]
    data = tmp_path_factory.mktemp("tryton")
    with ExitStack() as until:
        address = ""
        if getattr(request, "param", "") == on_postgresql.SYSTEM:
            address = until.enter_context(on_postgresql.restored(tryton_place, data / "database"))
        where = f"PostgreSQL {binaries.MAJOR}" if address else "SQLite"
        certifying.saw("tryton", f"Tryton {version}", on=where)
        port = until.enter_context(running(tryton_place, data, address=address))
        _RUNNING[port] = data / "trytond.conf"
        yield port


@pytest.fixture
def person(tryton: int, tryton_place: Path) -> Callable[..., str]:
    """Makes a user of the ERP with these groups and the connector's password; its login."""

    def made(*groups: str) -> str:
        login, configuration = f"person-{uuid4().hex[:8]}", str(_RUNNING[tryton])
        command = [str(tryton_place / "venv/bin/python"), str(PERSON), configuration, DATABASE, login, *groups]
        subprocess.run(command, env={**os.environ, "TRYTOND_CONFIG": configuration}, check=True, capture_output=True)
        return login

    return made


@pytest.fixture
async def proxy(tryton: int) -> AsyncIterator[Proxy]:
    async with proxied(tryton) as proxy:
        yield proxy


class Erp:
    """Calls of the connector as the engine makes them, and a look into Tryton past every proxy."""

    def __init__(self, client: Client, proxy_port: int, port: int) -> None:
        self.client = client
        self.revision = 0
        self._proxy_port = proxy_port
        self._port = port

    def connection(self, port: int) -> OpenConnection:
        return OpenConnection(
            id=CONNECTION,
            connector="tryton",
            settings={"base_url": f"http://127.0.0.1:{port}", "database": DATABASE, "user": USER},
            secrets={"password": Secret(PASSWORD)},
        )

    async def open(self, _tenant: UUID, _connection: UUID) -> OpenConnection:
        return self.connection(self._proxy_port)

    def worker(self) -> ConnectorFunction:
        """A worker process' own connector: sessions are not shared between workers."""
        return ConnectorFunction(Registry([Tryton()]), self, self.client)

    async def call(self, operation: str, values: Any, key: str = "", worker: ConnectorFunction | None = None) -> Answer:
        call = Call(
            function="connector:1.0.0@default",
            arguments={"connection": "erp", "operation": operation, "input": values},
            reference="/do/0/call",
            key=key or uuid4().hex,
            tenant=TENANT,
            run=uuid4(),
            bindings={"erp": CONNECTION},
        )
        return await (worker or self.worker())(call)

    async def create(self, order: Any, key: str) -> Answer:
        """As the engine: call again with the same key while the answer is Later."""
        worker = self.worker()
        for _ in range(CALLS):
            answer = await self.call("erp.sales-orders.create", order, key, worker)
            if not isinstance(answer, Later):
                return answer
        raise AssertionError(f"no end after {CALLS} calls")

    async def sales(self, order: Any, key: str) -> list[dict[str, Any]]:
        """All sales under the reference, read past the proxy."""
        rpc = Rpc(Context(self.client, TENANT, self.connection(self._port), "k"), Sessions())
        domain = [["reference", "like", reference(order["reference"], key) + "%"]]
        found: list[dict[str, Any]] = await rpc.model(
            "sale.sale.search_read", domain, 0, None, [["id", "ASC"]], ["state", "number", "total_amount"]
        )
        return found

    async def assert_one_sale(self, order: Any, key: str, answer: Answer) -> list[str]:
        """One sale is confirmed, it is the answer's, and no other is open. Gives the states."""
        assert isinstance(answer, Done), answer
        sales = await self.sales(order, key)
        confirmed = [sale for sale in sales if sale["state"] in {"confirmed", "processing", "done"}]
        assert [sale["number"] for sale in confirmed] == [answer.output["number"]], sales
        return [sale["state"] for sale in sales]


@pytest.fixture
async def erp(proxy: Proxy, tryton: int) -> AsyncIterator[Erp]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield Erp(client, proxy.port, tryton)


@pytest.fixture
def order() -> dict[str, Any]:
    lines = [
        {"item": "SKU-1", "quantity": 10, "unit_price": {"amount": 1299, "currency": "USD"}},
        {"item": "SKU-2", "quantity": "2", "unit_price": {"amount": 2450, "currency": "USD"}, "description": "Clamps"},
    ]
    return {"reference": "PO-10045", "customer": "ACME-001", "currency": "USD", "lines": lines}


@pytest.fixture
def key() -> str:
    return uuid4().hex
