"""Calendars as they are kept; every `connection` is asyncpg's, in a transaction of the tenant."""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.pagination import Page, cut
from tenants.calendars.calendar import Calendar
from tenants.calendars.definition import NAME, Definition
from tenants.calendars.errors import UnknownCalendar

_MOST: Final = 500
_FORM: Final = re.compile(NAME)
_READY: OrderedDict[tuple[UUID, str, int], Calendar] = OrderedDict()
"""Versions never change, so that what was made ready once is kept."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a calendar."""

    name: str
    version: int
    definition: Definition
    set_by: str
    set_at: datetime


async def every(connection: Any, tenant: UUID) -> list[Stored]:
    """The newest version of each calendar that there is, by name."""
    rows = await connection.fetch(
        "SELECT * FROM (SELECT DISTINCT ON (name) name, version, definition::text AS definition, set_by, set_at "
        "FROM app.calendar_version WHERE tenant_id = $1 ORDER BY name, version DESC) n WHERE definition IS NOT NULL "
        "ORDER BY name",
        tenant,
    )
    return [_stored(row) for row in rows]


async def listed(connection: Any, tenant: UUID, page: Page) -> tuple[list[Stored], str | None]:
    """A page of those, and the position of the next one."""
    rows = await connection.fetch(
        "SELECT * FROM (SELECT DISTINCT ON (name) name, version, definition::text AS definition, set_by, set_at "
        "FROM app.calendar_version WHERE tenant_id = $1 AND ($2::text IS NULL OR name > $2) "
        "ORDER BY name, version DESC) n WHERE definition IS NOT NULL ORDER BY name LIMIT $3",
        tenant,
        page.after,
        page.limit + 1,
    )
    return cut([_stored(row) for row in rows], page, lambda one: one.name)


async def stored(connection: Any, tenant: UUID, name: str, version: int | None = None) -> Stored:
    """The newest version, or this one. Raises UnknownCalendar: there is none of this name, or none any more."""
    row = None
    if _FORM.fullmatch(name):
        row = await connection.fetchrow(
            "SELECT name, version, definition::text AS definition, set_by, set_at FROM app.calendar_version "
            "WHERE tenant_id = $1 AND name = $2 AND ($3::integer IS NULL OR version = $3) "
            "ORDER BY version DESC LIMIT 1",
            tenant,
            name,
            version,
        )
    if row is None or row["definition"] is None:
        raise UnknownCalendar("the environment has no such calendar")
    return _stored(row)


async def last_version(connection: Any, tenant: UUID, name: str) -> int:
    """Of a calendar that is gone, too; 0 where there never was one."""
    found = await connection.fetchval(
        "SELECT max(version) FROM app.calendar_version WHERE tenant_id = $1 AND name = $2", tenant, name
    )
    return int(found or 0)


async def calendar(connection: Any, tenant: UUID, *, name: str | None = None, site: str | None = None) -> Calendar:
    """Ready for arithmetic: the one of this name; else the one that is for this site, by its slug; else the default.

    Raises:
        UnknownCalendar: there is none.
    """
    return ready(tenant, await stored(connection, tenant, name or await _name_for(connection, tenant, site)))


async def at_version(connection: Any, tenant: UUID, name: str, version: int) -> Calendar:
    """An earlier version, as it was. Raises UnknownCalendar."""
    kept = _READY.get((tenant, name, version))
    return kept or ready(tenant, await stored(connection, tenant, name, version))


async def steady(connection: Any, tenant: UUID) -> None:
    """No calendar changes until this transaction ends: what is counted by one now is found by who changes it next.

    Others who ask the same wait for nobody; `saving` waits for all of them.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('calendars/' || $1::uuid::text, 43))", tenant
    )


async def unsteady(connection: Any, tenant: UUID) -> None:
    """Wait until nobody counts by a calendar any more who has not committed."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('calendars/' || $1::uuid::text, 43))", tenant
    )


def ready(tenant: UUID, stored: Stored) -> Calendar:
    """Raises UnknownZone: this machine has lost the zone that it had when the calendar was saved."""
    key = (tenant, stored.name, stored.version)
    found = _READY.get(key)
    if found is None:
        found = _READY[key] = Calendar(stored.name, stored.definition, stored.version)
        if len(_READY) > _MOST:
            _READY.popitem(last=False)
    return found


async def _name_for(connection: Any, tenant: UUID, site: str | None) -> str:
    known = await every(connection, tenant)
    for one in known:
        if site is not None and site in one.definition.sites:
            return one.name
    for one in known:
        if one.definition.default:
            return one.name
    whose = "a default calendar" if site is None else f"a calendar for the site `{site[:125]}`, nor a default one"
    raise UnknownCalendar(f"the environment has no {whose.removeprefix('a ')}")


def _stored(row: Any) -> Stored:
    definition = msgspec.json.decode(row["definition"], type=Definition)
    return Stored(
        name=row["name"], version=row["version"], definition=definition, set_by=row["set_by"], set_at=row["set_at"]
    )
