"""S-92, S-93, S-94: a creating request under an `Idempotency-Key` is done once a day and answered alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from services.api.conditions import CREATING
from services.api.policy import PREFIX
from services.api.routes import HANDLERS
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties

WORKFLOW = """\
document: {dsl: 1.0.3, namespace: acme, name: greeting, version: 1.0.0}
schedule: {on: {one: {with: {type: order.captured}}}}
do:
- greet: {set: {hello: world}}
"""
AT = "/v1/clients/acme/live"
ERP = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:1"},
    "secrets": {"token": "a token of sixteen or more"},
}
Who = Callable[[Parties], Caller]
MADE: list[tuple[Who, str, dict[str, Any]]] = [
    (lambda p: p.operator, "/v1/partners", {"slug": "west", "name": "West"}),
    (lambda p: p.north, "/v1/clients", {"slug": "bolts", "name": "Bolts"}),
    (lambda p: p.operator, "/v1/keys", {"name": "second", "partner": "north"}),
    (lambda p: p.north, f"{AT}/workflows", {"document": WORKFLOW}),
    (lambda p: p.north, f"{AT}/connections", ERP),
]


async def keyed(caller: Caller, target: str, body: Any, key: str = "4711") -> Answer:
    return await caller.post(target, body, headers={"idempotency-key": key})


@pytest.mark.parametrize(("who", "target", "body"), MADE, ids=[target for _, target, _ in MADE])
async def test_S_93_the_same_request_again_gets_the_stored_answer(
    who: Who, target: str, body: dict[str, Any], parties: Parties
) -> None:
    first = await keyed(who(parties), target, body)
    assert first.status == 201, first.body
    assert "idempotent-replayed" not in first.headers
    again = await keyed(who(parties), target, body)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]


async def test_S_93_a_deployment_and_a_rotation_are_made_once(parties: Parties) -> None:
    published = await parties.north.post(f"{AT}/workflows", {"document": WORKFLOW})
    body = {"name": "greeting", "workflow": published.json["id"]}
    answers = [await keyed(parties.north, f"{AT}/deployments", body) for _ in range(2)]
    assert answers[0].status == 201, answers[0].body
    assert answers[0].body == answers[1].body
    made = (await parties.north.post("/v1/keys", {"name": "more"})).json
    rotated = [await keyed(parties.north, f"/v1/keys/{made['id']}/rotate", {}) for _ in range(2)]
    assert rotated[0].status == 201, rotated[0].body
    assert rotated[0].body == rotated[1].body


async def test_S_93_of_fifty_at_once_one_makes_it(parties: Parties) -> None:
    body = {"slug": "bolts", "name": "Bolts"}
    answers = await asyncio.gather(*(keyed(parties.north, "/v1/clients", body) for _ in range(50)))
    assert {(one.status, one.body) for one in answers} == {(201, answers[0].body)}
    assert sum("idempotent-replayed" not in one.headers for one in answers) == 1
    listed = (await parties.north.get("/v1/clients")).json["items"]
    assert [one["slug"] for one in listed].count("bolts") == 1


async def test_S_92_another_body_or_query_under_the_key_is_refused(parties: Parties) -> None:
    body = {"slug": "bolts", "name": "Bolts"}
    assert (await keyed(parties.north, "/v1/clients", body)).status == 201
    other = await keyed(parties.north, "/v1/clients", {**body, "name": "Other"})
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


async def test_S_92_another_route_tenant_or_caller_has_keys_of_its_own(parties: Parties) -> None:
    assert (await keyed(parties.north, f"{AT}/connections", ERP)).status == 201
    for caller, target, body in (
        (parties.north, f"{AT}/workflows", {"document": WORKFLOW}),
        (parties.north, "/v1/clients/acme/test/connections", ERP),
        (parties.north, "/v1/clients/sibling/live/connections", ERP),
        (parties.south, "/v1/clients/foreign/live/connections", ERP),
        (parties.south, "/v1/clients", {"slug": "erp", "name": "x"}),
    ):
        answer = await keyed(caller, target, body)
        assert answer.status == 201, answer.body
        assert "idempotent-replayed" not in answer.headers


@pytest.mark.parametrize("key", ["x" * 256, '""', "\xf0\x9f\x93\xa6", '"a", "b"', "a,b", "a b", '"open', "\\"])
async def test_S_92_a_key_of_another_form_is_refused_and_nothing_done(key: str, parties: Parties) -> None:
    answer = await keyed(parties.north, "/v1/clients", {"slug": "bolts", "name": "Bolts"}, key)
    assert (answer.status, answer.problem) == (400, "bad-idempotency-key")
    assert (await parties.north.get("/v1/clients/bolts")).status == 404


async def test_S_92_an_empty_key_and_two_of_them_are_refused(parties: Parties) -> None:
    body = b'{"slug":"bolts","name":"Bolts"}'
    base = [(b"host", b"127.0.0.1:8420"), (b"content-type", b"application/json")]
    base.append((b"authorization", f"Bearer {parties.north.key}".encode()))
    for keys in ([b""], [b"a", b"a"]):
        headers = base + [(b"idempotency-key", key) for key in keys]
        answer = await parties.north.exchange("POST", "/v1/clients", headers, [body])
        assert (answer.status, answer.problem) == (400, "bad-idempotency-key")


async def test_a_key_in_quotation_marks_is_the_key_without_them(parties: Parties) -> None:
    body = {"slug": "bolts", "name": "Bolts"}
    first = await keyed(parties.north, "/v1/clients", body, '"4711"')
    assert (await keyed(parties.north, "/v1/clients", body, "4711")).body == first.body


async def test_what_was_refused_leaves_its_key_free(parties: Parties) -> None:
    assert (await keyed(parties.north, "/v1/clients", {"slug": "acme", "name": "Acme"})).status == 409
    assert (await keyed(parties.north, "/v1/clients", {"slug": "bolts", "name": "Bolts"})).status == 201


async def test_S_94_after_a_day_the_key_is_a_new_one_and_on_a_read_it_is_nothing(
    parties: Parties, stack: Stack, endpoints: Endpoints
) -> None:
    body = {"slug": "bolts", "name": "Bolts"}
    assert (await keyed(parties.north, "/v1/clients", body)).status == 201
    stack.postgres.run_sql(
        ["UPDATE app.kept_answer SET created_at = created_at - interval '24 hours 1 second'"],
        endpoints.database_url.rpartition("/")[2],
    )
    assert (await keyed(parties.north, "/v1/clients", body)).problem == "slug-taken"
    for key in ("4711", "a,b"):
        assert (await parties.north.send("GET", "/v1/clients", headers={"idempotency-key": key})).status == 200


async def test_S_65_a_kept_answer_is_sealed_and_seen_by_its_owner_alone(
    parties: Parties, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    made = await keyed(parties.operator, "/v1/keys", {"name": "second", "partner": "north"})
    rows = stack.postgres.run_sql(["SELECT answer FROM app.kept_answer"], endpoints.database_url.rpartition("/")[2])
    assert rows
    assert made.json["key"] not in str(rows)
    assert made.json["key"].encode().hex() not in str(rows)
    assert (await keyed(parties.north, "/v1/clients", {"slug": "bolts", "name": "Bolts"})).status == 201
    north, south = [Scope.partner(await partner_id(app_database, slug)) for slug in ("north", "south")]
    for scope, seen in ((Scope.operator(), 1), (north, 1), (south, 0)):
        async with app_database.session(scope) as session:
            assert await session.scalar(text("SELECT count(*) FROM app.kept_answer")) == seen


async def partner_id(database: Database, slug: str) -> Any:
    async with database.session(Scope.operator()) as session:
        return await session.scalar(text("SELECT partner_id FROM app.partner WHERE slug = :slug"), {"slug": slug})


async def test_an_answer_that_opens_no_more_is_said_to_be_gone(
    parties: Parties, stack: Stack, endpoints: Endpoints
) -> None:
    body = {"slug": "bolts", "name": "Bolts"}
    assert (await keyed(parties.north, "/v1/clients", body)).status == 201
    stack.postgres.run_sql(
        ["UPDATE app.kept_answer SET answer = reverse(answer)"], endpoints.database_url.rpartition("/")[2]
    )
    again = await keyed(parties.north, "/v1/clients", body)
    assert (again.status, again.problem) == (409, "no-kept-answer")


def test_every_route_that_makes_something_takes_a_key() -> None:
    making = {
        ("POST", path.replace(":str}", "}"))
        for handler in HANDLERS
        if handler.status_code == 201
        for path in handler.paths
    }
    # A directory that asks again is told that the person is there: 409, `uniqueness` (RFC 7644, section 3.3).
    # Of a link whose answer was lost another is asked for, which ends the first; and no answer with a link is kept.
    link = "connections/{connection}/authorization-link"
    newest = {("POST", f"{at}/{link}") for at in ("/v1", PREFIX)}
    assert making == CREATING | {("POST", "/scim/v2/Users")} | newest
