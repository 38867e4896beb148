"""Whoever is sent away does not come back by what they left: invitations and keys (S-65, S-68)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity import permissions
from tests.asgi import Answer, Caller
from tests.services.api.parties import first_key, id_of, make_key
from tests.services.api.routes.test_oauth import token_of as access_token
from tests.services.portal.staff import chief, let_in
from tests.services.portal.test_invitations import COOKIE, accept, invite, opened
from tests.services.portal.test_people import give, made
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import House, Visitor, change, cookies_of

Sent = Callable[[Visitor, str], Awaitable[Answer]]


async def second(house: House, database: Database) -> tuple[Visitor, str]:
    """Another administrator of acme, signed in, and their account's id."""
    await let_in(house, database, "second@acme.example", "administrator", tenant="acme")
    found = await house.north.signed_in("second@acme.example")
    return found, (await found.get("/portal/session")).json["account"]["id"]


async def disable(boss: Visitor, who: str) -> Answer:
    return await boss.send("POST", f"/v1/people/{who}/disable")


async def demote(boss: Visitor, who: str) -> Any:
    return await give(boss, who, await made(boss, "runs:read"))


@pytest.mark.parametrize("send_away", [disable, demote])
async def test_S_68_whoever_is_sent_away_does_not_come_back_by_their_own_invitations(
    house: House, app_database: Database, send_away: Sent
) -> None:
    boss, (bad, who) = await chief(house, app_database), await second(house, app_database)
    waiting = (await invite(bad, "administrator")).json["link"]
    other = (await invite(bad, "administrator", email="other@acme.example")).json["link"]
    cookie = cookies_of(await opened(house.north, other))[COOKIE]
    kept = (await invite(boss, email="kept@acme.example")).json["link"]
    assert (await send_away(boss, who)).status == 200
    assert (await opened(house.north, waiting)).problem == "invitation-over"
    assert (await accept(house.north, cookie)).problem == "invitation-over"
    assert (await opened(house.north, kept)).status == 201, "another's stays"
    log = (await boss.get("/v1/audit?action=invitation.withdrawn")).json["items"]
    assert [one["after"] for one in log] == [{"inviter": f"account:{who}"}] * 2


async def test_S_68_a_role_that_shrinks_ends_what_its_people_asked_in_with_it(
    house: House, app_database: Database
) -> None:
    boss, (bad, who) = await chief(house, app_database), await second(house, app_database)
    office = await made(boss, "people:read", "people:write", "usage:read")
    assert (await give(boss, who, office)).status == 200
    bad = await house.north.signed_in("second@acme.example")
    body = {"email": "nina@acme.example", "name": "Nina", "roles": [office]}
    first = (await bad.send("POST", "/v1/invitations", body)).json["link"]
    more = {"permissions": ["people:read", "people:write", "usage:read", "runs:read"]}
    assert (await boss.send("PATCH", f"/v1/roles/{office}", more)).status == 200
    assert (await opened(house.north, first)).status == 201, "who loses nothing keeps them"
    assert (await boss.send("PATCH", f"/v1/roles/{office}", {"permissions": ["people:read"]})).status == 200
    assert (await opened(house.north, first)).problem == "invitation-over"


async def test_S_68_an_invitation_of_the_seconds_after_is_worth_nothing(
    house: House, app_database: Database, front: Front
) -> None:
    """A process may remember a session for two seconds; what was made in them is opened by nobody."""
    boss, (bad, who) = await chief(house, app_database), await second(house, app_database)
    late = (await invite(bad, "administrator")).json["link"]
    assert (await disable(boss, who)).status == 200
    still = "UPDATE app.invitation SET ended_at = NULL WHERE account_id IS NULL"
    await change(app_database, Scope.partner(house.ids["north"]), still)
    assert (await opened(house.north, late)).problem == "invitation-over"
    assert (await boss.send("POST", f"/v1/people/{who}/enable")).status == 200
    assert (await opened(house.north, late)).status == 201, "which holds because of the account and of nothing else"
    forget(front)


async def test_S_65_a_key_that_is_revoked_lets_nobody_in_and_keys_say_who_made_them(
    house: House, app_database: Database
) -> None:
    boss, (bad, who) = await chief(house, app_database), await second(house, app_database)
    body = {"name": "left behind", "permissions": ["people:write", "people:read", "runs:read"]}
    left = (await bad.send("POST", "/v1/keys", body)).json
    wish = {"email": "nina@acme.example", "name": "Nina", "roles": [await made(boss, "runs:read")]}
    asked = await house.operator.having(left["key"]).post("/v1/invitations", wish)
    assert asked.status == 201, asked.body
    assert (await disable(boss, who)).status == 200
    listed = [one for one in (await boss.get("/v1/keys")).json["items"] if one["made_by"] == f"account:{who}"]
    assert [one["id"] for one in listed] == [left["id"]], "so that whoever sent them away finds it"
    assert (await boss.send("POST", f"/v1/keys/{left['id']}/revoke")).status == 200
    assert (await opened(house.north, asked.json["link"])).problem == "invitation-over"


