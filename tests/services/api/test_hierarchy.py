"""A14: operator, partner, client, environment, site; what is suspended takes nothing in and loses nothing."""

from __future__ import annotations

from services.api.policy import POLICY
from tenants.organizations.lifecycle import RESERVED
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, first_key
from tests.services.api.test_kept_answers import WORKFLOW

ORDER = {"specversion": "1.0", "id": "o-1", "source": "/shop", "type": "order.captured", "data": {}}
CE = {"content-type": "application/cloudevents+json"}


async def send(caller: Caller, number: int = 1) -> Answer:
    return await caller.post("/v1/events", ORDER | {"id": f"o-{number}"}, headers=CE)


def forget(parties: Parties) -> None:
    parties.nobody.app.app.state.resources.keyring.forget()
    parties.nobody.app.app.state.directory.forget()


async def test_A14_another_environment_is_a_tenant_of_its_own(parties: Parties) -> None:
    made = await parties.north.post("/v1/clients/acme/environments", {"environment": "staging"})
    assert (made.status, made.json["environment"]) == (201, "staging")
    shown = (await parties.north.get("/v1/clients/acme")).json["tenants"]
    assert [one["environment"] for one in shown] == ["dev", "test", "live", "staging"]
    key = await first_key(parties.north, "north/acme/staging")
    staging = parties.nobody.having(key)
    assert (await staging.get("/v1/me")).json["environment"] == "staging"
    assert (await staging.post("/v1/workflows", {"document": WORKFLOW})).status == 201
    assert (await parties.north.get("/v1/clients/acme/staging/workflows")).json["items"]
    assert (await parties.acme.get("/v1/workflows")).json["items"] == []
    for outsider in (parties.acme, parties.sibling, parties.south):
        assert (await outsider.get("/v1/clients/acme/staging/workflows")).status == 404


async def test_an_environment_that_cannot_be_is_refused(parties: Parties) -> None:
    for name, problem in (
        ("live", "environment-taken"),
        ("parameters", "environment-taken"),
        ("A", "invalid-payload"),
        ("x" * 33, "invalid-payload"),
    ):
        answer = await parties.north.post("/v1/clients/acme/environments", {"environment": name})
        assert answer.problem == problem, name


async def test_no_environment_may_have_the_name_of_what_stands_in_its_place() -> None:
    inside = {path.split("/")[4] for _, path in POLICY if path.startswith("/v1/clients/{client}/")}
    assert inside - {"{environment}"} <= RESERVED


async def test_S_02_sites_belong_to_one_environment(parties: Parties) -> None:
    made = await parties.acme.post("/v1/sites", {"slug": "depot", "name": "Depot", "time_zone": "Europe/Madrid"})
    assert made.status == 201, made.body
    assert (await parties.acme.get("/v1/sites/depot")).json == made.json
    assert (await parties.acme.post("/v1/sites", {"slug": "depot", "name": "D"})).problem == "slug-taken"
    for place in ("Mars/Base", "../etc/passwd", "/etc/passwd", "Europe"):
        answer = await parties.acme.post("/v1/sites", {"slug": "x", "name": "X", "time_zone": place})
        assert answer.problem == "invalid-payload", place
    changed = await parties.acme.send(
        "PATCH", "/v1/sites/depot", {"status": "disabled"}, headers={"if-match": made.headers["etag"]}
    )
    assert changed.json["status"] == "disabled"
    assert (await parties.acme_test.get(f"/v1/sites/{made.json['id']}")).status == 404
    assert (await parties.acme_test.get("/v1/sites")).json["items"] == []
    log = (await parties.acme.get("/v1/audit")).json["items"]
    assert [one["action"] for one in log[:2]] == ["site.changed", "site.created"]


async def test_S_06_a_suspended_client_reads_and_nothing_is_taken_in(parties: Parties) -> None:
    version = (await parties.acme.post("/v1/workflows", {"document": WORKFLOW})).json["id"]
    assert (await parties.acme.post("/v1/deployments", {"name": "greeting", "workflow": version})).status == 201
    assert (await send(parties.acme)).status == 202
    suspended = await parties.north.post("/v1/clients/acme/suspend", {"reason": "Invoice 17 is open"})
    assert (suspended.status, suspended.json["status"]) == (200, "suspended")
    assert suspended.json["status_reason"] == "Invoice 17 is open"
    forget(parties)
    for caller in (parties.acme, parties.acme_test):
        refused = await send(caller, 2)
        assert (refused.status, refused.problem) == (403, "client-suspended")
    site = {"slug": "depot", "name": "Depot"}
    for caller, prefix in ((parties.acme, "/v1"), (parties.north, "/v1/clients/acme/live")):
        assert (await caller.post(f"{prefix}/sites", site)).problem == "client-suspended"
        assert len((await caller.get(f"{prefix}/runs")).json["items"]) == 1
    assert (await send(parties.sibling)).status == 202
    assert (await parties.north.post("/v1/clients/acme/enable")).problem == "client-state"
    again = await parties.north.post("/v1/clients/acme/suspend", {"reason": "once more"})
    assert again.json["status_reason"] == "Invoice 17 is open"
    assert (await parties.north.post("/v1/clients/acme/resume")).json["status"] == "active"
    forget(parties)
    assert (await send(parties.acme, 2)).status == 202


async def test_of_two_who_saw_the_same_client_one_suspends_it(parties: Parties) -> None:
    seen = (await parties.north.get("/v1/clients/acme")).headers["etag"]
    first, second = [
        await parties.north.send("POST", "/v1/clients/acme/suspend", {"reason": "x"}, headers={"if-match": seen})
        for _ in range(2)
    ]
    assert (first.status, second.status) == (200, 412)
