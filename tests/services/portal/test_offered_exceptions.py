"""Exceptions are offered to whoever has the role that owns them."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from tests.services.portal.test_tasks import give
from tests.services.portal.visitors import APPROVER, CLERK, House

ADD = """
INSERT INTO app.exception (tenant_id, exception_id, category, mark, cause, title, owner, value, currency)
VALUES ($1, $2, 'data', $3, 'x', 'x', $3, 100, 'EUR')
"""


async def test_row_45_the_desk_offers_what_ones_roles_own(house: House, app_database: Database) -> None:
    await give(house, app_database, CLERK)
    tenant = house.ids["acme"]
    owners = ("role:credit-manager", "role:pricing-desk", f"account:{ids.show('acc', house.ids[f'{CLERK} at north'])}")
    async with app_database.tenant(tenant) as connection:
        for owner in owners:
            await connection.execute(ADD, tenant, ids.new(), owner)
    clerk, other = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    for sort in ("risk", "age"):
        mine = (await clerk.get(f"/v1/exceptions?queue=mine&sort={sort}")).json["items"]
        assert {one["owner"] for one in mine} == {owners[0], owners[2]}, sort
        assert (await other.get(f"/v1/exceptions?queue=mine&sort={sort}")).json["items"] == []
    groups = (await clerk.get("/v1/exceptions/groups?by=owner&queue=mine")).json
    assert (groups["by"], groups["count"], len(groups["items"])) == ("owner", 2, 2)
    assert len((await clerk.get("/v1/exceptions?sort=risk")).json["items"]) == 3
