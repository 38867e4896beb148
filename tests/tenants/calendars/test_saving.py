"""Calendars are kept as versions, and the days of public holidays as they were known when they were saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from tenants.calendars import public_holidays, reading, saving
from tenants.calendars.definition import Holiday, PublicHolidays, Written
from tenants.calendars.errors import InvalidCalendar, UnknownCalendar
from tenants.calendars.public_holidays import NoSource, UnknownRegion
from tenants.calendars.reading import Stored
from tests.world import make_tenant

THIS_YEAR = datetime.now(UTC).year
DE = {"public_holidays": [{"country": "DE", "subdivision": "BY"}]}


class Shelf:
    """One client's calendars, with a library that knows New Year's Day alone, by a name of its own."""

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self.database, self.tenant = database, tenant
        self.knows = "New Year"

    def library(self, region: PublicHolidays, years: Sequence[int]) -> list[Holiday]:
        if region.country == "XX":
            raise UnknownRegion
        return [Holiday(date(year, 1, 1), self.knows) for year in years]

    async def save(self, name: str, source: Any = None, **written: Any) -> Stored:
        new = msgspec.convert({"time_zone": "Europe/Berlin"} | written, Written)
        async with self.database.tenant(self.tenant) as connection:
            return await saving.save(connection, self.tenant, name, new, actor="test", source=source or self.library)

    async def name_for(self, site: str | None = None) -> str:
        async with self.database.tenant(self.tenant) as connection:
            return (await reading.calendar(connection, self.tenant, site=site)).name

    async def refused(self, name: str, **written: Any) -> list[str]:
        with pytest.raises(InvalidCalendar) as found:
            await self.save(name, **written)
        return [one["pointer"] for one in found.value.extensions["errors"]]


@pytest.fixture
async def shelf(app_database: Database) -> Shelf:
    world = await make_tenant(app_database)
    async with app_database.tenant(world.tenant_id) as connection:
        for slug in ("reno", "austin"):
            await connection.execute(
                "INSERT INTO app.site (tenant_id, site_id, slug, name) VALUES ($1, $2, $3, $3)",
                world.tenant_id,
                ids.new(),
                slug,
            )
    return Shelf(app_database, world.tenant_id)


async def test_each_change_is_a_version_and_the_same_again_is_none(shelf: Shelf) -> None:
    made = await shelf.save("yard")
    assert (made.version, await shelf.save("yard")) == (1, made)
    changed = await shelf.save("yard", holidays=[{"day": "2026-12-25"}])
    assert changed.version == 2
    async with shelf.database.tenant(shelf.tenant) as connection:
        assert await reading.stored(connection, shelf.tenant, "yard", 1) == made
        await saving.remove(connection, shelf.tenant, "yard", actor="test")
        with pytest.raises(UnknownCalendar):
            await reading.stored(connection, shelf.tenant, "yard")
        assert (await reading.at_version(connection, shelf.tenant, "yard", 2)).version == 2
        assert await reading.every(connection, shelf.tenant) == []
        with pytest.raises(UnknownCalendar):
            await saving.remove(connection, shelf.tenant, "yard", actor="test")
    assert (await shelf.save("yard")).version == 4
    async with shelf.database.tenant(shelf.tenant) as connection:
        rows = await connection.fetch(
            "SELECT action, after ->> 'version' AS version FROM app.audit WHERE tenant_id = $1 ORDER BY audit_id",
            shelf.tenant,
        )
    assert [tuple(row) for row in rows] == [
        ("calendar.saved", "1"), ("calendar.saved", "2"), ("calendar.removed", "3"), ("calendar.saved", "4"),
    ]  # fmt: skip


async def test_a_site_has_one_calendar_and_the_rest_the_default(shelf: Shelf) -> None:
    await shelf.save("west", sites=["reno"])
    with pytest.raises(UnknownCalendar, match="no default calendar"):
        await shelf.name_for()
    await shelf.save("all", default=True)
    assert [await shelf.name_for(site) for site in ("reno", "austin", "nowhere", None)] == ["west", "all", "all", "all"]
    assert await shelf.refused("east", sites=["reno", "boise"], default=True) == ["/sites/0", "/sites/1", "/default"]
    assert (await shelf.save("west", sites=["reno", "austin"])).version == 2
    assert await shelf.name_for("austin") == "west"


async def test_the_days_of_public_holidays_stay_as_they_were_known(shelf: Shelf) -> None:
    made = await shelf.save("yard", **DE)
    years = range(THIS_YEAR, THIS_YEAR + public_holidays.YEARS)
    assert [one.day for one in made.definition.public_days] == [date(year, 1, 1) for year in years]
    assert made.definition.public_until == years[-1]
    shelf.knows = "another name, of a newer library"
    assert await shelf.save("yard", **DE) == made
    changed = await shelf.save("yard", **DE, holidays=[{"day": "2026-12-31"}])
    assert changed.definition.public_days == made.definition.public_days
    # As it was two years ago: what is missing is added, and nothing else changes.
    older = msgspec.structs.replace(
        made.definition, public_until=THIS_YEAR - 1, public_days=[Holiday(date(THIS_YEAR - 1, 1, 1), "old")]
    )
    async with shelf.database.tenant(shelf.tenant) as connection:
        await connection.execute(saving._ADD, shelf.tenant, "old", 1, msgspec.json.encode(older).decode(), "test")
    added = (await shelf.save("old", **DE)).definition
    assert (added.public_days[0].name, len(added.public_days)) == ("old", 1 + public_holidays.YEARS)
    assert (await shelf.save("yard")).definition.public_days == []


async def test_what_is_not_known_is_refused_and_nothing_is_kept(shelf: Shelf) -> None:
    def nothing(_region: PublicHolidays, _years: Sequence[int]) -> list[Holiday]:
        raise NoSource

    assert await shelf.refused("yard", public_holidays=[{"country": "XX"}]) == ["/public_holidays/0"]
    with pytest.raises(InvalidCalendar, match="write the days down in `holidays`"):
        await shelf.save("yard", nothing, **DE)
    many = [{"day": date.fromordinal(740_000 + number).isoformat(), "name": "x" * 200} for number in range(1000)]
    special = [{"day": one["day"], "reason": "x" * 200} for one in many]
    assert await shelf.refused("yard", holidays=many, special_days=special) == [""]
    async with shelf.database.tenant(shelf.tenant) as connection:
        assert await reading.last_version(connection, shelf.tenant, "yard") == 0
