"""S-01: the matrix of every route and everybody who may knock, walked from the application's own route table."""

from __future__ import annotations

from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.api.policy import POLICY, PREFIX
from tenants.identity.permissions import ALLOWED, DEFAULTS, PAYLOADS, Permission
from tenants.identity.permissions import Scope as KeyScope
from tests.services.api.directories import is_refused
from tests.services.api.parties import Parties, holding_all, id_of, make_key
from tests.services.api.things import CANARY, Things
from tests.services.api.unpacked import text_of
from tests.services.api.walk import KINDS, Routes, knock, named_in, outcome


async def test_S_01_every_route_has_a_row_and_every_row_a_route(routes: Routes) -> None:
    assert {(method, path) for method, path, _ in routes} == set(POLICY)


async def test_S_01_without_a_live_key_every_route_is_401(
    parties: Parties, things: Things, routes: Routes, app_database: Database
) -> None:
    expired = parties.nobody.having(await make_key(parties.acme))
    revoked = parties.nobody.having(await make_key(parties.acme))
    ended = (await id_of(expired), await id_of(revoked))
    await parties.acme.post(f"/v1/keys/{ended[1]}/revoke")
    async with app_database.session(Scope.tenant(ids.read("ten", parties.ids["acme:live"]))) as session:
        await session.execute(
            text("UPDATE app.api_key SET expires_at = clock_timestamp() WHERE key_id = :key"),
            {"key": ids.read("key", ended[0])},
        )
        await session.commit()
    parties.nobody.app.app.state.resources.keyring.forget()
    known = parties.acme.key or ""
    strangers = [
        parties.nobody,
        expired,
        revoked,
        *(parties.nobody.having(key) for key in ("x", known[:-1], known[:-1] + "7", known.upper(), known + " x")),
        parties.nobody.having(known[:30] + "a" * 52),
    ]
    for number, (method, template, rule) in enumerate(routes):
        # Each time from elsewhere: a network that goes on guessing is slowed down.
        address = f"198.51.{number // 200}.{number % 200}"
        for stranger in strangers:
            answer = await knock(stranger.by(address), method, things.path(template))
            assert (answer.status == 401) is not rule.is_public, (method, template, stranger.key)
            if not rule.is_public:
                is_refused(answer, 401, "unauthorized")
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_S_01_a_scope_that_has_no_row_is_403(parties: Parties, things: Things, routes: Routes) -> None:
    callers = {KeyScope.OPERATOR: parties.operator, KeyScope.PARTNER: parties.north, KeyScope.CLIENT: parties.acme}
    for method, template, rule in routes:
        for scope, caller in callers.items():
            if rule.is_public or scope in rule.scopes:
                continue
            is_refused(await knock(caller, method, things.path(template)), 403, "forbidden")


_GRANTED = PAYLOADS | {Permission.EVENTS_WRITE, Permission.WEBHOOKS_WRITE}
"""What a partner does for its client by the client's grant alone."""


async def test_S_01_the_owner_and_its_partner_enter_and_nobody_else(
    parties: Parties, things: Things, routes: Routes
) -> None:
    outsiders = (parties.acme_test, parties.sibling, parties.foreign, parties.south)
    for method, template, rule in routes:
        if not (rule.is_tenant and template.startswith(PREFIX)):
            continue
        path = things.path(template)
        unknown = await knock(parties.acme, "GET", "/v1/clients/nobody-has-this/live/runs")
        for outsider in outsiders:
            answer = await knock(outsider, method, path)
            assert outcome(answer) == outcome(unknown), (method, template)
        for insider in (parties.acme, parties.north):
            # Changes are refused for their empty body, or the state of things, and not for who sends it.
            answer = await knock(insider, method, path)
            needs_grant = insider is parties.north and rule.permission in _GRANTED
            # What the partner sets for its client.
            is_above = insider is parties.acme and rule.permission is Permission.CLIENTS_WRITE
            assert (answer.status == 403) is (needs_grant or is_above), (method, template, answer.body)
            if is_above:
                continue
            assert needs_grant or answer.status in {200, 201, 202, 400, 409, 415, 422}, (method, template, answer.body)


async def test_S_01_a_key_of_a_client_may_omit_the_prefix_and_a_partners_may_not(
    parties: Parties, things: Things, routes: Routes
) -> None:
    for method, template, rule in routes:
        if not rule.is_tenant or template.startswith(PREFIX) or method != "GET":
            continue
        assert (await knock(parties.acme, method, things.path(template))).status == 200, template
        assert (await knock(parties.north, method, things.path(template))).status == 404, template


async def test_S_01_the_owner_enters_every_route_of_its_own_things(
    parties: Parties, things: Things, routes: Routes
) -> None:
    """Those that are of no tenant: what the next test is held against."""
    all_holding = await holding_all(parties)
    seen = set()
    for method, template, rule in routes:
        if rule.is_tenant or rule.is_public or not named_in(template):
            continue
        owner = all_holding.acme if KeyScope.CLIENT in rule.scopes else all_holding.north
        answer = await knock(owner, method, things.path(template))
        assert answer.status in {200, 201, 409, 422}, (method, template, answer.body)
        seen |= set(named_in(template))
    assert seen == {"key", "role", "person", "invitation", "provider", "domain"}


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


async def test_S_04_each_permission_opens_its_own_routes_and_no_other(
    parties: Parties, things: Things, routes: Routes
) -> None:
    for permission in sorted(DEFAULTS[KeyScope.CLIENT]):
        key = parties.nobody.having(await make_key(parties.acme, permissions=[permission]))
        for method, template, rule in routes:
            if rule.is_public or not rule.is_tenant or template.startswith(PREFIX):
                continue
            answer = await knock(key, method, things.path(template))
            assert (answer.status == 403) is (rule.permission is not permission), (permission, method, template)
