"""S-06: who is suspended or disabled, walked over the application's own route table."""

from __future__ import annotations

from tenants.identity.permissions import ALLOWED, Permission
from tenants.identity.permissions import Scope as KeyScope
from tests.services.api.directories import is_refused
from tests.services.api.parties import Parties, first_key
from tests.services.api.things import Things
from tests.services.api.walk import Routes, knock


async def test_S_01_S_06_of_a_suspended_client_every_route_reads_and_none_changes(
    parties: Parties, things: Things, routes: Routes
) -> None:
    assert (await parties.north.post("/v1/clients/acme/suspend", {"reason": "a test"})).status == 200
    parties.nobody.app.app.state.resources.keyring.forget()
    parties.nobody.app.app.state.directory.forget()
    refused = 0
    for method, template, rule in routes:
        if not rule.is_tenant or rule.permission is Permission.CLIENTS_WRITE:
            continue
        answer = await knock(parties.acme, method, things.path(template))
        if method == "GET":
            assert answer.status == 200, (method, template, answer.body)
            continue
        assert (answer.status, answer.problem) == (403, "client-suspended"), (method, template, answer.body)
        refused += 1
    assert refused > 40


async def test_S_06_S_68_a_suspended_clients_key_lets_nobody_in_and_makes_nothing_that_outlasts_it(
    parties: Parties, things: Things, routes: Routes
) -> None:
    """Keys, roles, people, invitations and providers are no tenant routes: a key that got out could make others."""
    held = sorted(ALLOWED[KeyScope.CLIENT])
    key = parties.nobody.having(await first_key(parties.nobody, "north/acme/live", held))
    assert (await parties.north.post("/v1/clients/acme/suspend", {"reason": "its key got out"})).status == 200
    parties.nobody.app.app.state.resources.keyring.forget()
    refused = 0
    for method, template, rule in routes:
        if rule.is_public or KeyScope.CLIENT not in rule.scopes or rule.permission not in {None, *held}:
            continue
        answer = await knock(key, method, things.path(template))
        if method == "GET":
            # 409: no directory provisions here.
            assert answer.status in ({200, 404, 409} if "/scim/" in template else {200, 404}), (
                method,
                template,
                answer.body,
            )
            continue
        is_refused(answer, 403, "client-suspended")
        refused += not rule.is_tenant
    assert refused >= 15, "those above the tenant, which nothing else asks"
    assert (await parties.sibling.post("/v1/keys", {"name": "mine"})).status == 201


async def test_S_06_a_disabled_client_or_partner_stops_within_seconds(parties: Parties) -> None:
    resources = parties.nobody.app.app.state
    await parties.north.post("/v1/clients/acme/disable")
    resources.resources.keyring.forget()
    assert (await parties.acme.get("/v1/me")).status == 401
    assert (await parties.sibling.get("/v1/me")).status == 200
    resources.directory.forget()
    assert (await parties.north.get("/v1/clients/acme/live/runs")).status == 404
    assert (await parties.north.post("/v1/clients/acme/enable")).json["status"] == "active"
    resources.resources.keyring.forget()
    assert (await parties.acme.get("/v1/me")).status == 200
    await parties.operator.post("/v1/partners/north/disable")
    resources.resources.keyring.forget()
    for caller in (parties.north, parties.acme, parties.sibling):
        assert (await caller.get("/v1/me")).status == 401
    assert (await parties.foreign.get("/v1/me")).status == 200
