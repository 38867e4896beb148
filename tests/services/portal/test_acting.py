"""Acting as a client: with a reason, for a while, under the client's eyes (S-05, S-63, S-68)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity.sessions import LIFE
from tests.asgi import Answer
from tests.services.portal.staff import chief, staff
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import House, Visitor, change, token_of

WISH = {"client": "acme", "environment": "live", "reason": "Ticket 4711: their orders wait", "minutes": 30}


async def act(visitor: Visitor, **other: Any) -> Answer:
    return await visitor.send("POST", "/portal/acting", {**WISH, **other})


async def test_somebody_of_the_partner_sees_the_clients_and_no_ones_runs(house: House, app_database: Database) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    seen = (await sam.get("/portal/session")).json
    assert (seen["client"], seen["environment"], seen["acting"]) == (None, None, None)
    assert [one["slug"] for one in (await sam.get("/v1/clients")).json["items"]] == ["acme"]
    assert (await sam.get("/v1/runs")).status == 404
    assert (await sam.get("/v1/clients/acme/live/runs")).status == 200
    assert (await sam.get("/v1/clients/foreign/live/runs")).status == 404


async def test_S_05_acting_is_told_in_the_clients_log_with_its_reason(house: House, app_database: Database) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    made = await act(sam)
    assert made.status == 201, made.body
    acting = sam.having(token_of(made))
    assert made.json["acting"] == {"reason": WISH["reason"]}
    assert made.json["client"]["slug"] == "acme"
    assert (await acting.get("/v1/runs")).status == 200
    ended = await acting.send("DELETE", "/portal/acting")
    assert ended.json["client"] is None
    own = await chief(house, app_database)
    log = (await own.get("/v1/audit")).json["items"]
    told = {one["action"]: one for one in log if one["action"].startswith("acting.")}
    assert set(told) == {"acting.started", "acting.ended"}
    assert told["acting.started"]["after"]["reason"] == WISH["reason"]
    assert told["acting.started"]["after"]["name"] == "Sam"
    assert told["acting.started"]["actor"].startswith("acting:acc_")


async def test_S_63_beginning_and_ending_to_act_make_another_session(house: House, app_database: Database) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    acting = sam.having(token_of(await act(sam)))
    assert (await sam.get("/portal/session")).status == 401
    own = sam.having(token_of(await acting.send("DELETE", "/portal/acting")))
    assert (await acting.get("/v1/runs")).status == 401
    assert (await own.get("/portal/session")).json["acting"] is None


async def test_S_05_acting_shows_no_payload_and_lets_nobody_in(house: House, app_database: Database) -> None:
    """Whatever the person's role holds."""
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    acting = boss.having(token_of(await act(boss)))
    held = set((await acting.get("/portal/session")).json["permissions"])
    assert not held & {"payloads:read", "payloads:masked", "events:read", "people:write", "roles:write", "keys:write"}
    assert "runs:write" in held
    for method, path in (
        ("GET", "/v1/events"),
        ("POST", "/v1/invitations"),
        ("POST", "/v1/keys"),
        ("GET", "/v1/people"),
    ):
        assert (await acting.send(method, path, {} if method == "POST" else None)).status == 403, path
    assert (await act(acting)).status == 403


async def test_S_05_the_access_log_names_whoever_acts_as_it_does_when_they_do_not(
    house: House, app_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    who = (await sam.get("/portal/session")).json["account"]["id"]
    acting = sam.having(token_of(await act(sam)))
    with caplog.at_level(logging.INFO, "api.access"):
        assert (await acting.get("/v1/runs")).status == 200
    lines = [vars(record) for record in caplog.records if record.name == "api.access"]
    assert [(line["account"], line["tenant"]) for line in lines] == [(who, ids.show("ten", house.ids["acme"]))]


async def test_acting_ends_with_its_time_and_with_the_account(
    house: House, app_database: Database, front: Front
) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    scope = Scope.partner(house.ids["north"])
    for statement in (
        "UPDATE app.portal_session SET expires_at = clock_timestamp()",
        "UPDATE app.client SET status = 'disabled'",
        "UPDATE app.account SET status = 'disabled'",
    ):
        sam = await sam.signed_in("sam@north.example")
        acting = sam.having(token_of(await act(sam)))
        assert (await acting.get("/v1/runs")).status == 200
        await change(app_database, scope, statement)
        forget(front)
        assert (await acting.get("/v1/runs")).status == 401, statement
        await change(app_database, scope, "UPDATE app.client SET status = 'active'")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"reason": "x"}, 422),
        ({"reason": " " * 20}, 422),
        ({"reason": "because \u202e of that"}, 422),
        ({"minutes": 100_000}, 422),
        ({"client": "foreign"}, 404),
        ({"client": "nobody"}, 404),
        ({"environment": "moon"}, 404),
        ({"environment": "Moon!"}, 422),
        ({"tenant_id": "x"}, 422),
    ],
    ids=repr,
)
async def test_S_05_without_a_reason_or_at_anothers_client_nobody_acts(
    house: House, app_database: Database, wrong: dict[str, Any], status: int
) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    answer = await act(sam, **wrong)
    assert answer.status == status, answer.body
    assert "set-cookie" not in answer.headers


