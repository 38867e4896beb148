"""The readiness board over the API: from nothing at all to what is deployed, and back to red (ADR 0084, 0134)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from services.engine import outages
from template_library import catalog
from template_library.catalog import ROOT, Catalog
from tests.asgi import Caller
from tests.services.api.parties import Parties
from tests.services.api.routes.seats import employ, make_roles

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


LIGHTS = ("green", "amber", "red")


async def newest(caller: Caller, template: str = "order-release") -> Any:
    """The one version that is shown: as the worst of all that it needs."""
    answer = await caller.get(f"/v1/readiness?template={template}")
    assert answer.status == 200, answer.body
    (entry,) = answer.json["items"]
    found = [one["standing"] for one in (*entry["needs"], *entry["parameters"], *entry["roles"])]
    assert entry["standing"] == max(found, key=LIGHTS.index)
    return entry


async def needs(caller: Caller) -> Any:
    """The ERP of the one version that is shown."""
    (need,) = (await newest(caller))["needs"]
    return need


async def parameter(caller: Caller, name: str) -> Any:
    (found,) = [one for one in (await newest(caller))["parameters"] if one["name"] == name]
    return found


async def role(caller: Caller, slug: str) -> Any:
    (found,) = [one for one in (await newest(caller))["roles"] if one["role"] == slug]
    return found


async def put(caller: Caller, path: str, **values: Any) -> None:
    assert (await caller.send("PATCH", path, {"values": values})).status == 200


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


@pytest.fixture
def demanding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one template of the library has no roles, and one parameter that has to be given."""
    folder = tmp_path / "order-release" / "1.0.0"
    shutil.copytree(ROOT / "order-release" / "1.0.0", folder)
    file = folder / "parameters.schema.json"
    schema = msgspec.json.decode(file.read_bytes())
    schema["properties"]["warehouse"] = {"title": "Warehouse", "type": "string", "minLength": 2}
    schema["properties"]["note"] = {"type": "string"}
    file.write_bytes(msgspec.json.encode({**schema, "required": ["warehouse"]}))
    found = Catalog(tmp_path)
    monkeypatch.setattr(catalog, "builtin", lambda: found)


@pytest.mark.usefixtures("demanding")
async def test_a_parameter_that_nobody_gave_is_red_until_somebody_sets_it(parties: Parties) -> None:
    acme = parties.acme_test
    assert (await acme.post("/v1/connections", ERP)).status == 201
    missing = await parameter(acme, "warehouse")
    assert (missing["cause"], missing["standing"], missing["required"]) == ("missing", "red", True)
    assert missing["do"] == "Set warehouse for the client, or as you deploy."
    assert ((await newest(acme))["standing"], (await needs(acme))["standing"]) == ("red", "amber")
    note, days = await parameter(acme, "note"), await parameter(acme, "allow_backorder")
    assert (note["cause"], note["title"], note["do"]) == ("optional", "note", None)
    assert (days["cause"], days["standing"], days["required"], days["do"]) == ("default", "green", False, None)
    await put(parties.north, "/v1/clients/acme/parameters", warehouse="reno")
    given = await parameter(acme, "warehouse")
    assert (given["cause"], given["level"], given["standing"], given["do"]) == ("inherited", "client", "green", None)
    assert (await newest(acme))["standing"] == "amber"
    assert (await parameter(parties.sibling, "warehouse"))["cause"] == "missing", "another client's is none of its own"


@pytest.mark.usefixtures("demanding")
async def test_a_value_that_breaks_the_rules_is_refused_by_the_board_as_by_a_deployment(parties: Parties) -> None:
    acme = parties.acme_test
    erp = (await acme.post("/v1/connections", ERP)).json["id"]
    await put(parties.north, "/v1/clients/acme/test/parameters", warehouse="r")
    refused = await parameter(acme, "warehouse")
    assert (refused["cause"], refused["standing"], refused["level"]) == ("refused", "red", "environment")
    assert refused["do"].startswith("Change warehouse at the level `environment`, or set it with the deployment: ")
    assert refused["detail"] in refused["do"]
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}}
    answer = await acme.post("/v1/deployments", body)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/parameters/warehouse")
    assert (await acme.post("/v1/deployments", {**body, "parameters": {"warehouse": "reno"}})).status == 201
    own = await parameter(acme, "warehouse")
    assert (own["cause"], own["level"], own["detail"], own["standing"]) == ("set", None, None, "green")


@pytest.mark.usefixtures("demanding")
async def test_a_deployment_for_a_site_has_what_its_site_inherits(parties: Parties) -> None:
    acme = parties.acme_test
    erp = (await acme.post("/v1/connections", ERP)).json["id"]
    assert (await acme.post("/v1/sites", {"slug": "depot", "name": "Depot"})).status == 201
    await put(acme, "/v1/sites/depot/parameters", warehouse="depot")
    assert (await parameter(acme, "warehouse"))["cause"] == "missing", "it is not deployed for a site yet"
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}, "site": "depot"}
    assert (await acme.post("/v1/deployments", body)).status == 201
    there = await parameter(acme, "warehouse")
    assert (there["cause"], there["level"]) == ("inherited", "site")


async def test_a_role_that_nobody_has_is_red_in_live_and_amber_elsewhere(parties: Parties) -> None:
    for caller, standing in ((parties.acme, "red"), (parties.acme_test, "amber")):
        found = (await newest(caller))["roles"]
        first = found[0]
        assert (first["role"], first["process_owner"], first["standing"]) == ("order-manager", True, standing)
        assert {(one["cause"], one["people"]) for one in found} == {("absent", 0)}
        assert first["do"] == "Make a role order-manager for the client's people, and give it to somebody."
        assert not any(one["process_owner"] for one in found[1:])
        assert all(one["title"] and one["does"] for one in found)


async def test_a_role_is_staffed_by_active_people_of_this_environment_alone(
    parties: Parties, app_database: Database
) -> None:
    acme, partner = parties.acme, ids.read("ptr", parties.ids["north"])
    await make_roles(app_database, partner)
    empty = await role(acme, "order-desk")
    assert (empty["cause"], empty["standing"], empty["people"]) == ("empty", "red", 0)
    assert empty["do"] == "Give somebody the role order-desk."
    for place in ("acme:test", "sibling:live"):
        await employ(app_database, parties, place, "role:order-desk")
    assert (await role(acme, "order-desk"))["people"] == 0, "people of elsewhere are not here"
    await employ(app_database, parties, "acme:live", "role:order-desk", "role:second-desk")
    staffed = await role(acme, "order-desk")
    assert (staffed["cause"], staffed["standing"], staffed["people"], staffed["do"]) == ("staffed", "green", 1, None)
    people = "UPDATE app.account SET status = 'disabled'"
    await disable(app_database, Scope.tenant(ids.read("ten", parties.ids["acme:live"])), people)
    assert (await role(acme, "order-desk"))["cause"] == "empty", "whoever left does nothing"
    await disable(
        app_database, Scope.partner(partner), "UPDATE app.role SET status = 'disabled' WHERE level = 'client'"
    )
    disabled = await role(acme, "order-desk")
    assert (disabled["cause"], disabled["standing"]) == ("disabled", "red")
    assert disabled["do"] == "Enable the role order-desk, and give it to somebody."
    assert (await role(parties.acme_test, "order-desk"))["standing"] == "amber"


async def disable(database: Database, scope: Scope, statement: str) -> None:
    """All that the scope sees."""
    async with database.session(scope) as session:
        await session.execute(text(statement))
        await session.commit()
