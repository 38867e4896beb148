"""Passkeys: bound to the host, to the browser that asked, and to one use (S-60, S-63)."""

from __future__ import annotations

from typing import Any

import pytest

from infra.database import Database, Scope
from services.portal.app import Front
from services.portal.cookies import PASSKEY
from tests.asgi import Answer
from tests.services.portal.authenticator import Authenticator
from tests.services.portal.staff import chief
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import APPROVER, House, Visitor, change, cookies_of, token_of


def cookies(visitor: Visitor, passkey: str) -> str:
    own = f"; __Host-session={visitor.token}" if visitor.token else ""
    return f"{PASSKEY}={passkey}{own}"


async def added(visitor: Visitor, device: Authenticator, **other: Any) -> Answer:
    asked = await visitor.send("POST", "/portal/passkeys/ask")
    assert asked.status == 201, asked.body
    credential = device.register(asked.json["options"], other.get("origin", visitor.origin))
    body = {"name": "Phone", "credential": credential}
    return await visitor.send("POST", "/portal/passkeys", body, cookie=cookies(visitor, cookies_of(asked)[PASSKEY]))


async def asked(visitor: Visitor) -> tuple[dict[str, Any], str]:
    answer = await visitor.send("POST", "/portal/passkey-session/ask")
    return answer.json["options"], cookies_of(answer)[PASSKEY]


async def entered(visitor: Visitor, credential: dict[str, Any], cookie: str) -> Answer:
    body = {"credential": credential}
    return await visitor.send("POST", "/portal/passkey-session", body, cookie=cookies(visitor, cookie))


async def test_who_added_a_passkey_enters_with_it(house: House) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    made = await added(clerk, device)
    assert made.status == 201, made.body
    options, cookie = await asked(house.north)
    assert "allowCredentials" not in options or options["allowCredentials"] == []
    answer = await entered(house.north, device.sign(options, clerk.origin), cookie)
    assert answer.status == 201, answer.body
    again = house.north.having(token_of(answer))
    assert (await again.get("/portal/session")).json["account"] == (await clerk.get("/portal/session")).json["account"]
    listed = (await again.get("/portal/passkeys")).json["items"]
    assert [(one["name"], one["host"]) for one in listed] == [("Phone", "north.localhost")]


async def test_S_99_a_host_that_went_and_came_back_opens_to_the_same_passkey(
    house: House, app_database: Database
) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    await added(clerk, device)
    north = house.ids["north"]
    await change(app_database, Scope.operator(), "DELETE FROM app.portal_host WHERE host = 'north.localhost'")
    again = "INSERT INTO app.portal_host (host, partner_id) VALUES ('north.localhost', :north)"
    await change(app_database, Scope.operator(), again, north=north)
    options, cookie = await asked(house.north)
    assert (await entered(house.north, device.sign(options, clerk.origin), cookie)).status == 201


async def asked_again(visitor: Visitor) -> tuple[dict[str, Any], str]:
    answer = await visitor.send("POST", "/portal/passkeys/proof/ask")
    assert answer.status == 201, answer.body
    return answer.json["options"], cookies_of(answer)[PASSKEY]


async def proved(visitor: Visitor, credential: dict[str, Any], cookie: str) -> Answer:
    body = {"credential": credential}
    return await visitor.send("POST", "/portal/passkeys/proof", body, cookie=cookies(visitor, cookie))


async def test_S_63_a_passkey_proves_again_who_it_is_and_makes_another_session(
    house: House, app_database: Database, front: Front
) -> None:
    old, device = await chief(house, app_database), Authenticator()
    assert (await added(old, device)).status == 201
    await change(
        app_database,
        Scope.partner(house.ids["north"]),
        "UPDATE app.portal_session SET proved_at = proved_at - interval '11 minutes'",
    )
    forget(front)
    assert (await old.send("POST", "/portal/passkeys/ask")).problem == "proof-needed"
    options, cookie = await asked_again(old)
    assert len(options["allowCredentials"]) == 1
    made = await proved(old, device.sign(options, old.origin), cookie)
    assert made.status == 201, made.body
    fresh = old.having(token_of(made))
    assert (await old.get("/portal/session")).status == 401
    assert (await fresh.send("POST", "/portal/passkeys/ask")).status == 201


