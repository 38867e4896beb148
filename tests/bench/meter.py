"""What a stretch of work costs: processor time by process, memory, transactions; and who else used the machine."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Final, Self

import msgspec

from tests.bench import processes
from tests.bench.installation import Installation

_SAMPLE_SECONDS: Final = 0.5
_STATISTICS_SECONDS: Final = 1.1
"""A backend of PostgreSQL hands its counts in within a second."""
NOT_OURS: Final = ("stub",)
"""Groups that stand for the outside world and count neither as cost nor as memory."""

_COUNTS: Final = (
    "SELECT (SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database)::float8 AS transactions, "
    "(SELECT sum(tup_inserted + tup_updated + tup_deleted) FROM pg_stat_database)::float8 AS row_writes, "
    "(pg_current_wal_lsn() - '0/0')::float8 / 1024 AS wal_kib, "
    "(SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal')::float8 AS wal_syncs"
)


class Cost(msgspec.Struct, frozen=True):
    """Of one stretch.

    Attributes:
        cpu: processor seconds by group; `load` is this process, which makes the load.
        memory: MiB at the peak by group; of the database what its processes share is counted once.
        counts: of PostgreSQL.
        others: cores that processes outside the measurement kept busy; `stolen` by the machine's host.
    """

    seconds: float
    cpu: dict[str, float]
    memory: dict[str, float]
    counts: dict[str, float]
    others: float
    stolen: float


class Meter:
    """Use as `async with Meter(installation) as meter`; `meter.cost` is there when the block has ended."""

    cost: Cost

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._memory: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        await self._installation.query("CHECKPOINT")
        self._counts = await self._counted()
        self._cpu = _cpu(self._groups())
        self._machine = processes.machine()
        self._sampling = asyncio.create_task(self._sample())
        self._began = time.perf_counter()
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        seconds = time.perf_counter() - self._began
        machine = processes.machine()
        groups = self._groups()
        cpu = {name: after - self._cpu.get(name, 0.0) for name, after in _cpu(groups).items()}
        self._sampling.cancel()
        if kind is not None:
            return
        self._remember("database", processes.proportional(groups["database"]))
        await asyncio.sleep(_STATISTICS_SECONDS)
        after = await self._counted()
        busy = machine["busy"] - self._machine["busy"]
        self.cost = Cost(
            seconds=seconds,
            cpu=cpu,
            memory=self._memory,
            counts={name: after[name] - before for name, before in self._counts.items()},
            others=max(0.0, busy - sum(cpu.values())) / seconds,
            stolen=(machine["stolen"] - self._machine["stolen"]) / seconds,
        )

    def _groups(self) -> dict[str, list[int]]:
        return processes.trees(self._installation.roots())

    async def _counted(self) -> dict[str, float]:
        (row,) = await self._installation.query(_COUNTS)
        return dict(row)

    async def _sample(self) -> None:
        while True:
            for name, pids in self._groups().items():
                if name != "database" and name not in NOT_OURS:
                    self._remember(name, processes.resident(pids))
            await asyncio.sleep(_SAMPLE_SECONDS)

    def _remember(self, name: str, mebibytes: float) -> None:
        self._memory[name] = max(self._memory.get(name, 0.0), mebibytes)


def _cpu(groups: dict[str, list[int]]) -> dict[str, float]:
    return {**{name: processes.seconds(pids) for name, pids in groups.items()}, "load": time.process_time()}


def speed() -> float:
    """Milliseconds that a fixed piece of arithmetic takes now: tells a slow machine from a slow product."""
    began = time.perf_counter()
    digest = b""
    for _ in range(60_000):
        digest = hashlib.sha256(digest).digest()
    return (time.perf_counter() - began) * 1000
