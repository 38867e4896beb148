"""What a client is told of a connection that is away (F-20), and nobody else (S-01)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.api.feeds import Feeds
from services.engine import outages
from tests.asgi import Answer, Caller
from tests.patience import PATIENCE
from tests.services.api.parties import Parties
from tests.superuser import connected

REASON = "it answered with status 503"


async def test_F_20_an_outage_is_told_with_the_runs_that_wait(parties: Parties, worker_database: Database) -> None:
    settings = {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}
    made = await parties.acme.post(
        "/v1/connections",
        {"name": "erp", "connector": "erp-simulator", "settings": settings, "secrets": {"token": "t" * 20}},
    )
    path = f"/v1/connections/{made.json['id']}/outage"
    before = (await parties.acme.get(path)).json
    assert (before["outage"], before["waiting"]["runs"], before["waiting"]["items"]) == (None, 0, [])
    tenant, connection = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made.json["id"])
    await outages.begin(worker_database, tenant, connection, REASON, 30)
    told = (await parties.acme.get(path)).json["outage"]
    assert (told["reason"], told["ended_at"]) == (REASON, None)
    assert told["next_try_at"] > told["since"]
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get(path)).status == 404
    await outages.end(worker_database, tenant, connection)
    over = (await parties.acme.get(path)).json["outage"]
    assert over["ended_at"] > over["since"]
    assert over["next_try_at"] is None
    actions = {one["action"] for one in (await parties.acme.get("/v1/audit")).json["items"]}
    assert {"connection.away", "connection.back"} <= actions


WORKFLOW = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: promised
  version: 1.0.0
  metadata:
    keys:
      value: {amount: '${ .[0].data.amount }', currency: '${ .[0].data.currency }'}
      deadline: ${ .[0].data.ship }
schedule: {on: {one: {with: {type: order.captured}}}}
do:
  - first: {set: {done: true}}
"""
ORDERS: Final[tuple[dict[str, Any], ...]] = (
    {"amount": 500, "currency": "USD", "ship": "2031-03-01T12:00:00Z"},
    {},
    {"amount": 700, "currency": "EUR", "ship": "2020-03-01T12:00:00Z"},
    {"amount": 41, "currency": "USD"},
)


async def test_scenario_4_which_runs_what_value_and_which_deadlines_an_outage_touches(
    parties: Parties, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    settings = {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}
    made = await parties.acme.post(
        "/v1/connections",
        {"name": "carrier", "connector": "erp-simulator", "settings": settings, "secrets": {"token": "t" * 20}},
    )
    place = "/v1/clients/acme/live"
    workflow = await parties.north.post(f"{place}/workflows", {"document": WORKFLOW})
    await parties.north.post(f"{place}/deployments", {"name": "promised", "workflow": workflow.json["id"]})
    runs = []
    for number, data in enumerate(ORDERS):
        event = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": "order.captured", "data": data}
        headers = {"content-type": "application/cloudevents+json"}
        runs += (await parties.acme.post("/v1/events", event, headers=headers)).json["runs"]
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await admin.execute(
            "UPDATE app.run SET state = 'waiting', lane = NULL, due_at = clock_timestamp() + interval '10 minutes', "
            "waiting_for = json_build_object('kind', 'connection', 'ref', $1::text)",
            made.json["id"],
        )
    tenant, connection = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made.json["id"])
    await outages.begin(worker_database, tenant, connection, REASON, 30)
    path = f"/v1/connections/{made.json['id']}/outage"
    told = (await parties.acme.get(path)).json
    assert told["outage"]["reason"] == REASON
    assert (told["last_30_days"]["outages"], told["last_30_days"]["available"]) == (1, 1.0)
    waiting = told["waiting"]
    assert (waiting["runs"], waiting["kinds"], waiting["overdue"]) == (4, {"connection": 4}, 1)
    assert waiting["worth"] == [
        {"currency": "EUR", "amount": 700, "runs": 1},
        {"currency": "USD", "amount": 541, "runs": 2},
    ]
    assert waiting["earliest_deadline"] == "2020-03-01T12:00:00Z"
    in_line = [runs[2], runs[0], runs[1], runs[3]]
    assert [one["id"] for one in waiting["items"]] == in_line
    page = (await parties.acme.get(f"{path}?limit=3")).json["waiting"]
    rest = (await parties.acme.get(f"{path}?limit=3&cursor={page['next']}")).json["waiting"]
    assert [one["id"] for one in page["items"] + rest["items"]] == in_line
    assert (rest["runs"], rest["next"]) == (4, None)
    assert (await parties.north.get(f"{place}/connections/{made.json['id']}/outage")).json["waiting"]["runs"] == 4


