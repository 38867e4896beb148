"""ADR 0037, walked from the route table: every route that is no read takes a condition, or says why it takes none."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from services.api.conditions import CHANGING, CREATING, KEYED, UNCONDITIONAL, Why
from services.api.policy import POLICY, PREFIX
from tenants.identity.permissions import Permission, Scope
from tests.asgi import Caller
from tests.services.api.attempts import CONNECTION, INVITATION, PROVIDER, SEAT
from tests.services.api.parties import Parties, holding_all, id_of
from tests.services.api.test_tags import WORKFLOW
from tests.services.api.things import CALENDAR, MAPPING, Things

OTHER_VERSION: Final = '"0123456789abcdef0123456789abcdef"'
NETWORK: Final = {"environment": "live", "network": "10.20.0.0/16"}
VALUES: Final = {"values": {"cutoff": "16:00"}}
HOOK: Final = {
    "name": "marketplace",
    "verification": {"style": "standard-webhooks"},
    "event": {"type": {"value": "x.y"}},
}
SPLIT: Final = {"keys": [{"system": "shop", "value": "77"}], "reason": "two shops"}
SCHEMA: Final = {"type": "acme.counted", "schema": {"type": "object"}}
# What a change says; of those that are not here, nothing.
CHANGES: Final[dict[str, Any]] = {
    "PUT /mappings/{mapping}": {"mapping": {**MAPPING, "system": "crm"}},
    "PUT /v1/partners/{partner}/mappings/{mapping}": {"mapping": {**MAPPING, "system": "crm"}},
    "POST /v1/clients/{client}/suspend": {"reason": "unpaid"},
    "POST /v1/clients/{client}/move": {"partner": "south"},
    "POST /v1/clients/{client}/delete": {"preview": True},
    "POST /v1/keys/{key}/rotate": {},
    "POST /v1/operator/private-networks": {**NETWORK, "reason": "a VPN"},
    "POST /v1/operator/private-networks/close": NETWORK,
    "POST /v1/partners/{partner}/quotas": {"open_runs": 5},
    "POST /v1/clients/{client}/quotas": {"open_runs": 5},
    "POST /v1/operator/quotas": {"open_runs": 5},
    "PATCH /v1/brand": {"name": "New"},
    "PATCH /v1/roles/{role}": {"permissions": ["runs:read"]},
    "PUT /v1/people/{person}/roles": {"roles": []},
    "POST /v1/organization/audit/period": {"days": 400},
    "POST /v1/organization/audit/hold": {"reason": "a lawsuit"},
    "POST /audit/period": {"days": 400},
    "POST /audit/hold": {"reason": "a lawsuit"},
    "PATCH /connections/{connection}": {"owner": "maria"},
    "PATCH /connection-groups/{connection_group}": {"rules": [{"connection": "con_00000000000000000000000000"}]},
    "PATCH /deployments/{deployment}": {"priority": "bulk"},
    "POST /deployments/{deployment}/roll-back": {"to_revision": 1},
    "POST /entities/{entity}/keys": {"system": "crm", "value": "1"},
    "POST /entities/{entity}/keys/remove": {"system": "shop", "value": "77"},
    "POST /entities/{entity}/merge": {"entity": "ety_00000000000000000000000000", "reason": "one"},
    "POST /entities/{entity}/split": SPLIT,
    "PATCH /inbound-webhooks/{hook}": {"media_types": ["application/json"]},
    "POST /inbound-webhooks/{hook}/rotate": {},
    "POST /inbound-webhooks/{hook}/delete": {"name": "shop"},
    "PUT /authority": {"rows": []},
    "PUT /hold-types": {"types": [{"name": "stock", "title": "Stock", "role": "desk"}]},
    "PUT /interfaces": {"kind": "event", "name": "a", "publisher": "shop"},
    "POST /interfaces/withdraw": {"kind": "event", "name": "a"},
    "PUT /owners": SEAT,
    "POST /owners/remove": {"kind": "data", "subject": "order"},
    "PUT /peak": {"mode": "off"},
    "POST /quotas": {"open_runs": 5},
    "POST /retention": {"keep": "P500D"},
    "POST /entities/{entity}/documents/{document}/remove": {"reason": "another's"},
    "POST /runs/{run}/documents/{document}/remove": {"reason": "another's"},
    "PATCH /sites/{site}": {"name": "New"},
    "PUT /calendars/{calendar}": CALENDAR,
    "POST /tasks/{task}/complete": {"outcome": "done"},
    "PATCH /webhook-endpoints/{endpoint}": {"description": "new"},
    "POST /webhook-endpoints/{endpoint}/rotate": {},
}
MADE: Final[dict[str, Any]] = {
    "POST /v1/partners": {"slug": "west", "name": "West"},
    "POST /v1/clients": {"slug": "bolts", "name": "Bolts"},
    "POST /v1/clients/{client}/environments": {"environment": "sandbox"},
    "POST /v1/keys": {"name": "more"},
    "POST /v1/keys/{key}/rotate": {},
    "POST /v1/roles": {"slug": "packer", "name": "Packer", "permissions": ["runs:read"]},
    "POST /v1/invitations": INVITATION,
    "POST /v1/identity-providers": {**PROVIDER, "issuer": "https://login.west.example"},
    "POST /v1/domains": {"domain": "more.north.example"},
    "POST /connections": CONNECTION,
    "POST /connection-groups": {"name": "more"},
    "POST /workflows": {"document": WORKFLOW},
    "POST /deployments": {"name": "new", "template": {"name": "order-release"}},
    "POST /promotions": {"from": {"environment": "test", "deployment": "later"}},
    "POST /sites": {"slug": "branch", "name": "Branch"},
    "POST /event-schemas": SCHEMA,
    "POST /entities": {"kind": "item", "keys": [{"system": "erp", "value": "SKU-1"}]},
    "POST /entities/{entity}/split": SPLIT,
    "POST /inbound-webhooks": HOOK,
    "POST /inbound-webhooks/{hook}/rotate": {},
    "POST /webhook-endpoints": {"url": "https://hooks.acme.example/y", "types": ["*"]},
    "POST /webhook-endpoints/{endpoint}/rotate": {},
}


def test_every_route_that_is_no_read_takes_a_condition_or_says_why_not() -> None:
    writing = {route for route in POLICY if route[0] != "GET"}
    assert KEYED | CHANGING | UNCONDITIONAL.keys() == writing
    assert not UNCONDITIONAL.keys() & (KEYED | CHANGING)
    # A reason more is a decision: it is counted here, and each tenant's route twice.
    assert Counter(UNCONDITIONAL.values()) == {
        Why.OWN_ID: 8,
        Why.SEEN: 20,
        Why.TOKEN: 11,
        Why.STATE: 43,
        Why.AGAIN: 4,
        Why.ASKS: 16,
        Why.NEWEST: 8,
        Why.FINAL: 4,
    }


async def test_every_change_is_held_to_the_version_that_was_seen(parties: Parties, things: Things) -> None:
    everybody = await holding_all(parties)
    walked = [route for route in sorted(CHANGING) if not route[1].startswith(("/scim/", PREFIX))]
    for method, path in walked:  # SCIM's versions are its own, tested with it
        caller, target = called(everybody, things, method, path)
        body = changed(parties, method, path)
        refused = await caller.send(method, target, body, headers={"if-match": OTHER_VERSION})
        assert (refused.status, refused.problem) == (412, "precondition-failed"), (method, path, refused.body)
    assert len(walked) > 50


HOOKS, ENDPOINTS = "/v1/inbound-webhooks/{hook}", "/v1/webhook-endpoints/{endpoint}"
KEY, DOCUMENT, KEEPING = "/v1/keys/{key}", "/v1/runs/{run}/documents/{document}", "/v1/audit/keeping"
NETWORKS, CLIENT = "/v1/operator/private-networks", "/v1/clients/{client}"
ENTITY: Final = "/v1/entities/{entity}"
HELD: Final = (
    (KEY, f"{KEY}/rotate"),
    (KEY, f"{KEY}/revoke"),
    (HOOKS, f"{HOOKS}/rotate"),
    (ENDPOINTS, f"{ENDPOINTS}/rotate"),
    (ENDPOINTS, f"{ENDPOINTS}/disable"),
    (ENDPOINTS, f"{ENDPOINTS}/remove"),
    (DOCUMENT, f"{DOCUMENT}/remove"),
    ("/v1/domains/{domain}", "/v1/domains/{domain}/release"),
    (KEEPING, "/v1/audit/period"),
    (KEEPING, "/v1/audit/hold"),
    (KEEPING, "/v1/audit/release"),
    (NETWORKS, NETWORKS),
    (NETWORKS, f"{NETWORKS}/close"),
    (ENTITY, f"{ENTITY}/keys"),
    (ENTITY, f"{ENTITY}/keys/remove"),
    (CLIENT, f"{CLIENT}/suspend"),
)
"""Where a version is read, and a change of it, in an order in which they can follow each other."""


async def test_a_change_takes_the_version_that_is_read_and_makes_another(parties: Parties, things: Things) -> None:
    everybody = await holding_all(parties)
    spare = (await everybody.acme.post("/v1/keys", {"name": "spare"})).json["id"]
    for read, act in HELD:
        caller, target = called(everybody, things, "POST", act, key=spare)
        place = called(everybody, things, "POST", act, of=read, key=spare)[1]
        seen = (await caller.get(place)).headers["etag"]
        assert (await caller.get(place)).headers["etag"] == seen, place
        done = await caller.send("POST", target, changed(parties, "POST", act), headers={"if-match": seen})
        assert done.status in {200, 201, 204}, (act, done.body)
        assert (await caller.get(place)).headers.get("etag") != seen, act


async def test_a_key_that_is_used_keeps_its_version(parties: Parties) -> None:
    """Whoever revokes the one that they saw is not told that it is another, since it was used."""
    own = f"/v1/keys/{await id_of(parties.acme)}"
    seen = await parties.acme.get(own)
    await parties.nobody.app.app.state.resources.uses.write()
    used = await parties.acme.send("GET", own, headers={"if-none-match": seen.headers["etag"]})
    assert (used.status, used.headers["etag"]) == (200, seen.headers["etag"])
    assert used.json["last_used_at"] is not None


def changed(parties: Parties, method: str, path: str) -> Any:
    if path.endswith("/parameters"):
        return VALUES
    if path.endswith("/policy"):
        return {"rules": []}
    body = CHANGES.get(named(method, path))
    return {**body, "client": parties.ids["acme"]} if "private-networks" in path and body else body


async def test_S_93_everything_that_is_made_is_made_once_under_its_key(parties: Parties, things: Things) -> None:
    everybody = await holding_all(parties)
    for method, path in sorted(CREATING):
        if path.startswith(PREFIX):
            continue
        caller, target = called(everybody, things, method, path)
        sent, other = (made(things, method, path, more=more) for more in (False, True))
        tried = [await caller.send(method, target, **sent) for _ in range(2)]
        assert [one.status for one in tried] == [201, 201], (path, tried[0].body)
        assert tried[0].body == tried[1].body, path
        assert "idempotent-replayed" not in tried[0].headers, path
        assert tried[1].headers["idempotent-replayed"] == "true", path
        refused = await caller.send(method, target, **other)
        assert (refused.status, refused.problem) == (422, "idempotency-key-reused"), path


def made(things: Things, method: str, path: str, *, more: bool) -> dict[str, Any]:
    """What is sent; with `more` other bytes than without."""
    headers = {"idempotency-key": path}
    if path.endswith("/documents"):
        return {"raw": b"a note" + b" and more" * more, "headers": headers}
    body: dict[str, Any] = dict(MADE[named(method, path)])
    if path.endswith("/inbound-webhooks"):
        body["connection"] = things.values["connection"]
    if path.endswith("/connection-groups"):
        body["rules"] = [{"connection": things.values["connection"]}]
    if path.endswith("/deployments"):
        body["bindings"] = {"erp": things.values["connection"]}
    if path.endswith("/invitations"):
        body["roles"] = [things.values["role"]]
    raw = msgspec.json.encode(body) + b" " * more
    return {"raw": raw, "headers": headers}


def named(method: str, path: str) -> str:
    """A tenant's route without its prefix."""
    return f"{method} {path.removeprefix('/v1') if POLICY[method, path].is_tenant else path}"


def called(
    everybody: Parties, things: Things, method: str, path: str, *, of: str | None = None, **other: str
) -> tuple[Caller, str]:
    """Whoever may, and where (`of`: on another path): the client in a tenant, but for what its partner sets."""
    rule, place = POLICY[method, path], of or path
    is_partners = rule.permission is Permission.CLIENTS_WRITE or path.endswith("/promotions")
    if Scope.CLIENT in rule.scopes and not is_partners:
        return everybody.acme, things.path(place, **other)
    if rule.is_tenant:
        return everybody.north, things.path(place.replace("/v1", PREFIX, 1), **other)
    if Scope.PARTNER in rule.scopes:
        return everybody.north, things.path(place, **other)
    return everybody.operator, things.path(place, client=everybody.ids["acme"], **other)  # a slug is its partner's
