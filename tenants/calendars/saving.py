"""Calendars change: each time a version more, which never changes. `connection` is asyncpg's, open for the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from template_library.schemas import Breach
from tenants.audit import writing as audit
from tenants.calendars import checking, public_holidays, reading
from tenants.calendars.definition import Definition, Holiday, Written
from tenants.calendars.errors import InvalidCalendar
from tenants.calendars.public_holidays import NoSource, Source, UnknownRegion
from tenants.calendars.reading import Stored

MOST: Final = 200
"""Calendars of one environment."""
_LARGEST: Final = 262_144
"""Bytes of a definition, as the table holds it."""
_ADD: Final = """
INSERT INTO app.calendar_version (tenant_id, name, version, definition, set_by) VALUES ($1, $2, $3, $4::text::json, $5)
"""


async def save(  # noqa: PLR0913 (the scope, the thing, and who asks)
    connection: Any,
    tenant: UUID,
    name: str,
    written: Written,
    *,
    actor: str,
    source: Source = public_holidays.of_library,
) -> Stored:
    """The calendar's next version; the present one where it says the same. Safe to repeat.

    Nobody counts by a calendar meanwhile, see `reading.steady`.

    Raises:
        InvalidCalendar: `errors` names every place that is no good.
    """
    await reading.unsteady(connection, tenant)
    known = {one.name: one for one in await reading.every(connection, tenant)}
    present = known.get(name)
    found = checking.mistakes(written)
    found += await _of_others(connection, tenant, [one for one in known.values() if one.name != name], written)
    if present is None and len(known) >= MOST:
        found.append(Breach("", f"an environment has at most {MOST} calendars"))
    if found:
        raise _invalid(found)
    definition = await _pinned(connection, written, None if present is None else present.definition, source)
    if present is not None and present.definition == definition:
        return present
    text = msgspec.json.encode(definition).decode()
    if len(text) > _LARGEST:
        raise _invalid([Breach("", f"a calendar has at most {_LARGEST} bytes as JSON")])
    version = await reading.last_version(connection, tenant, name) + 1
    await connection.execute(_ADD, tenant, name, version, text, actor)
    after = {"version": version, **_told(definition, None if present is None else present.definition)}
    await audit.write(connection, tenant, actor=actor, action="calendar.saved", target=name, after=after)
    return await reading.stored(connection, tenant, name)


async def remove(connection: Any, tenant: UUID, name: str, *, actor: str) -> None:
    """Take a calendar away; its versions stay, for what was counted by them.

    Raises:
        UnknownCalendar: there is none of this name.
    """
    await reading.unsteady(connection, tenant)
    present = await reading.stored(connection, tenant, name)
    await connection.execute(_ADD, tenant, name, present.version + 1, None, actor)
    after = {"version": present.version + 1}
    await audit.write(connection, tenant, actor=actor, action="calendar.removed", target=name, after=after)


async def _of_others(connection: Any, tenant: UUID, others: Sequence[Stored], written: Written) -> list[Breach]:
    found = []
    taken = {site: one.name for one in others for site in one.definition.sites}
    rows = await connection.fetch(
        "SELECT slug FROM app.site WHERE tenant_id = $1 AND slug = ANY ($2::text[])", tenant, written.sites
    )
    there = {row["slug"] for row in rows}
    for place, site in enumerate(written.sites):
        if site not in there:
            found.append(Breach(f"/sites/{place}", "there is no such site"))
        elif site in taken:
            found.append(Breach(f"/sites/{place}", f"the calendar `{taken[site]}` is for this site"))
    default = next((one.name for one in others if one.definition.default), None)
    if written.default and default is not None:
        found.append(Breach("/default", f"the calendar `{default}` is the default; take that from it first"))
    return found


async def _pinned(connection: Any, written: Written, before: Definition | None, source: Source) -> Definition:
    """With the days of public holidays. Those that are written down stay; years that are new are added."""
    definition = msgspec.convert(msgspec.to_builtins(written), Definition)
    if not written.public_holidays:
        return definition
    this_year = int(await connection.fetchval("SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::int"))
    last = this_year + public_holidays.YEARS - 1
    kept: list[Holiday] = []
    first = this_year
    if before is not None and before.public_until is not None and before.public_holidays == written.public_holidays:
        kept, first, last = before.public_days, before.public_until + 1, max(last, before.public_until)
    added = _days(written, range(first, last + 1), source) if first <= last else []
    return msgspec.structs.replace(definition, public_days=[*kept, *added], public_until=last)


def _days(written: Written, years: range, source: Source) -> list[Holiday]:
    for place, region in enumerate(written.public_holidays):
        pointer = f"/public_holidays/{place}"
        try:
            source(region, years[:1])
        except NoSource:
            words = "this installation knows no public holidays: write the days down in `holidays`"
            raise _invalid([Breach(pointer, words)]) from None
        except UnknownRegion:
            words = "no public holidays are known of this country, or of this part of it"
            raise _invalid([Breach(pointer, words)]) from None
    return public_holidays.days(written.public_holidays, years, source)


def _told(definition: Definition, before: Definition | None) -> dict[str, Any]:
    """What the audit says: whole where it is new, else what is other than before."""
    now: dict[str, Any] = msgspec.to_builtins(definition)
    was: dict[str, Any] = {} if before is None else msgspec.to_builtins(before)
    return {name: value for name, value in now.items() if name not in was or was[name] != value}


def _invalid(found: Sequence[Breach]) -> InvalidCalendar:
    return InvalidCalendar(
        "; ".join(f"{one.pointer}: {one.detail}" for one in found[:3]),
        errors=[{"pointer": one.pointer, "detail": one.detail} for one in found[:50]],
    )
