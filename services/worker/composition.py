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
from infra.encryption.errors import KeyFileUnusable
from infra.encryption.installed import InstalledWrapper
from infra.key_services import choosing
from infra.redis import Doorbell
from infra.settings import Settings
from infra.telemetry import Telemetry
from infra.telemetry.process import Process
from services.connectors import function as connector
from services.connectors.authorizing.exchanger import Exchanger
from services.connectors.authorizing.keeper import Keeper
from services.connectors.breakers import SharedBreakers
from services.connectors.builtin import all_connectors
from services.connectors.choices import Choices
from services.connectors.choosing import Choosing
from services.connectors.connections import TenantConnections
from services.connectors.drops import Drops
from services.connectors.good_calls import GoodCalls
from services.connectors.health.checker import Checker
from services.connectors.limits import SharedLimits
from services.connectors.playbook import PlaybookFunction
from services.connectors.polling.poller import Poller
from services.connectors.reconciling import Reconciler
from services.connectors.registry import Registry
from services.connectors.secrets import BoundSecrets
from services.connectors.shares import Shares
from services.connectors.writes import ConnectorWrites
from services.customer_notices import function as notices
from services.deadlines import exceptions
from services.deadlines import function as business_time
from services.deadlines.clock import Clock
from services.deadlines.kinds import Acts
from services.engine.advance import Advance
from services.engine.changes import Changes
from services.engine.claims import Claims
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Call, Functions
from services.engine.guarded import Guarded, Rules
from services.engine.journal import Journal
from services.engine.quotas import Quotas
from services.events.intake import Intake
from services.evidence import function as evidence
from services.holds import clock as hold_clock
from services.holds import function as holds
from services.human_tasks import clock as task_clock
from services.human_tasks.function import TaskFunction
from services.protocols import table as protocols
from services.protocols.runner import Runner
from services.records import function as cross_references
from services.worker.webhooks import Deliverer
from template_library import human_tasks
from template_library.policies import tasks
from template_library.policies.capabilities import Writes
from tenants.connections.codes import Codes
from tenants.connections.grants import Grants
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tenants.connections.secret_uses import SecretUses
from tenants.organizations.opened_networks import OpenedNetworks

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
        self.expressions = Expressions(self._pool)
        self.definitions = Definitions(self.database, self.expressions)
        self.keys = choosing.opening(settings)
        self._sealer = Sealer(self.keys)
        self._uses = SecretUses(self.database)
        self._networks = OpenedNetworks(self.database)
        self._rules = Rules(self.database)
        self._client = Client(guard(settings), allowed=self._networks)
        self._runner = Runner.of(settings)
        self._connections = OpenConnections(self.database, self._sealer, self._uses)
        self._keeper = Keeper(Grants(self.database, self._sealer))
        # A process that runs one suspect at a time takes no part from the others: of few slots it would hold them idle.
        self._has_part = process == "worker"
        self._beating: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._shares = Shares(self.database, f"{socket.gethostname()}-{os.getpid()}")
        self._good_calls = GoodCalls(self.database)
        self._breakers = SharedBreakers(self.database, self._good_calls)
        self._limits = SharedLimits(self.database, self._shares, self.bell.ring)
        self._drops = Drops(settings.drops)
        self.quotas = Quotas(self.database)

    async def open(self) -> Self:
        await self.telemetry.open()
        await self.database.open()
        await self._client.__aenter__()
        self._pool.start()
        self.flushing = asyncio.create_task(self.journal.run())
        self._noting = asyncio.create_task(self._uses.run())
        self._hearing = asyncio.create_task(self._good_calls.run())
        # Before the first run is taken: a call that was let through yesterday is let through now.
        with surviving("reading the opened networks"):
            await self._networks.refresh()
        self._reading = asyncio.create_task(self._networks.run())
        if self._has_part:
            with surviving("saying that this worker lives"):
                await self._shares.beat()
            self._beating = asyncio.create_task(self._shares.run())
        return self

    async def look_for_keys(self) -> None:
        """See that every stored key can be unwrapped: one that was taken away too early would fail runs (F-30).

        Raises:
            KeyFileUnusable: one is missing. A database that is away is not asked.
        """
        stored: set[bytes] = set()
        with surviving("looking which keys are needed"):
            async with self.database.doors() as connection:
                rows = await connection.fetch("SELECT id FROM app.stored_kek_ids() AS id")
                stored = {row["id"] for row in rows}
        if missing := stored - self.keys.ids:
            named = ", ".join(sorted(one.hex() for one in missing))
            raise KeyFileUnusable(
                f"Stored secrets need a key that is not here ({named}); `secrets status` says of which"
            )

    async def close(self) -> None:
        others = [*filter(None, [self._noting, self._hearing, self._reading, self._beating])]
        for task in (self.flushing, *others):
            task.cancel()
        await asyncio.gather(self.flushing, *others, return_exceptions=True)
        with surviving("noting which secrets were used"):
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._uses.write()
                await self._good_calls.write()
        if self._beating is not None:
            with surviving("leaving the others"):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._shares.leave()
        await self._pool.stop()
        await self._client.close()
        await self.keys.close()
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
        calls = PlaybookFunction(*self._connecting(), database=self.database, drops=self._drops)
        written = ConnectorWrites(Registry(all_connectors(folder=self.settings.connectors)), self.database)
        return {
            **{
                name: Guarded(function, self._rules, _of_protocol)
                for name, function in protocols.functions(self._client, self._runner).items()
            },
            human_tasks.NAME: TaskFunction(self.database),
            connector.NAME: Choosing(Guarded(calls, self._rules, written), Choices(self.database)),
            business_time.NAME: business_time.CalendarFunction(self.database),
            holds.NAME: holds.HoldsFunction(self.database),
            evidence.NAME: evidence.EvidenceFunction(self.database),
            cross_references.NAME: cross_references.CrossReferenceFunction(self.database),
            notices.NAME: notices.NoticeFunction(self.database, InstalledWrapper(self.keys, self.database)),
        }

    def reconciler(self) -> Reconciler:
        """What compares with a system that is back."""
        return Reconciler(*self._connecting(), database=self.database)

    def poller(self, judge: Callable[[], None]) -> Poller:
        """What asks connections for news. `judge`: events came that are to be judged."""
        intake = Intake(self.database, self.quotas.follow, self.bell.ring, judge=judge)
        return Poller(*self._connecting(), database=self.database, intake=intake, quotas=self.quotas)

    def checker(self) -> Checker:
        """What asks connections how they are."""
        return Checker(*self._connecting(), database=self.database, seconds=self.settings.check_seconds)

    def exchanger(self) -> Exchanger:
        """What exchanges the codes that browsers bring back."""
        registry, connections, client, *_ = self._connecting()
        return Exchanger(registry, connections, client, Codes(self.database, self._sealer))

    def clock(self, wake: Callable[[], None]) -> Clock:
        """What does the steps of deadlines. `wake`: one may have put a run in line."""
        follows = {one.KIND: one.follow for one in (task_clock, hold_clock, exceptions)}
        return Clock(self.database, self._acts(), wake=wake, follows=follows, begins=[exceptions.look])

    def _acts(self) -> Acts:
        """What a deadline's step does, by the kind of what it is about."""
        return {one.KIND: one.act for one in (task_clock, hold_clock, exceptions)}

    def deliverer(self) -> Deliverer:
        """What sends webhook messages."""
        return Deliverer(self.database, self._client, self._sealer, self.settings.poll_seconds)

    def _connecting(self) -> tuple[Registry, TenantConnections, Client, SharedBreakers, SharedLimits]:
        return (
            Registry(all_connectors(Expressions(self._pool), self.settings.connectors)),
            TenantConnections(self._connections, self._keeper),
            self._client,
            self._breakers,
            self._limits,
        )


async def _of_protocol(call: Call) -> Writes:
    return tasks.of_protocol(call.function, call.arguments)
