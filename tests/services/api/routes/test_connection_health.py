"""How a connection is, and a check that somebody wants."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from services.engine import outages
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.test_connectors import ERP

_CHECKED = (
    "UPDATE app.connection_health SET checked_at = clock_timestamp(), due_at = clock_timestamp() + interval '1 hour', "
    "error = 'authentication', detail = 'Look at the secret `token`', failures = 2, quota_left = 7, "
    "excess = '{admin.write}' WHERE connection_id = $1"
)


async def test_health_is_told_and_a_check_is_asked_for(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    made = (await parties.acme.post("/v1/connections", ERP)).json
    path = f"/v1/connections/{made['id']}"
    fresh = (await parties.acme.get(f"{path}/health")).json
    assert (fresh["state"], fresh["operation"], fresh["checked_at"]) == ("unknown", "erp.items.availability", None)
    tenant, connection_id = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made["id"])
    async with app_database.tenant(tenant) as connection:
        await connection.execute(_CHECKED, connection_id)
    told = (await parties.acme.get(f"{path}/health")).json
    assert (told["state"], told["error"], told["failures"]) == ("failing", "authentication", 2)
    assert (told["detail"], told["excess_rights"]) == ("Look at the secret `token`", ["admin.write"])
    assert (told["quota"], told["away"]) == ({"left": 7, "most": None, "until": None}, None)
    assert (told["name"], told["connector"], told["authorization"]) == (made["name"], made["connector"], None)
    assert told in (await parties.acme.get("/v1/connection-health")).json["items"], "one is told as among all"
    asked = await parties.acme.post(f"{path}/check")
    assert (asked.status, asked.json["checked_at"]) == (202, told["checked_at"])
    assert told["checked_at"] < asked.json["next_check_at"] < told["next_check_at"], "soon, and not at once again"
    await outages.begin(worker_database, tenant, connection_id, "it does not answer", 60)
    away = (await parties.acme.get(f"{path}/health")).json
    assert (away["state"], away["away"]["reason"]) == ("away", "it does not answer")
    await parties.acme.post(f"{path}/disable")
    disabled = (await parties.acme.post(f"{path}/check")).json
    assert (disabled["state"], disabled["next_check_at"], disabled["error"]) == ("disabled", None, None)


async def test_who_reads_connections_reads_how_they_are_and_has_none_checked(parties: Parties) -> None:
    made = (await parties.acme.post("/v1/connections", ERP)).json
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["connections:read"]))
    path = f"/v1/connections/{made['id']}"
    assert (await reader.get(f"{path}/health")).status == 200
    assert (await reader.post(f"{path}/check")).status == 403
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get(f"{path}/health")).status == (await stranger.post(f"{path}/check")).status == 404
