"""Roles, and who has them (S-63, S-67, S-68)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from services.portal.app import Front
from tenants.identity.permissions import ALLOWED, Permission, Scope
from tests.services.portal.staff import chief, let_in, staff
from tests.services.portal.test_invitations import role
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import APPROVER, CLERK, House, Visitor


def person(house: House, email: str = CLERK) -> str:
    return ids.show("acc", house.ids[f"{email} at north"])


async def made(visitor: Visitor, *permissions: str, **other: Any) -> str:
    body = {"slug": "night-shift", "name": "Night shift", "permissions": list(permissions), **other}
    answer = await visitor.send("POST", "/v1/roles", body)
    assert answer.status == 201, answer.body
    found: str = answer.json["id"]
    return found


async def give(visitor: Visitor, who: str, *roles: str) -> Any:
    return await visitor.send("PUT", f"/v1/people/{who}/roles", {"roles": list(roles)})


async def test_a_role_of_ones_own_is_given_and_changed(house: House, app_database: Database, front: Front) -> None:
    boss = await chief(house, app_database)
    night = await made(boss, "usage:read", "runs:read")
    assert (await give(boss, person(house), night)).status == 200
    clerk = await house.north.signed_in(CLERK)
    assert "usage:read" in (await clerk.get("/portal/session")).json["permissions"]
    change = {"permissions": ["runs:read"]}
    assert (await boss.send("PATCH", f"/v1/roles/{night}", change)).status == 200
    forget(front)
    assert (await clerk.get("/portal/session")).status == 401, "what it may do has changed (S-63)"
    clerk = await house.north.signed_in(CLERK)
    assert "usage:read" not in (await clerk.get("/portal/session")).json["permissions"]


async def test_a_disabled_role_gives_nothing_and_is_given_to_nobody(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    night = await made(boss, "usage:read")
    await give(boss, person(house), night)
    assert (await boss.send("POST", f"/v1/roles/{night}/disable")).status == 200
    clerk = await house.north.signed_in(CLERK)
    assert "usage:read" not in (await clerk.get("/portal/session")).json["permissions"]
    assert (await give(boss, person(house, APPROVER), night)).status == 404


async def test_S_68_nobody_makes_or_gives_a_role_with_what_they_lack(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    body = {"slug": "too-much", "name": "Too much", "permissions": ["clients:write"]}
    refused = await boss.send("POST", "/v1/roles", body)
    assert (refused.status, refused.problem) == (403, "not-yours-to-grant")
    assert (await boss.send("POST", "/v1/roles", {**body, "level": "partner"})).status == 422
    # Who lets people in and may do little else.
    porter = await made(boss, "people:read", "people:write", "roles:write", slug="porter")
    await give(boss, person(house), porter)
    clerk = await house.north.signed_in(CLERK)
    for refused in (
        await give(clerk, person(house, APPROVER), await role(boss, "administrator")),
        await clerk.send("POST", "/v1/roles", {**body, "permissions": ["keys:write"]}),
        await clerk.send("PATCH", f"/v1/roles/{porter}", {"permissions": ["people:write", "keys:write"]}),
    ):
        assert (refused.status, refused.problem) == (403, "not-yours-to-grant"), refused.body
    assert (await give(clerk, person(house), await role(boss, "administrator"))).status == 403


async def test_S_68_nobody_manages_who_holds_more(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    porter = await made(boss, "people:read", "people:write", slug="porter")
    await give(boss, person(house), porter)
    clerk = await house.north.signed_in(CLERK)
    chief_id = (await boss.get("/portal/session")).json["account"]["id"]
    for refused in (
        await clerk.send("POST", f"/v1/people/{chief_id}/disable"),
        await give(clerk, chief_id),
    ):
        assert (refused.status, refused.problem) == (403, "not-yours-to-manage")


async def test_S_68_the_last_administrator_stays(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    own = next(
        one["id"] for one in (await boss.get("/v1/people")).json["items"] if one["email"] == "chief@acme.example"
    )
    for refused in (await give(boss, own), await boss.send("POST", f"/v1/people/{own}/disable")):
        assert (refused.status, refused.problem) == (409, "last-administrator")
    await let_in(house, app_database, "second@acme.example", "administrator", tenant="acme")
    assert (await give(boss, own)).status == 200


async def test_S_68_the_last_administrator_does_not_fall_by_way_of_the_role(
    house: House, app_database: Database, front: Front
) -> None:
    boss = await chief(house, app_database)
    own = (await boss.get("/portal/session")).json["account"]["id"]
    office = await made(boss, *sorted(ALLOWED[Scope.CLIENT]), slug="office", name="Office")
    assert (await give(boss, own, office)).status == 200
    boss = await house.north.signed_in("chief@acme.example")
    fewer = {"permissions": sorted(ALLOWED[Scope.CLIENT] - {"people:write"})}
    for refused in (
        await boss.send("POST", f"/v1/roles/{office}/disable"),
        await boss.send("PATCH", f"/v1/roles/{office}", fewer),
    ):
        assert (refused.status, refused.problem) == (409, "last-administrator")
    forget(front)
    assert (await boss.get("/portal/session")).status == 200, "nothing was changed"
    assert (await boss.get(f"/v1/roles/{office}")).json["status"] == "active"
    assert (await boss.send("PATCH", f"/v1/roles/{office}", {"permissions": ["people:write"]})).status == 200
    # With a second one who holds it by another role, the first may lose it.
    await let_in(house, app_database, "second@acme.example", "administrator", tenant="acme")
    second = await house.north.signed_in("second@acme.example")
    assert (await second.send("POST", f"/v1/roles/{office}/disable")).status == 200


async def test_S_68_a_partners_role_is_held_to_the_last_administrator_of_each_client(
    house: House, app_database: Database
) -> None:
    partner = await staff(house, app_database, "boss@north.example", "administrator")
    office = await made(partner, "people:read", "people:write", "roles:write", slug="office", level="client")
    await let_in(house, app_database, "office@acme.example", "office", tenant="acme")
    for refused in (
        await partner.send("POST", f"/v1/roles/{office}/disable"),
        await partner.send("PATCH", f"/v1/roles/{office}", {"permissions": ["people:read"]}),
    ):
        assert (refused.status, refused.problem) == (409, "last-administrator")
    await chief(house, app_database)
    assert (await partner.send("POST", f"/v1/roles/{office}/disable")).status == 200


async def test_S_68_two_roles_are_not_taken_from_the_last_two_at_once(house: House, app_database: Database) -> None:
    partner = await staff(house, app_database, "boss@north.example", "administrator")
    held = ["people:read", "people:write", "roles:write"]
    first = await made(partner, *held, slug="first", level="client")
    second = await made(partner, *held, slug="second", level="client")
    for slug in ("first", "second"):
        await let_in(house, app_database, f"{slug}@acme.example", slug, tenant="acme")
    answers = await asyncio.gather(
        *(partner.send("POST", f"/v1/roles/{one}/disable") for one in (first, second)),
    )
    assert sorted(one.status for one in answers) == [200, 409], [one.body for one in answers]


async def test_S_68_two_administrators_who_send_each_other_away_at_once_leave_one(
    house: House, app_database: Database
) -> None:
    """And neither is told of a deadlock."""
    boss = await chief(house, app_database)
    await let_in(house, app_database, "second@acme.example", "administrator", tenant="acme")
    second = await house.north.signed_in("second@acme.example")
    both = [(await one.get("/portal/session")).json["account"]["id"] for one in (boss, second)]
    answers = await asyncio.gather(boss.send("POST", f"/v1/people/{both[1]}/disable"), give(second, both[0]))
    assert sorted(one.status for one in answers) == [200, 409], [one.body for one in answers]


async def test_the_products_and_the_partners_roles_are_not_a_clients_to_change(
    house: House, app_database: Database
) -> None:
    partner = await staff(house, app_database, "boss@north.example", "administrator")
    for_all = await made(partner, "runs:read", slug="for-all")
    boss = await chief(house, app_database)
    for known in (for_all, await role(boss, "clerk")):
        assert (
            await boss.send("PATCH", f"/v1/roles/{known}", {"permissions": ["runs:read"]})
        ).problem == "role-not-yours"
    assert (await give(boss, person(house), for_all)).status == 200
    elsewhere = await house.south.signed_in("buyer@foreign.example")
    assert (await elsewhere.get(f"/v1/roles/{for_all}")).status in {403, 404}


async def test_S_02_another_clients_role_and_people_are_unknown(house: House, app_database: Database) -> None:
    boss = await chief(house, app_database)
    await let_in(house, app_database, "chief@foreign.example", "administrator", tenant="foreign", partner="south")
    other = await house.south.signed_in("chief@foreign.example")
    theirs = await made(other, "runs:read")
    stranger = ids.show("acc", house.ids["buyer@foreign.example at south"])
    for answer in (
        await boss.get(f"/v1/roles/{theirs}"),
        await boss.send("PATCH", f"/v1/roles/{theirs}", {"permissions": ["runs:read"]}),
        await give(boss, person(house), theirs),
        await boss.get(f"/v1/people/{stranger}"),
        await give(boss, stranger),
        await boss.send("POST", f"/v1/people/{stranger}/disable"),
    ):
        assert answer.status == 404, answer.body
    assert theirs not in (await boss.get("/v1/roles")).body.decode()


@pytest.mark.parametrize(
    "extra",
    ["tenant_id", "partner_id", "role", "is_admin", "id", "created_at", "status", "owner", "verified"],
)
async def test_S_67_no_field_more_than_there_is(house: House, app_database: Database, extra: str) -> None:
    boss = await chief(house, app_database)
    body = {"slug": "x", "name": "X", "permissions": ["runs:read"], extra: "x"}
    assert (await boss.send("POST", "/v1/roles", body)).status == 422
    assert (await boss.send("PUT", f"/v1/people/{person(house)}/roles", {"roles": [], extra: "x"})).status == 422


# What the product's administrator of a level lacks of what people there may hold, and why.
NOT_THE_ADMINISTRATORS: dict[str, set[Permission]] = {"partner": set(), "client": set()}


@pytest.mark.parametrize("level", ["partner", "client"])
async def test_S_68_what_anybody_may_hold_the_administrator_holds_or_nobody_could_ever_give_it(
    house: House, app_database: Database, level: str
) -> None:
    """Nobody gives what they lack, so what the first one lacks is out of everybody's reach."""
    if level == "partner":
        boss = await staff(house, app_database, "boss@north.example", "administrator")
    else:
        boss = await chief(house, app_database)
    held = set((await boss.get("/portal/session")).json["permissions"])
    assert held == ALLOWED[Scope(level)] - NOT_THE_ADMINISTRATORS[level]
    if level == "partner":
        night = await made(boss, "domains:write", "events:write", level="partner")
        assert (await boss.get(f"/v1/roles/{night}")).status == 200
        assert (await boss.get("/v1/domains")).status == 200
