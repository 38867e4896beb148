"""What a worker process is made of: the engine, and the functions that it may call."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from infra.database import Database, surviving
from infra.egress import Client
from infra.egress.rules import guard
from infra.encryption.key_provider import FileKeyProvider
from infra.redis import Doorbell
from infra.settings import Settings
from infra.telemetry import Telemetry
from infra.telemetry.process import Process
from services.connectors import function as connector
from services.connectors.breakers import SharedBreakers
from services.connectors.builtin import all_connectors
from services.connectors.connections import TenantConnections
from services.connectors.drops import Drops
from services.connectors.limits import SharedLimits
from services.connectors.playbook import PlaybookFunction
from services.connectors.reconciling import Reconciler
from services.connectors.registry import Registry
from services.connectors.secrets import BoundSecrets
from services.connectors.shares import Shares
from services.engine.advance import Advance
from services.engine.changes import Changes
from services.engine.claims import Claims
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Functions
from services.engine.journal import Journal
from services.protocols import table as protocols
from services.protocols.runner import Runner
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer

_LEAVE_SECONDS: Final = 1.0


class Composition:
    """Everything of one process. Use as `async with Composition(settings) as it`, or `open` and `close`.

    Raises:
        KeyFileUnusable: the installation's key file is missing or open to others.
    """

    def __init__(self, settings: Settings, process: Process = "worker") -> None:
        self.settings = settings
        self.telemetry = Telemetry(settings, process)
        self.database = Database(settings.worker_database_url)
        self.bell = Doorbell(settings.redis_url)
        self.changes = Changes(self.bell.publish)
        self.journal = Journal(self.database, self.changes.note)
        self._pool = ExpressionPool()
        self.definitions = Definitions(self.database, Expressions(self._pool))
        self._sealer = Sealer(FileKeyProvider(settings.kek_file))
        self._client = Client(guard(settings))
        self._runner = Runner.of(settings)
        self._connections = OpenConnections(self.database, self._sealer)
        # A process that runs one suspect at a time takes no part from the others: of few slots it would hold them idle.
        self._has_part = process == "worker"
        self._beating: asyncio.Task[None] | None = None
        self._shares = Shares(self.database, f"{socket.gethostname()}-{os.getpid()}")
        self._breakers = SharedBreakers(self.database)
        self._limits = SharedLimits(self.database, self._shares, self.bell.ring)
        self._drops = Drops(settings.drops)

    async def open(self) -> Self:
        await self.telemetry.open()
        await self.database.open()
        await self._client.__aenter__()
        self._pool.start()
        self.flushing = asyncio.create_task(self.journal.run())
        if self._has_part:
            with surviving("saying that this worker lives"):
                await self._shares.beat()
            self._beating = asyncio.create_task(self._shares.run())
        return self

    async def close(self) -> None:
        self.flushing.cancel()
        if self._beating is not None:
            self._beating.cancel()
        await asyncio.gather(self.flushing, *filter(None, [self._beating]), return_exceptions=True)
        if self._beating is not None:
            with surviving("leaving the others"):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._shares.leave()
        await self._pool.stop()
        await self._client.close()
        if self._runner is not None:
            await self._runner.close()
        await self.changes.close()
        await self.bell.close()
        await self.database.close()
        await self.telemetry.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def advance(
        self, claims: Claims, *, leave_after_commit: Callable[[], bool], told: Callable[[], None] = lambda: None
    ) -> Advance:
        """The activation of what `claims` hands out; see `Advance`."""
        return Advance(
            self.database,
            self.definitions,
            self._functions(),
            self.journal,
            claims,
            leave_after_commit=leave_after_commit,
            told=told,
            secrets=BoundSecrets(self._connections),
        )

    def _functions(self) -> Functions:
        return {
            **protocols.functions(self._client, self._runner),
            connector.NAME: PlaybookFunction(*self._connecting(), database=self.database, drops=self._drops),
        }

    def reconciler(self) -> Reconciler:
        """What compares with a system that is back."""
        return Reconciler(*self._connecting(), database=self.database)

    def _connecting(self) -> tuple[Registry, TenantConnections, Client, SharedBreakers, SharedLimits]:
        return (
            Registry(all_connectors()),
            TenantConnections(self._connections),
            self._client,
            self._breakers,
            self._limits,
        )
