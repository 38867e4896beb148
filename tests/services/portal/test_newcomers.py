"""Nobody is let into a client that rests or is gone, by no invitation and by no provider (S-06, S-79)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from infra import clock, ids
from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity.models import Account
from tenants.identity.openid import entering, repository
from tenants.identity.openid.errors import NobodyHere
from tenants.identity.openid.flow import Vouched
from tenants.identity.people_models import SignInFlow
from tenants.organizations import service as organizations
from tests.services.portal.staff import chief, let_in, staff
from tests.services.portal.test_invitations import COOKIE, accept, invite, link, opened, role
from tests.services.portal.test_people import give, made, person
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import House, change, cookies_of

STATES = ("suspended", "disabled", "deleted")
STATUS = "UPDATE app.client SET status = :status"


async def people(house: House, database: Database) -> int:
    async with database.session(Scope.partner(house.ids["north"])) as session:
        return (await session.execute(select(func.count()).select_from(Account))).scalar_one()


@pytest.mark.parametrize("state", STATES)
async def test_S_06_S_79_an_invitation_to_a_client_that_rests_makes_nobody_and_is_not_used_up(
    house: House, app_database: Database, state: str
) -> None:
    """Of a deleted one a new account, with name and address, would be left behind its certificate."""
    address = await link(await chief(house, app_database))
    cookie = cookies_of(await opened(house.north, address))[COOKIE]
    before, scope = await people(house, app_database), Scope.partner(house.ids["north"])
    await change(app_database, scope, STATUS, status=state)
    refused = await accept(house.north, cookie)
    assert (refused.status, refused.problem) == (404, "invitation-over")
    assert "set-cookie" not in refused.headers
    assert (await opened(house.north, address)).problem == "invitation-over"
    assert await people(house, app_database) == before
    await change(app_database, scope, STATUS, status="active")
    assert (await accept(house.north, cookie)).status == 201, "the browser that had opened it still has it"


@pytest.mark.parametrize("state", STATES)
async def test_S_06_S_79_a_provider_of_a_client_that_rests_brings_nobody_in(
    house: House, app_database: Database, state: str
) -> None:
    own = await chief(house, app_database)
    body = {
        "name": "Acme",
        "issuer": "https://login.acme.example",
        "client_id": "p",
        "newcomers": await role(own, "clerk"),
    }
    provider = ids.read("idp", (await own.send("POST", "/v1/identity-providers", body)).json["id"])
    before, scope = await people(house, app_database), Scope.partner(house.ids["north"])
    await change(app_database, scope, STATUS, status=state)
    with pytest.raises(NobodyHere):
        await entering.account_for(app_database, await vouched(house, app_database, provider))
    assert await people(house, app_database) == before
    await change(app_database, scope, STATUS, status="active")
    found = await entering.account_for(app_database, await vouched(house, app_database, provider))
    assert (found.email, found.live) == ("nina@acme.example", True)


async def vouched(house: House, database: Database, provider: UUID) -> Vouched:
    """As a return from the provider ends, of somebody who is not known yet."""
    async with database.session(Scope.partner(house.ids["north"])) as session:
        row = await repository.provider(session, house.ids["north"], provider)
    assert row is not None
    flow = SignInFlow(purpose="enter", expires_at=clock.now() + timedelta(minutes=5))
    claims = {"sub": "nina", "email": "nina@acme.example", "name": "Nina"}
    return Vouched(provider=row, flow=flow, subject="nina", claims=claims)


@pytest.mark.parametrize("state", STATES)
async def test_S_06_from_above_nobody_is_asked_in_or_given_anything(
    house: House, app_database: Database, front: Front, state: str
) -> None:
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    # What somebody above the client may give: it reads nothing that is the client's.
    night = await made(await chief(house, app_database), "runs:read")
    kim = ids.show("acc", await let_in(house, app_database, "kim@acme.example", "night-shift", tenant="acme"))
    await change(app_database, Scope.partner(house.ids["north"]), STATUS, status=state)
    forget(front)
    client = ids.show("cli", await client_of(house, app_database))
    asked = await invite(boss, client=client, environment="live")
    assert (asked.status, asked.problem) == (409, "client-state")
    given = await give(boss, kim, night)
    assert (given.status, given.problem) == (409, "client-state"), given.body
    # The clerk, too, who holds what nobody above the client could give.
    for who in (kim, person(house)):
        out = await boss.send("POST", f"/v1/people/{who}/disable")
        assert out.status == 200, "who is to be kept out is kept out at any time"
    back = await boss.send("POST", f"/v1/people/{kim}/enable")
    assert back.problem == "client-state"


async def client_of(house: House, database: Database) -> UUID:
    async with database.session(Scope.partner(house.ids["north"])) as session:
        found: UUID = (await session.execute(text("SELECT client_id FROM app.client"))).scalar_one()
    return found


async def test_S_06_S_79_who_is_let_in_and_who_suspends_wait_for_each_other(
    house: House, app_database: Database
) -> None:
    """Otherwise an account is made in the moment in which the client is deleted."""
    north, acme = house.ids["north"], house.ids["acme"]
    async with app_database.session(Scope.tenant(acme)) as session:
        assert await organizations.takes_people(session, north, acme)
        assert not await organizations.takes_people(session, north, house.ids["foreign"])
        assert not await organizations.takes_people(session, house.ids["south"], house.ids["foreign"])
        async with app_database.session(Scope.partner(north)) as other:
            await other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                await other.execute(text(STATUS), {"status": "suspended"})
