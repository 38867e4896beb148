"""Asking somebody in (S-58, S-68, S-69)."""

from __future__ import annotations

from typing import Any

import pytest

from infra.database import Database, Scope
from tenants.audit import keeping
from tests.asgi import Answer
from tests.services.portal.staff import chief, staff
from tests.services.portal.visitors import CLERK, NORTH, PASSWORD, House, Visitor, change, cookies_of, token_of

NEW = "violet otter paints 7 bridges"
COOKIE = "__Host-invitation"


async def role(visitor: Visitor, slug: str, level: str = "client") -> str:
    items = (await visitor.get("/v1/roles")).json["items"]
    found: str = next(one["id"] for one in items if (one["slug"], one["level"]) == (slug, level))
    return found


async def invite(visitor: Visitor, slug: str = "clerk", level: str = "client", **other: Any) -> Answer:
    body = {"email": "nina@acme.example", "name": "Nina", "roles": [await role(visitor, slug, level)], **other}
    return await visitor.send("POST", "/v1/invitations", body)


async def link(visitor: Visitor, **other: Any) -> str:
    made = await invite(visitor, **other)
    assert made.status == 201, made.body
    found: str = made.json["link"]
    return found


async def opened(visitor: Visitor, address: str) -> Answer:
    return await visitor.send("POST", "/portal/invitation", {"token": address.partition("#")[2]})


async def accept(visitor: Visitor, cookie: str, password: str = NEW, **headers: str) -> Answer:
    body = {"password": password}
    return await visitor.send("POST", "/portal/invitation/accept", body, cookie=f"{COOKIE}={cookie}", **headers)


async def test_who_is_invited_gets_an_account_with_the_roles(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    made = await invite(boss)
    seen = await opened(house.north, made.json["link"])
    assert (seen.status, seen.json["email"], seen.json["name"]) == (201, "nina@acme.example", "Nina")
    entered = await accept(house.north, cookies_of(seen)[COOKIE])
    assert entered.status == 201, entered.body
    nina = house.north.having(token_of(entered))
    session = (await nina.get("/portal/session")).json
    assert (session["account"]["name"], session["client"]["slug"]) == ("Nina", "acme")
    assert "runs:write" in session["permissions"]
    assert (await house.north.sign_in("nina@acme.example", NEW)).status == 201
    listed = (await boss.get("/v1/invitations")).json["items"]
    assert [(one["status"], one["account"]) for one in listed] == [("accepted", session["account"]["id"])]
    assert made.json["link"].partition("#")[2] not in repr(listed)


async def test_S_85_who_was_invited_and_is_forgotten_stands_nowhere_in_the_audit(
    house: House, app_database: Database
) -> None:
    """Her name and address are in her account, and in no record of who asked her in."""
    boss, tenant = await chief(house, app_database), house.ids["acme"]
    seen = await opened(house.north, await link(boss))
    nina = house.north.having(token_of(await accept(house.north, cookies_of(seen)[COOKIE])))
    account = (await nina.get("/portal/session")).json["account"]["id"]
    async with app_database.session(Scope.tenant(tenant)) as session:
        _, veiled = await keeping.forget(session, tenant, account, actor="test")
        await session.commit()
    assert veiled >= 2
    async with app_database.tenant(tenant) as connection:
        rows = await connection.fetch("SELECT a::text AS row FROM app.audit a")
    assert "invitation.created" in "".join(row["row"] for row in rows)
    assert [row["row"] for row in rows if "nina" in row["row"].lower() or account in row["row"]] == []


async def test_S_69_the_link_leads_to_the_partners_own_host_whatever_the_request_says(
    house: House, app_database: Database
) -> None:
    boss = await chief(house, app_database)
    assert (await link(boss)).startswith(f"http://{NORTH}:8420/invitation#")
    forged = await boss.send(
        "POST",
        "/v1/invitations",
        {"email": "nina@acme.example", "name": "Nina", "roles": [await role(boss, "clerk")]},
        x_forwarded_host="evil.example",
        forwarded="host=evil.example",
    )
    assert "evil" not in forged.body.decode()
    assert (await invite(boss, host="evil.example")).status == 422
    assert (await invite(boss, host="portal.south.example")).status == 422


async def test_S_69_looking_at_the_link_opens_nothing(house: House, app_database: Database) -> None:
    address = await link(await chief(house, app_database))
    page = await house.north.get("/invitation", sec_fetch_site="none", origin="")
    assert page.status == 200
    assert "set-cookie" not in page.headers
    assert (await house.north.get("/portal/invitation")).status in {404, 405}
    assert (await opened(house.north, address)).status == 201


async def test_S_69_it_is_accepted_once_by_the_browser_that_opened_it(house: House, app_database: Database) -> None:
    address = await link(await chief(house, app_database))
    first, second = await opened(house.north, address), await opened(house.north, address)
    for cookie in (cookies_of(first)[COOKIE], "a" * 43, "", "x"):
        refused = await accept(house.north, cookie)
        assert (refused.status, refused.problem) == (404, "invitation-over")
    good = cookies_of(second)[COOKIE]
    assert (await accept(house.north, good)).status == 201
    assert (await accept(house.north, good)).problem == "invitation-over"
    assert (await opened(house.north, address)).problem == "invitation-over"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE app.invitation SET opened_at = opened_at - interval '16 minutes'",
        "UPDATE app.invitation SET ended_at = clock_timestamp()",
    ],
    ids=["a quarter of an hour", "withdrawn"],
)
async def test_S_69_too_late_is_too_late(house: House, app_database: Database, statement: str) -> None:
    address = await link(await chief(house, app_database))
    cookie = cookies_of(await opened(house.north, address))[COOKIE]
    await change(app_database, Scope.partner(house.ids["north"]), statement)
    assert (await accept(house.north, cookie)).problem == "invitation-over"


