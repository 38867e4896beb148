"""S-01: the matrix of every route and everybody who may knock, walked from the application's own route table."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.api.app import routes_of
from services.api.policy import POLICY, PREFIX, Rule
from tenants.identity.permissions import DEFAULTS, PAYLOADS, Permission
from tenants.identity.permissions import Scope as KeyScope
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, id_of, make_key
from tests.services.api.things import CANARY, Things, make_things
from tests.services.archives.olden import Olden

KINDS = {
    "exception": "exc",
    "entry": "ent",
    "connection": "con",
    "workflow": "wfv",
    "deployment": "dep",
    "event": "evt",
    "run": "run",
    "key": "key",
}


@pytest.fixture
async def things(parties: Parties, app_database: Database, worker_database: Database, olden: Olden) -> Things:
    return await make_things(parties, app_database, worker_database, olden)


@pytest.fixture
def routes(nobody: Caller) -> list[tuple[str, str, Rule]]:
    return [(method, path, POLICY[method, path]) for method, path in routes_of(nobody.app.app)]


Routes = list[tuple[str, str, Rule]]


async def knock(caller: Caller, method: str, path: str) -> Answer:
    """Call with an empty object for a body: whoever may not enter never gets so far as to have it read."""
    return await caller.send(method, path, {} if method in {"POST", "PATCH", "PUT"} else None)


def outcome(answer: Answer) -> Any:
    """The answer without what differs between any two."""
    told = {name: value for name, value in answer.json.items() if name != "request_id"}
    counted = {"request-id", "ratelimit", "ratelimit-policy"}
    return answer.status, {name: value for name, value in answer.headers.items() if name not in counted}, told


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
                assert answer.problem == "unauthorized"
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_S_01_a_scope_that_has_no_row_is_403(parties: Parties, things: Things, routes: Routes) -> None:
    callers = {KeyScope.OPERATOR: parties.operator, KeyScope.PARTNER: parties.north, KeyScope.CLIENT: parties.acme}
    for method, template, rule in routes:
        for scope, caller in callers.items():
            if rule.is_public or scope in rule.scopes:
                continue
            answer = await knock(caller, method, things.path(template))
            assert (answer.status, answer.problem) == (403, "forbidden"), (method, template, scope)


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
            needs_grant = insider is parties.north and rule.permission in PAYLOADS | {Permission.EVENTS_WRITE}
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


async def test_S_02_a_things_id_in_another_tenant_reads_as_one_that_nobody_has(
    parties: Parties, things: Things, routes: Routes
) -> None:
    for method, template, rule in routes:
        named = [name for name in re.findall(r"{(\w+)}", template) if name in KINDS]
        if not named or rule.is_public:
            continue
        away = {name: ids.show(KINDS[name], ids.new()) for name in named}
        for outsider, client, environment in (
            (parties.sibling, "sibling", "live"),
            (parties.acme_test, "acme", "test"),
            (parties.foreign, "foreign", "live"),
            (parties.south, "foreign", "live"),
        ):
            if not template.startswith(PREFIX) and outsider is parties.south and rule.is_tenant:
                continue
            home = {"client": client, "environment": environment}
            theirs = await knock(outsider, method, things.path(template, **home))
            nobodys = await knock(outsider, method, things.path(template, **home, **away))
            assert outcome(theirs) == outcome(nobodys), (method, template, theirs.body, nobodys.body)
            assert theirs.status in {403, 404, 422}


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
                assert CANARY not in answer.body.decode(), (template, answer.body)
            seen += CANARY in answer.body.decode()
    assert seen  # the client's own key reads it
    refused = await parties.north.get(things.path(f"{PREFIX}/events/{{event}}"))
    assert (refused.status, refused.problem) == (403, "client-grant-needed")
    assert "grant" in refused.json["detail"]
    shown = (await parties.north.get(things.path(f"{PREFIX}/runs/{{run}}"))).json
    assert (shown["input"], shown["output"]) == (None, None)
    log = (await parties.acme.get("/v1/audit?action=access.denied")).json["items"]
    assert log[0]["actor"] == f"key:{await id_of(parties.north)}"
    assert log[0]["target"] == f"GET {PREFIX}/events/{{event}}"


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


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "", "cookie": "key={key}"},
        {"authorization": "", "x-api-key": "{key}"},
        {"authorization": "{key}"},
        {"authorization": "Basic {key}"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer {key}, Bearer {key}"},
    ],
)
async def test_S_64_S_65_only_one_bearer_header_authenticates(operator: Caller, headers: dict[str, str]) -> None:
    sent = {name: value.replace("{key}", operator.key or "") for name, value in headers.items()}
    assert (await operator.get("/v1/me", headers=sent)).status == 401
    assert (await operator.having(None).get(f"/v1/me?key={operator.key}")).status == 401


async def test_S_65_two_authorization_headers_are_none(operator: Caller) -> None:
    bearer = (b"authorization", f"Bearer {operator.key}".encode())
    assert (await operator.exchange("GET", "/v1/me", [(b"host", b"localhost"), bearer, bearer], [b""])).status == 401
