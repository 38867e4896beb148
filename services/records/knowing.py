"""What is known of a record now: all that systems said of it in one (ADR 0080)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.records import folding, meeting, sightings
from services.records.folding import Conflict, Course, View
from services.records.mapping.applying import FLOOR
from services.records.mapping.document import ORDER
from template_library.records import registry


class Known(msgspec.Struct, frozen=True):
    """`record` is empty of what no system said anything of. `course`: of an order. `told`: which of its turns were."""

    kind: str
    record: dict[str, Any]
    views: dict[str, View]
    conflicts: list[Conflict]
    course: Course
    told: set[str]

    @property
    def is_whole(self) -> bool:
        """False: those who would say more than a part of it have not spoken yet."""
        required = registry.schema(self.kind, registry.newest(self.kind)).get("required", ())
        return all(one in self.record for one in required)


async def known(connection: Any, tenant: TenantId, entity: UUID, kind: str) -> Known:
    """With what was said of those that were merged into it."""
    entities = await meeting.standing_for(connection, tenant, entity)
    views = _by_system(await sightings.views(connection, tenant, entities))
    record, conflicts = folding.merged(views, await sightings.leads(connection, tenant, kind))
    if kind != ORDER:
        return Known(kind, record, views, conflicts, Course({}, [], {}), set())
    sights, told = await sightings.sights(connection, tenant, entities)
    course = folding.course(sights)
    if record:
        record = folding.with_states(record, course.states, FLOOR)
    return Known(kind, record, views, conflicts, course, told)


def _by_system(found: Mapping[tuple[UUID, str], View]) -> dict[str, View]:
    """A system that knew one thing twice said something of both: what it said later counts."""
    views: dict[str, View] = {}
    for (_, system), view in found.items():
        views[system] = folding.joined(views.get(system, {}), view)
    return views
