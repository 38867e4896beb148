"""What needs somebody, over the API: listed, counted, owned, and acted on one by one or together (ADR 0030)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.engine.claims import Claims
from services.engine.redriving import pack_seen
from services.engine.world import check_world
from services.exceptions import acting
from services.exceptions.acting import Batch
from services.exceptions.handling import Act
from tests.services.api.parties import Parties, id_of, make_key
from tests.services.exceptions.standing import LONG_AGO, Desk, fault, park, quarantine, stand
from tests.world import deploy, start_runs, write

COMMUNICATION = "https://serverlessworkflow.io/spec/1.0.0/errors/communication"
CONNECTION = ids.show("con", ids.new())
BOUND = ids.new()
"""Of the deployment; no run was seen to wait for it."""


@pytest.fixture
async def desk(
    parties: Parties, app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> Desk:
    """Of acme's runs two failed, one is parked, one uncertain, one quarantined, one goes on as it should."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured", bindings={"erp": BOUND})
    await start_runs(app_database, tenant, 6)
    claims = await Claims(worker_database, "w", 30).take(6)
    for claim, amount, currency, deadline in (
        (claims[1], 900, "EUR", None),
        (claims[2], 500, "USD", None),
        (claims[3], None, None, datetime(2026, 1, 31, tzinfo=UTC)),
    ):
        async with worker_database.doors() as connection:
            statement = "SELECT app.file_run_keys($1, $2, $3, '{}', '{}', $4, $5, $6, NULL)"
            kept = (tenant, claim.run_id, claim.fence, amount, currency, deadline)
            assert await connection.fetchval(statement, *kept)
    made = [
        fault(claims[0], COMMUNICATION),
        fault(claims[1], "x:own"),
        park(claims[2], CONNECTION),
        stand(claims[3], "waiting", {"kind": "uncertain", "reason": "nobody knows"}),
        stand(claims[4], "waiting", {"kind": "timer"}),
    ]
    for one in made:  # in this order
        assert await write(worker_database, one) == ["committed"]
    await quarantine(stack, endpoints, claims[5])
    return Desk(app_database, tenant)


async def listed(caller: Any, **query: Any) -> list[Any]:
    text = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    answer = await caller.get(f"/v1/exceptions?{text}")
    assert answer.status == 200, answer.json
    return list(answer.json["items"])


def categories(items: list[Any]) -> list[str]:
    return [one["category"] for one in items]


async def one_of(parties: Parties, category: str) -> Any:
    (found,) = await listed(parties.acme, category=category)
    return found


