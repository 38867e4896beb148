"""A client whose ERP is a real simulator, a worker in this process, and people who act over the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from infra import crash_points, ids
from infra.database import Database
from infra.egress import Client
from infra.encryption.key_provider import FileKeyProvider
from infra.settings import Settings
from services.connectors.breakers import SharedBreakers
from services.connectors.builtin import all_connectors
from services.connectors.connections import TenantConnections
from services.connectors.drops import Drops
from services.connectors.function import NAME
from services.connectors.playbook import PlaybookFunction
from services.connectors.reconciling import Reconciler
from services.connectors.registry import Registry
from services.engine.recovery import sweep
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tests.asgi import Answer, Caller
from tests.services.api.routes.conftest import PREFIX, Cast
from tests.services.connectors.conftest import TOKEN, Simulator
from tests.services.engine.running import Engine, at_work

CREATE: Final = "erp.sales-orders.create"
DOCUMENT: Final = """
document: {dsl: '1.0.3', namespace: tests, name: sells, version: 1.0.0}
schedule: {on: {one: {with: {type: order.captured}}}}
input: {from: '${ .[0].data }'}
do:
  - sell:
      call: connector:1.0.0@default
      with:
        connection: erp
        operation: erp.sales-orders.create
        input:
          reference: ${ .reference }
          customer: ACME-001
          currency: USD
          lines:
            - {item: SKU-1, quantity: 10, unit_price: {amount: 1299, currency: USD}, description: '${ .words // "" }'}
