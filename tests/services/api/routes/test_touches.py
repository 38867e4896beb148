"""Touches over the API."""

from __future__ import annotations

from tests.services.api.parties import Parties


async def test_touches_are_listed_and_summed_up_and_no_figure_is_made_up(parties: Parties) -> None:
    listed = await parties.acme.get("/v1/touches?source=portal&limit=5")
    assert (listed.status, listed.json) == (200, {"items": [], "next": None})
    told = await parties.acme.get("/v1/touches/summary?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z")
    assert (told.status, told.json["items"]) == (200, [])
    for query in ("since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", "since=2020-01-01T00:00:00Z"):
        refused = await parties.acme.get(f"/v1/touches/summary?{query}")
        assert (refused.status, refused.problem) == (400, "bad-parameter"), query