@pytest.mark.usefixtures("desk")
async def test_they_are_listed_by_what_matters_and_found_by_what_they_are(parties: Parties) -> None:
    items = await listed(parties.acme)
    assert categories(items) == ["failed", "failed", "parked", "uncertain", "quarantined"]
    assert (items[0]["cause"], items[0]["title"], items[0]["reference"]) == (COMMUNICATION, "No stock", "/do/0/a")
    assert (items[0]["run_state"], items[0]["business_key"], items[0]["changes"]) == ("faulted", "o-0", 0)
    assert [one["value"] for one in await listed(parties.acme, sort="value")][:3] == [
        {"amount": 900, "currency": "EUR"},
        {"amount": 500, "currency": "USD"},
        None,
    ]
    assert categories(await listed(parties.acme, sort="deadline"))[0] == "uncertain"
    parked = items[2]
    for sort in ("age", "value", "deadline"):
        paged: list[Any] = []
        further = ""
        for _ in range(3):
            answer = await parties.acme.get(f"/v1/exceptions?sort={sort}&limit=2{further}")
            paged += answer.json["items"]
            further = f"&cursor={answer.json['next']}"
        assert [one["id"] for one in paged] == [one["id"] for one in await listed(parties.acme, sort=sort)]
    found = {
        "connection": CONNECTION,
        "currency": "USD",
        "run": parked["run"],
        "cause": "parked",
        "category": "parked",
    }
    for name, value in found.items():
        assert [one["id"] for one in await listed(parties.acme, **{name: value})] == [parked["id"]], name
    bound = await listed(parties.acme, connection=ids.show("con", BOUND))
    assert categories(bound) == ["failed", "failed", "uncertain"]
    assert len(await listed(parties.acme, deployment=parked["deployment"], owner="none")) == 5
    assert categories(await listed(parties.acme, least_value=600)) == ["failed"]
    assert categories(await listed(parties.acme, deadline_before="2100-01-01T00:00:00Z")) == ["uncertain"]
    assert len(await listed(parties.acme, since=parked["opened_at"])) == 3
    assert len(await listed(parties.acme, until=parked["opened_at"])) == 2
    nothing = {"template": "none", "owner": "role:x", "state": "resolved", "connection": "con_" + "0" * 26}
    for name, value in nothing.items():
        assert await listed(parties.acme, **{name: value}) == [], name
    one = (await parties.acme.get(f"/v1/exceptions/{parked['id']}")).json
    assert [told["action"] for told in one["history"]] == ["opened"]
    assert one == {**parked, "runbook": None, **{name: one[name] for name in ("probability", "at_risk", "history")}}
    told = (await parties.acme.get("/v1/exceptions/summary")).json
    assert told["count"] == 5
    assert {(one["category"], one["connection"], one["count"], one["value"]) for one in told["items"]} == {
        ("failed", None, 1, None),
        ("failed", None, 1, 900),
        ("parked", CONNECTION, 1, 500),
        ("quarantined", None, 1, None),
        ("uncertain", None, 1, None),
    }


@pytest.mark.usefixtures("desk")
async def test_S_01_nobody_else_sees_one_or_acts_on_it(parties: Parties) -> None:
    failed = (await listed(parties.acme))[0]
    seen = await parties.acme.post(
        "/v1/exceptions/act", {"preview": True, "filter": {}, "action": "discard", "words": "x"}
    )
    token, body = seen.json["token"], {"action": "discard", "words": "x"}
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    assert (await reader.post(f"/v1/exceptions/{failed['id']}/act", body)).status == 403
    assert (await reader.post("/v1/exceptions/act", {"token": token})).status == 403
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert await listed(stranger) == []
        assert (await stranger.get("/v1/exceptions/summary")).json == {"count": 0, "items": []}
        assert (await stranger.get(f"/v1/exceptions/{failed['id']}")).status == 404
        assert (await stranger.post(f"/v1/exceptions/{failed['id']}/act", body)).status == 404
        assert (await stranger.post("/v1/exceptions/act", {"token": token})).problem == "bad-cursor"
    for forged in (token[:-4], "x", "x.y", token.partition(".")[0] + ".AAAA"):
        assert (await parties.acme.post("/v1/exceptions/act", {"token": forged})).problem == "bad-cursor"
    redriven = await parties.acme.post("/v1/runs/redrive", {"token": token})
    assert redriven.problem == "bad-cursor", "a token is for what it was made for"
    assert len(await listed(parties.acme)) == 5


@pytest.mark.usefixtures("desk")
async def test_S_05_a_partner_sees_that_it_failed_and_no_words_of_the_clients(parties: Parties) -> None:
    answer = await parties.north.get("/v1/clients/acme/live/exceptions?category=failed")
    assert [(one["cause"], one["title"]) for one in answer.json["items"]] == [
        (COMMUNICATION, None),
        ("about:blank", None),
    ]


@pytest.mark.usefixtures("desk")
async def test_S_05_nobody_learns_by_trying_of_which_type_a_fault_is_that_they_are_not_shown(parties: Parties) -> None:
    """A `raise` may compute it from the payload."""
    for sees, found in (("payloads:masked", 0), ("records:read", 0), ("payloads:read", 1)):
        key = await make_key(parties.acme, permissions=["runs:read", "runs:write", sees])
        caller = parties.nobody.having(key)
        assert len(await listed(caller, cause="x:own")) == found
        assert len(await listed(caller, cause=COMMUNICATION)) == len(await listed(caller, cause="parked")) == 1
        body = {"preview": True, "filter": {"cause": "x:own"}, "action": "note", "words": "x"}
        acted = (await caller.post("/v1/exceptions/act", body)).json
        for error, count in (("x:own", found), ("communication", 1)):
            asked = await caller.post("/v1/runs/redrive", {"preview": True, "filter": {"error": error}})
            assert (acted["count"], asked.json["count"]) == (found, count), (sees, error)


