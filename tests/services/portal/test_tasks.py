"""Row 45: people work on tasks through the portal; each sees the queues of their roles, and decides as a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from infra import clock, crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from tests.services.human_tasks.office import AUTHORITY, DOCUMENT, Office, working
from tests.services.portal.staff import let_in
from tests.services.portal.visitors import APPROVER, BUYER, CLERK, House, Visitor

ASKED = DOCUMENT.replace(
    "task: credit-review",
    "task: credit-review\n        shown: {customer: Acme Wholesale, email: buyer@acme.example}\n"
    "        value: {amount: 125000, currency: USD}\n        about: {kind: sales-order, key: SO-1}",
)


def week(substitute: str) -> dict[str, str]:
    """Away, since yesterday."""
    since, until = (clock.now() + timedelta(days=one) for one in (-1, 6))
    return {"since": since.isoformat(), "until": until.isoformat(), "substitute": substitute}


@pytest.fixture
async def office(house: House, app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with working(app_database, worker_database, TenantId(house.ids["acme"])) as one:
        await give(house, app_database, CLERK)
        yield one


async def give(house: House, database: Database, email: str) -> None:
    """The role of the queue, to one of acme's people."""
    tenant, account = house.ids["acme"], house.ids[f"{email} at north"]
    async with database.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.role (role_id, partner_id, tenant_id, level, slug, name, permissions) "
            "VALUES ($1, $2, $3, 'client', 'credit-manager', 'Credit', '{tasks:work,payloads:read}') "
            "ON CONFLICT DO NOTHING",
            ids.new(),
            house.ids["north"],
            tenant,
        )
        await connection.execute(
            "INSERT INTO app.account_role (partner_id, account_id, role_id, tenant_id) "
            "SELECT $1, $2, role_id, $3 FROM app.role WHERE tenant_id = $3 AND slug = 'credit-manager'",
            house.ids["north"],
            account,
            tenant,
        )


async def only(visitor: Visitor, query: str = "") -> Any:
    (found,) = (await visitor.get(f"/v1/tasks{query}")).json["items"]
    return found


async def chief(house: House, database: Database) -> Visitor:
    await let_in(house, database, "chief@acme.example", "administrator", tenant="acme")
    return await house.north.signed_in("chief@acme.example")


async def test_row_45_a_task_is_listed_claimed_and_decided_by_who_has_its_role(house: House, office: Office) -> None:
    await office.begin(2, ASKED)
    clerk, other = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    counts = (await clerk.get("/v1/tasks/counts")).json
    (queue,) = counts["queues"]
    assert (counts["mine"], queue["role"], queue["count"], queue["unassigned"]) == (0, "credit-manager", 2, 2)
    page = (await clerk.get("/v1/tasks?limit=1&sort=value")).json
    rest = (await clerk.get(f"/v1/tasks?limit=1&sort=value&cursor={page['next']}")).json
    assert (rest["next"], len({one["id"] for one in page["items"] + rest["items"]})) == (None, 2)
    assert (await other.get("/v1/tasks")).json["items"] == [], "who lacks the role has no such queue"
    at = f"/v1/tasks/{page['items'][0]['id']}"
    assert ((await other.get(at)).status, (await other.get("/v1/tasks?view=all")).status) == (404, 403)
    seen = await clerk.get(at)
    assert (seen.json["yours"], seen.json["shown"]["customer"]) == (True, "Acme Wholesale")
    claimed = await clerk.send("POST", f"{at}/act", {"action": "claim", "version": 1})
    assert (claimed.status, claimed.json["state"], claimed.json["version"]) == (200, "claimed", 2), claimed.body
    stale = await clerk.send("POST", f"{at}/complete", {"outcome": "approve"}, if_match=seen.headers["etag"])
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    assert stale.headers.get("etag") is None
    now = await clerk.get(at)
    decided = {"outcome": "approve", "why": "as agreed", "saw": now.json["saw"], "seconds": 12}
    done = await clerk.send("POST", f"{at}/complete", decided, if_match=now.headers["etag"])
    assert (done.status, done.json["state"], done.json["outcome"]) == (200, "completed", "approve"), done.body
    (decision,) = done.json["decisions"]
    assert (decision["shown"], decision["why"], decision["counts"]) == (now.json["saw"], "as agreed", True)
    assert [one["action"] for one in done.json["history"]] == ["offered", "claimed", "completed"]
    await office.go()
    assert [one["task"] for one in await office.outputs()] == [at.rpartition("/")[2]]
    audited = await office.rows("SELECT action FROM app.audit WHERE action LIKE 'task.%' ORDER BY audit_id")
    assert [one["action"] for one in audited] == ["task.claimed", "task.completed"]
    closed = (await clerk.get("/v1/tasks?which=closed&view=queues")).json["items"]
    assert [one["id"] for one in closed] == [at.rpartition("/")[2]]


