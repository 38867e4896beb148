"""Rows 48 and 49: the matrix of authority through the API, in versions, with a right and a log of its own."""

from __future__ import annotations

import re
from datetime import timedelta
from textwrap import indent
from typing import Any, Final

import msgspec
import pytest

from infra import clock, ids
from infra.database import Database
from infra.ids import TenantId
from template_library.dsl import reader
from tenants.authority import repository
from tests.asgi import Answer, Caller
from tests.house.tree import ROOT
from tests.services.api.audit_log import Log
from tests.services.api.parties import Parties, first_key, holding_all, make_key
from tests.services.api.things import make_person

AT: Final = "/v1/authority"
CHECK: Final = f"{AT}/check"
ROW: Final[dict[str, Any]] = {"name": "all", "decision": "credit.release", "approver_role": "clerk"}
USD: Final = {"currency": "USD"}
CHAIN: Final = [
    {**ROW, "name": "small", "amount": {**USD, "to": 500_000}},
    {**ROW, "name": "large", "amount": {**USD, "above": 500_000}, "approvals": 2, "approver_role": "administrator"},
]


@pytest.fixture
async def acme(parties: Parties) -> Caller:
    return (await holding_all(parties)).acme


async def put(caller: Caller, *rows: dict[str, Any], etag: str | None = None, **more: Any) -> Answer:
    headers = {} if etag is None else {"if-match": etag}
    return await caller.send("PUT", AT, {"rows": list(rows), **more}, headers=headers)


async def told(caller: Caller, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    refused = await put(caller, *rows)
    assert (refused.status, refused.problem) == (422, "invalid-payload"), refused.body
    errors: list[dict[str, Any]] = refused.json["errors"]
    return errors


def case(amount: int, **more: Any) -> dict[str, Any]:
    facts = {"amount": {"amount": amount, **USD}, "requester": "system:shop", **more}
    return {"decision": "credit.release", "facts": facts}


async def test_a_matrix_is_replaced_as_a_whole_and_every_version_stays(acme: Caller) -> None:
    first = await acme.get(AT)
    assert (first.json["version"], first.json["rows"], first.json["holds_from"]) == (0, [], None)
    made = await put(acme, *CHAIN, etag=first.headers["etag"])
    assert (made.status, made.json["version"], made.json["gaps"]) == (200, 1, [])
    assert [one["duties"] for one in made.json["rows"]] == [["not_requester"]] * 2, "unless somebody says otherwise"
    assert made.headers["etag"] == (await acme.get(AT)).headers["etag"]
    again = await put(acme, *CHAIN)
    assert (again.json["version"], again.json["set_at"]) == (1, made.json["set_at"])
    late = await put(acme, CHAIN[0], etag=first.headers["etag"])
    assert (late.status, late.problem) == (412, "precondition-failed")
    second = await put(acme, CHAIN[0], etag=made.headers["etag"])
    (gap,) = second.json["gaps"]
    assert gap["example"] == {"amount": {"amount": 500_001, "currency": "USD"}}
    assert gap["detail"] == "No row covers credit.release for 5000.01 USD: nobody may decide it"
    assert (await acme.get(f"{AT}?version=1")).json["rows"] == made.json["rows"]
    assert (await acme.get(f"{AT}?version=3")).status == 404
    page = (await acme.get(f"{AT}/history?limit=1")).json
    assert [one["version"] for one in page["items"]] == [2]
    rest = (await acme.get(f"{AT}/history?limit=1&cursor={page['next']}")).json
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)
    assert rest["items"][0]["set_by"] == second.json["set_by"]


async def test_a_matrix_holds_from_its_moment_on_and_never_before_it_was_said(
    acme: Caller, parties: Parties, app_database: Database
) -> None:
    assert (await acme.post(CHECK, case(1))).problem == "nobody-decides", "nothing was ever said"
    await put(acme, ROW)
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    planned = await put(acme, *CHAIN, holds_from=tomorrow)
    assert (planned.status, planned.json["version"]) == (200, 2)
    now = (await acme.post(CHECK, case(1))).json
    assert (now["version"], now["rule"]) == (1, "all")
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    refused = await put(acme, *CHAIN, holds_from=yesterday)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/holds_from")
    unzoned = await put(acme, *CHAIN, holds_from="2036-01-01T00:00:00")
    assert (unzoned.status, unzoned.json["errors"][0]["pointer"]) == (422, "/holds_from")
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    async with app_database.tenant(tenant) as connection:
        loaded = await repository.load(connection, tenant)
    assert loaded is not None
    assert (loaded.version, [one.role for one in loaded.rows]) == (1, ["clerk"])
    async with app_database.tenant(TenantId(ids.read("ten", parties.ids["sibling:live"]))) as connection:
        assert await repository.load(connection, tenant) is None, "another's scope sees nothing of it"
    await put(acme, *CHAIN)
    assert (await acme.post(CHECK, case(1))).json["rule"] == "small", (
        "what was planned is dropped by what is said later"
    )


