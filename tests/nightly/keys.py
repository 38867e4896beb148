"""Every key takes another's place while workers are killed and orders come in (F-30 with F-01): nothing is lost.

As an operator does it (docs/operator/keys.md), and clumsily: the rewrapping is killed on its way and begun again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import egress
from infra.database import Database
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.secret import Secret
from services.webhooks.signing import signature
from tenants.connections.opening import open_connection
from tenants.connections.rewrapping import wrappings
from tenants.connections.sealing import Sealer
from tests.faults.plant import Plant, end
from tests.faults.world_check import check_world
from tests.nightly.herd import SETTINGS
from tests.nightly.nursery import Nursery
from tests.nightly.outcome import Outcome
from tests.services.webhooks.receiver import Receiver, receiving
from tests.tenants.connections.keys_side import add_keys

PART = "keys exchanged while workers die"
PROVES = "F-30"
KEYS: Final = 10_000
MINUTE: Final = 60.0
"""Seconds that all of them may take to be wrapped anew, under that load."""
_WORKERS: Final = 3
_EVERY: Final = 0.8
"""Seconds between two deaths, on the average."""
_PAUSE: Final = 0.05
"""Between two orders."""
_STEADY: Final = 2.0
_FINISH_SECONDS: Final = 400.0


class _World:
    """A plant under load: orders come, workers die, a connection's secret is set anew, and a receiver is told."""

    def __init__(self, plant: Plant, nursery: Nursery, random: Random, outcome: Outcome) -> None:
        self.plant = plant
        self.wishes: dict[str, str] = {}
        self.changed = 0
        self.secret = Secret("none was given yet")
        self._nursery, self._random, self._outcome = nursery, random, outcome
        self._living: list[int] = []
        self._born = 0

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Until the block ends; what fails meanwhile ends it."""
        parts = [asyncio.create_task(one) for one in (self._come_in(), self._die(), self._change())]
        try:
            yield
            for part in parts:
                if part.done():
                    part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    def restart_workers(self) -> None:
        """With the keys that are wished now; nobody is left who has others."""
        self.kill_all()
        self._living = [self._bear() for _ in range(_WORKERS)]

    def kill_all(self) -> None:
        for one in self._living:
            _kill(one)
        self._outcome.faults += len(self._living)
        self._living = []

    def _bear(self) -> int:
        self._born += 1
        log = self.plant.home / "logs" / f"keys-{self._born}.log"
        return self._nursery.bear(self.plant.environment({**SETTINGS, **self.wishes}), log)

    async def _die(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(0, 2 * _EVERY))
            place = self._random.randrange(len(self._living))
            _kill(self._living[place])
            self._outcome.faults += 1
            self._living[place] = self._bear()

    async def _come_in(self) -> None:
        while True:
            self._outcome.runs += 1
            await self.plant.send_until_taken(self._outcome.runs - 1)
            await asyncio.sleep(_PAUSE)

    async def _change(self) -> None:
        """The same secret, entered again and again: each time another value for whoever seals."""
        while True:
            await self.set_again()
            await asyncio.sleep(_EVERY)

    async def accepted(self) -> int:
        """How many orders were. The last one may have been on its way when the load ended: it is sent once more."""
        await self.plant.send_until_taken(self._outcome.runs - 1)
        return self._outcome.runs

    async def set_again(self) -> None:
        with contextlib.suppress(egress.Failed):
            listed = msgspec.json.decode((await self.plant.request("GET", "/v1/connections?name=erp")).body)
            path = f"/v1/connections/{listed['items'][0]['id']}"
            answer = await self.plant.request("PATCH", path, {"secrets": {"token": self.plant.erp_token}})
            assert answer.status == 200, answer.body
            self.changed += 1

    async def secrets(self, *words: str, kill_at: bytes = b"") -> None:
        """`waybill secrets`, which must end well; `kill_at`: what it says when it is killed, unless it is over then."""
        environment = self.plant.environment(self.wishes)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli.main", "secrets", *words, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        said = b""
        while line := await process.stdout.readline():
            said += line
            if kill_at and kill_at in line:
                process.kill()
        code = await process.wait()
        assert code in {0, -signal.SIGKILL if kill_at else 0}, said[-2000:]


async def one_round(folder: Path, random: Random, outcome: Outcome, *, keys: int = KEYS) -> None:
    """Raises AssertionError when a secret or a run is lost, or `keys` data keys took more than a minute."""
    plant = Plant(folder)
    create_kek_file(folder / "secrets" / "service-key")
    async with plant, receiving() as receiver:
        with Nursery(plant.environment()) as nursery:
            world = _World(plant, nursery, random, outcome)
            await plant.faults(latency=0.05)
            await world.set_again()
            await _listen(world, receiver)
            tenants = [row["tenant_id"] for row in await plant.query("SELECT DISTINCT tenant_id FROM app.tenant_key")]
            app = await Database(plant.stack.endpoints.database_url, pool_size=1).open()
            await add_keys(app, folder / "secrets" / "kek", tenants, keys // len(tenants))
            await app.close()
            world.restart_workers()
            async with world.busy():
                seconds = await _exchange(world)
            world.kill_all()
        await _settle(world, receiver)
        opened = await _opened(plant, Path(world.wishes["WAYBILL_KEK_FILE"]))
        outcome.note = (
            f"{keys:,} data keys wrapped anew in {seconds:.1f} s, tenants' secrets sealed anew, "
            f"{outcome.faults} workers killed; {opened} secrets open by the new keys, "
            f"{world.changed} were changed meanwhile; 0 lost"
        )
        assert keys < KEYS or seconds <= MINUTE, f"F-30: {outcome.note}"


async def _exchange(world: _World) -> float:
    """From one key-encryption key to another, and from each tenant's key to its next; seconds that rewrapping took."""
    plant = world.plant
    old, new = plant.home / "secrets" / "kek", plant.home / "secrets" / "new-kek"
    await asyncio.sleep(_STEADY)
    await world.secrets("new", str(new))
    world.wishes = {"WAYBILL_KEK_FILE": str(new), "WAYBILL_KEK_OLD_FILES": str(old)}
    world.restart_workers()
    _restart_api(world)
    began = time.monotonic()
    await world.secrets("rewrap", kill_at=b"500 keys")
    await world.secrets("rewrap")
    seconds = time.monotonic() - began
    await world.secrets("rotate", "--all")
    await asyncio.sleep(_STEADY)
    # What the former API wrapped while it was still there.
    await world.secrets("rewrap")
    await world.secrets("status")
    await world.secrets("retire", str(old), "--yes")
    assert not old.exists()
    world.wishes = {"WAYBILL_KEK_FILE": str(new)}
    world.restart_workers()
    await asyncio.sleep(_STEADY)
    return seconds


