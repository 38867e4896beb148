"""Signing in that fails: what is said, and how often it may be tried."""

from __future__ import annotations

import asyncio

from infra.database import Database, Scope
from tests.services.portal.visitors import APPROVER, BUYER, CLERK, PASSWORD, House, change


async def test_S_65_every_failure_is_the_same_answer(house: House, app_database: Database) -> None:
    await change(
        app_database,
        Scope.partner(house.ids["north"]),
        "UPDATE app.account SET status = 'disabled' WHERE email = :e",
        e=APPROVER,
    )
    answers = [
        await house.north.sign_in(CLERK, "not the password"),
        await house.north.sign_in("nobody@acme.example", PASSWORD),
        await house.north.sign_in("no address", PASSWORD),
        await house.north.sign_in(CLERK, "another \U0001f511 and \u202e"),
        await house.north.sign_in(APPROVER, PASSWORD),
        await house.north.sign_in(BUYER, PASSWORD),
    ]
    told = []
    for answer in answers:
        assert (answer.status, answer.problem) == (401, "sign-in-failed")
        assert "set-cookie" not in answer.headers
        told.append({name: value for name, value in answer.json.items() if name != "request_id"})
    assert all(one == told[0] for one in told)


async def test_S_66_ten_failures_close_an_address_for_a_while(house: House, app_database: Database) -> None:
    # All at once: none slips past the others' count.
    answers = await asyncio.gather(*(house.north.sign_in(CLERK, "wrong password") for _ in range(14)))
    assert sorted(answer.status for answer in answers) == [401] * 10 + [429] * 4
    refused = await house.north.sign_in(CLERK)
    assert (refused.status, refused.problem) == (429, "too-many-attempts")
    assert 800 < int(refused.headers["retry-after"]) <= 900
    assert (await house.north.sign_in(CLERK.upper())).status == 429
    assert (await house.north.sign_in(APPROVER)).status == 201
    assert (await house.south.sign_in(CLERK)).status == 201
    await change(
        app_database,
        Scope.partner(house.ids["north"]),
        "UPDATE app.sign_in_attempt SET since = since - interval '16 minutes'",
    )
    assert (await house.north.sign_in(CLERK)).status == 201


async def test_S_66_a_success_begins_the_count_anew(house: House) -> None:
    for _ in range(2):
        for _ in range(9):
            assert (await house.north.sign_in(CLERK, "wrong password")).status == 401
        assert (await house.north.sign_in(CLERK)).status == 201
