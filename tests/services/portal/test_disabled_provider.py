"""A provider that somebody took over is disabled, and whoever it let in is out (S-63)."""

from __future__ import annotations

from infra import ids
from infra.database import Database, Scope
from services.portal.app import Front
from tests.services.portal.staff import chief
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import APPROVER, CLERK, House, Visitor, change

LINK = (
    "INSERT INTO app.account_identity (partner_id, provider_id, subject, account_id, tenant_id) "
    "VALUES (:partner, :provider, :subject, :account, :tenant)"
)


async def provider(boss: Visitor) -> str:
    body = {"name": "Acme", "issuer": "https://login.acme.example", "client_id": "portal"}
    made = await boss.send("POST", "/v1/identity-providers", body)
    assert made.status == 201, made.body
    found: str = made.json["id"]
    return found


async def link(house: House, database: Database, to: str, email: str) -> None:
    """From now on the provider vouches for the account."""
    values = {"partner": house.ids["north"], "provider": ids.read("idp", to), "subject": email}
    values |= {"account": house.ids[f"{email} at north"], "tenant": house.ids["acme"]}
    await change(database, Scope.tenant(house.ids["acme"]), LINK, **values)


async def test_S_63_disabling_a_provider_ends_the_sessions_of_whoever_it_vouches_for(
    house: House, app_database: Database, front: Front
) -> None:
    boss = await chief(house, app_database)
    ours, other = await provider(boss), await provider(boss)
    await link(house, app_database, ours, CLERK)
    await link(house, app_database, other, APPROVER)
    first, second = await house.north.signed_in(CLERK), await house.north.signed_in(CLERK)
    approver = await house.north.signed_in(APPROVER)
    assert (await first.get("/v1/runs")).status == 200
    assert (await boss.send("POST", f"/v1/identity-providers/{ours}/disable")).status == 200
    forget(front)
    assert [(await one.get("/v1/runs")).status for one in (first, second)] == [401, 401]
    assert (await approver.get("/v1/runs")).status == 200, "of another provider"
    assert (await boss.get("/v1/people")).status == 200, "of none"
    [told] = (await boss.get("/v1/audit?action=provider.disabled")).json["items"]
    assert (told["target"], told["after"]) == (ours, {"ended_sessions": 2, "people": 1})
    again = await house.north.signed_in(CLERK)
    assert (await boss.send("POST", f"/v1/identity-providers/{ours}/disable")).status == 200
    forget(front)
    assert (await again.get("/v1/runs")).status == 200, "who signs in otherwise does; to repeat it ends nothing"
