"""What is dangerous takes a fresh proof of who one is; keys, which prove nothing anew, are not asked (S-63)."""

from __future__ import annotations

import pytest

from infra.database import Database
from infra.database import Scope as Rows
from services.api.policy import POLICY, PREFIX
from services.portal.app import Front
from tenants.identity import proving
from tenants.identity.permissions import Scope
from tests.services.portal.staff import chief, staff
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import PASSWORD, House, Visitor, change, token_of

ROLE = {"slug": "night-shift", "name": "Night shift", "permissions": ["runs:read"]}


async def stale(house: House, database: Database, front: Front) -> Visitor:
    """An administrator who proved who they are eleven minutes ago."""
    found = await chief(house, database)
    old = "UPDATE app.portal_session SET proved_at = proved_at - interval '11 minutes'"
    await change(database, Rows.partner(house.ids["north"]), old)
    forget(front)
    return found


# Why what changes something may be done with an old proof.
HARMLESS = {
    "PATCH /v1/brand": "tokens and a picture that can be looked at and no more",
    "POST /v1/templates/{template}/rehearsals": "on simulated systems; nothing of a client is reached",
    "POST /v1/mail-suppressions/{suppression}/lift": "an address is written to again",
    "POST /v1/clients": "a client that nobody is let in to",
    "POST /v1/clients/{client}/environments": "an environment that nobody is let in to",
    "PATCH /v1/clients/{client}/parameters": "values of deployments, as within a tenant",
    "PATCH /v1/partners/{partner}/parameters": "values of deployments, as within a tenant",
    "POST /v1/clients/{client}/quotas": "how much work is taken, as within a tenant",
    "PUT /v1/partners/{partner}/mappings/{mapping}": "a version that nothing reads by yet",
    "POST /v1/partners/{partner}/mappings/{mapping}/try": "an answer, and nothing kept",
    "POST /v1/partners/{partner}/mappings/{mapping}/release": "how records are read, as within a tenant",
}
NOBODY_SIGNED_IN = {"POST /v1/oauth/token": "by its key alone", "POST /hooks/{address}": "by its signature"}