async def test_S_05_no_key_works_on_tasks_and_none_above_the_client_sees_what_they_say(
    house: House, office: Office, app_database: Database
) -> None:
    await office.begin(1, ASKED)
    manager = await chief(house, app_database)
    found = await only(manager, "?view=all")
    key = house.operator.having(house.keys["acme"])
    refused = await key.post(f"/v1/tasks/{found['id']}/complete", {"outcome": "approve"})
    assert (refused.status, refused.problem) == (403, "person-needed")
    north = house.operator.having(house.keys["north"])
    shown = await north.get(f"/v1/clients/acme/live/tasks/{found['id']}")
    assert (shown.status, shown.json["title"], shown.json["shown"]) == (200, None, None), shown.body
    assert b"Acme Wholesale" not in shown.body
    # Who manages tasks gives them out, and decides nothing by that.
    theirs = await manager.send("POST", f"/v1/tasks/{found['id']}/complete", {"outcome": "approve"})
    assert (theirs.status, theirs.problem) == (403, "not-your-task")


async def test_S_02_nobody_acts_for_another_client(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk, stranger = await house.north.signed_in(), await house.south.signed_in(BUYER)
    found = await only(clerk)
    body = {"action": "claim", "version": 1}
    assert (await stranger.send("POST", f"/v1/tasks/{found['id']}/act", body)).status == 404
    seen = await stranger.send(
        "POST", "/v1/tasks/complete", {"preview": True, "tasks": [found["id"]], "outcome": "approve"}
    )
    assert (seen.json["covered"], seen.json["token"]) == (0, None)
    theirs = ids.show("acc", house.ids[f"{CLERK} at north"])
    away = week(theirs)
    assert (await stranger.send("POST", "/v1/absences", away)).status == 422
    given = await clerk.send(
        "POST", f"/v1/tasks/{found['id']}/act",
        {"action": "delegate", "version": 1, "to": f"account:{ids.show('acc', house.ids[f'{BUYER} at south'])}"},
    )  # fmt: skip
    assert given.status == 422, given.body


async def test_many_are_completed_by_a_preview_and_each_by_its_own_authority(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    await office.begin(1, AUTHORITY)  # a document more begins with each event, the first one too
    clerk = await house.north.signed_in()
    every = [one["id"] for one in (await clerk.get("/v1/tasks")).json["items"]]
    body = {"preview": True, "tasks": every, "outcome": "approve", "why": "the week's"}
    seen = (await clerk.send("POST", "/v1/tasks/complete", body)).json
    assert [one["outcome"] for one in seen["done"]].count("refused") == 1, "nobody can judge its authority"
    done = (await clerk.send("POST", "/v1/tasks/complete", {"token": seen["token"]})).json
    assert [one["outcome"] for one in done["done"]] == ["completed"] * (len(every) - 1)
    again = (await clerk.send("POST", "/v1/tasks/complete", {"token": seen["token"]})).json
    assert again == done, "the same again changes nothing"
    await house.north.signed_in(APPROVER)
    other = await house.north.signed_in(APPROVER)
    assert (await other.send("POST", "/v1/tasks/complete", {"token": seen["token"]})).status == 422


async def test_a_preview_says_which_have_a_form_to_fill_in(house: House, office: Office) -> None:
    form = "form: {schema: {type: object, properties: {limit: {type: integer}}, required: [limit]}}"
    await office.begin(1, ASKED.replace("task: credit-review", f"task: credit-review\n        {form}"))
    clerk = await house.north.signed_in()
    body = {"preview": True, "tasks": [(await only(clerk))["id"]], "outcome": "approve"}
    seen = (await clerk.send("POST", "/v1/tasks/complete", body)).json
    assert (seen["covered"], seen["token"], seen["done"][0]["outcome"]) == (0, None, "refused")
    assert seen["done"][0]["why"] == "Its form asks for something: decide it by itself"


async def test_row_45_a_substitute_sees_the_queue_and_a_decision_is_on_behalf(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk, other = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    substitute = ids.show("acc", house.ids[f"{APPROVER} at north"])
    away = week(substitute)
    assert (await clerk.send("POST", "/v1/absences", away)).status == 200
    assert await office.rows("SELECT 1 FROM app.audit WHERE action = 'absence.set'")
    (listed,) = (await other.get("/v1/absences")).json["items"]
    assert listed["substitute"] == substitute
    found = await only(other)
    done = await other.send("POST", f"/v1/tasks/{found['id']}/complete", {"outcome": "reject"})
    assert done.json["decisions"][0]["on_behalf_of"] == ids.show("acc", house.ids[f"{CLERK} at north"]), done.body
    back = await clerk.send("POST", "/v1/absences", {"since": None, "until": None, "substitute": None})
    assert (back.json["items"], (await other.get("/v1/tasks?view=queues&which=closed")).json["items"]) == ([], [])


async def test_colleagues_are_named_to_people_of_the_client_and_to_nobody_above(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk = await house.north.signed_in()
    found = await only(clerk)
    assert (await clerk.send("POST", f"/v1/tasks/{found['id']}/act", {"action": "claim", "version": 1})).status == 200
    substitute = ids.show("acc", house.ids[f"{APPROVER} at north"])
    assert (await clerk.send("POST", "/v1/absences", week(substitute))).status == 200
    (one,) = (await clerk.get("/v1/colleagues?queue=credit-manager")).json["items"]
    assert (one["id"], one["in_hand"]) == (ids.show("acc", house.ids[f"{CLERK} at north"]), 1)
    assert (one["substitute"], one["away_until"] is None, bool(one["name"])) == (substitute, False, True)
    everybody = (await clerk.get("/v1/colleagues")).json["items"]
    stranger = await house.south.signed_in(BUYER)
    theirs = (await stranger.get("/v1/colleagues")).json["items"]
    assert not {one["id"] for one in everybody} & {one["id"] for one in theirs}
    by_key = (await house.operator.having(house.keys["acme"]).get("/v1/colleagues")).json["items"]
    assert [(each["id"], each["name"]) for each in by_key] == [(each["id"], None) for each in everybody]


async def test_F_01_who_never_hears_that_they_decided_asks_again_and_is_told(house: House, office: Office) -> None:
    await office.begin(1, ASKED)
    clerk = await house.north.signed_in()
    at = f"/v1/tasks/{(await only(clerk))['id']}/complete"
    crash_points.arm("!task.decided")
    try:
        lost = await clerk.send("POST", at, {"outcome": "approve"})
    finally:
        crash_points.arm("")
    assert lost.status == 500
    again = await clerk.send("POST", at, {"outcome": "approve"})
    assert (again.status, again.json["state"], len(again.json["decisions"])) == (200, "completed", 1)
    await office.go()
    assert len(await office.outputs()) == 1
