"""A partner proposes what runs in test for live, and a second person says yes: nobody approves what is their own."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from infra.database import Database
from tests.asgi import Answer, Caller
from tests.services.portal.staff import chief, let_in, staff
from tests.services.portal.visitors import House, Visitor

TEST, LIVE = "/v1/clients/acme/test", "/v1/clients/acme/live"
ERP = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": "simulator-token"},
}
GO = {"note": "as agreed"}
WANTED: dict[str, Any] = {"from": {"environment": "test", "deployment": "orders"}, "note": "tried for a week"}


class Office:
    """North's own key, acme's administrator signed in, and order-release running in acme's test environment."""

    def __init__(self, house: House, north: Caller, boss: Visitor) -> None:
        self.house, self.north, self.boss = house, north, boss

    async def open(self) -> Office:
        erp = (await self.north.post(f"{TEST}/connections", ERP)).json["id"]
        await self.north.post(f"{LIVE}/connections", ERP)
        bound = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}}
        given = {**bound, "parameters": {"credit_tolerance_percent": 5}}
        made = await self.north.post(f"{TEST}/deployments", given)
        assert made.status == 201, made.body
        return self

    async def propose(self, **more: Any) -> Answer:
        return await self.north.post(f"{LIVE}/promotions", {**WANTED, **more})

    async def proposed(self) -> str:
        made = await self.propose()
        assert made.status == 201, made.body
        return f"/v1/promotions/{made.json['id']}"

    async def running(self) -> list[Any]:
        return list((await self.boss.get("/v1/deployments")).json["items"])


@pytest.fixture
async def office(house: House, app_database: Database) -> Office:
    north = house.operator.having(house.keys["north"])
    return await Office(house, north, await chief(house, app_database)).open()


async def test_what_runs_in_test_runs_in_live_once_a_second_person_has_said_so(office: Office) -> None:
    at = await office.proposed()
    assert await office.running() == [], "a proposal runs nothing"
    seen = (await office.boss.get(at)).json
    assert (seen["status"], seen["environment"], seen["note"]) == ("proposed", "test", "tried for a week")
    here = (await office.boss.get("/v1/connections")).json["items"][0]["id"]
    assert seen["bindings"] == {"erp": here}, "the connection of this name here"
    made = await office.boss.send("POST", f"{at}/approve", GO)
    assert made.status == 200, made.body
    (running,) = await office.running()
    assert running["workflow"]["template"] == seen["workflow"]["template"]
    assert running["parameters"]["credit_tolerance_percent"] == 5
    assert running["sources"]["allow_backorder"] == "default", "a default stays one"
    told = (await office.boss.get(at)).json
    assert (told["status"], told["deployment"], told["revision"]) == ("approved", running["id"], 1)
    late = await office.boss.send("POST", f"{at}/refuse", GO)
    assert (late.status, late.problem) == (409, "promotion-decided")
    rows = (await office.boss.get("/v1/audit?action=promotion.approved")).json["items"]
    assert [(row["actor"], row["after"]["proposed_by"]) for row in rows] == [(told["decided_by"], told["proposed_by"])]
    assert (await office.boss.get("/v1/audit?action=promotion.proposed")).json["items"][0]["target"] == told["id"]


async def test_the_next_promotion_is_a_revision_and_can_be_rolled_back(office: Office) -> None:
    await office.boss.send("POST", f"{await office.proposed()}/approve", GO)
    second = (await office.propose(parameters={"credit_tolerance_percent": 9})).json["id"]
    made = await office.boss.send("POST", f"/v1/promotions/{second}/approve", GO)
    assert (made.json["revision"], made.json["parameters"]["credit_tolerance_percent"]) == (2, 9)
    back = await office.north.post(f"{LIVE}/deployments/{made.json['id']}/roll-back", {})
    assert (back.json["revision"], back.json["parameters"]["credit_tolerance_percent"]) == (3, 5)


async def test_nobody_approves_what_is_their_own_by_whatever_key(office: Office, app_database: Database) -> None:
    """Segregation of duties: neither the proposer, nor who made the key that proposed, nor any key."""
    at = await office.proposed()
    refused = await office.north.post(f"{LIVE}{at.removeprefix('/v1')}/approve", GO)
    assert (refused.status, refused.problem) == (403, "person-needed")
    person = await staff(office.house, app_database, "pat@north.example", "administrator")
    own = await person.send("POST", f"{LIVE}/promotions", WANTED)
    assert own.status == 201, own.body
    key = await person.send("POST", "/v1/keys", {"name": "pats"})
    assert key.status == 201, key.body
    child = await office.north.having(key.json["key"]).post("/v1/keys", {"name": "pats-second"})
    by_key = await office.north.having(child.json["key"]).post(f"{LIVE}/promotions", WANTED)
    assert by_key.status == 201, by_key.body
    for one in (own, by_key):
        path = f"{LIVE}/promotions/{one.json['id']}/approve"
        alone = await person.send("POST", path, GO)
        assert (alone.status, alone.problem) == (403, "second-person-needed"), alone.body
    assert await office.running() == []
    await let_in(office.house, app_database, "sam@north.example", "administrator")
    other = await office.house.north.signed_in("sam@north.example")
    assert (await other.send("POST", f"{LIVE}/promotions/{by_key.json['id']}/approve", GO)).status == 200


async def test_what_does_not_fit_is_not_proposed_and_what_is_refused_runs_never(office: Office) -> None:
    bad = await office.propose(parameters={"credit_tolerance_percent": "much"})
    assert (bad.status, bad.problem) == (422, "invalid-deployment")
    nowhere = await office.propose(**{"from": {"environment": "dev", "deployment": "orders"}})
    assert (nowhere.status, nowhere.json["errors"][0]["pointer"]) == (422, "/from/deployment")
    itself = await office.propose(**{"from": {"environment": "live", "deployment": "orders"}})
    assert (itself.status, itself.json["errors"][0]["pointer"]) == (422, "/from/environment")
    foreign = (await office.house.operator.having(office.house.keys["foreign"]).post("/v1/connections", ERP)).json["id"]
    tried = [await office.propose(bindings={"erp": one}) for one in (foreign, ids.show("con", ids.new()))]
    told = [(one.status, one.json["errors"]) for one in tried]
    assert told[0] == told[1], "S-02: another's connection is as unknown as nobody's"
    at = await office.proposed()
    for act, said in (("refuse", "promotion.refused"), ("withdraw", "promotion.withdrawn")):
        closed = await office.boss.send("POST", f"{at}/{act}", {"note": "not yet"})
        assert (closed.status, closed.json["status"]) == (200, said.removeprefix("promotion."))
        assert (await office.boss.send("POST", f"{at}/approve", GO)).problem == "promotion-decided"
        rows = (await office.boss.get(f"/v1/audit?action={said}")).json["items"]
        assert len(rows) == 1
        at = await office.proposed()
    assert await office.running() == []


async def test_a_clients_own_key_reaches_no_other_environment(office: Office) -> None:
    acme = office.house.operator.having(office.house.keys["acme"])
    refused = await acme.post("/v1/promotions", WANTED)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/from/environment")
