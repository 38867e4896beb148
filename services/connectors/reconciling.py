"""Compares what was done while a playbook was entered with the system, once it is back (ADR 0035)."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from infra import clock, crash_points
from infra.database import Database, surviving
from infra.problems import Problem
from infra.under_way import UnderWay
from services.connectors.breakers import Breakers
from services.connectors.function import NAME, Connections, ConnectorFunction
from services.connectors.limits import Limits
from services.connectors.registry import Registry
from services.connectors.sdk.context import Sender
from services.connectors.sdk.errors import Refusal
from services.connectors.visit import Visit
from services.engine import decisions, entries, playbooks
from services.engine.entries import Entry
from services.engine.functions import Answer, Call, Done, Failed, Later
from services.engine.playbooks import Look

_IT: Final = "it"
"""The connection, in a call of ours."""
_AT_ONCE: Final = 20


class Reconciler(ConnectorFunction):
    """Looks for entries in their systems, by the connector's read-back, and has posted what people want posted.

    It goes past the playbook, but not past the connection's breaker and limits: its calls find whether the system is
    back. What another address of the same system did by a key, and what cannot be looked for, is called again with that
    key, which does nothing twice.
    """

    def __init__(  # noqa: PLR0913 (wiring, done once)
        self,
        registry: Registry,
        connections: Connections,
        sender: Sender,
        breakers: Breakers | None = None,
        limits: Limits | None = None,
        *,
        database: Database,
    ) -> None:
        super().__init__(registry, connections, sender, breakers, limits)
        self._database = database
        self._looking: UnderWay[UUID] = UnderWay()
        """By their connections."""

    async def run(self, poll: float) -> None:
        """Until cancelled: one round each `poll` seconds, or as soon as all that was looked for has been found."""
        try:
            while True:
                with surviving("tending playbooks"):
                    await self.tend()
                await self._looking.wait(poll, asyncio.ALL_COMPLETED)
        finally:
            await self.close()

    async def tend(self) -> None:
        """One round; safe in every worker at once. Looks go on behind it: a system that hangs delays no round."""
        most = _AT_ONCE - len(self._looking)
        for one in await playbooks.tend(self._database, most, self._looking.about):
            self._looking.begin(self._look(one), one.connection)

    async def close(self) -> None:
        """End the looks that are under way: others begin them again."""
        await self._looking.end()

    async def _look(self, look: Look) -> None:
        # One that fails keeps no other from being looked for.
        with surviving("looking for an entry"):
            entry = await entries.read(self._database, look.tenant, look.entry)
            if entry is None or entry.resolution is not None:
                return
            if entry.lost:  # a person can look, and decide it without them
                await entries.found(self._database, look.tenant, entry, "cannot-tell", why=entry.lost)
                return
            call = Call(
                function=NAME,
                arguments={"connection": _IT, "operation": entry.operation, "input": entry.request},
                reference=entry.reference,
                key=entry.key,
                tenant=look.tenant,
                run=entry.run_id,
                bindings={_IT: entry.connection_id},
                planned=clock.monotonic(),
            )
            try:
                visit = await self._visit(call)
            except (Refusal, Problem) as refused:
                await entries.look_again(self._database, look.tenant, entry, refused.detail)
                return
            if entry.posting is None:
                await self._note(call, visit, entry, await self._seek(call, visit, entry))
            else:
                await self._post(call, visit, entry)

    async def _seek(self, call: Call, visit: Visit, entry: Entry) -> Answer:
        if visit.checked.reads_back is not None and visit.care.mode != "read":
            return await self._through(call, visit, visit.read_back, looks=True)
        if entry.way == "connection" and visit.care.mode == "keyed":
            return await self._through(call, visit, visit.call)
        return visit.unknown(f"{visit.operation} cannot be looked for; look in the other system")

    async def _post(self, call: Call, visit: Visit, entry: Entry) -> None:
        """With the effect's own key. What may be done twice is not asked for again where nobody knows of the first.

        Nor is it looked for while the first may be on its way. Whoever asks notes it before, in the entry as it was
        seen: of two, one asks.
        """
        is_first, mode = entry.posting == "wanted", visit.care.mode
        if not is_first and mode != "keyed" and (entry.posting_age or 0.0) < visit.settled_seconds:
            await entries.look_again(self._database, call.tenant, entry, "it was asked to do it, and may be about it")
            return
        if not is_first and mode == "once-or-ask":
            await self._note(call, visit, entry, await self._seek(call, visit, entry))
            return
        noted = await entries.posting(self._database, call.tenant, entry)
        if noted is None:
            return
        crash_points.pass_by("entry.posting", call.reference)
        answer: Answer = decisions.stood_still(visit.operation)
        if not visit.is_late:
            answer = await self._through(call, visit, visit.call)
        crash_points.pass_by("entry.posted", call.reference)
        await self._posted(call, noted, answer, is_first=is_first)

    async def _posted(self, call: Call, entry: Entry, answer: Answer, *, is_first: bool) -> None:
        if isinstance(answer, Done):
            await entries.posted(self._database, call.tenant, entry, answer.output)
        elif isinstance(answer, Later) and not answer.sent and is_first:
            await entries.unposted(self._database, call.tenant, entry, answer.reason)
        elif isinstance(answer, Later):
            await entries.look_again(self._database, call.tenant, entry, answer.reason)
        else:
            await entries.found(
                self._database, call.tenant, entry, "cannot-tell", why=f"posting it: {answer.error.detail}"
            )

    async def _note(self, call: Call, visit: Visit, entry: Entry, answer: Answer) -> None:
        place = (self._database, call.tenant, entry)
        if isinstance(answer, Done):
            is_same = entry.answered_by == entries.FALLBACK and entry.way == "file"
            what: entries.Found = "same" if is_same or answer.output == entry.answer else "different"
            await entries.found(*place, what, answer=answer.output)
        elif isinstance(answer, Later) and answer.absent:
            await entries.found(*place, "missing", why=f"{visit.operation} was looked for and is not there")
        elif isinstance(answer, Later):
            await entries.look_again(*place, answer.reason)
        elif isinstance(answer, Failed):
            await entries.found(*place, "missing", why=answer.error.detail)
        else:
            await entries.found(*place, "cannot-tell", answer=answer.answer, why=answer.error.detail)
