from __future__ import annotations

import logging

import pytest
from sqlalchemy import text

from infra import clock
from infra.database import Database, Scope
from services.api import denials
from tests.asgi import Caller
from tests.services.api.parties import Parties, id_of


async def test_S_87_a_refused_attempt_is_recorded_with_its_actor_where_it_was_aimed(
    parties: Parties, app_database: Database
) -> None:
    forged = {"x-actor": "somebody", "x-forwarded-user": "root"}
    assert (await parties.acme.get("/v1/partners", headers=forged)).status == 403
    assert (await parties.north.get("/v1/partners", headers=forged)).status == 403
    assert (await parties.north.post("/v1/clients/acme/live/events", {}, headers=forged)).status == 403
    assert (await parties.acme.post("/v1/keys", {"name": "x", "permissions": ["clients:write"]})).status == 403
    acme, north = f"key:{await id_of(parties.acme)}", f"key:{await id_of(parties.north)}"
    inside = (await parties.acme.get("/v1/audit?action=access.denied")).json["items"]
    assert [(one["actor"], one["target"]) for one in inside] == [
        (acme, "POST /v1/keys"),
        (north, "POST /v1/clients/{client}/{environment}/events"),
        (acme, "GET /v1/partners"),
    ]
    assert inside[0]["after"]["reason"] == "not-yours-to-grant"
    async with app_database.session(Scope.operator()) as session:
        above = await session.execute(
            text("SELECT actor, target FROM app.organization_audit WHERE action = 'access.denied'")
        )
        assert [tuple(row) for row in above] == [(north, "GET /v1/partners")]


async def test_S_87_a_key_cannot_flood_the_log(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        assert (await parties.acme.get("/v1/partners")).status == 403
    assert (await parties.acme.get("/v1/clients")).status == 403
    # Of two clients that are tried, each has it in its own log.
    for client in ("acme", "sibling"):
        for _ in range(2):
            assert (await parties.north.get(f"/v1/clients/{client}/live/events")).status == 403
    now = clock.monotonic() + denials.QUIET_SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    assert (await parties.acme.get("/v1/partners")).status == 403

    async def told(caller: Caller) -> list[tuple[str, int | None]]:
        items = (await caller.get("/v1/audit?action=access.denied")).json["items"]
        return [(one["target"], one["after"].get("not_recorded_before")) for one in reversed(items)]

    events = ("GET /v1/clients/{client}/{environment}/events", None)
    assert await told(parties.acme) == [
        ("GET /v1/partners", None),
        ("GET /v1/clients", None),
        events,
        ("GET /v1/partners", 4),
    ]
    assert await told(parties.sibling) == [events]


async def test_S_87_what_is_unknown_or_unauthenticated_is_logged_and_not_recorded(
    parties: Parties, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("api.access").setLevel(logging.INFO)
    with caplog.at_level(logging.INFO, "api.access"):
        await parties.nobody.get("/v1/me", headers={"x-request-id": "mine-1"})
        await parties.sibling.get("/v1/clients/acme/live/runs", headers={"x-request-id": "mine\n2"})
    logging.getLogger("api.access").setLevel(logging.NOTSET)
    first, second = (record.__dict__ for record in caplog.records)
    assert (first["status"], first["route"], first["key"], first["client_request_id"]) == (
        401,
        "/v1/me",
        None,
        "mine-1",
    )
    assert (second["status"], second["key"]) == (404, await id_of(parties.sibling))
    assert second["client_request_id"] is None
    assert second["route"] == "/v1/clients/{client}/{environment}/runs"
    assert (await parties.acme.get("/v1/audit?action=access.denied")).json["items"] == []