async def test_S_69_after_three_days_and_on_another_partners_host_it_opens_for_nobody(
    house: House, app_database: Database
) -> None:
    address = await link(await chief(house, app_database))
    assert (await opened(house.south, address)).problem == "invitation-over"
    for guess in ("", "x", "a" * 43, address.partition("#")[2][:-1]):
        assert (await opened(house.north, "#" + guess)).problem == "invitation-over"
    scope = Scope.partner(house.ids["north"])
    await change(app_database, scope, "UPDATE app.invitation SET expires_at = clock_timestamp()")
    assert (await opened(house.north, address)).problem == "invitation-over"


async def test_S_58_the_address_of_somebody_who_is_here_joins_nobody(house: House, app_database: Database) -> None:
    address = await link(await chief(house, app_database), email=CLERK)
    cookie = cookies_of(await opened(house.north, address))[COOKIE]
    taken = await accept(house.north, cookie)
    assert (taken.status, taken.problem) == (409, "email-taken")
    assert (await house.north.sign_in(CLERK, PASSWORD)).status == 201


async def test_a_password_that_is_easily_guessed_is_refused(house: House, app_database: Database) -> None:
    address = await link(await chief(house, app_database))
    cookie = cookies_of(await opened(house.north, address))[COOKIE]
    for weak in ("short", "password1234", "nina@acme.example", "aaaaaaaaaaaaaaaa", "North Portal 2026"):
        assert (await accept(house.north, cookie, weak)).status == 422, weak
    assert (await accept(house.north, cookie, "x" * 257)).status == 422
    assert (await accept(house.north, cookie)).status == 201


async def test_S_68_nobody_invites_to_what_they_lack(house: House, app_database: Database) -> None:
    boss, clerk = await chief(house, app_database), await house.north.signed_in(CLERK)
    partners = await role(await staff(house, app_database, "boss@north.example", "administrator"), "viewer", "partner")
    body = {"email": "nina@acme.example", "name": "Nina", "roles": [await role(boss, "administrator")]}
    assert (await clerk.send("POST", "/v1/invitations", body)).status == 403
    assert (await boss.send("POST", "/v1/invitations", {**body, "roles": [partners]})).status == 404
    assert (
        await boss.send("POST", "/v1/invitations", {**body, "client": "foreign", "environment": "live"})
    ).status == 404
    assert (await boss.send("POST", "/v1/invitations", {**body, "client": "acme", "environment": "test"})).status == 404
    assert (await boss.send("POST", "/v1/invitations", {**body, "roles": []})).status == 422
    assert (await boss.send("POST", "/v1/invitations", {**body, "tenant_id": "x"})).status == 422