@pytest.mark.usefixtures("desk")
async def test_of_two_who_take_one_one_does(parties: Parties) -> None:
    failed = (await listed(parties.acme))[0]
    path = f"/v1/exceptions/{failed['id']}/act"
    mine = {"action": "assign", "owner": "role:credit", "seen": 0}
    for _ in range(2):
        taken = await parties.acme.post(path, mine)
        assert (taken.status, taken.json["owner"], taken.json["changes"]) == (200, "role:credit", 1)
    late = await parties.acme.post(path, {**mine, "owner": "role:sales"})
    assert (late.status, late.problem) == (409, "exception-changed")
    noted = await parties.acme.post(path, {"action": "note", "words": "they were called", "seen": 1})
    assert (noted.json["note"], noted.json["changes"]) == ("they were called", 2)
    assert (await parties.acme.post(path, {"action": "retry", "seen": 1})).problem == "exception-changed"
    assert [one["id"] for one in await listed(parties.acme, owner="role:credit")] == [failed["id"]]
    for owner in ("credit", "role:", "account:acc_" + "0" * 26, "account:acc_x"):
        wrong = await parties.acme.post(path, {"action": "assign", "owner": owner, "seen": 2})
        assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/owner"), owner
    for body in ({"action": "assign"}, {"action": "discard"}, {"action": "retry", "words": "x"}, {"action": "burn"}):
        assert (await parties.acme.post(path, body)).status == 422, body
    actor = f"key:{await id_of(parties.acme)}"
    records = (await parties.acme.get(f"/v1/audit?target={failed['id']}")).json["items"]
    assert [(one["actor"], one["action"], one["after"]) for one in records] == [
        (actor, "exception.noted", {"note": "they were called"}),
        (actor, "exception.assigned", {"owner": "role:credit"}),
    ]


async def test_F_19_each_takes_what_fits_it_once(parties: Parties, desk: Desk, worker_database: Database) -> None:
    items = {one["category"]: one for one in await listed(parties.acme)}
    cases = {
        "failed": ("retry", "retried", "running"),
        "quarantined": ("resume", "resumed", "running"),
        "uncertain": ("cancel", "cancelled", "cancelled"),
    }
    actor = f"key:{await id_of(parties.acme)}"
    for category, (action, outcome, state) in cases.items():
        path = f"/v1/exceptions/{items[category]['id']}/act"
        unfit = await parties.acme.post(path, {"action": "cancel" if category == "failed" else "retry"})
        if category != "quarantined":
            assert (unfit.status, unfit.problem) == (409, "exception-takes-another-action")
            unfit = await parties.acme.post(path, {"action": action, "seen": 0})
        done = (await parties.acme.get(f"/v1/exceptions/{items[category]['id']}")).json
        assert (done["state"], done["outcome"], done["closed_by"], done["changes"]) == ("resolved", outcome, actor, 1)
        assert done["run_state"] == state
        assert (await parties.acme.post(path, {"action": action})).status == 200, "the same again"
        other = parties.nobody.having(await make_key(parties.acme))
        late = await other.post(path, {"action": action})
        assert (late.status, late.problem) == (409, "exception-closed")
    assert await check_world(worker_database, LONG_AGO, 30.0) == []
    assert len(await desk.rows()) == 5


