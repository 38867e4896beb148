"""S-02: a foreign id in any path, body, query or header is an id that nobody has, and writes nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.engine import findings
from tests.asgi import Answer, Caller
from tests.services.api.attempts import (
    ATTEMPTS,
    CONNECTION,
    HOOK,
    INVITATION,
    NOBODYS,
    PREFIXES,
    Attempt,
    of_people,
)
from tests.services.api.id_fields import ELSEWHERE, NO_IDS, PLAIN
from tests.services.api.parties import Parties, holding_all
from tests.services.api.test_openapi import DOCUMENT, operations
from tests.services.api.things import ORDER, Things, host_of, make_person
from tests.services.api.walk import outcome
from tests.superuser import connected

FORM = {"content-type": "application/cloudevents+json"}
OF = {"sibling": "sibling:live", "acme_test": "acme:test", "foreign": "foreign:live", "acme": "acme:live"}
"""Of which tenant a caller is."""


def test_S_02_every_field_that_may_hold_an_id_is_tried() -> None:
    """Walked from the document: a new field is classified here, and tried if it holds an id."""
    paths = {one.path: re.sub(r"{own:(\w+)}", r"{\1}", one.path.split("?")[0]) for one in ATTEMPTS}
    tried = {(one.method, paths[one.path], one.field) for one in ATTEMPTS}
    queries = {(paths[one.path], one.path.rpartition("?")[2].partition("=")[0]) for one in ATTEMPTS}
    missing = []
    for method, path, operation in operations():
        if path.startswith("/v1/clients/{client}/{environment}"):
            continue
        for field in _fields(operation):
            name, place = field.replace("/{}", "").rsplit("/", 1)[-1], (method, path, field.split("/{}")[0])
            if name not in NO_IDS | ELSEWHERE.keys() and place not in tried | PLAIN.keys():
                missing.append((method, path, field))
        asked = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        known = NO_IDS | ELSEWHERE.keys()
        missing += [(method, path, name) for name in asked if name not in known and (path, name) not in queries]
    assert missing == []


def _fields(operation: dict[str, Any]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/cloudevents+json" not in content:
        yield from _walk(content.get("application/json", {}).get("schema", {}), "", frozenset())


def _walk(schema: dict[str, Any], at: str, seen: frozenset[str]) -> Iterator[str]:
    named = schema.get("$ref", "").rsplit("/", 1)[-1]
    if named in seen:
        return
    if named:
        schema, seen = DOCUMENT["components"]["schemas"][named], seen | {named}
    for name, below in schema.get("properties", {}).items():
        yield f"{at}/{name}"
        yield from _walk(below, f"{at}/{name}", seen)
    for word in ("oneOf", "anyOf", "allOf"):
        for below in schema.get(word, []):
            yield from _walk(below, at, seen)
    for below in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(below, dict):
            yield from _walk(below, at + ("/{}" if below is schema.get("additionalProperties") else ""), seen)


async def own_things(caller: Caller, database: Database, partner: str, tenant: str) -> dict[str, str]:
    """Things of the caller's own, so that only the foreign id is wrong."""
    connection = (await caller.post("/v1/connections", {**CONNECTION, "name": "own"})).json["id"]
    bound = {"name": "own", "template": {"name": "order-release"}, "bindings": {"erp": connection}}
    deployment = (await caller.post("/v1/deployments", bound)).json["id"]
    role = (await caller.post("/v1/roles", {"slug": "own", "name": "Own", "permissions": ["runs:read"]})).json["id"]
    sent = await caller.post("/v1/events", ORDER | {"id": "own"}, headers=FORM)
    hook = {**HOOK, "name": "own", "connection": connection}
    scope = TenantId(ids.read("ten", tenant))
    async with database.tenant(scope) as transaction:
        action, detail = "deployment.filter-failed", {"detail": "of one's own"}
        await findings.tell(transaction, scope, ids.read("dep", deployment), action, detail)
    group = {"name": "own", "rules": [{"connection": connection}]}
    beside = {"way": "chat", "step": "own", "owner": "role:x"}
    keys = [{"system": "erp", "value": "own"}, {"system": "shop", "value": "own"}]
    entity = (await caller.post("/v1/entities", {"kind": "customer", "keys": keys})).json["id"]
    return {
        "connection": connection,
        "connection_group": (await caller.post("/v1/connection-groups", group)).json["id"],
        "deployment": deployment,
        "role": role,
        "run": sent.json["runs"][0],
        "hook": (await caller.post("/v1/inbound-webhooks", hook)).json["id"],
        "workaround": (await caller.post("/v1/workarounds", beside)).json["id"],
        "person": await make_person(database, partner, tenant, role, "own@acme.example"),
        "exception": (await caller.get(f"/v1/exceptions?deployment={deployment}")).json["items"][0]["id"],
        "entity": entity,
        "home": entity,
        "endpoint": (
            await caller.post("/v1/webhook-endpoints", {"url": "https://hooks.own.example/", "types": ["*"]})
        ).json["id"],
    }