"""
MANUAL: Final[dict[str, Any]] = {"operations": {CREATE: {"way": "manual"}}}
_TRIES: Final = 6000


def sold(reference: str, number: str = "SO-BY-HAND") -> dict[str, Any]:
    """What somebody answers who wrote the order by hand."""
    total = {"amount": 12_990, "currency": "USD"}
    return {"number": number, "state": "confirmed", "reference": reference, "total": total, "duplicates_cancelled": 0}


def dies_once(monkeypatch: pytest.MonkeyPatch, point: str) -> asyncio.Event:
    """The first worker that passes `point` dies there, with the run in its hands."""
    died = asyncio.Event()

    def die(name: str, label: str = "") -> None:
        del label
        if name == point and not died.is_set():
            died.set()
            raise asyncio.CancelledError

    monkeypatch.setattr(crash_points, "pass_by", die)
    return died


class Shop:
    """`person` and `other` are two people of the client's; `erp` is the id of its connection."""

    def __init__(self, cast: Cast, engine: Engine, simulator: Simulator, drops: Path, reconciler: Reconciler) -> None:
        self.person, self.other, self.rival = cast.client, cast.partner, cast.rival
        self.engine, self.simulator, self.drops, self.reconciler = engine, simulator, drops, reconciler
        self.erp = ""
        self._events = 0

    async def connect(self, name: str, playbook: dict[str, Any], **more: Any) -> Answer:
        settings = {"base_url": self.simulator.url, "timeout_seconds": 1, "allow_http": True} | more.pop("settings", {})
        body = {"name": name, "connector": "erp-simulator", "settings": settings, "secrets": {"token": TOKEN}}
        return await self.person.post("/v1/connections", {**body, "playbook": playbook, **more})

    async def deploy(self, playbook: dict[str, Any], **more: Any) -> None:
        """The workflow, bound to a connection with this playbook."""
        made = await self.connect("erp", playbook, **more)
        assert made.status == 201, made.body
        self.erp = made.json["id"]
        tenants = (await self.other.get("/v1/clients/acme")).json["tenants"]
        self.tenant = ids.read("ten", next(one["id"] for one in tenants if one["environment"] == "live"))
        workflow = await self.other.post(f"{PREFIX}/workflows", {"document": DOCUMENT})
        body = {"name": "sells", "workflow": workflow.json["id"], "bindings": {"erp": self.erp}}
        deployed = await self.other.post(f"{PREFIX}/deployments", body)
        assert deployed.status == 201, deployed.body

    async def order(self, reference: str, words: str = "") -> str:
        """Comes in; the run's id."""
        self._events += 1
        event = {"specversion": "1.0", "id": str(self._events), "source": "/shop", "type": "order.captured"}
        headers = {"content-type": "application/cloudevents+json"}
        data = {"data": {"reference": reference, "words": words}}
        came = await self.person.post("/v1/events", event | data, headers=headers)
        self.engine.loop.wake()
        return str(came.json["runs"][0])

    async def until(self, check: Callable[[], Awaitable[Any]], *, tending: bool = True) -> Any:
        """What `check` answers once that is something; the worker's rounds go on meanwhile."""
        for _ in range(_TRIES):
            found = await check()
            if found:
                return found
            if tending:
                await self.tend()
            await asyncio.sleep(0.01)
        raise AssertionError(check)

    async def tend(self) -> None:
        await self.reconciler.tend()
        await sweep(self.engine.worker, 3, 0)
        self.engine.loop.wake()

    async def run(self, run: str) -> Any:
        return (await self.person.get(f"/v1/runs/{run}")).json

    async def waits(self, run: str, kind: str, *, tending: bool = True) -> Any:
        """The run, once it waits for this."""

        async def look() -> Any:
            told = await self.run(run)
            return told if any(one["kind"] == kind for one in told["waits"]) else None

        return await self.until(look, tending=tending)

    async def ended(self, run: str) -> Any:
        async def look() -> Any:
            told = await self.run(run)
            return told if told["state"] in {"completed", "faulted"} else None

        return await self.until(look)

    async def entries(self, only: str = "") -> list[Any]:
        """As they are listed: without values."""
        return list((await self.person.get(f"/v1/entries?connection={self.erp}{only}")).json["items"])

    async def entry(self, state: str) -> Any:
        """The one entry of this state, read alone."""

        async def look() -> Any:
            return await self.entries(f"&state={state}")

        (found,) = await self.until(look)
        return (await self.person.get(f"/v1/entries/{found['id']}")).json

    async def act(self, entry: Any, action: str, by: Caller | None = None, **more: Any) -> Answer:
        path = f"/v1/entries/{entry['id']}/act" if by is None else f"{PREFIX}/entries/{entry['id']}/act"
        return await (by or self.person).post(path, {"action": action, "version": entry["version"], **more})

    async def by_hand(self, reference: str, number: str = "SO-BY-HAND") -> Any:
        """Somebody takes the open entry and answers it; as it is then."""
        taken = (await self.act(await self.entry("open"), "take")).json
        answered = await self.act(taken, "answer", answer=sold(reference, number))
        assert answered.status == 200, answered.body
        return answered.json

    async def move(self, verb: str, **body: Any) -> Answer:
        return await self.person.post(f"/v1/connections/{self.erp}/playbook/{verb}", body)

    async def enter(self) -> None:
        assert (await self.move("enter", reason="the ERP is being moved")).status == 200

    async def state(self) -> str:
        return str((await self.person.get(f"/v1/connections/{self.erp}/playbook")).json["state"])

    async def orders(self, reference: str) -> int:
        """How many the ERP has of this reference."""
        return len((await self.simulator.send("GET", f"/orders?reference={reference}"))[1]["orders"])

    def files(self) -> list[Path]:
        return sorted(self.drops.glob("ten_*/erp/*.json"))


@asynccontextmanager
async def open_shop(
    cast: Cast, settings: Settings, app: Database, worker: Database, client: Client, simulator: Simulator
) -> AsyncIterator[Shop]:
    connections = TenantConnections(OpenConnections(worker, Sealer(FileKeyProvider(settings.kek_file))))
    wiring = (Registry(all_connectors()), connections, client, SharedBreakers(worker))
    async with at_work(app, worker) as engine:
        engine.functions[NAME] = PlaybookFunction(*wiring, database=worker, drops=Drops(settings.drops))
        reconciler = Reconciler(*wiring, database=worker)
        try:
            yield Shop(cast, engine, simulator, settings.drops, reconciler)
        finally:
            await reconciler.close()


async def abandoned(shop: Shop) -> None:
    """The run that a worker died with goes to whoever takes it."""
    await asyncio.sleep(0)
    async with shop.engine.app.tenant(shop.tenant) as connection:
        row = await connection.fetchrow("SELECT tenant_id, run_id, fence FROM app.run WHERE lease_until IS NOT NULL")
    async with shop.engine.worker.doors() as doors:
        await doors.execute("SELECT app.release_runs($1, $2, $3)", [row["tenant_id"]], [row["run_id"]], [row["fence"]])
    shop.engine.loop.wake()
