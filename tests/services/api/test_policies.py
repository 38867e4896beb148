"""Row 94: rules on writes of operator, partner and client, only made tighter below; they hold at publish and deploy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from template_library.policies import shipped
from template_library.policies.capabilities import GUARDED, Access
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties

OPEN = [one for one in GUARDED if one != "price"]
OPERATOR, NORTH, ACME = "/v1/operator/policy", "/v1/partners/north/policy", "/v1/clients/acme/policy"
HEAD = """\
document: {dsl: 1.0.3, namespace: acme, name: pricing, version: 1.0.0}
schedule: {on: {one: {with: {type: order.captured}}}}
"""
BOLD = f"""{HEAD}do:
- judge: {{switch: [{{large: {{when: '${{ .large }}', then: ask}}}}, {{small: {{then: write}}}}]}}
- ask: {{listen: {{to: {{one: {{with: {{type: approval.decided}}}}}}}}}}
- write:
    call: connector:1.0.0@default
    with: {{connection: shop, operation: http.request, input: {{method: POST, path: prices}}}}
"""
ASKING = f"""{HEAD}do:
- ask: {{listen: {{to: {{one: {{with: {{type: approval.decided}}}}}}}}}}
- write:
    call: connector:1.0.0@default
    with: {{connection: shop, operation: http.request, input: {{method: POST, path: prices}}}}
"""
SHOP = {"name": "shop", "connector": "http", "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True}}


def rules(*domains: str, name: str = "prices", undeclared: bool = True) -> dict[str, Any]:
    return {"rules": [{"name": name, "domains": list(domains), "undeclared": undeclared}]}


async def put(caller: Caller, path: str, body: dict[str, Any]) -> Answer:
    answer = await caller.send("PUT", path, body)
    assert answer.status == 200, answer.body
    return answer


async def test_row_94_what_is_set_above_holds_below_and_nobody_below_takes_it_away(parties: Parties) -> None:
    await put(parties.operator, OPERATOR, rules("bank", name="banks"))
    await put(parties.north, NORTH, rules("price") | {"leaves_open": OPEN})
    await put(parties.north, ACME, rules("credit", name="credits"))
    shown = (await parties.acme.get("/v1/policy")).json
    held = [(one["level"], one["version"], [rule["name"] for rule in one["rules"]]) for one in shown["inherited"]]
    assert held == [("operator", 1, ["banks"]), ("partner", 1, ["prices"])]
    assert [rule["name"] for rule in shown["rules"]] == ["credits"]
    emptied = await put(parties.north, ACME, {"rules": []})
    assert (emptied.json["version"], emptied.json["rules"]) == (2, [])
    assert [len(one["rules"]) for one in emptied.json["inherited"]] == [1, 1]
    assert (await parties.sibling.get("/v1/policy")).json["rules"] == []
    beside = (await parties.foreign.get("/v1/policy")).json["inherited"]
    assert [[rule["name"] for rule in one["rules"]] for one in beside] == [["banks"], [shipped.RULES[0].name]]


async def test_row_94_where_nobody_has_set_anything_money_needs_an_approval(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new partner and a new client, as they were made; and a connector's operation that writes a price."""
    held = (await parties.acme.get("/v1/policy")).json["inherited"][1]
    assert (held["version"], held["shipped"], held["set_at"]) == (0, shipped.VERSION, None)
    assert [rule["domains"] for rule in held["rules"]] == [list(GUARDED)]
    forms: dict[str, Any] = parties.nobody.app.app.state.resources.desk.forms
    pricing = {"prices.set": Access(writes=frozenset({"price"}))}
    monkeypatch.setitem(forms, "http", msgspec.structs.replace(forms["http"], access=forms["http"].access | pricing))
    document = BOLD.replace("http.request", "prices.set")
    refused = await parties.acme.post("/v1/workflows", {"document": document})
    assert refused.problem == "write-not-approved", refused.body
    (error,) = refused.json["errors"]
    assert (error["path"], error["domains"]) == (["/do/0/judge", "/do/2/write"], ["price"])
    assert error["rules"] == [shipped.RULES[0].name]
    asked = await parties.acme.post("/v1/workflows", {"document": ASKING.replace("http.request", "prices.set")})
    assert asked.status == 201, asked.body
    await put(parties.north, NORTH, {"rules": [], "leaves_open": list(GUARDED)})
    later = document.replace("version: 1.0.0", "version: 1.1.0")
    assert (await parties.acme.post("/v1/workflows", {"document": later})).status == 201


async def test_row_94_a_partner_leaves_open_what_it_names_and_nothing_else(parties: Parties) -> None:
    for body, status in (
        ({"rules": []}, 422),
        (rules("price"), 422),
        (rules("price") | {"leaves_open": OPEN[:-1]}, 422),
        (rules(*GUARDED) | {"leaves_open": ["price"]}, 422),
        (rules(*GUARDED, undeclared=False), 200),
        ({"rules": [], "leaves_open": list(GUARDED)}, 200),
        (rules("price") | {"leaves_open": OPEN}, 200),
    ):
        answer = await parties.north.send("PUT", NORTH, body)
        assert answer.status == status, (body, answer.body)
        if status == 422:
            assert answer.json["errors"][0]["pointer"] == "/leaves_open", answer.body
    told = (await parties.north.get("/v1/organization/audit?action=policy.set")).json["items"]
    assert [one["after"].get("leaves_open") for one in reversed(told)] == [None, sorted(GUARDED), sorted(OPEN)]
    (held,) = [one for one in (await parties.acme.get("/v1/policy")).json["inherited"] if one["level"] == "partner"]
    assert (held["version"], held["shipped"]) == (3, None)
    # A client's stand beside them and take the place of none.
    assert (await parties.north.send("PUT", ACME, rules("price") | {"leaves_open": OPEN})).status in {400, 422}


