"""What is typed again is found in what people answered, and no value is told (ADR 0116)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from infra import clock, ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.touches import re_entry, writing
from services.touches.re_entry import Finding
from services.touches.writing import Touch
from tests.superuser import connected
from tests.world import World, make_tenant

TASK = """
INSERT INTO app.human_task (tenant_id, task_id, run_id, key, reference, kind, title, role, state, entity_kind,
  entity_key, content, answer, outcome, closed_at)
VALUES ($1, $2, $2, 'k', '/do/0/a', $3, 'x', $4, 'completed', 'customer', $5, '{}', $6, 'done', now())
"""


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


async def answered(
    stack: Stack, endpoints: Endpoints, world: World, *rows: tuple[str, str, str, dict[str, Any]]
) -> None:
    """Tasks as people completed them: kind, role, key of the customer, and what was filled in."""
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        for kind, role, key, values in rows:
            await connection.execute(TASK, world.tenant_id, ids.new(), kind, role, key, json.dumps(values))


async def found(database: Database, world: World) -> list[Finding]:
    now = clock.now()
    async with database.tenant(world.tenant_id) as connection:
        period = (now - timedelta(hours=1), now + timedelta(hours=1))
        return await re_entry.findings(connection, world.tenant_id, *period)


async def test_a_value_that_two_tasks_ask_for_is_a_finding_with_its_minutes_and_owner(
    app_database: Database, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    for key in ("C-1", "C-2"):
        await answered(
            stack, endpoints, world,
            ("application", "sales-desk", key, {"tax": f"DE-{key}", "agreed": True, "size": 7}),
            ("tax-check", "tax-desk", key, {"number": f"DE-{key}", "agreed": True, "size": 7}),
        )  # fmt: skip
    # Of another customer the same is no re-entry; nor is what only one customer has.
    await answered(stack, endpoints, world, ("tax-check", "tax-desk", "C-3", {"number": "DE-C-1"}))
    touch = Touch(kind="customer", key="C-1", step="tax-check", account=ids.new(), source="task", seconds=90)
    async with app_database.tenant(world.tenant_id) as connection:
        await writing.write(connection, world.tenant_id, touch)
    (one,) = await found(app_database, world)
    assert (one.what, one.entity_kind, one.times, one.entities, one.example) == ("typed-twice", "customer", 2, 2, "C-1")
    assert (one.step_before, one.field_before, one.step, one.field) == ("application", "tax", "tax-check", "number")
    assert (one.seconds, one.owner) == (90, "role:tax-desk")
    assert one.cause.startswith("The later task asks")


async def test_minutes_are_those_of_the_entity_however_often_its_value_was_typed_again(
    app_database: Database, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    said = ("tax-check", "tax-desk", "C-1", {"number": "DE-C-1"})
    await answered(stack, endpoints, world, said, said, said)
    touch = Touch(kind="customer", key="C-1", step="tax-check", account=ids.new(), source="task", seconds=90)
    async with app_database.tenant(world.tenant_id) as connection:
        await writing.write(connection, world.tenant_id, touch)
    (one,) = await found(app_database, world)
    assert (one.times, one.entities, one.seconds) == (2, 1, 90)


async def test_a_field_that_does_not_stay_and_keys_that_are_put_right_are_findings(
    app_database: Database, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    await answered(
        stack, endpoints, world,
        *(("price-review", "pricing-desk", "C-9", {"price": f"10{number}"}) for number in range(3)),
        *(("price-review", "pricing-desk", "C-8", {"price": f"20{number}"}) for number in range(2)),
    )  # fmt: skip
    for _ in range(3):
        touch = Touch(kind="item", key="A-1", step="entity.linked", account=ids.new())
        async with app_database.tenant(world.tenant_id) as connection:
            await writing.write(connection, world.tenant_id, touch)
    done, edited = await found(app_database, world)
    assert (edited.what, edited.step, edited.field, edited.times, edited.entities) == (
        "edited-again", "price-review", "price", 3, 1,
    )  # fmt: skip
    assert (edited.example, edited.seconds, edited.owner) == ("C-9", None, "role:pricing-desk")
    assert (done.what, done.entity_kind, done.step, done.times, done.owner) == (
        "done-again", "item", "entity.linked", 3, None,
    )  # fmt: skip
