"""A time-based code beside the password: set, asked for, used once, and gone back from (S-60, S-62, S-63, S-66)."""

from __future__ import annotations

import base64
import time

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.key_provider import FileKeyProvider
from tenants.identity import budgets, totp
from tests.asgi import Answer
from tests.services.portal.visitors import CLERK, PASSWORD, House, Visitor, change, token_of
from tests.superuser import connected


def code(secret: str, later: int = 0) -> str:
    return totp.code_at(base64.b32decode(secret), int(time.time()) // totp.STEP_SECONDS + later)


async def set_up(visitor: Visitor) -> tuple[str, list[str]]:
    """The secret and the recovery codes. The present code was used to confirm it; the next one is still good."""
    begun = await visitor.send("POST", "/portal/second-factor")
    assert begun.status == 201, begun.body
    secret = begun.json["secret"]
    done = await visitor.send("POST", "/portal/second-factor/confirm", {"code": code(secret)})
    assert done.status == 201, done.body
    return secret, done.json["recovery_codes"]


async def sign_in(visitor: Visitor, given: str | None) -> Answer:
    body = {"email": CLERK, "password": PASSWORD} | ({} if given is None else {"code": given})
    return await visitor.send("POST", "/portal/session", body)


async def test_once_it_is_confirmed_a_code_is_needed(house: House) -> None:
    clerk = await house.north.signed_in()
    await clerk.send("POST", "/portal/second-factor")
    assert (await sign_in(house.north, None)).status == 201, "nothing was confirmed yet"
    clerk = await house.north.signed_in()
    secret, codes = await set_up(clerk)
    assert len(set(codes)) == 10
    assert (await clerk.get("/portal/session")).status == 401, "its sessions ended"
    needed = await sign_in(house.north, None)
    assert (needed.status, needed.problem) == (401, "second-factor-needed")
    assert "set-cookie" not in needed.headers
    made = await sign_in(house.north, code(secret, 1))
    assert made.status == 201, made.body
    assert (await house.north.having(token_of(made)).get("/portal/second-factor")).json == {"is_set": True}


async def test_S_71_a_secret_that_was_altered_lets_nobody_in_and_is_told(
    house: House, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    secret, _ = await set_up(await house.north.signed_in())
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await admin.execute("UPDATE app.totp SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
    refused = await sign_in(house.north, code(secret, 1))
    assert (refused.status, refused.problem) == (500, "secret-unreadable")
    told = await rows(app_database, house, "SELECT actor, target FROM app.audit WHERE action = 'secret.unreadable'")
    assert told == [("engine", ids.show("acc", house.ids[f"{CLERK} at north"]))]


async def rows(database: Database, house: House, query: str) -> list[tuple[str, ...]]:
    async with database.session(Scope.tenant(house.ids["acme"])) as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def test_S_60_a_code_of_a_secret_that_another_browser_began_anew_meanwhile_sets_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a secret would count that nobody's app has."""
    clerk, other = await house.north.signed_in(), await house.north.signed_in()
    secret = (await clerk.send("POST", "/portal/second-factor")).json["secret"]
    unwrap = FileKeyProvider.unwrap

    async def meanwhile(keys: FileKeyProvider, wrapped: bytes, context: bytes) -> bytes:
        monkeypatch.setattr(FileKeyProvider, "unwrap", unwrap)
        assert (await other.send("POST", "/portal/second-factor")).status == 201
        return await unwrap(keys, wrapped, context)

    monkeypatch.setattr(FileKeyProvider, "unwrap", meanwhile)
    refused = await clerk.send("POST", "/portal/second-factor/confirm", {"code": code(secret)})
    assert (refused.status, refused.problem) == (401, "second-factor-failed")
    assert (await clerk.get("/portal/second-factor")).json == {"is_set": False}


async def test_S_60_a_code_counts_once(house: House) -> None:
    secret, _ = await set_up(await house.north.signed_in())
    given = code(secret, 1)
    assert (await sign_in(house.north, given)).status == 201
    for again in (given, code(secret)):
        refused = await sign_in(house.north, again)
        assert (refused.status, refused.problem) == (401, "second-factor-failed")


async def test_a_recovery_code_counts_once(house: House, app_database: Database) -> None:
    _, codes = await set_up(await house.north.signed_in())
    assert (await sign_in(house.north, codes[3].lower().replace("-", " "))).status == 201
    assert (await sign_in(house.north, codes[3])).problem == "second-factor-failed"
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        told = (await session.execute(text("SELECT action FROM app.audit ORDER BY audit_id"))).scalars().all()
    assert told.count("second-factor.recovered") == 1
    assert "second-factor.set" in told


async def test_S_66_who_knows_the_password_guesses_few_codes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "CODE", 3)
    secret, _ = await set_up(await house.north.signed_in())
    elsewhere = [house.north.by(f"198.51.100.{number}") for number in range(4)]
    answers = [await sign_in(one, "000000") for one in elsewhere]
    assert [one.status for one in answers] == [401, 401, 401, 429]
    assert (await sign_in(house.north, code(secret, 1))).status == 429


async def test_a_wrong_password_is_told_before_any_code_is_asked_for(house: House) -> None:
    await set_up(await house.north.signed_in())
    wrong = await house.north.sign_in(CLERK, "not the password")
    assert (wrong.status, wrong.problem) == (401, "sign-in-failed")


async def test_a_second_one_takes_the_first_ones_removal(house: House) -> None:
    secret, _ = await set_up(await house.north.signed_in())
    clerk = house.north.having(token_of(await sign_in(house.north, code(secret, 1))))
    assert (await clerk.send("POST", "/portal/second-factor")).problem == "second-factor-set"
    assert (await clerk.send("DELETE", "/portal/second-factor")).status == 204
    assert (await clerk.get("/portal/session")).status == 401
    assert (await sign_in(house.north, None)).status == 201


async def test_S_65_the_secret_is_sealed_to_its_account(house: House, app_database: Database) -> None:
    secret, codes = await set_up(await house.north.signed_in())
    scope = Scope.partner(house.ids["north"])
    async with app_database.session(scope) as session:
        rows = [
            *(await session.execute(text("SELECT t::text FROM app.totp t"))).scalars().all(),
            *(await session.execute(text("SELECT c::text FROM app.recovery_code c"))).scalars().all(),
        ]
    assert len(rows) == 11
    for hidden in (secret, base64.b32decode(secret).hex(), codes[0], codes[0].replace("-", "")):
        assert not any(hidden in row for row in rows)
    other = house.ids["approver@acme.example at north"]
    await change(app_database, scope, "DELETE FROM app.recovery_code")
    await change(app_database, scope, "UPDATE app.totp SET account_id = :other", other=other)
    moved = await house.north.send(
        "POST", "/portal/session", {"email": "approver@acme.example", "password": PASSWORD, "code": code(secret, 1)}
    )
    assert moved.status >= 400
    assert "set-cookie" not in moved.headers
