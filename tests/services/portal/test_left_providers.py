"""Whoever is sent away does not come back by a provider of their own that lets newcomers in (S-68)."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from infra.database import Database, Scope
from tenants.identity.openid import entering
from tenants.identity.openid.errors import NobodyHere
from tests.asgi import Answer, Caller
from tests.services.api.routes.test_oauth import token_of as access_token
from tests.services.portal.staff import chief
from tests.services.portal.test_invitations import role
from tests.services.portal.test_newcomers import vouched
from tests.services.portal.test_sent_away import Sent, demote, disable, key_of_acme, second
from tests.services.portal.visitors import House, Visitor, change

PROVIDER = {"name": "Acme", "issuer": "https://login.acme.example", "client_id": "p"}


async def provider_of(visitor: Visitor) -> str:
    """One that makes everybody whom it sends an administrator."""
    body = {**PROVIDER, "newcomers": await role(visitor, "administrator")}
    made = await visitor.send("POST", "/v1/identity-providers", body)
    assert made.status == 201, made.body
    found: str = made.json["id"]
    return found


async def comes_by(house: House, database: Database, provider: str) -> Any:
    row = await vouched(house, database, ids.read("idp", provider))
    return await entering.account_for(database, row)


@pytest.mark.parametrize("send_away", [disable, demote])
async def test_S_68_whoever_is_sent_away_does_not_come_back_by_their_own_provider(
    house: House, app_database: Database, send_away: Sent
) -> None:
    boss, (bad, who) = await chief(house, app_database), await second(house, app_database)
    left, kept = await provider_of(bad), await provider_of(boss)
    assert (await send_away(boss, who)).status == 200
    with pytest.raises(NobodyHere):
        await comes_by(house, app_database, left)
    assert (await comes_by(house, app_database, kept)).live, "another's stays"
    log = (await boss.get("/v1/audit?action=provider.newcomers-held")).json["items"]
    assert [(one["target"], one["after"]) for one in log] == [(left, {"vouched_by": f"account:{who}"})]


async def test_S_68_who_enables_a_provider_stands_for_its_newcomers_again(house: House, app_database: Database) -> None:
    """People whom it knows would all be others at a new one."""
    boss, (bad, who) = await chief(house, app_database), await second(house, app_database)
    left = await provider_of(bad)
    assert (await disable(boss, who)).status == 200
    assert (await boss.send("POST", f"/v1/identity-providers/{left}/enable")).status == 200
    assert (await comes_by(house, app_database, left)).live
    log = (await boss.get("/v1/audit?action=provider.newcomers-let-in")).json["items"]
    assert [one["target"] for one in log] == [left]


async def test_S_68_a_provider_of_the_seconds_after_lets_nobody_in(house: House, app_database: Database) -> None:
    """A process may remember a session for two seconds after its account was disabled."""
    bad, _ = await second(house, app_database)
    body = {**PROVIDER, "newcomers": await role(bad, "administrator")}
    gone = "UPDATE app.account SET status = 'disabled' WHERE email = 'second@acme.example'"
    await change(app_database, Scope.partner(house.ids["north"]), gone)
    refused = await bad.send("POST", "/v1/identity-providers", body)
    assert (refused.status, refused.problem) == (403, "not-yours-to-grant")


@pytest.mark.parametrize("kind", ["token", "key that expires"])
async def test_S_65_S_68_what_is_about_to_end_leaves_no_provider_that_lets_in(house: House, kind: str) -> None:
    lasting = house.operator.having(await key_of_acme(house))
    caller = house.operator.having(await key_of_acme(house, expires_in=3600))
    if kind == "token":
        caller = lasting.having((await access_token(lasting))["access_token"])
    body = {**PROVIDER, "newcomers": await administrators(lasting)}
    refused = await caller.post("/v1/identity-providers", body)
    assert (refused.status, refused.problem) == (403, "not-yours-to-grant")
    assert (await caller.post("/v1/identity-providers", PROVIDER)).status == 201, "one for who is invited lets none in"
    assert (await lasting.post("/v1/identity-providers", body)).status == 201


async def test_S_65_S_68_a_key_that_is_revoked_leaves_no_provider_that_lets_in(
    house: House, app_database: Database
) -> None:
    key, boss = house.operator.having(await key_of_acme(house)), await chief(house, app_database)
    made: Answer = await key.post("/v1/identity-providers", {**PROVIDER, "newcomers": await administrators(key)})
    known = (await key.get("/v1/me")).json["key"]
    assert (await boss.send("POST", f"/v1/keys/{known}/revoke")).status == 200
    with pytest.raises(NobodyHere):
        await comes_by(house, app_database, made.json["id"])


async def administrators(caller: Caller) -> str:
    roles = {(one["slug"], one["level"]): one["id"] for one in (await caller.get("/v1/roles")).json["items"]}
    found: str = roles["administrator", "client"]
    return found