def _restart_api(world: _World) -> None:
    """It opens nothing, and so needs the public half alone."""
    former, new = world.plant.api, Path(world.wishes["WAYBILL_KEK_FILE"])
    changes = {"WAYBILL_KEK_FILE": os.devnull, "WAYBILL_KEK_PUBLIC_FILE": f"{new}.pub"}
    world.plant.start_api(changes)
    end(former)


async def _listen(world: _World, receiver: Receiver) -> None:
    body = {"url": receiver.url, "types": ["io.serverlessworkflow.workflow.completed.v1"]}
    answer = await world.plant.request("POST", "/v1/webhook-endpoints", body)
    assert answer.status == 201, answer.body
    world.secret = Secret(msgspec.json.decode(answer.body)["secret"])


async def _settle(world: _World, receiver: Receiver) -> None:
    """No more deaths: a sound worker with the new key alone does what is left, and the world is looked at."""
    plant, accepted = world.plant, await world.accepted()
    await plant.faults()
    plant.start_worker(changes={"WAYBILL_SOLO_DEATHS": SETTINGS["WAYBILL_SOLO_DEATHS"], **world.wishes})
    await plant.all_ended(accepted, _FINISH_SECONDS)
    await check_world(plant, accepted=accepted)
    until = time.monotonic() + _FINISH_SECONDS
    while len({one.id for one in receiver.got}) < accepted:
        assert time.monotonic() < until, f"I10: {len(receiver.got)} of {accepted} messages"
        await asyncio.sleep(0.1)
    for one in receiver.got:
        signed = signature([world.secret], one.id, int(one.headers["webhook-timestamp"]), one.body)
        assert one.headers["webhook-signature"] == signed, "a message was signed by another secret"
    unreadable = await plant.query("SELECT action FROM app.audit WHERE action = 'secret.unreadable'")
    assert unreadable == [], "a secret did not open"


async def _opened(plant: Plant, kek: Path) -> int:
    """How many secrets of connections open by the new key alone, each with what it was given."""
    worker = await Database(plant.stack.endpoints.worker_database_url, pool_size=1).open()
    sealer, opened = Sealer(FileKeyProvider(kek)), 0
    try:
        assert {one.id for one in await wrappings(worker) if one.kind == "tenant key"} == {FileKeyProvider(kek).id}
        rows: list[Any] = await plant.query("SELECT DISTINCT tenant_id, connection_id FROM app.connection_secret")
        for tenant, connection_id in rows:
            opened += await _token(worker, sealer, tenant, connection_id) == plant.erp_token
    finally:
        await worker.close()
    assert opened == len(rows) > 0, f"F-30: {len(rows) - opened} secrets are lost"
    return opened


async def _token(worker: Database, sealer: Sealer, tenant: UUID, connection_id: UUID) -> str:
    async with worker.tenant(tenant) as connection:
        return (await open_connection(sealer, connection, tenant, connection_id)).secrets["token"].reveal()


def _kill(worker: int) -> None:
    """With everything that it started. One that was born a moment ago leads no group yet."""
    try:
        os.killpg(worker, signal.SIGKILL)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
