"""When deployments begin runs by themselves: rows of the active revision, times that move on."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database, Scope
from template_library.dsl import cron
from tenants.deployments import publishing, service
from tenants.deployments.errors import InvalidDocument
from tenants.deployments.schedules import Due, following
from tests.tenants.deployments.test_deployments import create, document, publish, revise
from tests.world import World, make_tenant

START = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)
"""Half an hour before Berlin's clocks go forward."""


def due(kind: str, *, now: dt.datetime, milliseconds: int | None = None, cron: str | None = None) -> Due:
    return Due(ids.new(), ids.new(), kind, 1, milliseconds, cron, START, now)


async def rows(database: Database, world: World) -> dict[str, Any]:
    async with database.tenant(world.tenant_id) as connection:
        return {row["kind"]: row for row in await connection.fetch("SELECT * FROM app.schedule")}


async def set_status(database: Database, world: World, deployment: UUID, status: Any) -> None:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        await service.set_status(session, world.tenant_id, deployment, status, actor="key")
        await session.commit()


async def scheduled(database: Database, world: World, version: str, **schedule: Any) -> UUID:
    source, _ = await publish(database, world, document(version, schedule=schedule))
    return source


async def test_the_active_revision_has_its_times_and_a_disabled_one_has_none(app_database: Database) -> None:
    world = await make_tenant(app_database)
    source = await scheduled(app_database, world, "1.0.0", every={"minutes": 5}, after="PT1H", cron="0 6 * * *")
    deployment = (await create(app_database, world, source=source))[0].deployment_id
    made = await rows(app_database, world)
    assert {kind: row["milliseconds"] for kind, row in made.items()} == {
        "every": 300_000,
        "after": 3_600_000,
        "cron": None,
    }
    assert made["after"]["next_at"] < made["every"]["next_at"]
    await set_status(app_database, world, deployment, "disabled")
    assert await rows(app_database, world) == {}
    await set_status(app_database, world, deployment, "active")
    assert set(await rows(app_database, world)) == {"every", "after", "cron"}


async def test_what_stays_as_it_was_keeps_its_time_over_a_revision(app_database: Database) -> None:
    world = await make_tenant(app_database)
    source = await scheduled(app_database, world, "1.0.0", every={"minutes": 5}, cron="0 6 * * *")
    deployment = (await create(app_database, world, source=source))[0].deployment_id
    before = await rows(app_database, world)
    changed = await scheduled(app_database, world, "1.0.1", every={"minutes": 5}, cron="0 7 * * *")
    await revise(app_database, world, deployment, source=changed)
    after = await rows(app_database, world)
    assert after["every"]["next_at"] == before["every"]["next_at"]
    assert {row["revision"] for row in after.values()} == {2}
    assert after["cron"]["next_at"] != before["cron"]["next_at"]


@pytest.mark.parametrize(("minutes", "following_minutes"), [(0, 10), (3, 10), (10, 20), (57, 60)])
def test_missed_periods_begin_one_run_and_the_grid_stays(minutes: int, following_minutes: int) -> None:
    now = START + dt.timedelta(minutes=minutes)
    found = following(due("every", now=now, milliseconds=600_000))
    assert found == START + dt.timedelta(minutes=following_minutes)


def test_a_cron_follows_its_zone_through_a_change_of_the_clocks() -> None:
    """02:30 does not exist in Berlin on that day: it runs right behind the gap, and at 02:30 again the day after."""
    text = "CRON_TZ=Europe/Berlin 30 2 * * *"
    first = following(due("cron", now=START, cron=text))
    assert first == dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC)
    assert following(due("cron", now=first, cron=text)) == dt.datetime(2026, 3, 30, 0, 30, tzinfo=dt.UTC)
    cron.check(text)


def test_after_waits_for_the_end_of_its_run() -> None:
    assert following(due("after", now=START, milliseconds=1)) is None


@pytest.mark.parametrize(
    ("on", "pointer"),
    [
        ({"any": []}, "/schedule/on/any"),
        ({"any": [{"with": {"type": "a"}}], "until": "false"}, "/schedule/on/until"),
        ({"one": {"with": {"type": "a", "data": "${ $context.a }"}}}, "/schedule/on/one/with/data"),
    ],
)
def test_filters_that_nothing_or_anything_passes_are_refused(on: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        publishing.read(document(schedule={"on": on}))
    assert [error["pointer"] for error in refused.value.extensions["errors"]] == [pointer]
