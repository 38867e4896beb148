"""S-01: the matrix of every route and everybody who may knock, walked from the application's own route table."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from infra import ids
from services.api.policy import POLICY, PREFIX
from tenants.identity.permissions import ALLOWED, DEFAULTS, Permission
from tenants.identity.permissions import Scope as KeyScope
from tests.asgi import Caller
from tests.services.api.directories import is_refused
from tests.services.api.parties import Parties, first_key, holding_all, id_of, make_key
from tests.services.api.things import CANARY, Things
from tests.services.api.unpacked import text_of
from tests.services.api.walk import KINDS, Routes, knock, named_in, outcome


async def test_S_01_every_route_has_a_row_and_every_row_a_route(routes: Routes) -> None:
    assert {(method, path) for method, path, _ in routes} == set(POLICY)


async def test_S_01_what_is_no_live_key_is_401(parties: Parties, things: Things, routes: Routes) -> None:
    """By each route once; nobody, expired and revoked keys are in the matrix."""
    known = parties.acme.key or ""
    odd = ["x", known[:-1], known[:-1] + "7", known.upper(), known + " x", known[:30] + "a" * 52]
    for number, (method, template, rule) in enumerate(routes):
        # Each time from elsewhere: a network that goes on guessing is slowed down.
        stranger = parties.nobody.having(odd[number % len(odd)]).by(f"198.51.{number // 200}.{number % 200}")
        answer = await knock(stranger, method, things.path(template))
        assert (answer.status == 401) is not rule.is_public, (method, template, stranger.key)
        if not rule.is_public:
            is_refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_S_02_a_things_id_in_another_tenant_reads_as_one_that_nobody_has(
    parties: Parties, things: Things, routes: Routes
) -> None:
    """By keys that hold all that their scope may, so that it is the id alone that is refused."""
    others = await holding_all(parties)
    for method, template, rule in routes:
        named = named_in(template)
        if not named or rule.is_public:
            continue
        away = {name: ids.show(KINDS[name], ids.new()) if KINDS[name] else "nobody.example" for name in named}
        for outsider, scope, client, environment in (
            (others.sibling, KeyScope.CLIENT, "sibling", "live"),
            (others.acme_test, KeyScope.CLIENT, "acme", "test"),
            (others.foreign, KeyScope.CLIENT, "foreign", "live"),
            (others.south, KeyScope.PARTNER, "foreign", "live"),
        ):
            if not template.startswith(PREFIX) and outsider is others.south and rule.is_tenant:
                continue
            home = {"client": client, "environment": environment}
            theirs = await knock(outsider, method, things.path(template, **home))
            nobodys = await knock(outsider, method, things.path(template, **home, **away))
            assert outcome(theirs) == outcome(nobodys), (method, template, theirs.body, nobodys.body)
            may = scope in rule.scopes and rule.permission in ALLOWED[scope]
            assert theirs.status in ({404, 422} if may else {403}), (method, template, theirs.body)


async def test_S_05_a_key_above_the_client_reads_no_payload(parties: Parties, things: Things, routes: Routes) -> None:
    seen = 0
    for method, template, rule in routes:
        if method != "GET" or rule.is_public:
            continue
        answers = [
            (caller, await caller.get(things.path(template)))
            for caller in (parties.operator, parties.north, parties.acme)
        ]
        for caller, answer in answers:
            if caller is not parties.acme:
                assert CANARY not in text_of(answer), (template, answer.body)
            seen += CANARY in text_of(answer)
    assert seen  # the client's own key reads it
    refused = await parties.north.get(things.path(f"{PREFIX}/events/{{event}}"))
    assert (refused.status, refused.problem) == (403, "client-grant-needed")
    assert "grant" in refused.json["detail"]
    shown = (await parties.north.get(things.path(f"{PREFIX}/runs/{{run}}"))).json
    assert (shown["input"], shown["output"]) == (None, None)
    log = (await parties.acme.get("/v1/audit?action=access.denied")).json["items"]
    assert log[0]["actor"] == f"key:{await id_of(parties.north)}"
    assert f"GET {PREFIX}/events/{{event}}" in [one["target"] for one in log]


async def test_S_04_a_key_that_may_only_read_changes_nothing(parties: Parties, things: Things, routes: Routes) -> None:
    reads = sorted(one for one in DEFAULTS[KeyScope.CLIENT] if one.endswith(":read"))
    reader = parties.nobody.having(await make_key(parties.acme, permissions=reads))
    writes = [(method, template) for method, template, rule in routes if rule.is_tenant and method != "GET"]
    assert writes
    for method, template in writes:
        answer = await knock(reader, method, things.path(template))
        assert (answer.status, answer.problem) == (403, "forbidden"), (method, template)


@pytest.mark.parametrize("scope", [KeyScope.CLIENT, KeyScope.PARTNER])
async def test_S_04_one_permission_opens_a_route_and_all_others_together_do_not(
    scope: KeyScope, parties: Parties, things: Things, routes: Routes
) -> None:
    """Every route that a key of the scope may ask, but those that ask for no permission."""
    begins = PREFIX if scope is KeyScope.PARTNER else "/v1"
    asked = 0
    for permission in sorted(ALLOWED[scope]):
        alone = await _holding(parties, scope, {permission})
        others = await _holding(parties, scope, ALLOWED[scope] - {permission})
        for method, template, rule in routes:
            if rule.permission is not permission or scope not in rule.scopes:
                continue
            if rule.is_tenant and template.startswith(PREFIX) is not (begins == PREFIX):
                continue
            refused = await knock(others, method, things.path(template))
            is_refused(refused, 403, "forbidden")
            assert refused.json.get("permission", permission) == permission
            if not template.endswith(_ENDING):
                entered = await knock(alone, method, things.path(template))
                # Who may make keys and let people in gives no more than it holds: that is behind the door.
                assert entered.status != 403 or entered.problem in BEHIND, (template, entered.body)
            asked += 1
    assert asked > 150


BEHIND = {"not-yours-to-grant", "not-yours-to-manage"}
# They would end the client, or the key of its things; test_matrix has them entered.
_ENDING = ("{client}/disable", "{key}/revoke")


async def _holding(parties: Parties, scope: KeyScope, held: Collection[Permission]) -> Caller:
    if scope is KeyScope.CLIENT:
        return parties.nobody.having(await first_key(parties.nobody, "north/acme/live", held))
    return parties.nobody.having(await make_key(parties.operator, partner="north", permissions=sorted(held)))
