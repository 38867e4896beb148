"""The portal's own routes, each asked by everybody who is nobody there: walked from the routes themselves (S-01)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from services.api.app import RouteWithoutPolicy
from services.portal import policy
from services.portal.app import Front
from services.portal.openapi import document
from services.portal.routes import HANDLERS
from tests.asgi import Answer
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import NORTH, SOUTH, House, Visitor, change

DOCUMENT: dict[str, Any] = msgspec.json.decode(document())
PUBLIC: Final = {
    ("GET", "/portal/brand"),
    ("POST", "/portal/session"),
    ("GET", "/portal/providers"),
    ("POST", "/portal/providers/{provider}/leave"),
    ("POST", "/portal/invitation"),
    ("POST", "/portal/invitation/accept"),
    ("POST", "/portal/passkey-session/ask"),
    ("POST", "/portal/passkey-session"),
    ("POST", "/portal/reconnect"),
    ("GET", "/portal/reconnect"),
    ("POST", "/portal/reconnect/leave"),
    ("GET", "/portal/link"),
    ("GET", "/portal/status"),
    ("POST", "/portal/link/decide"),
    ("POST", "/portal/link/documents"),
}
"""What somebody without a session may ask: to get one, or by a link that they were given."""
# Shown to whoever opens the page to sign in, the way back from a provider, or what its server tells: in no document.
UNLISTED: Final = {
    ("GET", "/portal/brand.css"),
    ("GET", "/portal/logo.svg"),
    ("GET", "/portal/icon.svg"),
    ("GET", "/portal/notices.css"),
    ("GET", "/portal/notices/{token}"),
    ("POST", "/portal/notices/{token}"),
    ("POST", "/portal/notices/{token}/again"),
    ("GET", "/portal/providers/{provider}/return"),
    ("POST", "/portal/providers/{provider}/logout"),
    ("GET", "/portal/connectors/{connector}/return"),
}
WITHOUT_A_SESSION: Final = {("DELETE", "/portal/session"): 204}
"""Signing out is safe to repeat, by nobody too."""
OUTSIDERS: Final = (
    "nobody",
    "signed out",
    "another host",
    "another partner",
    "rested",
    "expired",
    "disabled",
    "client disabled",
)


def routes() -> Iterator[tuple[str, str]]:
    for path, methods in DOCUMENT["paths"].items():
        if path.startswith("/portal/"):
            yield from ((method.upper(), path) for method in methods)


PRIVATE: Final = sorted(set(routes()) - PUBLIC)


def body_of(method: str, path: str) -> Any:
    """The smallest that its schema takes, so that nothing is refused for its form."""
    content = DOCUMENT["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    # A file has no schema that says more.
    return _value(content["application/json"]["schema"]) if "application/json" in content else None


def _value(schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if "oneOf" in schema or "anyOf" in schema:
        return _value((schema.get("oneOf") or schema["anyOf"])[0])
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: _value(schema["properties"][name]) for name in schema.get("required", [])}
    plain = {"string": "x" * max(schema.get("minLength", 1), 1), "integer": schema.get("minimum", 1), "boolean": False}
    return plain.get(str(kind), [])


async def knock(visitor: Visitor, method: str, path: str) -> Answer:
    for name, prefix in (("passkey", "pk"), ("provider", "idp")):
        path = path.replace(f"{{{name}}}", ids.show(prefix, ids.new()))
    template = next(one for one in DOCUMENT["paths"] if one.count("/") == path.count("/") and _fits(one, path))
    return await visitor.send(method, path, body_of(method, template))


def _fits(template: str, path: str) -> bool:
    return all(
        one == other or one.startswith("{") for one, other in zip(template.split("/"), path.split("/"), strict=True)
    )


async def outsider(kind: str, house: House, front: Front, database: Database) -> Visitor:
    """Who has no session here, whatever they had or have elsewhere."""
    north = Scope.partner(house.ids["north"])
    clerk = await house.north.signed_in()
    if kind == "nobody":
        return house.north
    if kind == "another host":
        added = "INSERT INTO app.portal_host (host, partner_id) VALUES ('two.localhost', :partner)"
        await change(database, Scope.operator(), added, partner=house.ids["north"])
        return clerk.at("two.localhost")
    if kind == "another partner":
        return clerk.at(SOUTH)
    statements = {
        "signed out": "DELETE FROM app.portal_session",
        "rested": "UPDATE app.portal_session SET seen_at = seen_at - interval '61 minutes'",
        "expired": "UPDATE app.portal_session SET expires_at = clock_timestamp()",
        "disabled": "UPDATE app.account SET status = 'disabled'",
        "client disabled": "UPDATE app.client SET status = 'disabled'",
    }
    await change(database, north, statements[kind])
    forget(front)
    return clerk


def test_S_01_every_route_of_the_portal_is_walked() -> None:
    walked = {path.replace(":str", "") for handler in HANDLERS for path in handler.paths}
    known = {path for _, path in (*PRIVATE, *PUBLIC, *UNLISTED)}
    assert {f"/{path.strip('/')}" for path in walked} == known
    assert set(routes()) >= PUBLIC
    assert len(PRIVATE) > 15


def test_S_01_a_route_that_nobody_allowed_stops_the_process(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are those of the routes, and what is private there is what the document says is."""
    rows = {route for route, who in policy.POLICY.items() if who is policy.Who.ANYBODY}
    assert rows == PUBLIC | UNLISTED | WITHOUT_A_SESSION.keys()
    assert policy.POLICY.keys() == set(routes()) | UNLISTED
    policy.check_complete(front.inner.portal)
    monkeypatch.delitem(policy.POLICY, ("POST", "/portal/acting"))
    with pytest.raises(RouteWithoutPolicy, match="POST /portal/acting"):
        policy.check_complete(front.inner.portal)


