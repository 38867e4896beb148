"""Calendars and deadlines over the API: saved, previewed, in the way of one another, and what is due when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.deadlines import deadlines, plan
from services.deadlines.clock import Clock
from services.deadlines.kinds import Subject
from tests.asgi import Caller
from tests.services.api.parties import Parties
from tests.tenants.calendars.examples import ALWAYS, WEEK

BERLIN: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "week": WEEK,
    "holidays": [{"day": "2026-12-25", "name": "Christmas Day"}],
    "special_days": [{"day": "2026-12-24", "shifts": [{"opens": "08:00", "closes": "12:00"}]}],
    "cut_offs": [{"name": "release", "at": "16:30"}],
}
ONE = "/v1/calendars/warehouse-north"


async def save(caller: Caller, path: str = ONE, **written: Any) -> Any:
    answer = await caller.send("PUT", path, BERLIN | written)
    assert answer.status == 200, answer.body
    return answer.json


async def test_a_calendar_is_saved_read_previewed_and_removed(parties: Parties) -> None:
    acme = parties.acme
    made = await save(acme)
    assert (made["name"], made["version"], made["calendar"]["week"]["sunday"]) == ("warehouse-north", 1, [])
    assert (await acme.get("/v1/calendars")).json == {"items": [made], "next": None}
    asked = {"from": "2026-12-23T16:00:00+01:00", "durations": ["PT1H", "PT6H", "PT0S"]}
    found = (await acme.post(f"{ONE}/preview", asked)).json
    assert [(one["duration"], one["local"]) for one in found["durations"]] == [
        ("PT1H", "2026-12-23T17:00:00+01:00"),
        ("PT6H", "2026-12-28T09:00:00+01:00"),
        ("PT0S", "2026-12-23T16:00:00+01:00"),
    ]
    assert found["durations"][1]["at"] == "2026-12-28T08:00:00Z"
    assert [(one["name"], one["local"]) for one in found["cut_offs"]] == [("release", "2026-12-23T16:30:00+01:00")]
    assert (await acme.post(f"{ONE}/preview", {})).json["version"] == 1
    other = await save(acme, "/v1/calendars/yard")
    first = (await acme.get("/v1/calendars?limit=1")).json
    assert first["items"] == [made]
    assert (await acme.get(f"/v1/calendars?limit=1&cursor={first['next']}")).json == {"items": [other], "next": None}
    assert (await acme.send("DELETE", "/v1/calendars/yard")).status == 204
    changed = await save(acme, holidays=[])
    assert (changed["version"], changed["calendar"]["holidays"]) == (2, [])
    assert (await acme.get(f"{ONE}?version=1")).json == made
    seen = (await acme.get(ONE)).headers["etag"]
    old = await acme.send("PUT", ONE, BERLIN, headers={"if-match": '"0123456789abcdef0123456789abcdef"'})
    assert (old.status, old.problem) == (412, "precondition-failed")
    assert (await acme.send("DELETE", ONE, headers={"if-match": seen})).status == 204
    assert [(await acme.get(path)).status for path in (ONE, f"{ONE}?version=3")] == [404, 404]
    assert (await acme.get("/v1/calendars")).json == {"items": [], "next": None}


async def test_what_is_no_calendar_or_has_no_such_time_is_told_with_its_place(parties: Parties) -> None:
    acme = parties.acme
    for path, body, problem, pointer in (
        (ONE, {"time_zone": "Mars/Olympus"}, "invalid-calendar", "/time_zone"),
        ("/v1/calendars/North%20Yard", BERLIN, "invalid-calendar", ""),
        (ONE, BERLIN | {"sites": ["nowhere"]}, "invalid-calendar", "/sites/0"),
    ):
        refused = await acme.send("PUT", path, body)
        assert (refused.status, refused.problem) == (422, problem), refused.body
        assert refused.json["errors"][0]["pointer"] == pointer
    await save(acme, week={})
    for body, pointer in (
        ({"durations": ["PT1H"], "from": "2027-01-01T00:00:00Z"}, "/durations/0"),
        ({"durations": ["PT0S", "soon"]}, "/durations/1"),
        ({"from": "9999-12-31T23:59:59Z"}, "/from"),
    ):
        refused = await acme.post(f"{ONE}/preview", body)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer), refused.body


async def test_S_02_a_site_of_anothers_is_unknown_to_a_calendar(parties: Parties) -> None:
    await parties.sibling.post("/v1/sites", {"slug": "reno", "name": "Reno"})
    for body, pointer in (
        ({"sites": ["reno"]}, "/sites/0"),
        ({"cut_offs": [{"name": "x", "at": "12:00", "site": "reno"}]}, "/cut_offs/0/site"),
    ):
        refused = await parties.acme.send("PUT", ONE, BERLIN | body)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer)
    await save(parties.sibling, sites=["reno"])
    assert (await parties.acme.get(ONE)).status == 404
    await save(parties.acme)
    asked = [await parties.acme.post(f"{ONE}/preview", {"from": "2026-01-01T00:00:00Z", "site": one}) for one in "ab"]
    assert asked[0].json == asked[1].json


async def test_what_waits_is_listed_with_its_time_left_and_moves_with_its_calendar(
    parties: Parties, worker_database: Database
) -> None:
    acme, tenant = parties.acme, TenantId(ids.read("ten", parties.ids["acme:live"]))
    await save(acme, time_zone="UTC", week=ALWAYS, holidays=[], special_days=[])
    task, hold = Subject("human-task", ids.new()), Subject("hold", ids.new())
    async with worker_database.tenant(tenant) as transaction:
        for subject, due in ((task, "PT4H"), (hold, "PT400H")):
            planned = {"calendar": "warehouse-north", "warn": "PT1H", "due": due}
            await deadlines.begin(transaction, tenant, subject, plan.read(planned), run=task.id)
    newest, first = (await acme.get("/v1/deadlines")).json["items"]
    assert (newest["kind"], newest["subject"], first["subject"]) == ("hold", hold.shown, task.shown)
    assert first["left"].startswith("PT3H59M")
    assert [(one["do"], one["after"], one["done_at"]) for one in first["steps"]] == [
        ("warn", "PT1H", None), ("due", "PT4H", None),
    ]  # fmt: skip
    assert (first["next_at"], first["due_at"]) == (first["steps"][0]["at"], first["steps"][1]["at"])
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat().replace("+00:00", "Z")
    for query, count in {
        "kind=hold": 1, f"subject={task.shown}": 1, f"kind=hold&subject={hold.shown}": 1, f"due_before={soon}": 1,
        f"due_after={soon}": 1, f"run={ids.show('run', task.id)}": 2, "state=ended": 0, "state=all&limit=1": 1,
    }.items():  # fmt: skip
        answer = await acme.get(f"/v1/deadlines?{query}")
        assert len(answer.json["items"]) == count, (query, answer.body)
    for query in ("kind=order", "subject=run_01h455vb4pex5vsknk084sn02q", f"kind=hold&subject={task.shown}"):
        assert (await acme.get(f"/v1/deadlines?{query}")).problem == "bad-parameter", query
    in_use = await acme.send("DELETE", ONE)
    assert (in_use.status, in_use.problem) == (409, "calendar-in-use")
    days = [datetime.now(UTC).date() + timedelta(days=one) for one in range(-1, 3)]
    await save(acme, time_zone="UTC", week=ALWAYS, holidays=[{"day": one.isoformat()} for one in days], special_days=[])
    clock = Clock(worker_database, {}, wake=lambda: None)
    while await clock.round():
        pass
    moved = (await acme.get(f"/v1/deadlines?subject={task.shown}")).json["items"][0]
    assert (moved["calendar_version"], moved["left"]) == (2, "PT4H")
    (told,) = (await acme.get("/v1/audit?action=calendar.deadlines-recomputed")).json["items"]
    assert (told["target"], told["after"]) == ("warehouse-north", {"version": 2, "looked": 2, "moved": 2})
    async with worker_database.tenant(tenant) as transaction:
        await deadlines.end(transaction, tenant, task, "completed")
    (ended,) = (await acme.get("/v1/deadlines?state=ended")).json["items"]
    assert (ended["outcome"], ended["left"], ended["next_at"]) == ("completed", None, None)