async def key_of_acme(house: House, **more: object) -> str:
    """One that may let people in there."""
    held = sorted(permissions.ALLOWED[permissions.Scope.CLIENT])
    first = house.operator.having(await first_key(house.operator, "north/acme/live", held))
    return await make_key(first, permissions=held, **more)


async def asked_by(caller: Caller) -> Any:
    roles = {(one["slug"], one["level"]): one["id"] for one in (await caller.get("/v1/roles")).json["items"]}
    wish = {"email": "nina@acme.example", "name": "Nina", "roles": [roles["administrator", "client"]]}
    made = await caller.post("/v1/invitations", wish)
    assert made.status == 201, made.body
    return made.json


@pytest.mark.parametrize("way", ["expired", "rotated"])
async def test_S_65_S_68_an_invitation_does_not_outlive_the_key_that_made_it(
    house: House, app_database: Database, way: str
) -> None:
    """Neither unopened nor opened, and neither when the key was made to end nor when its successor took over."""
    key = house.operator.having(await key_of_acme(house, **({"expires_in": 3600} if way == "expired" else {})))
    waiting, known, listed = await asked_by(key), await id_of(key), (await key.get("/v1/invitations")).json["items"][0]
    end = (await key.get(f"/v1/keys/{known}")).json["expires_at"]
    assert way != "expired" or listed["expires_at"] == end
    if way == "rotated":
        assert (await key.post(f"/v1/keys/{known}/rotate", {"overlap_seconds": 60})).status == 201
    cookie = cookies_of(await opened(house.north, waiting["link"]))[COOKIE]
    over = "UPDATE app.api_key SET expires_at = clock_timestamp() WHERE key_id = :key"
    await change(app_database, Scope.tenant(house.ids["acme"]), over, key=ids.read("key", known))
    assert (await accept(house.north, cookie)).problem == "invitation-over"
    assert (await opened(house.north, waiting["link"])).problem == "invitation-over"


async def test_S_65_S_68_an_invitation_waits_no_longer_than_the_token_that_made_it(house: House) -> None:
    key = house.operator.having(await key_of_acme(house))
    issued = await access_token(key)
    before = datetime.now(UTC)
    made = await asked_by(key.having(issued["access_token"]))
    assert datetime.fromisoformat(made["expires_at"]) < before + timedelta(seconds=issued["expires_in"] + 5)
    assert (await asked_by(key))["expires_at"] > made["expires_at"], "the key itself asks for three days"


async def test_S_65_what_a_partners_key_asked_in_ends_with_it_when_the_operator_revokes_it(
    house: House, app_database: Database
) -> None:
    held = ["people:read", "people:write", "roles:write", *sorted(permissions.DEFAULTS[permissions.Scope.PARTNER])]
    partner = house.operator.having(await make_key(house.operator, partner="north", permissions=held))
    key, operator = await id_of(partner), await id_of(house.operator)
    roles = {(one["slug"], one["level"]): one["id"] for one in (await partner.get("/v1/roles")).json["items"]}
    new = {"slug": "desk", "name": "Desk", "level": "client", "permissions": ["runs:read"]}
    own = (await partner.post("/v1/roles", new)).json["id"]
    asked = []
    for level, more in (("partner", {}), ("client", {"client": "acme", "environment": "live"})):
        # For the client's people a role of the partner's own: those of the product hold what it may not give.
        chosen = roles["viewer", "partner"] if level == "partner" else own
        wish = {"email": f"nina@{level}.example", "name": "Nina", "roles": [chosen], **more}
        made = await partner.post("/v1/invitations", wish)
        assert made.status == 201, made.body
        asked.append(made.json["id"])
    for _ in range(2):
        assert (await house.operator.post(f"/v1/keys/{key}/revoke")).status == 200
    async with app_database.session(Scope.partner(house.ids["north"])) as session:
        query = "SELECT actor, target, after FROM app.organization_audit WHERE action = 'invitation.withdrawn'"
        told = (await session.execute(text(query))).all()
        left = (await session.execute(text("SELECT 1 FROM app.invitation WHERE ended_at IS NULL"))).all()
    assert left == []
    assert {one.target for one in told} == set(asked)
    assert [(one.actor, one.after) for one in told] == [(f"key:{operator}", {"inviter": f"key:{key}"})] * 2