# The day's work, which stays within the client and stands in its log, and what a person puts right by hand.
HARMLESS_IN_TENANT = {
    "POST /authority/check": "an answer, and nothing kept",
    "POST /connections/{connection}/disable": "stops what goes out, at once",
    "POST /connections/{connection}/authorization/remove": "stops what goes out, at once",
    "POST /connections/{connection}/check": "whether its system answers; nothing is changed there",
    "POST /connection-groups": "which of the connections that are there",
    "PATCH /connection-groups/{connection_group}": "likewise",
    "POST /connection-groups/{connection_group}/try": "likewise, and sends nothing",
    "POST /connections/{connection}/playbook/{enter,leave,reconcile}": "work while a system is away",
    "POST /deployments": "what runs, over connections that are there",
    "PATCH /deployments/{deployment}": "likewise",
    "POST /promotions": "what runs, once another person has said yes",
    "POST /promotions/{promotion}/{approve,refuse,withdraw}": "what runs, over connections that are there",
    "POST /deployments/{deployment}/{disable,enable,migrations,roll-back}": "likewise",
    "POST /workflows": "a version that nothing runs yet",
    "POST /entries/{entry}/{act,reconcile}": "work",
    "POST /events": "work comes in",
    "POST /signals": "work comes in",
    "POST /event-schemas": "refuses more of what comes in, or less",
    "POST /exceptions/act": "work",
    "POST /exceptions/{exception}/act": "work",
    "POST /inbound-webhooks/{hook}/{delete,disable}": "keeps out a system, at once",
    "POST /inbound-webhooks/{hook}/received/{received}/replay": "work comes in once more",
    "POST /entities": "who is who in the client's systems, with its history",
    "POST /entities/{entity}/{keys,merge,split}": "likewise; it is taken back the same way",
    "POST /entities/{entity}/keys/remove": "likewise",
    "POST /entities/{entity}/documents": "work",
    "POST /entities/{entity}/documents/{document}/remove": "work",
    "POST /entities/{entity}/{keep,let-go}": "work: how long it and its documents stay",
    "POST /holds": "work: an order stays",
    "POST /holds/act": "work, after a preview; the authority is asked of each",
    "POST /holds/{hold}/clear": "work; who let it go stands in the log, and the authority is asked",
    "POST /workarounds": "what is done beside the systems",
    "POST /workarounds/{workaround}/act": "whose it is to end it, and by when",
    "POST /evidence-cases": "a list of papers",
    "POST /evidence-cases/{case}/documents": "which document is which paper",
    "POST /evidence-cases/{case}/packs": "one file more of what is there, for who may read it",
    "POST /customer-notices/preview": "an answer, and nothing kept",
    "POST /customer-notices/withdraw-links": "who opened a page that opens no more; the next notice has another link",
    "POST /customer-notices/opt-outs": "who is told no more; it is taken back the same way, and stands in the log",
    "PUT /mappings/{mapping}": "a version that nothing reads by yet",
    "POST /mappings/{mapping}/{try,release}": "how records are read; nothing leaves by it",
    "PUT /interfaces": "a list that opens nothing",
    "POST /interfaces/withdraw": "likewise",
    "PUT /owners": "whom exceptions go to; who may see them says their role",
    "POST /owners/remove": "likewise",
    "PATCH /parameters": "values of deployments",
    "PUT /peak": "the order of work",
    "POST /quotas": "how much work is taken",
    "POST /runs/redrive": "work again, after a preview; each effect keeps its key",
    "POST /runs/{run}/{cancel,suspend,resume,retry,keep,let-go}": "work",
    "POST /runs/{run}/effects/{effect}/decide": "work",
    "POST /runs/{run}/approvals": "work; who approves stands in the log",
    "POST /runs/{run}/documents": "work",
    "POST /runs/{run}/documents/{document}/remove": "work",
    "POST /webhook-endpoints/{endpoint}/{disable,remove}": "stops what goes out, at once",
    "POST /webhook-endpoints/{endpoint}/replay": "to where it was to go before",
    "POST /webhook-endpoints/{endpoint}/deliveries/{message}/replay": "likewise",
    "PUT /calendars/{calendar}": "when places are open, and what is due then",
    "DELETE /calendars/{calendar}": "likewise",
    "POST /calendars/{calendar}/preview": "an answer, and nothing kept",
    "POST /tasks/{task}/{act,complete}": "work; who decides stands in the log",
    "POST /tasks/complete": "likewise, after a preview of each",
    "POST /skills": "who is asked first",
    "POST /task-mail": "how one is written to oneself",
    "POST /sites": "a place that nobody is let in to",
    "PATCH /sites/{site}": "likewise",
    "PATCH /sites/{site}/parameters": "values of deployments",
}


def test_S_63_whatever_hands_something_over_within_a_tenant_is_dangerous_or_says_why_not() -> None:
    for beginning in ("/v1", PREFIX):
        rules = {
            f"{method} {path.removeprefix(beginning)}": rule
            for (method, path), rule in POLICY.items()
            if rule.is_tenant and path.startswith(PREFIX) == (beginning == PREFIX)
        }
        dangerous = {one for one, rule in rules.items() if rule.is_dangerous}
        assert {one for one in dangerous if one.startswith("GET ")} == {"GET /export"}
        assert "POST /retention" in dangerous
        changing = {one for one in rules if not one.startswith("GET ")}
        assert changing - dangerous == {one for each in HARMLESS_IN_TENANT for one in spelled_out(each)}


