"""What a client is told of a connection that is away (F-20), and nobody else (S-01)."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from services.engine import outages
from tests.services.api.parties import Parties

REASON = "it answered with status 503"


async def test_F_20_an_outage_is_told_with_the_runs_that_wait(parties: Parties, worker_database: Database) -> None:
    settings = {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}
    made = await parties.acme.post(
        "/v1/connections",
        {"name": "erp", "connector": "erp-simulator", "settings": settings, "secrets": {"token": "t" * 20}},
    )
    path = f"/v1/connections/{made.json['id']}/outage"
    assert (await parties.acme.get(path)).json == {"outage": None}
    tenant, connection = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made.json["id"])
    await outages.begin(worker_database, tenant, connection, REASON, 30)
    told = (await parties.acme.get(path)).json["outage"]
    assert (told["reason"], told["ended_at"]) == (REASON, None)
    assert told["next_try_at"] > told["since"]
    assert told["waiting"] == {"runs": 0, "oldest": None, "business_keys": []}
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get(path)).status == 404
    await outages.end(worker_database, tenant, connection)
    over = (await parties.acme.get(path)).json["outage"]
    assert over["ended_at"] > over["since"]
    assert over["next_try_at"] is None
    actions = {one["action"] for one in (await parties.acme.get("/v1/audit")).json["items"]}
    assert {"connection.away", "connection.back"} <= actions
