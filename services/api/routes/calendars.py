"""Business calendars: when a client's places are open, and what is when by that (ADR 0102)."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.deadlines import changing
from template_library.dsl.durations import DurationError, milliseconds
from tenants.calendars import arithmetic, reading, saving
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.definition import NAME, Holiday, Written
from tenants.calendars.errors import CalendarInUse, InvalidCalendar, NoSuchTime
from tenants.calendars.reading import Stored

TAGS: Final = ["calendars"]
_ONE: Final = "/calendars/{calendar:str}"
_FORM: Final = re.compile(NAME)
AtVersion = Annotated[
    int | None,
    QueryParameter(description="As this version has it; absent: the newest.", required=False, ge=1, le=2**31 - 1),
]


class NewCalendar(Written, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a place is open, by its own clocks."""


class CalendarView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a calendar. It never changes; the newest one holds."""

    name: Annotated[str, Meta(examples=["warehouse-north"])]
    version: Annotated[int, Meta(description="Raised with each change.")]
    calendar: NewCalendar
    public_days: Annotated[list[Holiday], Meta(description="Days of the public holidays, as they were known.")]
    public_until: Annotated[
        int | None, Meta(description="To the end of this year; save the calendar again to have later ones.")
    ]
    set_by: str
    set_at: Instant


class CalendarList(msgspec.Struct, frozen=True):
    items: list[CalendarView]
    next: NextCursor


class CalendarQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Moments to be counted, without anything being begun."""

    since: (
        Annotated[
            datetime,
            Meta(
                tz=True,
                description="From when on, RFC 3339; absent: now.",
                examples=["2026-12-23T15:00:00+01:00"],
            ),
        ]
        | None
    ) = msgspec.field(name="from", default=None)
    durations: Annotated[
        list[str],
        Meta(max_length=50, description="Business time, ISO 8601.", examples=[["PT4H", "PT26H30M"]]),
    ] = []
    site: Annotated[str, Meta(max_length=125, description="Whose cut-offs; absent: those of all.")] | None = None


class MomentView(msgspec.Struct, frozen=True, kw_only=True):
    at: Instant
    local: Annotated[
        str, Meta(description="The same by the calendar's clocks.", examples=["2026-12-29T09:00:00+01:00"])
    ]


class CountedView(MomentView, frozen=True, kw_only=True):
    """When so much business time has passed."""

    duration: str


class CutOffView(MomentView, frozen=True, kw_only=True):
    """The first that is not over."""

    name: str


class CalendarMoments(msgspec.Struct, frozen=True, kw_only=True):
    since: MomentView = msgspec.field(name="from")
    version: int
    durations: list[CountedView]
    cut_offs: list[CutOffView]


@get(tenant_paths("/calendars"), summary="List calendars", tags=TAGS)
async def list_calendars(request: Call, limit: Limit = 50, cursor: Cursor = None) -> CalendarList:
    """The newest version of each, by name."""
    tenant, page = request.tenant.tenant_id, request.page(limit, cursor)
    async with request.resources.database.tenant(tenant) as transaction:
        rows, last = await reading.listed(transaction, tenant, page)
    return CalendarList([view(one) for one in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a calendar", tags=TAGS)
async def read_calendar(request: Call, calendar: FromPath[str], version: AtVersion = None) -> CalendarView:
    """As it is, or as a version of it was."""
    tenant = request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as transaction:
        return view(await reading.stored(transaction, tenant, calendar, version))


@put(tenant_paths(_ONE), summary="Save a calendar", tags=TAGS)
async def save_calendar(request: Call, calendar: FromPath[str], data: JSONBody[NewCalendar]) -> CalendarView:
    """Its next version, whole. Open deadlines that count by it are computed anew, within seconds to minutes.

    The days of public holidays are written down now: those that are there stay, and years that are new are added. The
    same again changes nothing.
    """
    if _FORM.fullmatch(calendar) is None:
        raise InvalidCalendar.at("", "a calendar's name has lower-case letters, digits and single hyphens")
    tenant, actor = request.tenant.tenant_id, request.principal.actor
    async with request.resources.database.tenant(tenant) as transaction:
        await reading.unsteady(transaction, tenant)

        async def present() -> CalendarView:
            return view(await reading.stored(transaction, tenant, calendar))

        await request.match(present)
        before = await reading.last_version(transaction, tenant, calendar)
        saved = await saving.save(transaction, tenant, calendar, data, actor=actor)
        if saved.version != before:
            await changing.recompute(transaction, tenant, calendar)
        return view(saved)


@delete(tenant_paths(_ONE), summary="Remove a calendar", tags=TAGS)
async def remove_calendar(request: Call, calendar: FromPath[str]) -> None:
    """Not while open deadlines count by it. What was counted by it stays as it is."""
    tenant, actor = request.tenant.tenant_id, request.principal.actor
    async with request.resources.database.tenant(tenant) as transaction:
        await reading.unsteady(transaction, tenant)

        async def present() -> CalendarView:
            return view(await reading.stored(transaction, tenant, calendar))

        await request.match(present)
        if await changing.is_used(transaction, tenant, (await present()).name):
            raise CalendarInUse
        await saving.remove(transaction, tenant, calendar, actor=actor)


@post(tenant_paths(f"{_ONE}/preview"), summary="Preview a calendar", tags=TAGS, status_code=200)
async def preview_calendar(request: Call, calendar: FromPath[str], data: JSONBody[CalendarQuestion]) -> CalendarMoments:
    """What is when by a calendar: so much business time later, and its next cut-offs. Changes nothing."""
    tenant = request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as transaction:
        found = reading.ready(tenant, await reading.stored(transaction, tenant, calendar))
        since = data.since or await transaction.fetchval("SELECT clock_timestamp()")
    return CalendarMoments(
        since=MomentView(**_moment(found, since)),
        version=found.version,
        durations=[_counted(found, since, place, one) for place, one in enumerate(data.durations)],
        cut_offs=await asyncio.to_thread(_cut_offs, found, since, data.site),
    )


def _counted(calendar: Calendar, since: datetime, place: int, duration: str) -> CountedView:
    try:
        at = arithmetic.after(calendar, since, timedelta(milliseconds=milliseconds(duration)))
    except (DurationError, NeverOpen) as error:
        raise NoSuchTime.at(f"/durations/{place}", str(error)) from None
    return CountedView(duration=duration, **_moment(calendar, at))


def _cut_offs(calendar: Calendar, since: datetime, site: str | None) -> list[CutOffView]:
    names = sorted({one.name for one in calendar.definition.cut_offs if one.site in {None, site}})
    try:
        return [
            CutOffView(name=one, **_moment(calendar, arithmetic.next_cut_off(calendar, one, since, site)))
            for one in names
        ]
    except NeverOpen as error:
        raise NoSuchTime.at("/from", str(error)) from None


def _moment(calendar: Calendar, at: datetime) -> dict[str, Any]:
    try:
        return {"at": at.astimezone(UTC), "local": at.astimezone(calendar.zone).isoformat()}
    except OverflowError:
        raise NoSuchTime.at("/from", "no calendar has such a moment") from None


def view(stored: Stored) -> CalendarView:
    definition = stored.definition
    written = {name: getattr(definition, name) for name in Written.__struct_fields__}
    return CalendarView(
        name=stored.name,
        version=stored.version,
        calendar=NewCalendar(**written),
        public_days=definition.public_days,
        public_until=definition.public_until,
        set_by=stored.set_by,
        set_at=stored.set_at,
    )


HANDLERS: Final = (list_calendars, read_calendar, save_calendar, remove_calendar, preview_calendar)