def filled(value: Any, known: dict[str, str]) -> Any:
    text = msgspec.json.encode(value).decode()
    for name, one in known.items():
        text = text.replace(f"{{{name}}}", one)
    return msgspec.json.decode(text)


async def tried(caller: Caller, attempt: Attempt, known: dict[str, str]) -> Any:
    """The outcome, with the id that was tried struck out."""
    path, body = filled([attempt.path, attempt.body], known)
    answer: Answer = await caller.send(
        attempt.method, path, body, headers={name: filled(value, known) for name, value in attempt.headers.items()}
    )
    struck = Answer(answer.status, answer.headers, answer.body.replace(known["id"].encode(), b"ID"))
    if not struck.body or answer.headers.get("content-type", "").startswith("text/"):
        return answer.status, struck.body
    status, headers, told = outcome(struck)
    # A token holds the moment of its preview.
    varying = {"token", "expires_at", "until"}
    kept = {name: one for name, one in told.items() if name not in varying}
    return status, {name: one for name, one in headers.items() if name not in {"content-length", "etag"}}, kept


@pytest.fixture
async def rows(stack: Stack, endpoints: Endpoints) -> AsyncIterator[Any]:
    """What all tables hold, but those that tell who asked."""
    name = endpoints.database_url.rpartition("/")[2].partition("?")[0]
    async with connected(stack, name) as connection:

        async def read() -> dict[str, str]:
            tables = await connection.fetch(
                "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') "
                "AND NOT relispartition AND relname NOT IN ('audit', 'organization_audit', 'api_key', 'kept_answer')"
            )
            return {
                one["relname"]: await connection.fetchval(
                    f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM app.{one['relname']} t"  # noqa: S608 (the catalogue's own name)
                )
                for one in tables
            }

        yield read


def looks(attempt: Attempt) -> bool:
    return attempt.method == "GET" or "/filter" in attempt.field


def nobodys(kind: str) -> str:
    return NOBODYS[kind] if kind in NOBODYS else ids.show(PREFIXES[kind], ids.new())


@pytest.mark.parametrize("who", ["sibling", "acme_test", "foreign"])
async def test_S_02_a_foreign_id_is_as_one_that_nobody_has(
    who: str, parties: Parties, things: Things, rows: Any, app_database: Database
) -> None:
    """By keys that hold all that a client's may, so that it is the id alone that is refused."""
    caller: Caller = getattr(await holding_all(parties), who)
    home, abroad = ("south", "north") if who == "foreign" else ("north", "south")
    own = await own_things(caller, app_database, parties.ids[home], parties.ids[OF[who]])
    own = {f"own:{name}": one for name, one in own.items()}
    others = {
        "client": "acme" if who == "foreign" else "foreign",
        "neighbour": "sibling" if who == "acme_test" else "acme",
    }
    foreign = things.values | {kind: parties.ids[one] for kind, one in others.items()}
    foreign |= {"partner": parties.ids[abroad], "host": host_of(abroad)}
    before = await rows()
    for attempt in ATTEMPTS:
        theirs = await tried(caller, attempt, {**own, "id": foreign[attempt.kind]})
        assert theirs == await tried(caller, attempt, {**own, "id": nobodys(attempt.kind)}), attempt
        idle = looks(attempt) or attempt.path.endswith("/remove")
        assert theirs[0] in ({200, 404, 422} if idle else {404, 409, 422}), (attempt, theirs)
    assert await rows() == before


async def test_S_02_the_same_attempts_with_ids_of_ones_own_are_answered_otherwise(
    parties: Parties, things: Things, app_database: Database
) -> None:
    """Else nothing would be proven by their being answered alike. But a list may find nothing; and staff is north's."""
    all_holding = await holding_all(parties)
    made = await own_things(all_holding.acme, app_database, parties.ids["north"], parties.ids["acme:live"])
    # What is asked for below one's own is of the run, the endpoint and the entity that have it.
    made |= {name: things.values[name] for name in ("run", "hook")} | {"home": things.values["entity"]}
    own = {f"own:{name}": one for name, one in made.items()}
    known = things.values | {"client": parties.ids["acme"], "host": host_of("north")}
    alike = []
    for attempt in ATTEMPTS:
        is_staffs = attempt.kind.startswith("staff")
        never = attempt.headers or attempt.path == "/v1/keys" or (is_staffs and attempt.field)
        if attempt.kind not in known or never:
            continue
        caller = all_holding.north if is_staffs else all_holding.acme
        theirs = await tried(caller, attempt, {**own, "id": known[attempt.kind]})
        if theirs == await tried(caller, attempt, {**own, "id": nobodys(attempt.kind)}):
            alike += [] if looks(attempt) and theirs[0] == 200 else [(attempt, theirs)]
    assert alike == []


