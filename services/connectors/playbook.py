"""Calls of a connection whose playbook is entered: by hand, as files, on another address, or later (ADR 0035)."""

from __future__ import annotations

import contextlib
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from infra import crash_points, ids
from infra.database import Database, is_outage
from infra.problems import Problem
from services.connectors.breakers import Breakers, parked
from services.connectors.drops import Drop, Drops
from services.connectors.fallback import FallbackFunction
from services.connectors.function import Connections, later
from services.connectors.limits import Limits
from services.connectors.registry import Registry
from services.connectors.sdk.context import Sender
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.visit import Visit
from services.engine import entries
from services.engine.entries import Entry, Noted
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later, Line, Terms
from tenants.connections import opening
from tenants.connections.playbook import Kind

_FOREVER: Final = 10**15
"""Milliseconds: the key grows never old, and that its effect is sent is noted all the same."""
_MOMENT: Final = 3.0
"""Seconds until this worker knows what others do of a connection."""
_FILE_SECONDS: Final = 10.0
_MARGIN: Final = 1.5
"""So much longer than a worker may go by what it knew of a connection it takes until every worker knows it anew."""


class PlaybookFunction(FallbackFunction):
    """A `FallbackFunction` that takes the ways of a connection's playbook while it is entered.

    Of each effect that takes another way there is a row before anything of it is done, and where there is one the
    system's own call is not made. What may have reached the system before waits for it.
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
        drops: Drops,
    ) -> None:
        super().__init__(registry, connections, sender, breakers, limits)
        self._database = database
        self._drops = drops

    def _terms(self, visit: Visit) -> Terms | None:
        terms, standing, way = super()._terms(visit), visit.connection.standing, _way(visit)
        if visit.care.mode == "read":
            return terms
        if standing in {"entered", "reconciling"} and not (standing == "entered" and way == "connection"):
            return Terms(
                mode=visit.care.mode, operation=visit.operation, connection=visit.connection.id, elsewhere=True
            )
        if terms is None and way in {"file", "manual"}:
            return Terms(
                mode="keyed", operation=visit.operation, connection=visit.connection.id, key_valid_for=_FOREVER
            )
        return terms

    async def _make(self, call: Call, visit: Visit) -> Answer:
        standing = visit.connection.standing
        is_asked = visit.care.mode == "read" and not (_way(visit) == "manual" and standing == "entered")
        # Who waited for a person has an entry, whatever this worker knows of the connection.
        if not call.by_hand and (not standing or is_asked):
            return await super()._make(call, visit)
        try:
            return await self._by_playbook(call, visit)
        except Exception as error:
            if is_outage(error):
                return _waits(visit, "what became of it cannot be read now", "", seconds=_MOMENT)
            raise

    async def _look_for(self, call: Call, visit: Visit) -> Answer:
        """A call that was sent and one that took another way are not the same; but the row has the last word."""
        if visit.connection.standing:
            entry = await entries.of_call(self._database, call)
            if entry is not None and entry.state != "queued":
                return await self._of_entry(call, visit, entry)
        return await super()._look_for(call, visit)

    async def _by_playbook(self, call: Call, visit: Visit) -> Answer:
        entry = await entries.of_call(self._database, call)
        if entry is not None and entry.state != "queued":
            return await self._of_entry(call, visit, entry)
        if visit.connection.standing in {"", "normal"}:
            if call.elsewhere:
                return _waits(visit, "its continuity playbook was left a moment ago", "", seconds=0.0)
            return await super()._make(call, visit)
        if visit.connection.standing == "reconciling":
            return _waits(visit, "its continuity playbook is being reconciled", "playbook")
        return await self._begin(call, visit, is_queued=entry is not None)

    async def _begin(self, call: Call, visit: Visit, *, is_queued: bool) -> Answer:
        """Take the way that the playbook declares. What was given back to the system waits for it."""
        way = _way(visit)
        if is_queued or way == "queue":
            return _waits(visit, "its continuity playbook is entered", "playbook")
        sent = _waits(visit, f"{visit.operation} may have reached it before its playbook was entered", "playbook")
        if way != "connection" and call.repeated and visit.care.mode != "read":
            return sent
        noted = Noted(
            connection=visit.connection.id,
            operation=visit.operation,
            mode=visit.care.mode,
            way=way,
            request=visit.input,
        )
        entry = await entries.add(self._database, call, noted, blind=opening.FRESH_SECONDS * _MARGIN)
        if entry == "begun":
            return sent
        if entry == "moves":
            return _waits(visit, "its continuity playbook moves", "playbook", seconds=_MOMENT)
        crash_points.pass_by("entry.noted", call.reference)
        return await self._of_entry(call, visit, entry)

    async def _of_entry(self, call: Call, visit: Visit, entry: Entry) -> Answer:
        """What the run goes on with; or the next step of an entry that was begun."""
        if entry.lost:
            return _unread(visit, entry)
        if entry.state in {"writing", "prepared"} and entry.way == "file":
            return await self._drop(call, visit, entry)
        if entry.state == "writing" and visit.connection.standing == "entered":
            return await self._reroute(call, visit, entry)
        return _told(visit, entry)

    async def _drop(self, call: Call, visit: Visit, entry: Entry) -> Answer:
        """Each step is noted before the next, so that whoever takes it up knows whether the file has its name."""
        drop = Drop(
            key=call.key,
            operation=visit.operation,
            connection=visit.connection.name or str(visit.connection.id),
            run=ids.show("run", call.run),
            input=entry.request,
        )
        name, now = self._drops.name(call.tenant, drop), entry
        try:
            if entry.state == "writing":
                written = await self._drops.write(call.tenant, drop)
                crash_points.pass_by("drop.written", call.reference)
                if not await entries.prepared(self._database, call, entry.entry_id, name, written):
                    await self._drops.discard(call.tenant, written)
                now = await entries.read(self._database, call.tenant, entry.entry_id) or entry
                crash_points.pass_by("drop.prepared", call.reference)
            if now.state == "prepared" and now.written and now.file:
                await self._drops.place(call.tenant, now.written, now.file)
                crash_points.pass_by("drop.placed", call.reference)
        except OSError as error:
            return _waits(visit, f"its file cannot be written: {error.strerror}", "playbook", seconds=_FILE_SECONDS)
        if now.state == "prepared":
            way = visit.connection.playbook.way(visit.operation)
            answer = UNSET if way is None or way.way != "file" else way.answer
            await entries.dropped(
                self._database,
                call.tenant,
                entry,
                None if answer is UNSET else answer,
                is_declared=answer is not UNSET,
            )
            with contextlib.suppress(OSError):
                await self._drops.discard(call.tenant, now.written or "")
        now = await entries.read(self._database, call.tenant, entry.entry_id) or now
        return _unread(visit, now) if now.lost else _told(visit, now)

    async def _reroute(self, call: Call, visit: Visit, entry: Entry) -> Answer:
        """The same call with the same key at another address of the same system."""
        waits = _waits(visit, "its continuity playbook is entered, and its fallback cannot be used", "playbook")
        if visit.connection.fallback is None:
            return waits
        try:
            other = await self._visit(replace(call, bindings={**call.bindings, visit.name: visit.connection.fallback}))
        except (Problem, Refusal):
            return waits
        if other.connection.connector != visit.connection.connector or other.care.mode != "keyed":
            return waits
        answer = await self._through(call, other, other.call)
        if isinstance(answer, Failed):
            await entries.refused(self._database, call.tenant, entry.entry_id, answer.error.title)
        if not isinstance(answer, Done):
            return answer
        await entries.answered(self._database, call.tenant, entry, answer.output)
        return replace(answer, via=other.connection.ref, by=entries.FALLBACK)


def _way(visit: Visit) -> Kind:
    """Where the operation goes while the playbook is entered; what is not named waits."""
    connection = visit.connection
    declared = connection.playbook.way(visit.operation)
    if declared is None:
        return "queue"
    is_same = connection.playbook.same_system and visit.care.mode == "keyed"
    if declared.way == "connection" and not is_same:
        return "queue"
    return declared.way


def _told(visit: Visit, entry: Entry) -> Answer:
    if entry.state == "answered":
        is_read, via = entry.mode == "read", ""
        if entry.way == "connection" and visit.connection.fallback is not None:
            via = ids.show("con", visit.connection.fallback)
        return Done(
            output=entry.answer,
            usage="call" if via else "",
            via=via,
            by="" if is_read else entry.answered_by or entries.FALLBACK,
        )
    if entry.state == "withdrawn":
        detail = f"{entry.operation} was given up: {entry.reason or 'nobody did it'}"
        error = ErrorDetails(type=f"{STANDARD_ERRORS}communication", status=503, title="It was given up", detail=detail)
        return Failed(error=error, sent=False)
    if entry.state in {"open", "taken"}:
        what = "is to be done by hand" if entry.way == "manual" else "lies in a file; somebody is to say how it went"
        return _waits(visit, f"{entry.operation} {what}", "manual")
    return _waits(visit, "its continuity playbook moves", "playbook", seconds=_MOMENT)


def _unread(visit: Visit, entry: Entry) -> Later:
    """Its effect took another way, and nobody can say with what: its run waits until the database is put right."""
    return _waits(visit, f"the values of its entry cannot be read: {entry.lost}", "playbook", seconds=_FILE_SECONDS)


def _waits(visit: Visit, reason: str, line: Line, *, seconds: float | None = None) -> Later:
    pause = parked(reason).seconds if seconds is None else seconds
    away = Away(reason, seconds=pause, sent=False, parked=True, line=line)
    return later(away, visit.name, visit.connection, sent=False)
