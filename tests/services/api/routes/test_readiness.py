"""The readiness board over the API: from nothing at all to what is deployed, and back to red (ADR 0084)."""

from __future__ import annotations

from typing import Any

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import outages
from tests.asgi import Caller
from tests.services.api.parties import Parties

ERP: dict[str, Any] = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": "simulator-token"},
}
DESK: dict[str, Any] = {
    "name": "desk",
    "connector": "http",
    "settings": {"base_url": "https://desk.example", "authentication": "none"},
}


async def needs(caller: Caller, query: str = "?template=order-release") -> Any:
    """The ERP of the one version that is shown."""
    answer = await caller.get(f"/v1/readiness{query}")
    assert answer.status == 200, answer.body
    (entry,) = answer.json["items"]
    (need,) = entry["needs"]
    assert entry["standing"] == need["standing"]
    return need


async def test_what_is_missing_is_red_and_says_which_connectors_would_do(parties: Parties) -> None:
    assert (await parties.acme.post("/v1/connections", DESK)).status == 201
    need = await needs(parties.acme)
    assert (need["name"], need["standing"], need["cause"], need["offers"]) == ("erp", "red", "missing", [])
    assert need["why"].startswith("No connection offers erp.customers.credit, ")
    choice = [one["name"] for one in need["connectors"]]
    assert {"erp-simulator", "tryton"} <= set(choice)
    proven = ["certified", "certified before", "not certified", "simulated"]
    assert (levels := [one["level"] for one in need["connectors"]]) == sorted(levels, key=proven.index)
    assert need["do"].startswith(f"Make a connection of {choice[0]}")
    assert "odoo (not yet certified)" in need["do"], "what no system has answered is never named without saying so"


async def test_what_a_deployment_has_bound_is_shown_with_it_and_red_once_disabled(
    parties: Parties,
) -> None:
    acme = parties.acme
    erp = (await acme.post("/v1/connections", ERP)).json["id"]
    spare = (await acme.post("/v1/connections", {**ERP, "name": "spare"})).json["id"]
    assert (await needs(acme))["cause"] == "simulated"
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}}
    assert (await acme.post("/v1/deployments", body)).status == 201
    need = await needs(acme)
    assert [(one["id"], one["deployments"], one["cause"]) for one in need["offers"]] == [
        (erp, ["orders"], "simulated"),
        (spare, [], "simulated"),
    ]
    assert (await acme.post(f"/v1/connections/{erp}/disable")).status == 200
    need = await needs(acme)
    assert (need["standing"], need["why"]) == ("red", "erp is disabled.")
    assert need["do"] == "Enable erp, or bind another connection."


async def test_an_outage_is_amber_and_a_group_is_as_its_worst(parties: Parties, worker_database: Database) -> None:
    acme = parties.acme
    made = [(await acme.post("/v1/connections", {**ERP, "name": name})).json["id"] for name in ("west", "east")]
    rules = [{"connection": made[0], "when": {"site": ["w"]}}, {"connection": made[1]}]
    group = (await acme.post("/v1/connection-groups", {"name": "erps", "rules": rules})).json["id"]
    body = {"name": "orders", "template": {"name": "order-release", "version": "1.0.0"}, "bindings": {"erp": group}}
    assert (await acme.post("/v1/deployments", body)).status == 201
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await outages.begin(worker_database, tenant, ids.read("con", made[1]), "it answered with status 503", 30)
    board = (await acme.get("/v1/readiness?template=order-release")).json["items"]
    assert [(one["version"], one["deployments"]) for one in board] == [("1.0.0", ["orders"]), ("1.2.0", [])]
    (need,) = board[0]["needs"]
    first = need["offers"][0]
    assert (need["cause"], need["standing"], need["why"]) == ("away", "amber", "The system behind east is away.")
    assert (first["kind"], first["id"], first["connector"], first["connection"]) == ("group", group, None, "east")
    assert first["away_since"] is not None
    assert board[1]["needs"][0]["cause"] == "simulated", "of what nobody has bound the best counts"


async def test_what_fails_its_checks_is_not_ready(parties: Parties, app_database: Database) -> None:
    acme = parties.acme
    erp = (await acme.post("/v1/connections", ERP)).json["id"]
    for error, standing in (("communication", "amber"), ("authentication", "red")):
        async with app_database.tenant(ids.read("ten", parties.ids["acme:live"])) as connection:
            await connection.execute(
                "UPDATE app.connection_health SET error = $2 WHERE connection_id = $1", ids.read("con", erp), error
            )
        need = await needs(acme)
        assert (need["cause"], need["standing"], need["connection"]) == ("failing", standing, "erp")
        assert need["why"] == f"The last check of erp failed: {error}."
        assert need["offers"][0]["standing"] == standing


async def test_S_02_nothing_of_others_is_on_the_board(parties: Parties) -> None:
    assert (await parties.acme.post("/v1/connections", ERP)).status == 201
    assert (await needs(parties.acme))["cause"] == "simulated"
    assert (await needs(parties.sibling))["cause"] == "missing"
    assert (await parties.acme.get("/v1/readiness?template=nothing")).json == {"items": []}