async def test_S_02_an_organization_of_anothers_is_unknown(parties: Parties, rows: Any) -> None:
    """A partner names clients and partners; another's is unknown to it, by id and by slug."""
    before = await rows()
    for named, nobodys in ((parties.ids["foreign"], ids.show("cli", ids.new())), ("foreign", "nobody-has-this")):
        for attempt in (
            Attempt("client", "POST", "/v1/keys", {"name": "x", "client": "{id}", "environment": "live"}),
            Attempt("client", "GET", "/v1/keys?client={id}"),
            Attempt("client", "GET", "/v1/clients/{id}"),
            Attempt("client", "POST", "/v1/clients/{id}/disable"),
            Attempt("client", "GET", "/v1/clients/{id}/quotas"),
            Attempt("client", "POST", "/v1/clients/{id}/quotas", {"open_runs": 1}),
        ):
            theirs = await tried(parties.north, attempt, {"id": named})
            assert theirs == await tried(parties.north, attempt, {"id": nobodys}), attempt
            assert theirs[0] == 404, attempt
    for named, nobodys in ((parties.ids["south"], ids.show("ptr", ids.new())), ("south", "nobody-has-this")):
        for attempt in (
            Attempt("partner", "POST", "/v1/keys", {"name": "x", "partner": "{id}"}),
            Attempt("partner", "POST", "/v1/clients", {"slug": "x", "name": "X", "partner": "{id}"}),
            Attempt("partner", "GET", "/v1/keys?partner={id}"),
            Attempt("partner", "GET", "/v1/clients?partner={id}"),
            Attempt("partner", "GET", "/v1/partners/{id}/quotas"),
        ):
            theirs = await tried(parties.north, attempt, {"id": named})
            assert theirs == await tried(parties.north, attempt, {"id": nobodys}), attempt
            assert theirs[0] in {403, 404, 422}, (attempt, theirs)
    assert await rows() == before


async def test_S_02_a_partners_key_finds_nobody_of_another_partners(
    parties: Parties, things: Things, rows: Any, app_database: Database
) -> None:
    """People, roles, invitations and providers of north and of its client, tried by south for itself and its client."""
    all_holding = await holding_all(parties)
    south, prefix = all_holding.south, "/v1/clients/foreign/live"
    made = await own_things(all_holding.foreign, app_database, parties.ids["south"], parties.ids["foreign:live"])
    body = {"slug": "own", "name": "Own", "level": "partner", "permissions": ["runs:read"]}
    made["role"] = (await south.post("/v1/roles", body)).json["id"]
    made["person"] = await make_person(app_database, parties.ids["south"], None, made["role"], "boss@south.example")
    own = {f"own:{name}": one for name, one in made.items()}
    known = things.values | {"client": parties.ids["acme"], "neighbour": "acme", "host": host_of("north")}
    before = await rows()
    below = {**INVITATION, "client": "foreign", "environment": "live", "roles": ["{id}"]}
    for attempt in (
        *of_people(),
        *(Attempt(role, "POST", "/v1/invitations", below, "/roles") for role in ("role", "staff_role")),
    ):
        suffix = attempt.path.removeprefix("/v1")
        path = prefix + suffix if suffix.startswith(("/owners", "/exceptions")) else attempt.path
        there = msgspec.structs.replace(attempt, path=path)
        theirs = await tried(south, there, {**own, "id": known[there.kind]})
        nobody = "nobody-has-this" if there.kind == "neighbour" else nobodys(there.kind)
        assert theirs == await tried(south, there, {**own, "id": nobody}), there
        assert theirs[0] in ({200, 404, 422} if looks(there) else {404, 409, 422}), (there, theirs)
    assert await rows() == before


async def test_S_02_a_preview_of_anothers_is_none(parties: Parties, things: Things) -> None:
    del things  # they are what the previews find
    for path, body in (
        ("/v1/runs/redrive", {"preview": True, "filter": {"state": "faulted"}}),
        ("/v1/exceptions/act", {"preview": True, "filter": {}, "action": "assign", "owner": "role:x"}),
    ):
        seen = await parties.acme.post(path, body)
        assert seen.status == 200, seen.body
        token = seen.json["token"]
        if token is None:
            continue
        for outsider in (parties.sibling, parties.acme_test, parties.foreign):
            answer = await outsider.post(path, {"token": token})
            assert 400 <= answer.status < 500, (path, answer.body)
            assert answer.problem == (await outsider.post(path, {"token": "x" + token[1:]})).problem
