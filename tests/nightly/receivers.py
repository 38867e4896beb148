"""A thousand receivers of webhooks, ten of them dead, slow or redirecting; the others do not notice (F-24)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.encryption.key_provider import FileKeyProvider
from infra.ids import TenantId
from infra.settings import load
from services.webhooks import endpoints
from services.webhooks.endpoints import Wish
from tenants.connections.sealing import Sealer
from tests.faults.plant import Plant
from tests.nightly.figures import p95
from tests.nightly.outcome import Outcome
from tests.world import make_tenant

PART = "webhook receivers, ten of a thousand of them dead"
PROVES = "F-24, I10"
TENANTS: Final = 50
EACH: Final = 20
BAD: Final = ("dead", "dead", "dead", "dead", "slow", "slow", "drip", "drip", "away", "away")
ROUNDS: Final = 3
MOST_SECONDS: Final = 5.0
BUSY_SECONDS: Final = 30.0
"""What a machine keeps that has much else to do, and who waits for dead receivers does not: a try takes 15 s."""
_PAUSE: Final = EACH / 80
"""Eighty messages a second, which is less than what one worker delivers on two processors."""
_PATIENCE: Final = 120.0
_KIND: Final = "io.serverlessworkflow.workflow.completed.v1"


class Receivers:
    """All of them on one port; the path says whose a request is, and how it is answered."""

    def __init__(self) -> None:
        self.port = 0
        self.first: dict[tuple[str, str], float] = {}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(fields["content-length"]))
                path = head.split(" ")[1]
                self.first.setdefault((path, fields["webhook-id"]), time.monotonic())
                await self._answer(path.split("/")[1], writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the test is over
        finally:
            writer.close()

    def well(self) -> int:
        return sum(path.startswith("/well/") for path, _ in self.first)

    async def _answer(self, kind: str, writer: asyncio.StreamWriter) -> None:
        if kind == "dead":
            await asyncio.sleep(3600)
        if kind == "slow":
            await asyncio.sleep(14.9)
        if kind == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(1)
        status = b"302 Found\r\nLocation: http://169.254.169.254/" if kind == "away" else b"204 No Content"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receivers]:
    receivers = Receivers()
    listener = await asyncio.start_server(receivers.talk, "127.0.0.1", 0, backlog=1024)
    receivers.port = listener.sockets[0].getsockname()[1]
    try:
        yield receivers
    finally:
        listener.close()


async def one_round(
    folder: Path, random: Random, outcome: Outcome, *, tenants: int = TENANTS, most: float = MOST_SECONDS
) -> None:
    """Raises AssertionError when healthy endpoints wait for more than `most` seconds (p95), or a message is lost."""
    async with Plant(folder) as plant, receiving() as receivers:
        app = await Database(plant.stack.endpoints.database_url).open()
        worker = await Database(plant.stack.endpoints.worker_database_url).open()
        try:
            places = list(range(tenants * EACH))
            kinds = dict(zip(random.sample(places, len(BAD)), BAD, strict=True))
            paths = [f"/{kinds.get(place, 'well')}/{place}" for place in places]
            kek = Path(load(plant.environment()).kek_file)
            whose = await _furnish(app, kek, receivers.port, paths)
            [first] = await _furnish(app, kek, receivers.port, ["/first/0"])
            plant.start_worker()
            await _announce(worker, first)
            await _until(lambda: len(receivers.first) == 1, receivers)
            receivers.first.clear()
            announced: dict[str, float] = {}
            for _ in range(ROUNDS):
                for tenant in whose:
                    message = await _announce(worker, tenant)
                    announced[message] = time.monotonic()
                    await asyncio.sleep(_PAUSE)
            healthy = [path for path in paths if path.startswith("/well/")]
            wanted = len(healthy) * ROUNDS
            await _until(lambda: receivers.well() == wanted, receivers)
            waits = [
                at - announced[message] for (path, message), at in receivers.first.items() if path.startswith("/well/")
            ]
            outcome.runs, outcome.faults = wanted, len(BAD)
            told = f"{len(healthy)} healthy endpoints of {len(paths)}, {wanted:,} messages"
            outcome.note = f"{told}: first try after {p95(waits):.2f} s (p95), {max(waits):.2f} s at most"
            assert p95(waits) <= most, f"F-24: {outcome.note}"
        finally:
            await app.close()
            await worker.close()


async def _until(is_so: Callable[[], bool], receivers: Receivers) -> None:
    until = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"I10: {len(receivers.first)} messages came in {_PATIENCE} s"
        await asyncio.sleep(0.05)


async def _furnish(app: Database, kek: Path, port: int, paths: list[str]) -> list[TenantId]:
    """Tenants with twenty endpoints each."""
    sealer = Sealer(FileKeyProvider(kek))
    whose: list[TenantId] = []
    for place in range(0, len(paths), EACH):
        world = await make_tenant(app, f"hooks-{len(paths)}-{place}")
        whose.append(world.tenant_id)
        async with app.session(Scope.tenant(world.tenant_id)) as session:
            for path in paths[place : place + EACH]:
                wish = Wish(url=f"http://127.0.0.1:{port}{path}", types=["*"], description="")
                await endpoints.create(session, world.tenant_id, wish, sealer=sealer, actor="night")
            await session.commit()
    return whose


async def _announce(worker: Database, tenant: TenantId) -> str:
    """An event as a checkpoint leaves it; answers the id of its message."""
    message = ids.new()
    run = ids.show("run", message)
    event = {"specversion": "1.0", "id": f"{run}-9", "source": "urn:tenant:x", "type": _KIND, "subject": run}
    async with worker.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, 'runs', $3)",
            tenant,
            message,
            msgspec.json.encode(event).decode(),
        )
    return ids.show("msg", message)