async def test_scenario_4_the_owner_is_told_when_an_outage_begins_and_when_it_ends(
    parties: Parties, worker_database: Database, app_database: Database
) -> None:
    """In a list, in the feed of changes while it is open, and in the outbox; nobody else is (S-01)."""
    settings = {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}
    plan = {"name": "carrier", "connector": "erp-simulator", "settings": settings, "owner": "maria@acme.example"}
    made = (await parties.acme.post("/v1/connections", plan | {"secrets": {"token": "t" * 20}})).json
    assert made["owner"] == "maria@acme.example"
    tenant, connection = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made["id"])
    feeds = Feeds(app_database, None)
    try:
        async with feeds.watching(tenant) as watcher, asyncio.timeout(PATIENCE):
            await outages.begin(worker_database, tenant, connection, REASON, 30)
            await outages.begin(worker_database, tenant, connection, REASON, 30)
            assert await outages.ask(worker_database, tenant, connection, refused=12) is not None
            await watcher.changed.wait()
            (shown,) = [msgspec.json.decode(one) for one in watcher.notices()]
    finally:
        await feeds.close()
    assert (shown["kind"], shown["owner"]) == ("connection.away", "maria@acme.example")
    await parties.acme.send("PATCH", f"/v1/connections/{made['id']}", {"owner": None})
    await outages.end(worker_database, tenant, connection, refused=3)
    back, away = (await parties.acme.get(f"/v1/notices?connection={made['id']}")).json["items"]
    assert away == shown
    assert (away["data"]["reason"], away["connection"]) == (REASON, made["id"])
    assert (back["kind"], back["owner"], back["data"]["calls_refused"]) == ("connection.back", None, 15)
    assert back["data"]["until"] > back["data"]["since"] == away["data"]["since"]
    assert back["data"]["seconds"] >= 0
    first = (await parties.acme.get("/v1/notices?limit=1")).json
    rest = (await parties.acme.get(f"/v1/notices?limit=1&cursor={first['next']}")).json
    assert [one["id"] for one in first["items"] + rest["items"]] == [back["id"], away["id"]]
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get("/v1/notices")).json["items"] == []
    async with worker_database.doors() as doors:
        rows = await doors.fetch("SELECT * FROM app.take_outbox(9, 9, ARRAY['notices']) ORDER BY outbox_id")
    messages = [msgspec.json.decode(row["body"]) for row in rows]
    assert [one["type"] for one in messages] == ["connection.away.v1", "connection.back.v1"]
    assert messages[0]["data"]["owner"] == "maria@acme.example"


async def test_a_fallback_is_another_connection_of_the_tenant_with_the_same_connector(parties: Parties) -> None:
    async def made(who: Caller, name: str, connector: str = "erp-simulator", **more: Any) -> Answer:
        settings = {"base_url": "http://127.0.0.1:9"} | ({"authentication": "none"} if connector == "http" else {})
        secrets = {} if connector == "http" else {"token": "t" * 20}
        plan = {"name": name, "connector": connector, "settings": settings, "secrets": secrets}
        return await who.post("/v1/connections", plan | more)

    spare = (await made(parties.acme, "spare")).json["id"]
    limits = {"at_once": 4, "rate": {"calls": 60, "seconds": 60}}
    erp = await made(parties.acme, "erp", fallback=spare, limits=limits)
    assert (erp.status, erp.json["fallback"], erp.json["limits"]) == (201, spare, limits)
    path = f"/v1/connections/{erp.json['id']}"
    other = (await made(parties.acme, "other", "http")).json["id"]
    foreign = (await made(parties.foreign, "erp")).json["id"]
    for wrong in (erp.json["id"], other, foreign, "con_x"):
        assert (await parties.acme.send("PATCH", path, {"fallback": wrong})).problem == "invalid-connection", wrong
    assert (await parties.acme.send("PATCH", path, {"limits": {"at_once": 0}})).status == 422
    changed = await parties.acme.send("PATCH", path, {"fallback": None, "limits": {}})
    assert (changed.json["fallback"], changed.json["limits"]["at_once"]) == (None, 10)
    assert changed.json["revision"] == 2


async def test_scenario_4_incidents_and_their_minutes_are_added_up(
    parties: Parties, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    settings = {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}
    plan = {"name": "carrier", "connector": "erp-simulator", "settings": settings, "secrets": {"token": "t" * 20}}
    made = (await parties.acme.post("/v1/connections", plan)).json
    tenant, connection = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made["id"])
    path = f"/v1/connections/{made['id']}/outage"
    none = (await parties.acme.get(path)).json["last_30_days"]
    assert none == {"outages": 0, "minutes": 0, "longest_minutes": 0, "calls_refused": 0, "available": 1}
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        for minutes in (30, 60):
            await outages.begin(worker_database, tenant, connection, REASON, 30)
            await admin.execute("UPDATE app.outage SET since = since - make_interval(mins => $1)", minutes)
            await outages.end(worker_database, tenant, connection, refused=4)
    lately = (await parties.acme.get(path)).json["last_30_days"]
    assert (lately["outages"], lately["calls_refused"]) == (2, 8)
    assert 90 <= lately["minutes"] < 91
    assert 60 <= lately["longest_minutes"] < 61
    assert lately["available"] == pytest.approx(1 - 90 / (30 * 24 * 60), abs=1e-4)