def spelled_out(route: str) -> set[str]:
    """`POST /x/{a,b}` is two routes; `{run}` is a parameter."""
    before, _, last = route.rpartition("/")
    if "," not in last:
        return {route}
    return {f"{before}/{one}" for one in last.strip("{}").split(",")}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/export", None),
        ("POST", "/v1/retention", {"days": 30}),
        ("PUT", "/v1/authority", {"rows": [], "then": 1}),
        ("POST", "/v1/connections", {"name": "erp", "connector": "http"}),
        ("PATCH", "/v1/connections/erp", {"config": {}}),
        ("POST", "/v1/webhook-endpoints", {"url": "http://hooks.acme.example/"}),
        ("PATCH", "/v1/webhook-endpoints/whe_01h455vb4pex5vsknk084sn02q", {"url": "https://hooks.acme.example/"}),
        ("POST", "/v1/webhook-endpoints/whe_01h455vb4pex5vsknk084sn02q/rotate", {}),
        ("POST", "/v1/webhook-endpoints/whe_01h455vb4pex5vsknk084sn02q/enable", None),
    ],
)
async def test_S_63_an_old_proof_takes_nothing_out_and_leads_nothing_elsewhere(
    house: House, app_database: Database, front: Front, method: str, path: str, body: object
) -> None:
    old = await stale(house, app_database, front)
    refused = await old.send(method, path, body)
    assert (refused.status, refused.problem) == (403, "proof-needed")
    proven = old.having(token_of(await old.send("POST", "/portal/session/proof", {"password": PASSWORD})))
    assert (await proven.send(method, path, body)).status in {200, 404, 422}, "and no longer for want of a proof"


def test_S_63_whatever_changes_something_above_tenants_is_dangerous_or_says_why_not() -> None:
    found = {f"{method} {path}" for (method, path), rule in POLICY.items() if rule.is_dangerous and not rule.is_tenant}
    assert not any(one.startswith("GET ") for one in found)
    changing = {
        f"{method} {path}"
        for (method, path), rule in POLICY.items()
        if method != "GET" and not rule.is_tenant and rule.scopes != {Scope.OPERATOR}  # nobody signs in as the operator
    }
    assert changing - found == HARMLESS.keys() | NOBODY_SIGNED_IN.keys()
    assert "POST /v1/clients/{client}/delete" in found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/clients/acme/delete", {"preview": True}),
        ("/v1/clients/acme/suspend", {}),
        ("/v1/clients/acme/resume", {}),
        ("/v1/clients/acme/enable", None),
        ("/v1/domains", {"domain": "app.north.example", "use": "portal"}),
        ("/v1/onboarding", {"csv": "slug,name\n"}),
    ],
)
async def test_S_63_an_hour_old_proof_ends_no_client_and_gives_no_host_away(
    house: House, app_database: Database, front: Front, path: str, body: object
) -> None:
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    old = "UPDATE app.portal_session SET proved_at = proved_at - interval '1 hour'"
    await change(app_database, Rows.partner(house.ids["north"]), old)
    forget(front)
    refused = await boss.send("POST", path, body)
    assert (refused.status, refused.problem) == (403, "proof-needed")
    assert (await boss.get("/v1/clients/acme")).json["status"] == "active"


async def test_S_63_an_old_proof_does_for_work_and_not_for_danger(
    house: House, app_database: Database, front: Front
) -> None:
    old = await stale(house, app_database, front)
    assert (await old.get("/v1/runs")).status == 200
    assert (await old.get("/v1/people")).status == 200
    refused = await old.send("POST", "/v1/roles", ROLE)
    assert (refused.status, refused.problem) == (403, "proof-needed")
    assert (await old.send("POST", "/portal/second-factor")).problem == "proof-needed"


async def test_S_63_a_proof_is_another_session(house: House, app_database: Database, front: Front) -> None:
    old = await stale(house, app_database, front)
    made = await old.send("POST", "/portal/session/proof", {"password": PASSWORD})
    assert made.status == 201, made.body
    fresh = old.having(token_of(made))
    assert fresh.token != old.token
    assert (await old.get("/portal/session")).status == 401
    assert (await fresh.send("POST", "/v1/roles", ROLE)).status == 201


async def test_S_66_a_proof_is_guessed_ten_times(
    house: House, app_database: Database, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "_TRIES", 2)
    old = await stale(house, app_database, front)
    answers = [await old.send("POST", "/portal/session/proof", {"password": "not that one"}) for _ in range(3)]
    assert [one.status for one in answers] == [401, 401, 429]
    assert (await old.send("POST", "/portal/session/proof", {"password": PASSWORD})).status == 429
    assert (await house.north.send("POST", "/portal/session/proof", {"password": PASSWORD})).status == 401
