"""A page that is left open does not keep its session awake."""

from __future__ import annotations

from sqlalchemy import text

from infra.database import Database, Scope
from services.portal.app import Front
from tests.services.portal.visitors import House, change


async def test_S_63_what_a_page_asks_by_itself_is_no_activity(
    house: House, front: Front, app_database: Database
) -> None:
    """Else a page that is left open, and fetches what changed, would never rest."""
    clerk = await house.north.signed_in()
    place = Scope.partner(house.ids["north"])
    earlier = "UPDATE app.portal_session SET seen_at = clock_timestamp() - interval '50 minutes'"
    query = text("SELECT clock_timestamp() - seen_at < interval '10 minutes' FROM app.portal_session")
    for path in ("/v1/runs", "/portal/session"):
        for header, is_active in (("1", False), ("0", True), ("", True)):
            await change(app_database, place, earlier)
            front.portal.keeper.sessions.forget()
            assert (await clerk.get(path, x_background=header)).status == 200
            async with app_database.session(place) as session:
                assert await session.scalar(query) is is_active
    await change(app_database, place, "UPDATE app.portal_session SET seen_at = seen_at - interval '61 minutes'")
    front.portal.keeper.sessions.forget()
    assert (await clerk.get("/v1/runs", x_background="1")).status == 401
