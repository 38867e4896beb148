"""The register of interfaces: declared, seen in traffic, and what is wrong (ADR 0052, row 95 of the features)."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.worker import traffic
from template_library import catalog
from tests.asgi import Caller
from tests.services.api.parties import Parties, id_of
from tests.services.api.things import make_person

RELEASED = catalog.builtin().find("order-release").manifest.version
ERP: dict[str, Any] = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": "simulator-token"},
}


@pytest.fixture
async def acme(parties: Parties) -> Caller:
    """With a deployment that an event of a shop began a run of."""
    acme = parties.acme
    erp = (await acme.post("/v1/connections", ERP)).json["id"]
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}}
    assert (await acme.post("/v1/deployments", body)).status == 201
    await send(acme, "1")
    return acme


async def send(caller: Caller, number: str, **more: Any) -> None:
    event = {
        "specversion": "1.0", "id": number, "source": "/shop", "type": "order.captured", "subject": f"SO-{number}",
        "data": {}, **more,
    }  # fmt: skip
    sent = await caller.post("/v1/events", event, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body


async def declare(caller: Caller, kind: str, name: str, **more: Any) -> Any:
    body = {"kind": kind, "name": name, "publisher": "shop", **more}
    answer = await caller.send("PUT", "/v1/interfaces", body)
    assert answer.status == 200, answer.body
    return answer.json


async def findings(caller: Caller) -> list[tuple[str, str, str, str]]:
    listed = (await caller.get("/v1/interfaces/findings")).json["items"]
    return [(one["finding"], one["kind"], one["name"], one["party"]) for one in listed]


async def test_what_is_in_use_stands_in_the_register_with_whoever_uses_it(
    acme: Caller, worker_database: Database
) -> None:
    assert await traffic.count(worker_database, late=-1) == 2
    assert await traffic.count(worker_database, late=-1) == 0
    listed = {(one["kind"], one["name"]): one for one in (await acme.get("/v1/interfaces")).json["items"]}
    assert set(listed) == {
        ("api", "v1"), ("connection", "erp"), ("event", "order.captured"), ("mapping", mapping(listed)),
    }  # fmt: skip
    event = listed["event", "order.captured"]
    assert [(one["role"], one["party"], one["times"]) for one in event["seen"]] == [
        ("consumer", "deployment:orders", 1),
        ("publisher", "/shop", 1),
    ]
    assert (event["declared"], event["health"], event["findings"]) == (False, "up", 0)
    assert [one["party"] for one in listed["connection", "erp"]["seen"]] == ["deployment:orders"]
    assert listed["mapping", mapping(listed)]["seen"][0]["version"] == RELEASED
    # Nothing is declared yet, so nothing is wrong.
    assert await findings(acme) == []
    assert [one["kind"] for one in (await acme.get("/v1/interfaces?kind=event")).json["items"]] == ["event"]


async def test_every_connection_that_a_group_s_rules_lead_to_is_used(acme: Caller, worker_database: Database) -> None:
    """Whichever a run chooses: who would change one asks all that may call it (ADR 0083)."""
    more = [(await acme.post("/v1/connections", {**ERP, "name": name})).json["id"] for name in ("west", "east")]
    rules = [{"connection": more[0], "when": {"site": ["w"]}}, *({"connection": one} for one in more[1:])]
    group = (await acme.post("/v1/connection-groups", {"name": "erps", "rules": rules})).json["id"]
    changed = await acme.send("PATCH", f"/v1/deployments/{await id_of_orders(acme)}", {"bindings": {"erp": group}})
    assert changed.status == 200, changed.body
    await send(acme, "2")
    await traffic.count(worker_database, late=-1)
    listed = (await acme.get("/v1/interfaces?kind=connection")).json["items"]
    seen = {one["name"]: [(by["party"], by["times"]) for by in one["seen"]] for one in listed}
    assert seen == {name: [("deployment:orders", 1)] for name in ("erp", "west", "east")}


async def id_of_orders(caller: Caller) -> str:
    found: str = (await caller.get("/v1/deployments?name=orders")).json["items"][0]["id"]
    return found


def mapping(listed: Any) -> str:
    return next(str(name) for kind, name in listed if kind == "mapping")


async def name_architect(parties: Parties, database: Database) -> str:
    tenant, viewer = parties.ids["acme:live"], "SELECT role_id FROM app.role WHERE (level, slug) = ('client', 'viewer')"
    async with database.tenant(TenantId(ids.read("ten", tenant))) as connection:
        role = ids.show("rol", await connection.fetchval(viewer))
    made = f"account:{await make_person(database, parties.ids['north'], tenant, role)}"
    seat = {"kind": "architecture", "owner": made, "deputy": "role:clerk"}
    assert (await parties.acme.send("PUT", "/v1/owners", seat)).status == 200
    return made


async def told(caller: Caller) -> list[tuple[str, str, str | None]]:
    notices = (await caller.get("/v1/notices")).json["items"]
    assert {one["kind"] for one in notices} <= {"interface.finding"}
    return [(one["data"]["finding"], one["data"]["party"], one["owner"]) for one in notices]


async def test_what_was_there_before_it_was_declared_is_told_once_and_again_when_it_comes_again(
    parties: Parties, acme: Caller, app_database: Database, worker_database: Database
) -> None:
    architect = await name_architect(parties, app_database)
    await send(acme, "2", dataschema="/schemas/1")
    await traffic.count(worker_database, late=-1)
    assert await told(acme) == [], "nothing was declared"
    await declare(acme, "event", "order.captured", consumers=[])
    for _ in range(3):
        await traffic.count(worker_database, late=-1)
    first = ("undeclared-consumer", "deployment:orders", architect)
    assert await told(acme) == [first]
    # Nothing new came, and yet another thing is wrong with what is known: the owner is told of that alone.
    await declare(acme, "event", "order.captured", consumers=[], version="/schemas/2")
    await send(acme, "3", dataschema="/schemas/1")
    await traffic.count(worker_database, late=-1)
    assert await told(acme) == [("untrusted-version", "/shop", architect), first]
    # Put right, and wrong once more.
    await declare(acme, "event", "order.captured", policy="open")
    await traffic.count(worker_database, late=-1)
    await declare(acme, "event", "order.captured", consumers=[])
    await traffic.count(worker_database, late=-1)
    assert [one for one in await told(acme) if one == first] == [first, first]
    assert len((await acme.get("/v1/audit?action=interface.finding")).json["items"]) == 3


async def test_a_key_that_nobody_declared_is_told_of_too(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    architect = await name_architect(parties, app_database)
    await parties.nobody.app.app.state.resources.uses.write()
    await declare(parties.acme, "api", "v1", consumers=[])
    for _ in range(2):
        await traffic.count(worker_database, late=-1)
    key = f"key:{await id_of(parties.acme)}"
    assert [one for one in await told(parties.acme) if one[1] == key] == [("undeclared-consumer", key, architect)]


async def test_many_findings_are_told_a_hundred_a_turn(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    tenant = ids.read("ten", parties.ids["acme:live"])
    flood = (
        "INSERT INTO app.event (tenant_id, event_id, source, id, type, content) "
        "SELECT $1, app.new_id(), '/s' || n, 'f' || n, 't', '{\"dataschema\": \"/1\"}' FROM generate_series(1, 150) n"
    )
    async with app_database.tenant(tenant) as connection:
        await connection.execute(flood, tenant)
    await declare(parties.acme, "event", "t", version="/2")
    counts = []
    for _ in range(3):
        await traffic.count(worker_database, late=-1)
        async with app_database.tenant(tenant) as connection:
            counts.append(await connection.fetchval("SELECT count(*) FROM app.notice"))
    assert counts == [100, 150, 150]


async def test_a_consumer_that_nobody_declared_is_a_finding_and_is_told_once(
    parties: Parties, acme: Caller, app_database: Database, worker_database: Database
) -> None:
    architect = await name_architect(parties, app_database)
    await declare(acme, "event", "order.captured", consumers=["deployment:other"])
    await traffic.count(worker_database, late=-1)
    assert await findings(acme) == [("undeclared-consumer", "event", "order.captured", "deployment:orders")]
    await send(acme, "2")
    await traffic.count(worker_database, late=-1)
    assert await told(acme) == [("undeclared-consumer", "deployment:orders", architect)]
    assert len((await acme.get("/v1/audit?action=interface.finding")).json["items"]) == 1
    await declare(acme, "event", "order.captured", consumers=["deployment:orders"])
    assert await findings(acme) == []
    await declare(acme, "event", "order.captured", policy="open")
    assert await findings(acme) == []


async def test_traffic_on_a_version_that_is_retired_or_not_trusted_is_a_finding(
    acme: Caller, worker_database: Database
) -> None:
    await declare(
        acme, "event", "order.captured", consumers=["deployment:orders"], version="/schemas/2", retired=["/schemas/0"]
    )
    for number, schema in (("2", "/schemas/0"), ("3", "/schemas/1"), ("4", "/schemas/2")):
        await send(acme, number, dataschema=schema)
    await traffic.count(worker_database, late=-1)
    assert sorted(await findings(acme)) == [
        ("retired-version", "event", "order.captured", "/shop"),
        ("untrusted-version", "event", "order.captured", "/shop"),
    ]
    name = next(one["name"] for one in (await acme.get("/v1/interfaces?kind=mapping")).json["items"])
    declared = await declare(acme, "mapping", name, consumers=["deployment:orders"], retired=[RELEASED])
    assert declared["findings"] == 1


async def test_keys_that_call_the_api_are_its_consumers(parties: Parties) -> None:
    acme = parties.acme
    await acme.get("/v1/runs")
    await parties.nobody.app.app.state.resources.uses.write()
    key = f"key:{await id_of(acme)}"
    await declare(acme, "api", "v1", consumers=[])
    assert ("undeclared-consumer", "api", "v1", key) in await findings(acme)
    await declare(acme, "api", "v1", consumers=[key])
    assert await findings(acme) == []
    gone = await acme.post("/v1/interfaces/withdraw", {"kind": "api", "name": "v1"})
    assert gone.status == 204
    again = await acme.post("/v1/interfaces/withdraw", {"kind": "api", "name": "v1"})
    assert (again.status, again.problem) == (404, "not-found")


async def test_S_03_what_others_use_is_neither_shown_nor_counted(
    parties: Parties, acme: Caller, worker_database: Database
) -> None:
    await traffic.count(worker_database, late=-1)
    await declare(acme, "event", "secret.type", consumers=["deployment:secret"])
    for other in (parties.sibling, parties.foreign, parties.acme_test):
        listed = (await other.get("/v1/interfaces")).json["items"]
        assert [(one["kind"], one["seen"]) for one in listed if one["kind"] != "api"] == []
        assert await findings(other) == []


async def test_A13_whoever_invents_sources_and_types_without_end_keeps_nobody_from_being_counted(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    """A tenant has 5,000 rows and one for the rest; a turn adds 500; another tenant's are counted in the same round."""
    await send(parties.sibling, "1")
    tenant = ids.read("ten", parties.ids["acme:live"])
    flood = (
        "INSERT INTO app.event (tenant_id, event_id, source, id, type, content) "
        "SELECT $1, app.new_id(), '/s' || n, 'f' || n, 't' || (n % $2), '{}' FROM generate_series(1, 6000) n"
    )
    async with app_database.tenant(tenant) as connection:
        await connection.execute(flood, tenant, 6000)
    for _ in range(12):
        if not await traffic.count(worker_database, late=-1):
            break
    async with app_database.tenant(tenant) as connection:
        rows = await connection.fetch("SELECT name, party, times FROM app.interface_traffic WHERE name = '…'")
        held = await connection.fetchval("SELECT count(*) FROM app.interface_traffic")
    assert held <= 5_002
    assert sum(row["times"] for row in rows) >= 5_000, "two turns have room for 1,000 of 6,000"
    seen = {one["name"] for one in (await parties.sibling.get("/v1/interfaces")).json["items"]}
    assert "order.captured" in seen
