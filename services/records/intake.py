"""Events become records, one tenant's at a time, in the order in which they came (ADR 0080)."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable
from collections.abc import Mapping as Members
from typing import Any, Final

import msgspec

from infra import crash_points, ids
from infra.database import Database, is_outage
from infra.ids import TenantId
from services.engine import values
from services.engine.expressions.protocol import Evaluator, ExpressionsUnavailable
from services.events.intake import Followed
from services.records import contradictions, knowing, meeting, queue
from services.records.contradictions import Contradiction
from services.records.keys import Key
from services.records.mapping import applying
from services.records.mapping.applying import Made, NotMade
from services.records.mapping.connections import resolved
from services.records.mapping.document import Mapping
from services.records.meeting import Named
from services.records.queue import Waiting
from services.records.taking import Taken, take

_log: Final = logging.getLogger(__name__)
TRIES: Final = 5
"""Of an event that fails for no reason of its own."""
_KEPT: Final = 500
"""Mappings that a process remembers."""
_PACKS: Final = "unit-of-measure"


class Intake:
    """One for the process."""

    def __init__(self, database: Database, evaluator: Evaluator) -> None:
        self._database = database
        self._evaluator = evaluator
        self._mappings: OrderedDict[tuple[TenantId, str, int], Mapping] = OrderedDict()

    async def round(self, tenant: TenantId) -> tuple[int, Followed]:
        """Take what waits, 50 events at most; answers how many, and what they set going.

        Safe to do twice at once and to break off: what follows from an event and its removal are one commit.

        Raises:
            ExpressionsUnavailable: the rest is as it was; try again. So with an outage.
        """
        async with self._database.tenant(tenant) as connection:
            waiting = await queue.due(connection, tenant)
        followed = Followed({})
        for one in waiting:
            try:
                its = await self._one(tenant, one)
            except ExpressionsUnavailable:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                await self._put_off(tenant, one)
                continue
            followed = _together(followed, its)
        return len(waiting), followed

    async def _one(self, tenant: TenantId, one: Waiting) -> Followed:
        if one.version is None or one.content is None:
            async with self._database.tenant(tenant) as connection:
                await queue.remove(connection, tenant, one)
            return Followed({})
        mapping = await self._mapping(tenant, one.mapping, one.version)
        event: dict[str, Any] = values.decode(one.content, depth=2 * values.DEPTH)
        try:
            its = resolved(mapping, event)
            made = Made() if its is None else await self._made(tenant, its, event)
            return await self._take(tenant, Taken(one, one.version, its or mapping, event, made))
        except NotMade as refused:
            await self._refuse(tenant, one, refused)
            return Followed({})

    async def _made(self, tenant: TenantId, mapping: Mapping, event: dict[str, Any]) -> Made:
        packs = Packs(self._database, tenant, mapping.system)
        return await applying.apply(self._evaluator, mapping, event, packs=packs, lane=ids.show("ten", tenant))

    async def _take(self, tenant: TenantId, taken: Taken) -> Followed:
        async with self._database.tenant(tenant) as connection:
            followed = await take(connection, tenant, taken)
            crash_points.pass_by("records.before")
        crash_points.pass_by("records.committed")
        return followed

    async def _mapping(self, tenant: TenantId, name: str, version: int) -> Mapping:
        key = (tenant, name, version)
        if key not in self._mappings:
            async with self._database.tenant(tenant) as connection:
                text = await queue.document(connection, tenant, name, version)
            self._mappings[key] = msgspec.json.decode(text, type=Mapping)
        self._mappings.move_to_end(key)
        found = self._mappings[key]
        while len(self._mappings) > _KEPT:
            self._mappings.popitem(last=False)
        return found

    async def _refuse(self, tenant: TenantId, one: Waiting, refused: NotMade) -> None:
        """It waits for the next release, and somebody is told."""
        if one.record is None or one.system is None:
            return
        found = Contradiction(
            record=one.record,
            cause=refused.cause,
            system=one.system,
            of=f"{one.mapping} {refused.about}",
            title=f"{one.system}, {one.record}, event {ids.show('evt', one.event_id)}: {refused.detail}",
        )
        async with self._database.tenant(tenant) as connection:
            if await queue.refuse(connection, tenant, one, found, refused.detail):
                await contradictions.tell(connection, tenant, found)

    async def _put_off(self, tenant: TenantId, one: Waiting) -> None:
        _log.exception("an event could not be taken into records")
        if one.tries + 1 >= TRIES:
            await self._refuse(tenant, one, NotMade("not-translated", f"it could not be taken in {TRIES} tries"))
            return
        async with self._database.tenant(tenant) as connection:
            await queue.put_off(connection, tenant, one)


class Packs:
    """What is known of the units of items, by the ids that a mapping's system has."""

    def __init__(self, database: Database, tenant: TenantId, system: str) -> None:
        self._database = database
        self._tenant = tenant
        self._system = system

    async def __call__(self, items: Iterable[str]) -> Members[str, Any]:
        found: dict[str, Any] = {}
        async with self._database.tenant(self._tenant) as connection:
            for item in sorted(items):
                entity = await meeting.find(connection, self._tenant, Named(_PACKS, Key(self._system, item)))
                if entity is not None:
                    record = (await knowing.known(connection, self._tenant, entity, _PACKS)).record
                    found |= {item: record} if record else {}
        return found


def _together(one: Followed, other: Followed) -> Followed:
    return Followed({**one.started, **other.started}, one.woken + other.woken, one.to_judge + other.to_judge)