async def test_S_02_nobody_reads_or_sets_the_policy_beside_or_above(parties: Parties) -> None:
    for path in (NORTH, ACME):
        assert (await parties.south.get(path)).status == 404, path
        assert (await parties.south.send("PUT", path, rules("price"))).status == 404, path
    for caller, path in ((parties.north, OPERATOR), (parties.acme, ACME), (parties.acme, NORTH)):
        assert (await caller.send("PUT", path, rules("price"))).status == 403, path
    assert (await parties.acme.send("PUT", "/v1/policy", rules("price"))).status == 405


async def test_a_change_is_a_version_that_is_held_to_what_was_read_and_audited(parties: Parties) -> None:
    seen = (await parties.north.get(ACME)).headers["etag"]
    first = await parties.north.send("PUT", ACME, rules("price"), headers={"if-match": seen})
    assert (first.status, first.json["version"]) == (200, 1)
    assert (await parties.north.send("PUT", ACME, rules("bank"), headers={"if-match": seen})).status == 412
    same = await put(parties.north, ACME, rules("price"))
    assert same.json == first.json, "what says the same is no new version"
    assert (await put(parties.north, ACME, rules("price", "bank"))).json["version"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"rules": [{"name": "x", "domains": ["money"]}]},
        {"rules": [{"name": "x", "domains": [], "undeclared": False}]},
        {"rules": [{"name": "x", "domains": ["price"]}, {"name": "x", "domains": ["bank"]}]},
        {"rules": [{"name": "X y", "domains": ["price"]}]},
        {"rules": [{"name": "x", "domains": ["price"], "unless": "${ true }"}]},
        {"rules": [{"name": f"r{n}", "domains": ["price"]} for n in range(51)]},
    ],
)
async def test_a_rule_that_is_no_good_is_refused(parties: Parties, body: dict[str, Any]) -> None:
    answer = await parties.north.send("PUT", ACME, body)
    assert answer.status in {400, 422}, answer.body
    assert (await parties.north.get(ACME)).json["version"] == 0


async def test_row_94_a_workflow_that_writes_unapproved_is_not_published_and_the_path_is_named(
    parties: Parties,
) -> None:
    await put(parties.operator, OPERATOR, rules("price"))
    refused = await parties.acme.post("/v1/workflows", {"document": BOLD})
    assert (refused.status, refused.problem) == (422, "write-not-approved")
    (error,) = refused.json["errors"]
    assert (error["pointer"], error["path"]) == ("/do/2/write", ["/do/0/judge", "/do/2/write"])
    assert (error["rules"], error["domains"]) == (["prices"], ["undeclared"])
    page = await parties.nobody.get("/problems/write-not-approved")
    assert page.status == 200
    assert "approval" in page.json["meaning"]
    assert (await parties.acme.post("/v1/workflows", {"document": ASKING})).status == 201


async def test_row_94_a_workflow_that_was_published_before_the_rule_is_not_deployed(parties: Parties) -> None:
    workflow = (await parties.acme.post("/v1/workflows", {"document": BOLD})).json["id"]
    shop = (await parties.acme.post("/v1/connections", SHOP)).json["id"]
    body = {"name": "pricing", "workflow": workflow, "bindings": {"shop": shop}}
    await put(parties.north, NORTH, rules(*GUARDED))
    refused = await parties.acme.post("/v1/deployments", body)
    assert refused.problem == "write-not-approved", refused.body
    await put(parties.north, NORTH, rules(*GUARDED, undeclared=False))
    made = await parties.acme.post("/v1/deployments", body)
    assert made.status == 201, "the rule says nothing of writes that nobody declared"
    await put(parties.north, NORTH, rules(*GUARDED))
    revised = await parties.acme.send("PATCH", f"/v1/deployments/{made.json['id']}", {"parameters": {}})
    assert revised.problem == "write-not-approved", "a revision is held to what holds now"


async def test_row_94_the_order_template_keeps_a_rule_on_money(parties: Parties) -> None:
    await put(parties.operator, OPERATOR, rules(*GUARDED))
    erp = {**SHOP, "name": "erp", "connector": "erp-simulator", "secrets": {"token": "simulator-token"}}
    bound = {"erp": (await parties.acme.post("/v1/connections", erp)).json["id"]}
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": bound}
    assert (await parties.acme.post("/v1/deployments", body)).status == 201
    await put(parties.operator, OPERATOR, rules("order"))
    refused = await parties.acme.post("/v1/deployments", {**body, "name": "more"})
    assert [one["domains"] for one in refused.json["errors"]] == [["order"]]


async def test_row_94_no_key_decides(parties: Parties) -> None:
    body = {"task": "/do/0/ask", "decision": "approved"}
    nobodys = "run_01h455vb4pex5vsknk084sn02q"
    answer = await parties.acme.post(f"/v1/runs/{nobodys}/approvals", body)
    assert (answer.status, answer.problem) == (403, "person-needed")
