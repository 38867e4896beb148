"""What people do by a page is a touch with the seconds that the page measured, each of them counted once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra import crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from infra.settings import Settings
from services.portal.app import Front, create_app
from tests.asgi import Caller, running
from tests.services.holds.holding import Judging
from tests.services.human_tasks.office import Office, working
from tests.services.portal.staff import chief, staff
from tests.services.portal.test_offered_exceptions import ADD
from tests.services.portal.test_tasks import ASKED, give
from tests.services.portal.visitors import APPROVER, CLERK, House, Visitor, token_of

HEADER = "active-seconds"


@pytest.fixture
async def office(house: House, app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with working(app_database, worker_database, TenantId(house.ids["acme"])) as one:
        await give(house, app_database, CLERK)
        yield one


def hold(order: str) -> dict[str, str]:
    return {"order": order, "customer": "C-1", "type": "credit", "reason": "limit-exceeded"}


async def touches(visitor: Visitor, query: str = "") -> list[tuple[Any, ...]]:
    """The oldest first."""
    found = await visitor.get(f"/v1/touches?limit=200{query}")
    assert found.status == 200, found.body
    members = ("kind", "key", "step", "source", "seconds_active")
    return [tuple(one[name] for name in members) for one in reversed(found.json["items"])]


async def tasks(visitor: Visitor) -> list[str]:
    return [one["id"] for one in (await visitor.get("/v1/tasks")).json["items"]]


async def test_what_is_done_with_a_task_is_a_touch_of_what_it_is_about(house: House, office: Office) -> None:
    await office.begin(2, ASKED)
    clerk, about = await house.north.signed_in(), ("sales-order", "SO-1")
    first, second = [f"/v1/tasks/{one}" for one in await tasks(clerk)]
    told = []
    for task, act, seconds in (
        (first, {"action": "claim", "version": 1}, "20"),
        (first, {"action": "comment", "version": 2, "words": "asked them"}, "5"),
        (second, {"action": "delegate", "version": 1, "to": f"account:{_account(house, APPROVER)}"}, "4"),
    ):
        done = await clerk.send("POST", f"{task}/act", act, active_seconds=seconds)
        assert done.status == 200, done.body
        told.append(done.headers[HEADER])
    again = await clerk.send("POST", f"{first}/act", {"action": "claim", "version": 1}, active_seconds="50")
    assert (again.status, again.headers.get(HEADER)) == (200, None), "the same claim is no second touch"
    decided = {"outcome": "approve", "seconds": 12}
    done = await clerk.send("POST", f"{first}/complete", decided, active_seconds="13")
    assert (done.status, done.headers[HEADER]) == (200, "13"), "what the body says is not counted beside the header"
    assert told == ["20", "5", "4"]
    assert await touches(clerk) == [
        (*about, "task.claimed", "task", 20),
        (*about, "task.commented", "task", 5),
        (*about, "task.delegated", "task", 4),
        (*about, "credit-review", "task", 12),
    ]
    await office.go()
    (summary,) = (await clerk.get("/v1/touches/summary")).json["items"]
    assert (summary["runs"], summary["touches"], summary["untouched"]) == (1, 3, 0)
    assert (summary["measured"], summary["seconds_measured"], summary["seconds_estimated"]) == (3, 37, 0)
    figures = (await clerk.get("/v1/touches/figures?by=step")).json["items"]
    assert {one["step"]: (one["touches"], one["measured"], one["seconds_measured"]) for one in figures} == {
        "task.claimed": (1, 1, 20), "task.commented": (1, 1, 5), "task.delegated": (1, 1, 4),
        "credit-review": (1, 1, 12),
    }  # fmt: skip


async def test_F_01_what_is_sent_again_after_a_restart_is_counted_once(
    house: House, office: Office, portal_settings: Settings
) -> None:
    await office.begin(1, ASKED)
    clerk = await house.north.signed_in()
    (task,) = await tasks(clerk)
    at, decided = f"/v1/tasks/{task}/complete", {"outcome": "approve"}
    crash_points.arm("!task.decided")
    try:
        lost = await clerk.send("POST", at, decided, active_seconds="30")
    finally:
        crash_points.arm("")
    assert lost.status == 500
    another = create_app(portal_settings)
    async with running(another):
        there = Visitor(Caller(another), clerk.host, clerk.token, clerk.device)
        again = await there.send("POST", at, decided, active_seconds="33")
        assert (again.status, again.headers.get(HEADER)) == (200, None), again.body
        raised = await there.send("POST", "/v1/holds", hold("SO-2"), active_seconds="6")
        assert raised.headers[HEADER] == "6"
        assert await touches(there) == [
            ("sales-order", "SO-1", "credit-review", "task", 30),
            ("order", "SO-2", "hold.raised", "portal", 6),
        ]


async def test_of_many_that_are_decided_together_each_has_a_part(house: House, office: Office) -> None:
    await office.begin(3, ASKED)
    clerk = await house.north.signed_in()
    asked = {"preview": True, "tasks": await tasks(clerk), "outcome": "approve"}
    seen = await clerk.send("POST", "/v1/tasks/complete", asked, active_seconds="40")
    assert (seen.json["covered"], seen.headers.get(HEADER)) == (3, None), "a preview is no touch"
    done = await clerk.send("POST", "/v1/tasks/complete", {"token": seen.json["token"]}, active_seconds="41")
    assert ([one["outcome"] for one in done.json["done"]], done.headers[HEADER]) == (["completed"] * 3, "41")
    again = await clerk.send("POST", "/v1/tasks/complete", {"token": seen.json["token"]}, active_seconds="9")
    assert (again.json, again.headers.get(HEADER)) == (done.json, None)
    assert sorted(one[-1] for one in await touches(clerk)) == [13, 14, 14]


async def test_of_many_that_are_acted_on_in_one_commit_each_has_a_part(house: House, app_database: Database) -> None:
    tenant, boss = house.ids["acme"], await chief(house, app_database)
    async with app_database.tenant(tenant) as connection:
        for mark in ("one", "two", "three", "four"):
            await connection.execute(ADD, tenant, ids.new(), mark)
    asked = {"preview": True, "filter": {"category": "data"}, "action": "note", "words": "seen"}
    seen = await boss.send("POST", "/v1/exceptions/act", asked, active_seconds="5")
    assert (seen.json["covered"], seen.headers.get(HEADER)) == (4, None), seen.body
    one = seen.json["exceptions"][0]["id"]
    alone = {"action": "note", "words": "mine", "seen": 0}
    noted = await boss.send("POST", f"/v1/exceptions/{one}/act", alone, active_seconds="7")
    assert (noted.status, noted.headers[HEADER]) == (200, "7"), noted.body
    done = await boss.send("POST", "/v1/exceptions/act", {"token": seen.json["token"]}, active_seconds="9")
    assert sorted(told["outcome"] for told in done.json["done"]) == ["changed", "noted", "noted", "noted"]
    # What was looked at and is another one now was not done: its part goes to the next act.
    assert done.headers[HEADER] == "6"
    found = await touches(boss, "&step=exception.noted")
    assert [seconds for *_, seconds in found] == [7, 2, 2, 2]


async def test_of_many_holds_that_are_cleared_each_has_a_part(house: House, front: Front) -> None:
    clerk = await house.north.signed_in()
    for order in ("SO-1", "SO-2"):
        assert (await clerk.send("POST", "/v1/holds", hold(order))).status == 200
    edge: Any = front.api
    edge.app.state.resources.judge = Judging("allowed", "allowed", "allowed", "allowed")
    asked = {"preview": True, "filter": {"type": "credit"}, "why": "they paid"}
    seen = await clerk.send("POST", "/v1/holds/act", asked, active_seconds="60")
    done = await clerk.send("POST", "/v1/holds/act", {"token": seen.json["token"]}, active_seconds="60")
    assert [one["outcome"] for one in done.json["done"]] == ["cleared", "cleared"], done.body
    found = await touches(clerk)
    assert [(step, seconds) for _, _, step, _, seconds in found] == [
        ("hold.raised", None), ("hold.raised", None), ("hold.cleared", 30), ("hold.cleared", 30)
    ]  # fmt: skip


async def test_what_a_session_of_the_control_plane_writes_has_them_as_well(
    house: House, app_database: Database
) -> None:
    boss = await chief(house, app_database)
    body = {"kind": "customer", "keys": [{"system": "erp", "value": "C-7"}]}
    sent = {"active_seconds": "21", "idempotency_key": "4711"}
    made = await boss.send("POST", "/v1/entities", body, **sent)
    assert (made.status, made.headers[HEADER]) == (201, "21"), made.body
    again = await boss.send("POST", "/v1/entities", body, **sent)
    assert (again.status, again.headers.get(HEADER)) == (201, None), "it was made before"
    assert [one[2:] for one in await touches(boss)] == [("entity.created", "portal", 21)]


async def test_what_is_proven_and_what_is_said_of_a_hold_again_is_of_the_invoice_and_the_order(
    house: House, app_database: Database
) -> None:
    boss = await chief(house, app_database)
    keys = [{"system": "erp", "value": "INV-7"}]
    entity = (await boss.send("POST", "/v1/entities", {"kind": "invoice", "keys": keys})).json["id"]
    papers = [{"name": "pod", "title": "Proof of delivery"}]
    case: dict[str, Any] = {"case": "D-1", "about": {"kind": "invoice", "key": "INV-7"}, "reason": "damage"}
    opened = await boss.send("POST", "/v1/evidence-cases", case | {"required": papers}, active_seconds="30")
    assert (opened.status, opened.headers[HEADER]) == (200, "30"), opened.body
    same = await boss.send("POST", "/v1/evidence-cases", case | {"required": papers}, active_seconds="5")
    assert (same.status, same.headers.get(HEADER)) == (200, None), "it was open, and asks for nothing more"
    papers = [{"name": "photo", "title": "A photo"}]
    await boss.send("POST", "/v1/evidence-cases", case | {"required": papers}, active_seconds="5")
    at = f"/v1/evidence-cases/{opened.json['id']}"
    key = house.operator.having(house.keys["acme"])
    filed = await key.send("POST", f"/v1/entities/{entity}/documents?name=scan.txt", raw=b"signed")
    for path, wish, seconds in (
        ("documents", {"document": filed.json["id"], "to": "pod"}, "12"), ("packs", {"key": "first"}, "3"),
    ):  # fmt: skip
        done = await boss.send("POST", f"{at}/{path}", wish, active_seconds=seconds)
        assert done.headers.get(HEADER) == seconds, done.body
    worth: dict[str, Any] = {"value": {"amount": 900, "currency": "EUR"}}
    for more, seconds in (({}, "9"), (worth, "7"), (worth, "4")):
        assert (await boss.send("POST", "/v1/holds", hold("SO-1") | more, active_seconds=seconds)).status == 200
    invoice, order = ("invoice", "INV-7"), ("order", "SO-1")
    assert [(kind, key, step, seconds) for kind, key, step, _, seconds in await touches(boss)][1:] == [
        (*invoice, "evidence.opened", 30), (*invoice, "evidence.grown", 5),
        (*invoice, "evidence.added", 12), (*invoice, "evidence.pack-asked", 3),
        (*order, "hold.raised", 9), (*order, "hold.joined", 7),
    ]  # fmt: skip


async def test_S_87_nobody_sets_another_s_seconds_and_no_key_sets_any(house: House, app_database: Database) -> None:
    clerk, other = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    key = house.operator.having(house.keys["acme"])
    for given in ("90", "not read at all"):
        assert (await key.post("/v1/holds", hold("SO-0"), headers={HEADER: given})).status == 200
    assert await touches(clerk) == [], "a key's act is no touch, whatever it says"
    assert (await other.send("POST", "/v1/holds", hold("SO-1"))).status == 200
    assert (await clerk.send("POST", "/v1/holds", hold("SO-2"), active_seconds="9")).status == 200
    items = (await clerk.get("/v1/touches")).json["items"]
    assert {one["account"]: one["seconds_active"] for one in items} == {
        _account(house, APPROVER): None, _account(house, CLERK): 9
    }  # fmt: skip
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    wish = {"client": "acme", "environment": "live", "reason": "Ticket 4711", "minutes": 30}
    acting = sam.having(token_of(await sam.send("POST", "/portal/acting", wish)))
    done = await acting.send("POST", "/v1/holds", hold("SO-3"), active_seconds="8")
    assert (done.status, done.headers[HEADER]) == (200, "8"), done.body
    (newest, *_) = (await clerk.get("/v1/touches")).json["items"]
    assert (newest["actor_kind"], newest["seconds_active"]) == ("acting", 8)


@pytest.mark.parametrize(("given", "noted"), [("3600", 3600), ("3601", 3600), ("9" * 400, 3600), ("007", 7)])
async def test_S_88_absurd_seconds_are_cut_at_an_hour(house: House, given: str, noted: int) -> None:
    clerk = await house.north.signed_in()
    assert (await clerk.send("POST", "/v1/holds", hold("SO-1"), active_seconds=given)).status == 200
    assert [one[-1] for one in await touches(clerk)] == [noted]


@pytest.mark.parametrize("given", ["-1", "1.5", "1e3", "12, 13", "twelve", "0x10", "+5", "\u00b2", "1 2"])
async def test_S_88_what_is_no_number_of_seconds_is_refused_and_nothing_is_done(house: House, given: str) -> None:
    clerk = await house.north.signed_in()
    refused = await clerk.send("POST", "/v1/holds", hold("SO-1"), active_seconds=given)
    assert (refused.status, refused.problem) == (400, "bad-active-seconds")
    assert "Active-Seconds" in refused.json["detail"]
    assert (await clerk.get("/v1/holds")).json["items"] == []
    assert (await clerk.get("/v1/holds", active_seconds=given)).status == 200, "who reads is asked for none"


def _account(house: House, email: str) -> str:
    return ids.show("acc", house.ids[f"{email} at north"])
