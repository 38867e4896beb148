"""S-03, S-05: a partner's fleet is read from numbers that the sweep keeps, never from what its clients hold."""

from __future__ import annotations

from infra.database import Database
from tests.services.api.parties import Parties
from tests.services.api.test_hierarchy import send
from tests.services.api.test_kept_answers import WORKFLOW


async def test_S_03_a_partner_sees_numbers_of_its_own_clients_alone(
    parties: Parties, worker_database: Database
) -> None:
    version = (await parties.acme.post("/v1/workflows", {"document": WORKFLOW})).json["id"]
    await parties.acme.post("/v1/deployments", {"name": "greeting", "workflow": version})
    assert (await send(parties.acme)).status == 202
    assert (await parties.north.get("/v1/fleet")).json["items"] == []
    async with worker_database.doors() as connection:
        assert await connection.fetchval("SELECT app.count_fleet(30, 100)") == 9
        assert await connection.fetchval("SELECT app.count_fleet(30, 100)") == 0
        assert await connection.fetchval("SELECT app.count_fleet(0, 2)") == 2
    shown = (await parties.north.get("/v1/fleet?environment=live")).json
    assert {one["slug"] for one in shown["items"]} == {"acme", "sibling"}
    numbers = next(one for one in shown["items"] if one["slug"] == "acme")
    assert (numbers["open_runs"], numbers["deployments"], numbers["exceptions"]) == (1, 1, 0)
    assert numbers["last_run_at"] is not None
    assert shown["totals"] == {
        "environments": 2, "open_runs": 1, "suspended_runs": 0, "faulted_runs": 0, "exceptions": 0, "outages": 0
    }  # fmt: skip
    assert (await parties.north.get("/v1/fleet?only=troubled")).json["items"] == []
    assert len((await parties.south.get("/v1/fleet")).json["items"]) == 3
    assert (await parties.south.get("/v1/fleet?partner=north")).status == 404
    assert len((await parties.operator.get("/v1/fleet?partner=north")).json["items"]) == 6
    first = (await parties.north.get("/v1/fleet?limit=4")).json
    second = (await parties.north.get(f"/v1/fleet?limit=4&cursor={first['next']}")).json
    assert (len(first["items"]), len(second["items"]), second["next"]) == (4, 2, None)
