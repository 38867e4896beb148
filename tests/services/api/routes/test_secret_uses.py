"""Who used a connection's secrets: counted by the worker, read by the client."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from infra import clock, ids
from infra.database import Database
from infra.telemetry import working_for
from tenants.connections.secret_uses import SecretUses
from tests.services.api.parties import Parties

ERP = {
    "name": "used",
    "connector": "erp-simulator",
    "settings": {"base_url": "https://erp.example"},
    "secrets": {"token": "canary-that-is-counted"},
}


async def test_A15_uses_are_told_by_field_with_the_last_run_and_no_value(
    parties: Parties, worker_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (await parties.acme.post("/v1/connections", ERP)).json["id"]
    path = f"/v1/connections/{made}/secret-uses"
    assert (await parties.acme.get(path)).json == {"items": []}
    tenant, connection, run = ids.read("ten", parties.ids["acme:live"]), ids.read("con", made), ids.new()
    first, second = SecretUses(worker_database), SecretUses(worker_database)
    moments = iter([datetime.fromisoformat(f"2026-01-0{day}T10:00:00Z") for day in (2, 3, 4, 1)])
    monkeypatch.setattr(clock, "now", lambda: next(moments))
    working_for(tenant, run)
    for _ in range(3):
        first.note(tenant, connection, ["token"])
    working_for(tenant, ids.new())
    second.note(tenant, connection, ["token"])
    await first.write()
    # A process that is late, and a connection that is gone meanwhile.
    monkeypatch.undo()
    second._noted[tenant, UUID(int=5), "token"] = next(iter(second._noted.values()))
    await second.write()
    await second.write()
    (told,) = (await parties.acme.get(path)).json["items"]
    assert (told["field"], told["by"], told["uses"], told["last_run"]) == ("token", "run", 4, ids.show("run", run))
    assert (told["first_at"][:10], told["last_at"][:10]) == ("2026-01-01", "2026-01-04")
    working_for(None)


async def test_A15_uses_are_for_who_may_read_the_connection(parties: Parties) -> None:
    made = (await parties.acme.post("/v1/connections", ERP)).json["id"]
    for other in (parties.sibling, parties.acme_test, parties.foreign):
        assert (await other.get(f"/v1/connections/{made}/secret-uses")).status == 404
