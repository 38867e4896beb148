"""Taking back what got out: another password ends sessions, browsers and passkeys (S-63, S-65)."""

from __future__ import annotations

import pytest

from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity import account_repository, accounts, proving, second_factors
from tenants.identity.passwords import Passwords
from tests.asgi import Answer
from tests.services.portal.authenticator import Authenticator
from tests.services.portal.test_passkeys import added, asked, cookies, entered
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import CLERK, PASSWORD, House, Visitor, change, cookies_of

NEW = "violet otter paints 7 bridges"


async def renew(visitor: Visitor, old: str = PASSWORD, new: str = NEW) -> Answer:
    return await visitor.send("POST", "/portal/password", {"old": old, "new": new})


async def is_open(visitor: Visitor, device: Authenticator) -> bool:
    options, cookie = await asked(visitor)
    return (await entered(visitor, device.sign(options, visitor.origin), cookie)).status == 201


async def test_S_63_who_knows_the_password_gives_another_and_all_that_the_old_one_let_in_ends(house: House) -> None:
    clerk, stranger, device = await house.north.signed_in(), await house.north.signed_in(), Authenticator()
    assert (await added(stranger, device)).status == 201
    assert await is_open(house.north, device)
    done = await renew(clerk)
    assert (done.status, cookies_of(done)["__Host-session"]) == (204, '""'), done.body
    assert (await clerk.get("/portal/session")).status == 401
    assert not await is_open(house.north, device), "a passkey that a stranger added at an open session"
    assert (await house.north.sign_in()).status == 401
    again = await house.north.sign_in(CLERK, NEW)
    assert again.status == 201


async def test_S_63_the_stranger_at_another_browser_is_out_within_seconds(house: House, front: Front) -> None:
    clerk, stranger = await house.north.signed_in(), await house.north.signed_in()
    assert (await stranger.get("/v1/runs")).status == 200
    assert (await renew(clerk)).status == 204
    forget(front)
    assert (await stranger.get("/v1/runs")).status == 401


async def test_S_63_changing_it_takes_a_fresh_proof_and_the_old_one(
    house: House, app_database: Database, front: Front
) -> None:
    clerk = await house.north.signed_in()
    wrong = await renew(clerk, "not that one at all")
    assert (wrong.status, wrong.problem) == (401, "sign-in-failed")
    old = "UPDATE app.portal_session SET proved_at = proved_at - interval '11 minutes'"
    await change(app_database, Scope.partner(house.ids["north"]), old)
    forget(front)
    refused = await renew(clerk)
    assert (refused.status, refused.problem) == (403, "proof-needed")
    assert (await renew(house.north)).status == 401, "nobody"
    assert (await house.north.sign_in()).status == 201


async def test_S_66_the_old_password_is_guessed_ten_times(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "_TRIES", 2)
    clerk = await house.north.signed_in()
    assert [(await renew(clerk, f"not that one {n}")).status for n in range(3)] == [401, 401, 429]
    assert (await renew(clerk)).status == 429


@pytest.mark.parametrize(
    ("weak", "reason"),
    [
        ("short", "length"),
        ("password1234", "common"),
        (CLERK, "personal"),
        ("North Portal 2026", "personal"),
        ("zxcvbnm,./zxcvbnm", "keyboard"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abcdefghijklmnop", "sequence"),
        ("1985-07-04 07", "date"),
        ("understanding", "words"),
    ],
)
async def test_an_easily_guessed_one_is_refused_at_its_field_and_says_why(house: House, weak: str, reason: str) -> None:
    clerk = await house.north.signed_in()
    refused = await renew(clerk, new=weak)
    assert refused.status == 422
    (told,) = refused.json["errors"]
    assert (told["pointer"], told["reason"]) == ("/new", reason), told
    assert weak not in refused.json["detail"]
    assert (await clerk.get("/portal/session")).status == 200


async def test_S_65_who_has_no_password_gets_none_this_way(house: House, app_database: Database) -> None:
    clerk = await house.north.signed_in()
    await change(app_database, Scope.partner(house.ids["north"]), "UPDATE app.account SET password_hash = NULL")
    assert (await renew(clerk)).status == 401
    assert (await clerk.get("/portal/password")).json == {"is_set": False}


async def test_whether_there_is_a_password_is_told_to_whom_it_is(house: House) -> None:
    assert (await (await house.north.signed_in()).get("/portal/password")).json == {"is_set": True}
    assert (await house.north.get("/portal/password")).status == 401


async def test_S_63_what_the_operator_resets_leaves_no_passkey(house: House, app_database: Database) -> None:
    north, who = house.ids["north"], house.ids[f"{CLERK} at north"]
    passwords = Passwords()
    stored = await passwords.hash(NEW)
    passwords.close()
    for reset in ("password", "second factor"):
        clerk, device = await house.north.signed_in(), Authenticator()
        assert (await added(clerk, device)).status == 201
        assert await is_open(house.north, device)
        async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
            found = await account_repository.account(session, north, account_id=who)
            assert found is not None
            if reset == "password":
                await accounts.set_password(session, found, stored, actor="test")
            else:
                await second_factors.reset(session, found, actor="test")
            await session.commit()
        assert not await is_open(house.north, device), reset
        entry = "UPDATE app.account SET password_hash = :stored WHERE account_id = :who"
        old = Passwords()
        await change(app_database, Scope.tenant(house.ids["acme"]), entry, stored=await old.hash(PASSWORD), who=who)
        old.close()


async def test_S_63_no_passkey_is_added_by_a_session_that_was_ended(house: House, app_database: Database) -> None:
    """Though the process remembers it for two seconds."""
    clerk, device = await house.north.signed_in(), Authenticator()
    begun = await clerk.send("POST", "/portal/passkeys/ask")
    credential = device.register(begun.json["options"], clerk.origin)
    await change(app_database, Scope.partner(house.ids["north"]), "DELETE FROM app.portal_session")
    sent = {"name": "Phone", "credential": credential}
    cookie = cookies(clerk, cookies_of(begun)["__Host-passkey"])
    refused = await clerk.send("POST", "/portal/passkeys", sent, cookie=cookie)
    assert refused.problem == "passkey-refused"
    assert not await is_open(house.north, device)
