"""F-20: a connection that is away is left alone by every worker, and tried by one call at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from infra.database import Database
from infra.egress import Client
from infra.embedded.stack import Endpoints, Stack
from services.connectors.breakers import IN_A_ROW, WINDOW, SharedBreakers
from services.connectors.builtin import all_connectors
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.engine.functions import Done, Failed, Later, Unknown
from tests.services.connectors.conftest import CONNECTION, Desk, Simulator, store
from tests.superuser import connected

CREDIT = "erp.customers.credit"
ACME = {"customer": "ACME-001"}


class Office:
    """Two workers with one database, before one ERP."""

    def __init__(self, desk: Desk, client: Client, database: Database, cluster: tuple[Stack, str]) -> None:
        self.workers = [Desk(client, desk.connection) for _ in range(2)]
        for worker in self.workers:
            breakers = SharedBreakers(database)
            worker.function = ConnectorFunction(Registry(all_connectors()), worker, client, breakers)
        self._cluster = cluster

    async def do(self, statement: str, *values: object) -> list[Any]:
        async with connected(*self._cluster) as connection:
            return list(await connection.fetch(statement, *values))

    async def time_passes(self, *others: Desk) -> None:
        """Until each worker looks at the row again, and the next call may try."""
        await self.do("UPDATE app.outage SET probe_at = clock_timestamp()")
        for worker in (*self.workers, *others):
            for known in worker.function._breakers._known.values():  # type: ignore[attr-defined]
                known.asked_at = 1e-9

    async def calls(self, count: int = 1, worker: int = 0) -> list[Any]:
        return [await self.workers[worker].call(CREDIT, ACME) for _ in range(count)]


@pytest.fixture
async def office(desk: Desk, client: Client, worker_database: Database, stack: Stack, endpoints: Endpoints) -> Office:
    office = Office(desk, client, worker_database, (stack, endpoints.database_url.rpartition("/")[2]))
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await store(admin, erp=CONNECTION)
    return office


async def requests(simulator: Simulator) -> int:
    return int((await simulator.state())["requests"])


def parked(answers: list[Any]) -> list[bool]:
    assert all(isinstance(one, Later) for one in answers)
    return [one.parked for one in answers]


async def test_F_20_who_is_away_is_left_alone_by_all_workers(office: Office, simulator: Simulator) -> None:
    assert isinstance((await office.calls())[0], Done)
    await simulator.faults(unavailable=1.0)
    before = await requests(simulator)
    assert parked(await office.calls(IN_A_ROW + 30)) == [False] * (IN_A_ROW - 1) + [True] * 31
    assert await requests(simulator) - before == IN_A_ROW
    (last,) = await office.calls()
    assert (last.ref, last.sent, last.seconds >= 600) == ("con_0", False, True)
    assert "503" in last.reason or "maintenance" in last.reason
    assert parked(await office.calls(worker=1)) == [True], "a worker that meets it anew reads that it is away"


async def test_F_20_while_it_is_written_that_it_is_away_no_other_call_goes_out(
    office: Office, simulator: Simulator
) -> None:
    """A refusal comes quicker than a commit: each call that ends would let the next one out."""
    await office.calls()
    await simulator.faults(unavailable=1.0)
    before = await requests(simulator)

    async def until_parked() -> None:
        while not parked(await office.calls())[0]:
            pass

    await asyncio.gather(*(until_parked() for _ in range(10)))
    assert await requests(simulator) - before <= IN_A_ROW + 10


class Queue:
    """As many calls as fit stand for a slot until the gate opens."""

    def __init__(self, first: int) -> None:
        self.left, self.gate, self.inside = first, asyncio.Event(), 0

    async def enter(self, call: Any, connection: Any, *, probing: bool) -> None:
        del call, connection, probing
        self.inside += 1
        if self.left:
            self.left -= 1
        else:
            await self.gate.wait()

    def leave(self, tenant: Any, connection: Any, seconds: float | None) -> None:
        del tenant, connection, seconds
        self.inside -= 1


async def test_F_20_who_stood_for_a_slot_as_it_went_away_does_not_go_out(office: Office, simulator: Simulator) -> None:
    await office.calls()
    await simulator.faults(unavailable=1.0)
    before = await requests(simulator)
    queue = office.workers[0].function._limits = Queue(IN_A_ROW)
    standing = [asyncio.create_task(office.calls()) for _ in range(IN_A_ROW + 20)]
    async with asyncio.timeout(30):
        while sum(task.done() for task in standing) < IN_A_ROW:
            await asyncio.sleep(0.01)
        queue.gate.set()
        answers = [answer for task in standing for answer in await task]
    assert parked(answers)[IN_A_ROW:] == [True] * 20
    assert (await requests(simulator) - before, queue.inside) == (IN_A_ROW, 0), "each has given its place back"


async def test_F_20_one_call_tries_and_its_answer_ends_the_outage_for_all(office: Office, simulator: Simulator) -> None:
    await simulator.faults(unavailable=1.0)
    await office.calls(IN_A_ROW)
    await office.calls(worker=1)
    await office.time_passes()
    before = await requests(simulator)
    assert parked(await office.calls(3)) == [True] * 3
    assert await requests(simulator) - before == 1, "the first one tried"
    await simulator.faults()
    assert parked(await office.calls(2)) == [True, True], "nobody tries before its time"
    await office.time_passes()
    assert isinstance((await office.calls(worker=1))[0], Done)
    await office.time_passes()
    assert [type(one) for one in await office.calls(3)] == [Done] * 3
    rows = await office.do("SELECT action FROM app.audit ORDER BY audit_id")
    assert [row["action"] for row in rows] == ["connection.away", "connection.back"]


async def test_F_20_half_of_the_calls_failing_opens_it_too(office: Office, simulator: Simulator) -> None:
    for _ in range(WINDOW // 2):
        await simulator.faults(next=["none", "unavailable"])
        await office.calls(2)
    assert parked(await office.calls()) == [True]


async def test_a_refusal_is_an_answer(office: Office, order: Any) -> None:
    for _ in range(WINDOW):
        answer = await office.workers[0].call("erp.sales-orders.create", order | {"customer": "TIGHT-001"})
        assert isinstance(answer, Failed)
    assert isinstance((await office.calls())[0], Done)
    assert await office.do("SELECT 1 FROM app.outage") == []


async def test_F_20_a_busy_side_is_left_alone_as_long_as_it_asks(office: Office, simulator: Simulator) -> None:
    await simulator.faults(busy=1.0, retry_after=120)
    await office.calls(IN_A_ROW + 1)
    (row,) = await office.do("SELECT extract(epoch FROM probe_at - since)::int AS seconds FROM app.outage")
    assert row["seconds"] == 120


async def test_a_connection_that_somebody_has_changed_is_tried_at_once(office: Office, simulator: Simulator) -> None:
    await simulator.faults(unavailable=1.0)
    await office.calls(IN_A_ROW)
    await simulator.faults()
    office.workers[0].connection = replace(office.workers[0].connection, revision=2)
    assert isinstance((await office.calls())[0], Done)
    (row,) = await office.do("SELECT ended_at IS NOT NULL AS is_over FROM app.outage")
    assert row["is_over"]


async def test_F_20_calls_that_come_together_look_together(office: Office, simulator: Simulator) -> None:
    await simulator.faults(unavailable=1.0)
    await office.calls(IN_A_ROW)
    before = await requests(simulator)
    answers = await asyncio.gather(*(office.workers[1].call(CREDIT, ACME) for _ in range(30)))
    assert parked(answers) == [True] * 30
    assert await requests(simulator) == before, "a worker that meets an outage sends nothing"


async def test_F_20_who_learns_that_an_outage_is_over_counts_anew(office: Office, simulator: Simulator) -> None:
    await simulator.faults(unavailable=1.0)
    await office.calls(IN_A_ROW)
    await simulator.faults()
    await office.calls(worker=1)
    await office.time_passes()
    assert isinstance((await office.calls(worker=1))[0], Done)
    await office.time_passes()
    await simulator.faults(next=["unavailable"])
    assert parked(await office.calls()) == [False]
    assert isinstance((await office.calls())[0], Done)


@pytest.mark.parametrize("fault", ["cut-after-accept", "unavailable"])
async def test_F_20_a_question_that_stands_for_a_side_that_is_away_ends_no_outage(
    office: Office, simulator: Simulator, client: Client, worker_database: Database, fault: str
) -> None:
    """A POST that may not be repeated is asked about when its side is away, and that is no answer of that side."""
    settings = {"base_url": simulator.url, "authentication": "bearer"}
    post = Desk(client, replace(office.workers[0].connection, connector="http", settings=settings))
    post.function = ConnectorFunction(Registry(all_connectors()), post, client, SharedBreakers(worker_database))
    sent = {"method": "POST", "path": "/sales-orders", "body": {}}
    for _ in range(IN_A_ROW):
        await simulator.faults(next=[fault])
        assert isinstance(await post.call("http.request", sent), Unknown)
    assert parked([await post.call("http.request", sent)]) == [True]
    await office.time_passes(post)
    await simulator.faults(next=[fault])
    assert isinstance(await post.call("http.request", sent), Unknown)
    (row,) = await office.do("SELECT ended_at FROM app.outage")
    assert row["ended_at"] is None
