"""Asks connections how they are: as one is made or changed, as somebody wants it, and now and then (ADR 0089)."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Final

import msgspec

from infra.database import Database, is_outage, surviving
from infra.problems import Problem
from infra.telemetry import working_for
from infra.under_way import UnderWay
from services.connectors.breakers import Breakers
from services.connectors.function import NAME, Connections, ConnectorFunction
from services.connectors.health import checks, endings, findings, questions
from services.connectors.health.checks import Due, Found
from services.connectors.limits import Limits
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection, Sender
from services.connectors.sdk.errors import Refusal
from services.connectors.visit import Visit
from services.engine.functions import Answer, Call, Done, Later

_IT: Final = "it"
"""The connection, in a call of ours."""
_UNAVAILABLE: Final = 503
_AT_ONCE: Final = 4
LOOK_SECONDS: Final = 2.0
LEASE_SECONDS: Final = 120.0
_PATIENCE_SECONDS: Final = 90.0
"""Shorter than the lease, so that nobody else checks meanwhile."""
_TURN_SECONDS: Final = 60.0
"""Behind one whose turn had not come: its connection is away, or at its limits."""
LEAST_SECONDS: Final = 300.0
"""Between two checks of a connection that nobody asked for."""
_LONGEST_SECONDS: Final = 86_400.0
_GUESSES: Final = frozenset({"authentication", "authorization"})
"""Many systems lock an account out that keeps coming with what they refuse: of these each is twice as far away."""

_log: Final = logging.getLogger(__name__)


class Checker(ConnectorFunction):
    """`run` until cancelled. Several processes share the work; what one leaves is taken when its lease is over."""

    def __init__(  # noqa: PLR0913 (wiring, done once)
        self,
        registry: Registry,
        connections: Connections,
        sender: Sender,
        breakers: Breakers | None = None,
        limits: Limits | None = None,
        *,
        database: Database,
        seconds: float,
    ) -> None:
        """`seconds`: between two checks of a connection."""
        super().__init__(registry, connections, sender, breakers, limits)
        self._database = database
        self._seconds = max(seconds, LEAST_SECONDS)
        self._checking: UnderWay[Due] = UnderWay()

    async def run(self) -> None:
        """Until cancelled. One that hangs keeps its own place and no other's."""
        try:
            while True:
                with surviving("taking connections to check"):
                    await self.begin()
                await self._checking.wait(LOOK_SECONDS)
        finally:
            await self._checking.end()

    async def begin(self) -> int:
        """Take what is due and begin to check; answers how many. `settled` waits for them."""
        room = _AT_ONCE - len(self._checking)
        taken = await checks.take(self._database, room, LEASE_SECONDS) if room > 0 else []
        for due in taken:
            self._checking.begin(self._check(due), due)
        return len(taken)

    async def settled(self) -> None:
        """Return when nothing is checked any more."""
        await self._checking.settled()

    async def _check(self, due: Due) -> None:
        working_for(due.tenant)
        with surviving("checking a connection"):
            found: Found | float
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    found = await self._asked(due, await self._connections.open(due.tenant, due.connection))
            except TimeoutError:
                found = Found(error="timeout", detail=f"Its answer took longer than {_PATIENCE_SECONDS:g} seconds")
            except (Refusal, Problem) as refused:
                is_ours = isinstance(refused, Problem) and refused.status == _UNAVAILABLE
                found = _TURN_SECONDS if is_ours else findings.unopened(refused)
            except Exception as error:
                if is_outage(error):
                    raise
                # Nobody may take what was found before for what is so now.
                _log.exception("a check came to what nobody foresaw", extra={"connection": due.connection.hex})
                found = findings.unforeseen(error)
            if isinstance(found, float):
                await checks.put_off(self._database, due, _about(found))
            else:
                await checks.put(self._database, due, found, _about(self._pause(found, await self._failures(due))))

    async def _asked(self, due: Due, connection: OpenConnection) -> Found | float:
        """What came of it; seconds: nothing was asked, and it may be in so many. Raises Refusal."""
        connector = self._registry.connector(connection.connector)
        question = None if connector is None else questions.of(connector)
        if connector is None or question is None:
            return self._seconds
        call = Call(
            function=NAME,
            arguments={"connection": _IT, "operation": question.operation, "input": question.input},
            reference="/health",
            key=f"health-{due.connection.hex}-{due.fence}",
            tenant=due.tenant,
            run=due.connection,
            bindings={_IT: due.connection},
        )
        visit, answer = await self._answered(call)
        if isinstance(answer, Later) and (answer.parked or answer.line) and not visit.context.exchanges:
            return _TURN_SECONDS
        ending = endings.first(connection, visit.context.grant)
        rights = await self._rights(call, question.rights) if isinstance(answer, Done) and question.rights else None
        return findings.of(answer, visit.context, connector.manifest, ending, rights)

    async def _answered(self, call: Call) -> tuple[Visit, Answer]:
        visit = await self._visit(call)
        visit.context.quiet = True
        return visit, await self._through(call, visit, visit.call)

    async def _rights(self, call: Call, operation: str) -> frozenset[str] | None:
        """Which rights its side says that the credentials have; None: it does not say it now."""
        arguments = {**call.arguments, "operation": operation, "input": {}}
        _, answer = await self._answered(msgspec.structs.replace(call, arguments=arguments))
        return frozenset(map(str, answer.output)) if isinstance(answer, Done) else None

    async def _failures(self, due: Due) -> int:
        async with self._database.tenant(due.tenant) as transaction:
            return (await checks.read(transaction, due.tenant, due.connection)).failures

    def _pause(self, found: Found, failures: int) -> float:
        if found.error in _GUESSES:
            return min(self._seconds * 2.0 ** min(failures, 10), max(_LONGEST_SECONDS, self._seconds))
        return LEAST_SECONDS if found.error in {"communication", "timeout"} else self._seconds


def _about(seconds: float) -> float:
    """Some time apart, or all connections of a worker that was away would be checked at one moment for good."""
    return seconds * random.uniform(1.0, 1.2)  # noqa: S311 (jitter, no secret)
