"""A partner rehearses a template before anybody relies on it: in a child, with a report that stays in its log."""

from __future__ import annotations

from template_library import catalog
from tests.services.api.parties import Parties

PATH = "/v1/templates/order-release/rehearsals"


async def test_a_partner_rehearses_a_template_with_parameters_of_its_own(parties: Parties) -> None:
    north = parties.north
    asked = {"version": "1.0.0", "parameters": {"allow_backorder": False}}
    answer = await north.post(PATH, asked)
    assert answer.status == 200, answer.body
    report = answer.json
    assert (report["template"], report["version"], report["failed"]) == ("order-release", "1.0.0", 0)
    assert report["passed"] == len(report["scenarios"]) > 8
    assert report["scenarios"][0] == {"name": "the package", "passed": True, "wrong": []}
    (kept, *_) = (await north.get("/v1/organization/audit")).json["items"]
    assert (kept["action"], kept["target"]) == ("template.rehearsed", "order-release@1.0.0")
    assert (kept["after"]["failed"], kept["after"]["digest"]) == ([], report["digest"])


async def test_what_cannot_be_rehearsed_is_refused(parties: Parties) -> None:
    north = parties.north
    wrong = await north.post(PATH, {"version": "1.0.0", "parameters": {"allow_backorder": 1}})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/parameters/allow_backorder")
    assert (await north.post(PATH, {"version": "9.0.0"})).status == 404
    assert (await parties.acme.post(PATH, {"version": "1.0.0"})).status == 403


async def test_a_template_says_whom_it_needs(parties: Parties) -> None:
    shown = (await parties.acme.get("/v1/templates/order-release?version=1.2.0")).json
    assert (shown["category"], shown["process_owner"], shown["set_up"]) == ("orders", "order-manager", "PT30M")
    assert shown["roles"]["pricing-desk"]["title"] == "Pricing desk"
    short = shown["exceptions"]["short-stock"]
    assert (short["title"], short["owner"], short["within"]) == ("Items are short", "inventory-desk", "PT4H")
    assert short["runbook"] == catalog.builtin().find("order-release", "1.2.0").runbooks["short-stock"]
    assert short["runbook"].startswith("# ")
    assert "order.released" in shown["emits"]
    before = (await parties.acme.get("/v1/templates/order-release?version=1.1.0")).json
    assert (before["category"], before["roles"]) == (None, {})


async def test_each_reads_the_page_that_is_theirs(parties: Parties) -> None:
    path = "/v1/templates/order-release?version=1.2.0"
    partners = (await parties.north.get(path)).json["guide"]
    clients = (await parties.acme.get(path)).json["guide"]
    assert partners.startswith("# Order release")
    assert "authority" in partners
    assert clients not in {None, partners}
    assert (await parties.acme.get("/v1/templates/order-release?version=1.0.0")).json["guide"] is None