async def test_S_68_who_may_not_act_does_not(house: House, app_database: Database) -> None:
    viewer = await staff(house, app_database, "vera@north.example", "viewer")
    assert (await act(viewer)).status == 403
    assert (await act(await chief(house, app_database))).status == 403
    assert (await act(house.north)).status == 401


async def test_S_63_acting_takes_a_fresh_proof(house: House, app_database: Database, front: Front) -> None:
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    old = "UPDATE app.portal_session SET proved_at = proved_at - interval '11 minutes'"
    await change(app_database, Scope.partner(house.ids["north"]), old)
    forget(front)
    assert (await act(sam)).problem == "proof-needed"


async def proofs(database: Database, house: House) -> list[Any]:
    """Of each live session of north's: when it was proven, and when it ends."""
    async with database.session(Scope.partner(house.ids["north"])) as session:
        query = text("SELECT proved_at, expires_at FROM app.portal_session WHERE expires_at > clock_timestamp()")
        return [tuple(row) for row in await session.execute(query)]


async def test_S_63_to_begin_and_to_stop_acting_prove_nothing_and_lengthen_nothing(
    house: House, app_database: Database, front: Front
) -> None:
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    north = Scope.partner(house.ids["north"])
    older = (
        "UPDATE app.portal_session SET proved_at = proved_at - interval '{0}', expires_at = expires_at - interval '{0}'"
    )
    await change(app_database, north, older.format("9 minutes"))
    forget(front)
    [(proved_at, ends)] = await proofs(app_database, house)
    for _ in range(2):
        acting = boss.having(token_of(await act(boss, minutes=240)))
        assert [one for one, _ in await proofs(app_database, house)] == [proved_at]
        boss = acting.having(token_of(await acting.send("DELETE", "/portal/acting")))
        [(kept, until)] = await proofs(app_database, house)
        # The end of the first was reckoned within the same statement, and not of the very same instant.
        assert (kept, until - ends < timedelta(seconds=1)) == (proved_at, True)
    await change(app_database, north, older.format("2 minutes"))
    forget(front)
    role = {"slug": "night-shift", "name": "Night shift", "level": "partner", "permissions": ["runs:read"]}
    for refused in (await act(boss), await boss.send("POST", "/v1/roles", role)):
        assert (refused.status, refused.problem) == (403, "proof-needed")


async def test_S_63_acting_lasts_no_longer_than_half_a_day_after_the_proof(
    house: House, app_database: Database, front: Front
) -> None:
    """Whoever stays signed in by a proof that is asked for again and again is asked for it."""
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    acting = sam.having(token_of(await act(sam, minutes=240)))
    await change(
        app_database,
        Scope.partner(house.ids["north"]),
        "UPDATE app.portal_session SET proved_at = proved_at - interval '11 hours 50 minutes'",
    )
    forget(front)
    own = await acting.send("DELETE", "/portal/acting")
    assert own.status == 200
    [(proved_at, ends)] = await proofs(app_database, house)
    assert ends == proved_at + LIFE


async def test_S_63_a_session_that_was_ended_is_followed_by_none(house: House, app_database: Database) -> None:
    """Though this process remembers it for two seconds."""
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    acting = sam.having(token_of(await act(sam)))
    north = Scope.partner(house.ids["north"])
    assert (await acting.get("/portal/session")).status == 200
    await change(app_database, north, "DELETE FROM app.portal_session")
    assert (await acting.send("DELETE", "/portal/acting")).status == 401
    sam = await sam.signed_in("sam@north.example")
    assert (await sam.get("/portal/session")).status == 200
    await change(app_database, north, "DELETE FROM app.portal_session")
    assert (await act(sam)).status == 403
    assert await proofs(app_database, house) == []


async def test_S_68_who_may_act_no_more_does_not_go_on(house: House, app_database: Database, front: Front) -> None:
    """Even where the session was begun between the look at the role and the change of it."""
    sam = await staff(house, app_database, "sam@north.example", "supporter")
    acting = sam.having(token_of(await act(sam)))
    assert (await acting.get("/v1/runs")).status == 200
    await change(app_database, Scope.partner(house.ids["north"]), "DELETE FROM app.account_role")
    forget(front)
    assert (await acting.get("/v1/runs")).status == 401