async def test_two_rows_for_one_case_are_refused_with_that_case(acme: Caller) -> None:
    wide = {**ROW, "name": "wide", "amount": {**USD, "from": 500_000}}
    (error,) = await told(acme, CHAIN[0], wide)
    assert error == {
        "pointer": "/rows/1",
        "detail": "'small' and 'wide' both cover credit.release for 5000 USD",
        "example": {"amount": {"amount": 500_000, "currency": "USD"}},
    }
    assert [one["pointer"] for one in await told(acme, {**ROW, "approver_role": "nobody"})] == ["/rows/0/approver_role"]
    assert [one["pointer"] for one in await told(acme, {**ROW, "site": {"one_of": ["pier"]}})] == ["/rows/0/site"]
    for wrong in (
        {"amount": {**USD, "to": 1.5}},
        {"approvals": -1},
        {"duties": ["none"]},
        {"margin_percent": {"to": 1}},
    ):
        assert (await put(acme, {**ROW, **wrong})).status == 422, wrong


async def test_a_role_of_the_same_slug_that_comes_later_decides_nothing(
    acme: Caller, parties: Parties, app_database: Database
) -> None:
    north = (await holding_all(parties)).north
    new = {"slug": "credit-manager", "name": "Credit manager", "level": "client", "permissions": ["runs:read"]}
    theirs = (await north.post("/v1/roles", new)).json["id"]
    assert (await put(acme, {**ROW, "approver_role": "credit-manager"})).status == 200
    own = (await acme.post("/v1/roles", new)).json["id"]
    for role, email in ((theirs, "real@acme.example"), (own, "other@acme.example")):
        await make_person(app_database, parties.ids["north"], parties.ids["acme:live"], role, email)
    checked = (await acme.post(CHECK, case(1))).json
    assert (checked["candidates"], checked["approver_role"], checked["is_possible"]) == (1, "credit-manager", True)
    (error,) = await told(acme, {**ROW, "approver_role": "credit-manager"})
    assert error["detail"] == "Several roles have this slug: name one by its id"
    assert (await put(acme, {**ROW, "approver_role": own})).status == 200
    assert (await acme.post(CHECK, case(1))).json["approver_role"] == "credit-manager"


async def test_a_case_is_checked_without_anything_being_decided(
    acme: Caller, parties: Parties, app_database: Database
) -> None:
    await put(acme, *CHAIN)
    roles = (await acme.get("/v1/roles")).json["items"]
    role = next(one["id"] for one in roles if (one["slug"], one["level"]) == ("administrator", "client"))
    boss, other = [
        await make_person(app_database, parties.ids["north"], parties.ids["acme:live"], role, f"{name}@acme.example")
        for name in ("boss", "other")
    ]
    log = Log(app_database, ids.read("ten", parties.ids["acme:live"]))
    await log.new()
    found = (await acme.post(CHECK, case(500_001))).json
    assert (found["rule"], found["approvals"], found["candidates"], found["is_possible"]) == ("large", 2, 2, True)
    assert {one["person"] for one in found["people"]} == {boss, other}
    asked = (await acme.post(CHECK, case(500_001, requester="Boss+orders@acme.example"))).json
    assert {one["person"]: one["why"] for one in asked["people"]} == {
        boss: "Who asked for it does not decide it",
        other: None,
    }
    assert (asked["candidates"], asked["is_possible"]) == (1, False)
    assert await log.new() == []
    blind = parties.nobody.having(await make_key(parties.acme, permissions=["deployments:write"]))
    assert (await blind.post(CHECK, case(500_001))).json["people"] is None, "who works there is not for everybody"


