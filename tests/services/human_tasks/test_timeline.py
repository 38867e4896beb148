"""Tasks stand on the timeline of the record that they are about, or whose events began their run (ADR 0081)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from infra.pagination import Page
from services.records import timeline
from services.records.timeline import Line
from tests.services.human_tasks.office import DOCUMENT, Office, opened, person

ABOUT = DOCUMENT.replace("role: credit-manager", "role: credit-manager\n        about: {kind: sales-order, key: SO-1}")


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        yield one


async def known(office: Office, system: str, number: str) -> UUID:
    entity = ids.new()
    async with office.app.tenant(office.tenant) as connection:
        await connection.execute(
            "INSERT INTO app.entity (tenant_id, entity_id, kind, created_by) VALUES ($1, $2, 'sales-order', 'x')",
            office.tenant,
            entity,
        )
        await connection.execute(
            "INSERT INTO app.entity_key (tenant_id, kind, system, id, entity_id, linked_by) "
            "VALUES ($1, 'sales-order', $2, $3, $4, 'x')",
            *(office.tenant, system, number, entity),
        )
    return entity


async def told(office: Office, entity: UUID) -> list[Line]:
    async with office.app.tenant(office.tenant) as connection:
        of = await timeline.scope(connection, office.tenant, entity)
        lines, _ = await timeline.read(connection, office.tenant, of, {}, Page(50))
    return [one for one in lines if one.what in {"asked", "answered"}]


async def test_a_task_stands_on_the_timeline_of_what_it_is_about_with_what_was_decided(office: Office) -> None:
    order, other = await known(office, "erp", "SO-1"), await known(office, "erp", "SO-2")
    (run,) = await office.begin(1, ABOUT)
    (task,) = await office.rows()
    (asked,) = await told(office, order)
    shown = ids.show("tsk", task["task_id"])
    assert (asked.what, asked.kind, asked.name, asked.reference) == ("asked", "credit-review", "credit-manager", shown)
    assert (asked.title, asked.run_id, asked.at) == ("Release 10482", run, task["created_at"])
    await office.complete(task["task_id"], person(), why="they paid")
    asked, answered = await told(office, order)
    assert (answered.what, answered.outcome, answered.by, answered.note) == (
        "answered",
        "approve",
        person().actor,
        "they paid",
    )
    assert await told(office, other) == []


async def test_of_a_number_that_two_orders_have_nobody_can_tell_which_it_is_about(office: Office) -> None:
    orders = [await known(office, system, "SO-1") for system in ("erp", "shop")]
    await office.begin(1, ABOUT)
    assert [await told(office, one) for one in orders] == [[], []]


async def test_what_is_not_told_of_a_long_story_is_said_to_be_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await known(office, "erp", "SO-1")
    for number in range(2):
        await office.rows(
            "INSERT INTO app.exception (tenant_id, exception_id, category, mark, cause, title, entity_id) "
            "VALUES ($1, $2, 'data', $3, 'x', 'x', $4) RETURNING true",
            *(office.tenant, ids.new(), str(number), order),
        )

    async def scope() -> timeline.Scope:
        async with office.app.tenant(office.tenant) as connection:
            return await timeline.scope(connection, office.tenant, order)

    for most, is_cut in ((2, False), (1, True)):
        monkeypatch.setattr(timeline, "MOST_STOOD", most)
        found = await scope()
        assert (len(found.exceptions), found.is_cut) == (most, is_cut)