@pytest.mark.parametrize("body", [None, {}, {"nonsense": True}, []])
async def test_S_01_nobodys_body_is_not_looked_at(house: House, body: Any) -> None:
    """Whatever it holds: 401, and never what is wrong with it."""
    for method, path in PRIVATE:
        if method == "GET" or (method, path) in WITHOUT_A_SESSION:
            continue
        answer = await house.north.send(method, path.replace("{passkey}", "x"), body)
        assert (answer.status, answer.problem) == (401, "not-signed-in"), (method, path, answer.body)


async def test_S_01_S_63_every_dangerous_route_asks_for_a_fresh_proof(
    house: House, front: Front, app_database: Database
) -> None:
    clerk = await house.north.signed_in()
    old = "UPDATE app.portal_session SET proved_at = proved_at - interval '11 minutes'"
    await change(app_database, Scope.partner(house.ids["north"]), old)
    forget(front)
    dangerous = sorted(route for route, who in policy.POLICY.items() if who is policy.Who.PROVEN)
    assert len(dangerous) == 7
    for method, path in dangerous:
        answer = await knock(clerk, method, path)
        assert (answer.status, answer.problem) == (403, "proof-needed"), (method, path, answer.body)


@pytest.mark.parametrize("kind", OUTSIDERS)
async def test_S_01_who_has_no_session_here_is_told_so_on_every_route(
    house: House, front: Front, app_database: Database, kind: str
) -> None:
    visitor = await outsider(kind, house, front, app_database)
    for method, path in PRIVATE:
        answer = await knock(visitor, method, path)
        if (method, path) in WITHOUT_A_SESSION:
            assert answer.status == WITHOUT_A_SESSION[method, path]
            continue
        assert (answer.status, answer.problem) == (401, "not-signed-in"), (kind, method, path, answer.body)


async def test_S_01_S_64_an_api_key_is_nobody_on_every_route(house: House) -> None:
    for method, path in PRIVATE:
        for key in house.keys.values():
            authorized = house.north.caller.having(key)
            answer = await knock(Visitor(authorized, NORTH), method, path)
            assert answer.status in {401, WITHOUT_A_SESSION.get((method, path))}, (method, path, answer.body)


async def test_S_64_no_route_is_changed_from_another_site(house: House) -> None:
    clerk = await house.north.signed_in()
    for method, path in sorted(set(routes())):
        if method == "GET":
            continue
        sent = await clerk.send(method, path, body_of(method, path), origin="https://evil.example")
        assert (sent.status, sent.problem) == (403, "cross-site"), (method, path, sent.body)
    assert (await clerk.get("/portal/session")).status == 200


async def test_S_01_the_person_enters_every_route(house: House) -> None:
    """What the others are held against: refused for the form of what is sent, or not at all, and never as nobody."""
    for method, path in PRIVATE:
        clerk = await house.north.signed_in()
        answer = await knock(clerk, method, path)
        assert answer.status < 500, (method, path, answer.body)
        assert b"not-signed-in" not in answer.body, (method, path, answer.body)


async def test_S_67_a_member_more_is_refused_on_every_route(house: House) -> None:
    clerk = await house.north.signed_in()
    wanted = ("tenant_id", "partner_id", "role", "is_admin", "plan", "price", "id", "created_at", "version", "verified")
    refused = 0
    for method, path in sorted(set(routes())):
        body = body_of(method, path)
        if body is None:
            continue
        for more in wanted:
            sent = await clerk.send(method, path, {more: "x", **body})
            assert (sent.status, sent.problem) == (422, "invalid-payload"), (method, path, more, sent.body)
            assert f"/{more}" in [one["pointer"] for one in sent.json["errors"]], (path, more)
            refused += 1
    assert refused > 100