async def test_what_is_discarded_is_given_up_with_its_run_and_a_reason(
    parties: Parties, desk: Desk, worker_database: Database
) -> None:
    items = await listed(parties.acme)
    for one, run_state in ((items[1], "faulted"), (items[2], "cancelled"), (items[4], "cancelled")):
        body = {"action": "discard", "words": "the customer went away"}
        done = (await parties.acme.post(f"/v1/exceptions/{one['id']}/act", body)).json
        assert (done["state"], done["outcome"], done["run_state"]) == ("discarded", "discarded", run_state)
        assert done["reason"] == "the customer went away"
    assert await check_world(worker_database, LONG_AGO, 30.0) == []
    assert categories(await listed(parties.acme)) == ["failed", "uncertain"]
    assert len(await listed(parties.acme, state="discarded")) == 3
    again = await parties.acme.post(f"/v1/runs/{items[1]['run']}/retry", {})
    assert (again.status, again.json["state"]) == (200, "running")
    assert [row["state"] for row in await desk.rows()].count("open") == 2
    assert await check_world(worker_database, LONG_AGO, 30.0) == []


async def test_F_19_many_are_acted_on_as_the_preview_saw_them(
    parties: Parties, desk: Desk, app_database: Database, worker_database: Database
) -> None:
    async def preview(**body: Any) -> Any:
        answer = await parties.acme.post("/v1/exceptions/act", {"preview": True, "filter": {}, **body})
        assert answer.status == 200, answer.json
        return answer.json

    counts = {"retry": 3, "resume": 1, "cancel": 3, "assign": 5}
    assert {action: (await preview(action=action))["count"] for action in counts} == counts
    assert (await preview(action="retry", filter={"category": "parked"}))["token"] is None
    seen = await preview(action="retry")
    assert (seen["covered"], len(seen["exceptions"]), seen["done"]) == (3, 3, [])
    first = seen["exceptions"][0]["id"]
    note = {"action": "note", "words": "wait", "seen": 0}
    assert (await parties.acme.post(f"/v1/exceptions/{first}/act", note)).status == 200
    done = (await parties.acme.post("/v1/exceptions/act", {"token": seen["token"]})).json
    assert {one["id"]: one["outcome"] for one in done["done"]}[first] == "changed"
    assert sorted(one["outcome"] for one in done["done"]) == ["changed", "resumed", "retried"]
    # The record is in the commit of what it tells: nothing of the request behind it is needed.
    same = Batch(Act(action="retry"), pack_seen([(ids.read("exc", one["id"]), 0) for one in seen["exceptions"]]))
    again = await acting.drive(app_database, desk.tenant, same, f"key:{await id_of(parties.acme)}")
    told = [{"id": ids.show("exc", one), "outcome": outcome, "why": None} for one, outcome in again.done]
    assert told == done["done"], "told once more, and not done once more"
    rest = await preview(action="discard", words="given up", filter={"ids": [first]})
    done = (await parties.acme.post("/v1/exceptions/act", {"token": rest["token"]})).json
    assert done["done"] == [{"id": first, "outcome": "discarded", "why": None}]
    records = (await parties.acme.get("/v1/audit?action=exceptions.acted")).json["items"]
    assert [one["after"] for one in records] == [
        {"action": "discard", "discarded": 1},
        {"action": "retry", "changed": 1, "resumed": 1, "retried": 1},
        {"action": "retry", "changed": 1, "resumed": 1, "retried": 1},
    ]
    bodies: list[dict[str, Any]] = [
        {},
        {"preview": True},
        {"preview": True, "filter": {}},
        {"token": "x", "filter": {}},
    ]
    for body in bodies:
        assert (await parties.acme.post("/v1/exceptions/act", body)).status == 422, body
    unfit = {
        "/filter/connection": {"action": "retry", "filter": {"connection": "x"}},
        "/owner": {"action": "assign", "owner": "account:acc_" + "0" * 26, "filter": {}},
    }
    for pointer, body in unfit.items():
        wrong = await parties.acme.post("/v1/exceptions/act", {"preview": True, **body})
        assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, pointer)
    assert await check_world(worker_database, LONG_AGO, 30.0) == []
    assert len(await desk.rows()) == 5