@pytest.mark.parametrize(
    ("facts", "status", "problem"),
    [
        ({"requester": "system:shop"}, 422, "bad-fact"),
        ({"amount": {"amount": 1, "currency": "USD"}}, 422, "bad-fact"),
        ({"amount": {"amount": 1, "currency": "USD"}, "requester": "jsmith"}, 422, "bad-fact"),
        ({"amount": {"amount": 1, "currency": "EUR"}, "requester": "system:shop"}, 409, "nobody-decides"),
        ({"amount": {"amount": -1, "currency": "USD"}, "requester": "system:shop"}, 422, "invalid-payload"),
        ({"amount": {"amount": 1, "currency": "USD"}, "requester": "system:shop", "x": 1}, 422, "invalid-payload"),
    ],
)
async def test_what_the_matrix_cannot_judge_is_an_error_and_never_anybodys(
    acme: Caller, facts: dict[str, Any], status: int, problem: str
) -> None:
    await put(acme, *CHAIN)
    refused = await acme.post(CHECK, {"decision": "credit.release", "facts": facts})
    assert (refused.status, refused.problem) == (status, problem), refused.body


async def test_S_04_who_changes_the_matrix_has_the_right_for_it_and_the_log_says_what_changed(
    acme: Caller, parties: Parties
) -> None:
    """No key has it unless its maker names it, not even one that may change everything else that is deployed."""
    refused = await put(parties.acme, ROW)
    assert (refused.status, refused.json["permission"]) == (403, "authority:write")
    assert (await parties.acme.get(AT)).status == 200
    alone = parties.nobody.having(await first_key(parties.nobody, "north/acme/live", ["authority:write"]))
    assert (await put(alone, *CHAIN)).status == 200
    assert (await alone.get(AT)).status == 403
    await put(acme, {**CHAIN[0], "approvals": 2}, {**ROW, "name": "other", "decision": "price.change"})
    log = (await acme.get("/v1/audit?action=authority.set")).json["items"]
    after = log[0]["after"]
    assert (after["version"], after["rows"]) == (2, 2)
    assert (after["added"], after["changed"], after["removed"]) == (["other"], ["small"], ["large"])


async def test_the_partners_page_works_when_it_is_pasted(acme: Caller) -> None:
    page = (ROOT / "docs/partner/approvals.md").read_text()
    role, matrix, asked = (
        msgspec.json.decode(re.findall(rf"```json {name}\n(.*?)```", page, re.DOTALL)[0])
        for name in ("role", "matrix", "check")
    )
    assert (await acme.post("/v1/roles", role)).status == 201
    made = await acme.send("PUT", AT, matrix)
    assert (made.status, made.json["gaps"]) == (200, []), made.body
    found = (await acme.post(CHECK, asked)).json
    assert (found["rule"], found["approver_role"], found["is_possible"]) == ("credit-large", "credit-manager", False)
    # Its workflow asks for a decision of the matrix, and states each fact that was asked with.
    (step,) = re.findall(r"```yaml\n(- release:.*?)```", page, re.DOTALL)
    given = "document: {dsl: 1.0.3, namespace: own, name: credit, version: 1.0.0}\ndo:\n" + indent(step, "  ")
    assert (await acme.post("/v1/workflows", {"document": given})).status == 201
    (asks,) = reader.read(step, filename="page").value
    words = asks["release"]["with"]
    assert {one["decision"] for one in matrix["rows"]} == {words["decision"]} == {asked["decision"]}
    assert {one["approver_role"] for one in matrix["rows"]} >= {words["role"]}
    assert words["facts"].keys() == asked["facts"].keys()


async def test_the_pages_chain_of_two_levels_is_published_and_each_level_asks_its_own_row(acme: Caller) -> None:
    page = (ROOT / "docs/partner/approvals.md").read_text()
    role, chain = (
        msgspec.json.decode(re.findall(rf"```json {name}\n(.*?)```", page, re.DOTALL)[0]) for name in ("role", "chain")
    )
    (text,) = re.findall(r"```yaml\n(document:.*?)```", page, re.DOTALL)
    assert (await acme.post("/v1/roles", role)).status == 201
    made = await acme.send("PUT", AT, chain)
    assert (made.status, made.json["gaps"]) == (200, []), made.body
    published = await acme.post("/v1/workflows", {"document": text})
    assert published.status == 201, published.body
    for decision, amount, rule, approvals in (
        ("credit.check", 900_000, "look", 1),
        ("credit.agree", 500_000, "agree-small", 0),
        ("credit.agree", 500_001, "agree", 2),
    ):
        # A task states by itself who decided before it in its run.
        found = (await acme.post(CHECK, {**case(amount, earlier=["system:shop"]), "decision": decision})).json
        assert (found.get("rule"), found.get("approvals")) == (rule, approvals), found
    steps = reader.read(text, filename="page").value["do"]
    asks = [body["with"] for one in steps for body in one.values() if "with" in body]
    assert [one["decision"] for one in asks] == ["credit.check", "credit.agree"]
