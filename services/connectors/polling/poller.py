"""Asks connections for news: each trigger by one worker at a time, past the connection's breaker and limits."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import crash_points
from infra.database import Database, is_outage, surviving
from infra.problems import Problem
from infra.telemetry import working_for
from infra.under_way import UnderWay
from services.connectors.breakers import Breakers
from services.connectors.function import NAME, OF_TRIGGERS, Connections, ConnectorFunction
from services.connectors.limits import Limits
from services.connectors.polling import arrivals, polls
from services.connectors.polling.arrivals import Origin
from services.connectors.polling.polls import Due, Known, Overtaken
from services.connectors.registry import Registry
from services.connectors.sdk.context import Sender
from services.connectors.sdk.errors import Away, Misread, Refusal
from services.connectors.sdk.watching import Polled, Position, Watches
from services.connectors.visit import Visit
from services.engine.functions import Call, Done, Later
from services.engine.quotas import QuotaReached, Quotas
from services.events.checks import EventChecks
from services.events.intake import MOST, Intake

_IT: Final = "it"
"""The connection, in a call of ours."""
_AT_ONCE: Final = 8
LEASE_SECONDS: Final = 180.0
_PATIENCE_SECONDS: Final = 150.0
"""Most that an answer with all its pages may take: shorter than the lease, so that nobody else asks meanwhile."""
_LONGEST_SECONDS: Final = 600.0
"""Of a back-off."""
_USUAL_SECONDS: Final = 60.0
"""Between two calls, until the connector has said it."""
_MISTAKE: Final = "Its answer met a mistake of the product; the log of the worker has it"


class Whose(msgspec.Struct, frozen=True):
    """Whose quotas hold."""

    tenant_id: UUID
    client_id: UUID
    partner_id: UUID


class Poller(ConnectorFunction):
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
        intake: Intake,
        quotas: Quotas,
    ) -> None:
        """`intake` follows by way of `quotas`."""
        super().__init__(registry, connections, sender, breakers, limits)
        self._database = database
        self._intake = intake
        self._quotas = quotas
        self._checks = EventChecks(database)
        self._asking: UnderWay[Due] = UnderWay()

    async def run(self, poll: float) -> None:
        """Until cancelled: a look each `poll` seconds. One that hangs keeps its own place and no other's."""
        try:
            while True:
                with surviving("taking what is to be asked"):
                    await self.begin()
                await self._asking.wait(poll)
        finally:
            await self._asking.end()

    async def begin(self) -> int:
        """Take what is due and begin to ask; answers how many. `settled` waits for them."""
        room = _AT_ONCE - len(self._asking)
        taken = await polls.take(self._database, room, LEASE_SECONDS) if room > 0 else []
        for due in taken:
            self._asking.begin(self._ask(due), due)
        return len(taken)

    async def settled(self) -> None:
        """Return when nothing is asked any more."""
        await self._asking.settled()

    async def _ask(self, due: Due) -> None:
        working_for(due.tenant)
        with surviving("asking a connection for news"), contextlib.suppress(Overtaken):
            known = await polls.read(self._database, due)
            try:
                await self._asked(due, known)
            except Overtaken:
                raise
            except Exception as error:
                if not is_outage(error):
                    # A mistake of ours meets the same answer again and again: somebody has to be told.
                    await polls.put_off(self._database, due, _back_off(_USUAL_SECONDS, known, None), _MISTAKE)
                raise

    async def _asked(self, due: Due, known: Known) -> None:
        """Raises Overtaken."""
        seconds = _USUAL_SECONDS
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                connection = await self._connections.open(due.tenant, due.connection)
                polled = self._polled(connection.connector, due.trigger)
                seconds = polled.seconds
                position = Position(cursor=known.cursor, began=known.began)
                call = await _call(due, polled, position, connection.settings)
                visit = await self._visit(call)
                answer = await self._through(call, visit, visit.call)
            if isinstance(answer, Done):
                await self._take_in(due, known, polled, position, visit, answer.output)
                return
            if isinstance(answer, Later):
                # Of a line nothing is wrong; who is away has an outage of its own, and is back with the first answer.
                why = "" if answer.line else answer.reason
                # The end of an outage finds it sooner than a run that is parked would look.
                floor = None if answer.parked else answer.seconds
                await polls.put_off(self._database, due, _back_off(seconds, known, floor), why)
                return
            why = answer.error.detail
        except (Refusal, Problem, Misread) as refused:
            why = refused.detail
            if isinstance(refused, QuotaReached):
                await polls.put_off(self._database, due, float(refused.extensions["retry_after"]))
                return
        except Away as away:
            await polls.put_off(self._database, due, _back_off(seconds, known, away.seconds))
            return
        except TimeoutError:
            why = f"Its answer took longer than {_PATIENCE_SECONDS:g} seconds"
        await polls.put_off(self._database, due, _back_off(seconds, known, None), why)

    def _polled(self, name: str, trigger: str) -> Polled:
        """Raises Refusal: the connector has no such trigger."""
        connector: object = self._registry.connector(name)
        found = connector.polled(trigger) if isinstance(connector, Watches) else None
        if found is None:
            raise Refusal(f"The connector {name} has no trigger `{trigger}` to be asked", name="configuration")
        return found

    async def _take_in(  # noqa: PLR0913, PLR0917 (all that is known of one answer)
        self, due: Due, known: Known, polled: Polled, position: Position, visit: Visit, output: Any
    ) -> None:
        """Store the events, begin what they trigger and move the cursor, in one transaction.

        Of very many the first are stored before; who asks again finds them known. The cursor never goes before its
        events.

        Raises:
            Overtaken, QuotaReached, Misread, Away: nothing was stored, or nothing but such first ones.
        """
        connection = visit.connection
        news = await polled.reads(output, position, connection.settings, due.tenant)
        found = await arrivals.of(news, Origin(due, connection.name, polled.event), known.seen, self._checks)
        crash_points.pass_by("poll.answered", due.trigger)
        place = Whose(due.tenant, known.client, known.partner)
        size = sum(len(one.event.content()) for one in found.events)
        if found.events:
            self._quotas.attend(place)
            await self._quotas.admit(due.tenant, found.events[0].event, size)
        *before, last = [found.events[at : at + MOST] for at in range(0, len(found.events), MOST)] or [[]]
        for events in before:
            await self._intake.receive_all(due.tenant, events, lambda transaction: polls.hold(transaction, due))

        async def moved(transaction: Any) -> None:
            seconds = 0.0 if news.more else polled.seconds
            await polls.advance(transaction, due, news.cursor, found.seen, seconds)
            if found.refused:
                await polls.tell_refused(transaction, due, found.refused)
            for one in found.unmapped:
                await polls.tell_unmapped(transaction, due, one)

        await self._intake.receive_all(due.tenant, last, moved)
        self._quotas.took(place, size)
        crash_points.pass_by("poll.committed", due.trigger)


async def _call(due: Due, polled: Polled, position: Position, settings: dict[str, Any]) -> Call:
    given = await polled.asks(position, settings, due.tenant)
    return Call(
        function=NAME,
        arguments={"connection": _IT, "operation": polled.operation, "input": given},
        reference=f"{OF_TRIGGERS}{due.trigger}",
        key=f"poll-{due.connection.hex}-{due.fence}",
        tenant=due.tenant,
        run=due.connection,
        bindings={_IT: due.connection},
    )


def _back_off(seconds: float, known: Known, floor: float | None) -> float:
    """Twice as long with each failure in a row; never sooner than the other side asked for."""
    longest = max(_LONGEST_SECONDS, seconds)
    return max(min(seconds * 2.0 ** min(known.failures, 10), longest), min(floor or 0.0, longest))
