"""A client with people moves to another partner (S-06): who they are goes along, what the former partner gave ends."""

from __future__ import annotations

import base64
import time
from typing import Any
from uuid import UUID

from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity import totp
from tenants.identity.openid import providers, repository
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.services.portal.authenticator import Authenticator
from tests.services.portal.staff import chief, staff
from tests.services.portal.test_acting import act
from tests.services.portal.test_invitations import link, opened
from tests.services.portal.test_passkeys import added
from tests.services.portal.test_people import give, made, person
from tests.services.portal.test_second_factor import set_up
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import APPROVER, CLERK, PASSWORD, House, Visitor, token_of

WEST = "west.localhost"
PROVIDER = {
    "name": "Acme",
    "issuer": "https://login.acme.example",
    "client_id": "portal",
    "client_secret": "sesame-of-the-provider",
}


async def west_of(house: House, database: Database) -> Visitor:
    """Another partner, with a host."""
    await house.operator.post("/v1/partners", {"slug": "west", "name": "West"})
    async with database.session(Scope.operator()) as session:
        await branding.add_host(session, await organizations.find_partner(session, "west"), WEST, actor="test")
        await session.commit()
    return house.north.at(WEST)


async def move(house: House, front: Front) -> Any:
    north = house.operator.having(house.keys["north"])
    client = (await north.get("/v1/clients/acme")).json["id"]
    moved = await house.operator.post(f"/v1/clients/{client}/move", {"partner": "west"})
    forget(front)
    return moved


async def sign_in(visitor: Visitor, email: str, code: str | None = None) -> Visitor:
    body = {"email": email, "password": PASSWORD} | ({} if code is None else {"code": code})
    answer = await visitor.send("POST", "/portal/session", body)
    assert answer.status == 201, answer.body
    return visitor.having(token_of(answer))


async def permissions(visitor: Visitor) -> set[str]:
    return set((await visitor.get("/portal/session")).json["permissions"])


async def test_S_06_people_of_a_client_that_moves_sign_in_on_the_new_host_with_their_second_factor(
    house: House, app_database: Database, front: Front
) -> None:
    boss, own = (
        await staff(house, app_database, "boss@north.example", "administrator"),
        await chief(house, app_database),
    )
    shared = await made(boss, "runs:read", "usage:read", level="client")
    assert (await give(own, person(house), shared)).status == 200
    assert (await give(own, person(house, APPROVER), await made(own, "runs:read", slug="own"))).status == 200
    secret, _ = await set_up(own)
    used = totp.code_at(base64.b32decode(secret), int(time.time()) // totp.STEP_SECONDS + 1)
    west = await west_of(house, app_database)
    moved = await move(house, front)
    assert moved.status == 200, moved.body
    assert (await west.sign_in("chief@acme.example")).problem == "second-factor-needed"
    there = await sign_in(west, "chief@acme.example", used)
    session = (await there.get("/portal/session")).json
    assert (session["client"]["slug"], "people:write" in session["permissions"]) == ("acme", True)
    assert await permissions(await sign_in(west, CLERK)) >= {"runs:read", "usage:read"}, "the role was north's"
    assert "runs:read" in await permissions(await sign_in(west, APPROVER))
    kept = [one for one in (await there.get("/v1/roles")).json["items"] if one["owner"] != "product"]
    assert {(one["slug"], one["owner"]) for one in kept} == {("night-shift", "client"), ("own", "client")}
    assert (await house.north.sign_in("chief@acme.example")).problem == "sign-in-failed"


async def linked(house: House, database: Database, provider: UUID) -> None:
    """The clerk comes by the provider, too."""
    async with database.session(Scope.partner(house.ids["north"])) as session:
        await session.execute(
            text(
                "INSERT INTO app.account_identity (partner_id, provider_id, subject, account_id, tenant_id) "
                "VALUES (:partner, :provider, 'subject', :account, :tenant)"
            ),
            {
                "partner": house.ids["north"],
                "provider": provider,
                "account": house.ids[f"{CLERK} at north"],
                "tenant": house.ids["acme"],
            },
        )
        await session.commit()


async def test_S_06_what_the_former_partner_gave_ends_with_the_move(
    house: House, app_database: Database, front: Front
) -> None:
    boss, own = (
        await staff(house, app_database, "boss@north.example", "administrator"),
        await chief(house, app_database),
    )
    address = await link(own)
    assert (await opened(house.north, address)).status == 201
    assert (await added(await house.north.signed_in(), Authenticator())).status == 201
    provider = await boss.send("POST", "/v1/identity-providers", PROVIDER)
    await linked(house, app_database, ids.read("idp", provider.json["id"]))
    acting = boss.having(token_of(await act(boss)))
    assert (await acting.get("/v1/runs")).status == 200
    west = await west_of(house, app_database)
    assert (await move(house, front)).status == 200
    assert (await acting.get("/v1/runs")).status == 401
    assert (await own.get("/v1/runs")).status == 401
    for visitor in (house.north, west):
        assert (await opened(visitor, address)).problem == "invitation-over"
    there = await sign_in(west, "chief@acme.example")
    assert (await there.get("/v1/invitations")).json["items"] == []
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        for statement in ("SELECT count(*) FROM app.passkey", "SELECT count(*) FROM app.account_identity"):
            assert (await session.execute(text(statement))).scalar_one() == 0, statement


async def test_S_06_a_clients_own_provider_goes_along_with_its_secret_and_its_people(
    house: House, app_database: Database, front: Front
) -> None:
    own = await chief(house, app_database)
    provider = ids.read("idp", (await own.send("POST", "/v1/identity-providers", PROVIDER)).json["id"])
    await linked(house, app_database, provider)
    await west_of(house, app_database)
    assert (await move(house, front)).status == 200
    north = house.operator.having(house.keys["north"])
    assert (await north.get("/v1/clients/acme")).status == 404
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        row = (await session.execute(text("SELECT partner_id, secret FROM app.identity_provider"))).one()
        west = (await session.execute(text("SELECT partner_id FROM app.tenant"))).scalar_one()
    assert row.partner_id == west != house.ids["north"]
    async with app_database.session(Scope.partner(west)) as session:
        found = await repository.provider(session, west, provider, with_secret=True)
        assert found is not None
        known = await repository.account_of(session, west, provider, "subject")
        assert known == house.ids[f"{CLERK} at north"]
        keys = front.api.app.state.resources.keys  # type: ignore[attr-defined]
        secret = await providers.secret_of(keys, found)
    assert secret is not None
    assert secret.reveal() == "sesame-of-the-provider"


async def test_S_58_only_an_address_that_both_sign_in_with_stands_in_the_way_of_a_move(
    house: House, app_database: Database, front: Front
) -> None:
    """Two people of two partners may have one address; a name to sign in with is one person's."""
    north = house.operator.having(house.keys["north"])
    client = (await north.get("/v1/clients/acme")).json["id"]
    taken = await house.operator.post(f"/v1/clients/{client}/move", {"partner": "south"})
    assert (taken.status, taken.problem) == (409, "accounts-taken"), "both have the clerk, with a password"
    statement = text("UPDATE app.account SET password_hash = NULL WHERE email = :email")
    async with app_database.session(Scope.partner(house.ids["south"])) as session:
        await session.execute(statement, {"email": CLERK})
        await session.commit()
    moved = await house.operator.post(f"/v1/clients/{client}/move", {"partner": "south"})
    assert moved.status == 200, moved.body
    forget(front)
    await sign_in(house.south, CLERK)
