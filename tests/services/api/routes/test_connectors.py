"""What connectors there are, how far each is proven, and what a connection watches."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from services.connectors import certification
from tests.services.api.parties import Parties, make_key

ERP = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": "simulator-token"},
}


async def test_each_connector_is_told_with_level_operations_limits_and_rights(parties: Parties) -> None:
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["connections:read"]))
    found = {one["name"]: one for one in (await reader.get("/v1/connectors")).json["items"]}
    assert {"erp-simulator", "http", "tryton"} <= set(found)
    for name, one in found.items():
        told = (await reader.get(f"/v1/connectors/{name}")).json
        settings = told.pop("settings")
        assert told == one
        assert set(settings["required"]) <= set(settings["properties"]), name
        result = certification.results().get(name)
        assert result is None or one["certification"]["system"] == result.system
    orders = {one["name"]: one for one in found["erp-simulator"]["operations"]}
    assert orders["erp.sales-orders.create"]["writes"] == ["order"]
    assert orders["erp.sales-orders.create"]["capability"]
    assert found["erp-simulator"]["secrets"] == [{"name": "token", "title": "API token", "required": True}]
    assert found["erp-simulator"]["simulator"]
    assert found["tryton"]["simulator"] is None
    assert (found["http"]["checked_by"], found["tryton"]["checked_by"]) == (None, "erp.customers.credit")
    sold = {one["name"]: one for one in found["tryton"]["operations"]}["erp.sales-orders.create"]
    assert (sold["effect"], sold["reads_back"]) == ("check-then-write", True)
    assert found["erp-simulator"]["limits"] == {"at_once": 10, "rate": None}
    assert found["http"]["certification"]["tests"] == certification.results()["http"].passed
    assert (await reader.get("/v1/connectors/none")).status == 404
    other = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    assert (await other.get("/v1/connectors")).status == 403


async def test_what_a_connection_watches_is_told(parties: Parties, app_database: Database) -> None:
    made = (await parties.acme.post("/v1/connections", ERP)).json
    path = f"/v1/connections/{made['id']}/polls"
    assert (await parties.acme.get(path)).json == {"items": []}
    tenant, connection_id = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made["id"])
    async with app_database.tenant(tenant) as connection:
        await connection.execute(
            "UPDATE app.connection SET settings = $1 WHERE connection_id = $2", '{"watch": ["orders"]}', connection_id
        )
        await connection.execute(
            "UPDATE app.poll SET failures = 2, failure = 'It is away' WHERE connection_id = $1", connection_id
        )
    (told,) = (await parties.acme.get(path)).json["items"]
    assert (told["trigger"], told["watched"], told["failures"], told["failure"]) == ("orders", True, 2, "It is away")
    assert (told["last_answer_at"], bool(told["next_at"])) == (None, True)
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get(path)).status == 404