async def test_S_63_somebody_elses_passkey_proves_nothing(house: House) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    other, others = await house.north.signed_in(APPROVER), Authenticator()
    assert (await clerk.send("POST", "/portal/passkeys/proof/ask")).status == 404
    assert (await house.north.send("POST", "/portal/passkeys/proof/ask")).status == 401
    await added(clerk, device)
    await added(other, others)
    options, cookie = await asked_again(clerk)
    assert (await proved(clerk, others.sign(options, clerk.origin), cookie)).problem == "passkey-refused"
    # What was asked of one account counts for no other, and a sign-in is no proof of it either.
    options, cookie = await asked_again(clerk)
    assert (await proved(other, others.sign(options, clerk.origin), cookie)).problem == "passkey-refused"
    options, cookie = await asked_again(clerk)
    assert (await entered(house.north, device.sign(options, clerk.origin), cookie)).problem == "passkey-refused"
    options, cookie = await asked_again(clerk)
    assert (await proved(clerk, device.sign(options, clerk.origin), cookie)).status == 201


async def test_S_60_what_is_signed_counts_once_in_the_browser_that_asked(house: House) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    await added(clerk, device)
    options, cookie = await asked(house.north)
    _, others = await asked(house.north)
    signed = device.sign(options, clerk.origin)
    for wrong in (others, "a" * 43, "x"):
        assert (await entered(house.north, signed, wrong)).problem == "passkey-refused"
    assert (await entered(house.north, signed, cookie)).status == 201
    assert (await entered(house.north, signed, cookie)).problem == "passkey-refused"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://north.localhost:8421", "https://north.localhost:8420"]
)
async def test_S_60_a_passkey_signs_for_this_origin_alone(house: House, origin: str) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    assert (await added(clerk, device, origin=origin)).problem == "passkey-refused"
    await added(clerk, device)
    options, cookie = await asked(house.north)
    assert (await entered(house.north, device.sign(options, origin), cookie)).problem == "passkey-refused"


async def test_a_passkey_without_the_persons_finger_is_refused(house: House) -> None:
    clerk = await house.north.signed_in()
    assert (await added(clerk, Authenticator(verifies=False))).problem == "passkey-refused"


async def test_a_copied_passkey_is_found_by_its_counter(house: House) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    await added(clerk, device)
    device.count = 7
    options, cookie = await asked(house.north)
    assert (await entered(house.north, device.sign(options, clerk.origin), cookie)).status == 201
    device.count = 3
    options, cookie = await asked(house.north)
    assert (await entered(house.north, device.sign(options, clerk.origin), cookie)).problem == "passkey-refused"


async def test_S_07_it_opens_nothing_at_another_partner_and_nothing_once_the_account_is_disabled(
    house: House, app_database: Database
) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    await added(clerk, device)
    options, cookie = await asked(house.south)
    elsewhere = await entered(house.south, device.sign(options, house.south.origin), cookie)
    assert elsewhere.problem == "passkey-refused"
    await change(app_database, Scope.partner(house.ids["north"]), "UPDATE app.account SET status = 'disabled'")
    options, cookie = await asked(house.north)
    assert (await entered(house.north, device.sign(options, clerk.origin), cookie)).problem == "passkey-refused"


async def test_S_63_removing_one_ends_the_accounts_sessions(house: House) -> None:
    clerk, device = await house.north.signed_in(), Authenticator()
    known = (await added(clerk, device)).json["id"]
    assert (await clerk.send("DELETE", "/portal/passkeys/x")).status == 404
    assert (await clerk.send("DELETE", f"/portal/passkeys/{known}")).status == 204
    assert (await clerk.get("/portal/session")).status == 401
    options, cookie = await asked(house.north)
    assert (await entered(house.north, device.sign(options, clerk.origin), cookie)).problem == "passkey-refused"


@pytest.mark.parametrize("credential", [{}, {"id": 1}, {"id": "x"}, {"id": "a" * 2000}, {"id": "YQ", "response": []}])
async def test_what_is_no_credential_is_refused(house: House, credential: dict[str, Any]) -> None:
    _, cookie = await asked(house.north)
    assert (await entered(house.north, credential, cookie)).problem == "passkey-refused"
