"""S-67, S-05: a field of an open task is filled with records of its own client, found by who may decide it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.records import sightings
from services.records.folding import Said
from tests.services.human_tasks.office import DOCUMENT, Office, working
from tests.services.portal.staff import let_in
from tests.services.portal.test_tasks import give, only
from tests.services.portal.visitors import APPROVER, BUYER, CLERK, House, Visitor

FORM = """
        form:
          schema:
            type: object
            properties:
              customer: {type: string, title: Customer}
              stock: {type: string, title: Warehouse}
              theirs: {type: string, title: Customer of others}
              plain: {type: string, title: Plain}
          fields:
            customer: {look_up: {record: customer}}
            stock: {look_up: {record: warehouse, system: wms}}
            theirs: {read: [auditor], write: [auditor], look_up: {record: customer}}
"""
ASKED = DOCUMENT.rstrip() + FORM
SAID = "2026-01-15T09:00:00.000000+00:00"


Both = tuple[Database, Database]
"""As who answers calls, and as the worker, which alone says what systems told."""


async def know(databases: Both, tenant: TenantId, kind: str, name: str | None, **keys: str) -> None:
    """A record, by what systems know it by."""
    entity, (app, worker) = ids.new(), databases
    async with app.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.entity (tenant_id, entity_id, kind, created_by) VALUES ($1, $2, $3, 'test')",
            tenant, entity, kind,
        )  # fmt: skip
        for system, key in keys.items():
            await connection.execute(
                "INSERT INTO app.entity_key (tenant_id, kind, system, id, entity_id, linked_by) "
                "VALUES ($1, $2, $3, $4, $5, 'test')",
                tenant, kind, system, key, entity,
            )  # fmt: skip
    if name is not None:
        async with worker.tenant(tenant) as connection:
            view = {"name": Said(name, SAID, "evt", SAID)}
            await sightings.put_view(connection, tenant, entity, next(iter(keys)), view)


@pytest.fixture
async def office(house: House, app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    tenant, both = TenantId(house.ids["acme"]), (app_database, worker_database)
    async with working(app_database, worker_database, tenant) as one:
        await give(house, app_database, CLERK)
        await know(both, tenant, "customer", "Example Parts", erp="C-1001", shop="77-parts")
        await know(both, tenant, "customer", "Northern Tools", erp="C-1002")
        await know(both, tenant, "warehouse", "North", wms="W-1")
        await know(both, tenant, "warehouse", "South", erp="W-2")
        await know(both, TenantId(house.ids["foreign"]), "customer", "Foreign Parts", erp="C-9009")
        yield one


async def found(visitor: Visitor, task: str, field: str, text: str) -> Any:
    answer = await visitor.get(f"/v1/tasks/{task}/look-up?field={field}&text={text}")
    if answer.status != 200:
        return answer.status, answer.problem
    return [(one["value"], one["title"]) for one in answer.json["items"]]


async def test_a_field_finds_records_by_number_and_by_name(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk = await house.north.signed_in()
    task = (await only(clerk))["id"]
    assert await found(clerk, task, "customer", "parts") == [("C-1001", "Example Parts")]
    assert await found(clerk, task, "customer", "c-10") == [("C-1001", "Example Parts"), ("C-1002", "Northern Tools")]
    assert await found(clerk, task, "customer", "C-1002") == [("C-1002", "Northern Tools")]
    assert await found(clerk, task, "stock", "W-") == [("W-1", "North")], "by what the system of the field knows it by"
    assert await found(clerk, task, "customer", "%25") == []
    assert await found(clerk, task, "customer", "") == [], "nobody leafs through all of them"
    for number in range(25):
        await know((office.app, office.worker), office.tenant, "customer", None, erp=f"M-{number:03}")
    assert [value for value, _ in await found(clerk, task, "customer", "m-0")] == [f"M-{one:03}" for one in range(20)]


async def test_S_02_no_field_finds_what_is_another_clients(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk, stranger = await house.north.signed_in(), await house.south.signed_in(BUYER)
    task = (await only(clerk))["id"]
    assert await found(clerk, task, "customer", "C-9009") == []
    assert await found(clerk, task, "customer", "Foreign") == []
    assert await found(stranger, task, "customer", "C-1001") == (404, "not-found")
    body = {"outcome": "approve", "values": {"customer": "C-9009"}}
    refused = await clerk.send("POST", f"/v1/tasks/{task}/complete", body)
    assert (refused.status, refused.problem) == (422, "answer-refused")


async def test_S_67_nothing_is_found_for_what_is_not_looked_up_or_not_theirs(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk, other = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    task = (await only(clerk))["id"]
    for field in ("plain", "theirs", "nothing"):
        assert await found(clerk, task, field, "C-1001") == (404, "not-found"), field
    assert await found(other, task, "customer", "C-1001") == (404, "not-found"), "who sees no such queue"
    key = house.operator.having(house.keys["acme"])
    asked = await key.get(f"/v1/tasks/{task}/look-up?field=customer&text=C-1")
    assert (asked.status, asked.json) == (200, {"items": []}), "no key looks anything up"


async def test_who_manages_tasks_and_may_decide_none_looks_nothing_up(
    house: House, office: Office, app_database: Database
) -> None:
    await office.begin(1, ASKED)
    await let_in(house, app_database, "chief@acme.example", "administrator", tenant="acme")
    chief = await house.north.signed_in("chief@acme.example")
    task = (await only(chief, "?view=all"))["id"]
    assert await found(chief, task, "customer", "C-1001") == (403, "not-your-task")


async def test_S_05_names_that_are_hidden_are_neither_told_nor_found_by(
    house: House, office: Office, app_database: Database
) -> None:
    await office.begin(1, ASKED)
    async with app_database.tenant(office.tenant) as connection:
        await connection.execute(
            "UPDATE app.role SET permissions = '{tasks:work,payloads:masked}' WHERE slug = 'credit-manager'"
        )
        await connection.execute(
            "DELETE FROM app.account_role g USING app.role r WHERE r.role_id = g.role_id AND g.account_id = $1 "
            "AND r.slug <> 'credit-manager'",
            house.ids[f"{CLERK} at north"],
        )
        await connection.execute(
            "UPDATE app.account SET permissions = '{}' WHERE account_id = $1", house.ids[f"{CLERK} at north"]
        )
    clerk = await house.north.signed_in()
    task = (await only(clerk))["id"]
    assert await found(clerk, task, "customer", "Example") == []
    assert await found(clerk, task, "customer", "C-1001") == [("C-1001", None)]


async def test_a_decision_takes_only_what_is_there_and_closes_the_look_up(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk = await house.north.signed_in()
    task = (await only(clerk))["id"]
    at = f"/v1/tasks/{task}/complete"
    for values, wrong in (
        ({"customer": "C-4711"}, ["/values/customer"]),
        ({"customer": "W-1"}, ["/values/customer"]),
        ({"stock": "W-2"}, ["/values/stock"]),
        ({"customer": "C-4711", "stock": "W-9"}, ["/values/customer", "/values/stock"]),
    ):
        refused = await clerk.send("POST", at, {"outcome": "approve", "values": values})
        assert (refused.status, refused.problem) == (422, "answer-refused"), values
        assert sorted(one["pointer"] for one in refused.json["errors"]) == wrong
    assert (await only(clerk))["state"] == "offered"
    values = {"customer": "77-parts", "stock": "W-1", "plain": "anything"}
    done = await clerk.send("POST", at, {"outcome": "approve", "values": values})
    assert (done.status, done.json["state"]) == (200, "completed"), done.body
    assert await found(clerk, task, "customer", "C-1001") == (409, "task-over")
