"""A real OpenID provider tells that a session there ended, and so do those here that stand on it (S-63)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from joserfc import jwt

from infra.database import Database, Scope
from tenants.identity import budgets
from tenants.identity.openid import logouts
from tenants.identity.openid.logout_token import EVENT
from tests.asgi import Answer
from tests.counterparts.oidc_provider.conftest import Office
from tests.counterparts.oidc_provider.person import browser, sign_in_with, sign_out
from tests.counterparts.oidc_provider.serving import KEY
from tests.counterparts.oidc_provider.test_sign_in import come_back, leave
from tests.services.portal.test_acting import WISH
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import SOUTH, Visitor, change, token_of

FORM = "application/x-www-form-urlencoded"


async def come_in(office: Office, provider: str, browser: aiohttp.ClientSession, login: str = "alice") -> Visitor:
    location, cookie = await leave(office, provider)
    target = await sign_in_with(browser, location, login, office.returns_to(provider))
    answer = await come_back(office, target, cookie)
    assert answer.status == 303, answer.body
    return office.house.north.having(token_of(answer))


async def is_in(office: Office, visitor: Visitor) -> bool:
    """As two seconds later."""
    forget(office.front)
    return (await visitor.get("/portal/session")).status == 200


def token(office: Office, **more: Any) -> str:
    """What the provider would send, with its own key. A claim that is None is left out."""
    now = int(time.time())
    given = {"iss": office.issuer, "aud": "portal", "iat": now, "exp": now + 120, "jti": f"j-{time.monotonic_ns()}"}
    given |= {"events": {EVENT: {}}, "sub": "alice"} | more
    header = {"alg": "RS256", "kid": KEY.kid, "typ": "logout+jwt"}
    return jwt.encode(header, {name: value for name, value in given.items() if value is not None}, KEY)


async def tell(office: Office, provider: str, text: str, visitor: Visitor | None = None, form: str = FORM) -> Answer:
    visitor = visitor or office.house.north
    given = {"host": f"{visitor.host}:8420" if visitor.host.endswith("localhost") else visitor.host}
    given |= {"content-type": form}
    raw = f"logout_token={text}".encode()
    return await visitor.caller.send("POST", f"/portal/providers/{provider}/logout", raw=raw, headers=given)


async def test_S_63_who_signs_out_at_the_provider_is_out_here_and_in_no_other_browser(office: Office) -> None:
    async with browser() as first, browser() as second, browser() as third:
        alice = await come_in(office, office.open, first)
        elsewhere, bob = (
            await come_in(office, office.open, second),
            await come_in(office, office.open, third, "bob"),
        )
        await sign_out(first, office.issuer)
        assert [await is_in(office, one) for one in (alice, elsewhere, bob)] == [False, True, True]
    acme = office.house.operator.having(office.house.keys["acme"])
    [told] = (await acme.get("/v1/audit?action=session.ended-at-provider")).json["items"]
    assert (told["actor"], told["after"]) == (f"provider:{office.open}", {"sessions": 1})


async def test_S_63_without_a_session_named_all_by_that_provider_end_that_were_there(office: Office) -> None:
    async with browser() as first, browser() as second:
        both = [await come_in(office, office.open, one) for one in (first, second)]
        late = await tell(office, office.open, token(office, iat=int(time.time()) - 300))
        assert late.status == 200, late.body
        assert [await is_in(office, one) for one in both] == [True, True], "they began after what it tells of"
        told_at = int(time.time())
        now = await tell(office, office.open, token(office, iat=told_at))
        assert (now.status, now.body, now.headers["cache-control"]) == (200, b"", "no-store")
        assert [await is_in(office, one) for one in both] == [False, False]
        # Providers tell times in seconds: who comes back within the same one comes again.
        while int(time.time()) <= told_at:
            await asyncio.sleep(0.05)
        again = await come_in(office, office.open, first)
        assert await is_in(office, again)


async def test_S_63_a_session_that_follows_one_ends_with_it(office: Office) -> None:
    """Acting as a client is a session of its own, and stands on what the provider vouched for all the same."""
    async with browser() as one:
        alice = await come_in(office, office.staff, one)
        acting = await alice.send("POST", "/portal/acting", WISH)
        assert acting.status == 201, acting.body
        helper = office.house.north.having(token_of(acting))
        assert await is_in(office, helper)
        assert (await tell(office, office.staff, token(office, iat=int(time.time()) + 5))).status == 200
        assert not await is_in(office, helper)
    # Alice is one of north's own people here, so north's own log has it.
    north = office.house.operator.having(office.house.keys["north"])
    log = (await north.get("/v1/organization/audit?action=session.ended-at-provider")).json["items"]
    assert [one["after"] for one in log] == [{"sessions": 1}]


async def test_S_63_who_is_on_the_way_in_while_the_provider_tells_is_not_let_in(office: Office) -> None:
    async with browser() as one:
        await come_in(office, office.open, one)
        location, cookie = await leave(office, office.open)
        target = await sign_in_with(one, location, "alice", office.returns_to(office.open))
        assert (await tell(office, office.open, token(office, iat=int(time.time()) + 30))).status == 200
        answer = await come_back(office, target, cookie)
        assert (answer.status, "__Host-session" in answer.headers.get("set-cookie", "")) == (403, False)


async def test_S_63_a_logout_is_believed_once_of_its_own_provider_and_on_its_own_partners_host(office: Office) -> None:
    async with browser() as one:
        alice = await come_in(office, office.open, one)
        # Another of acme's, to whom alice is nobody; and the same path on the other partner's host.
        assert (await tell(office, office.invited, token(office))).status == 200
        assert (await tell(office, office.open, token(office), office.house.north.at(SOUTH))).status == 404
        assert await is_in(office, alice)
        text = token(office, sub="bob")
        assert (await tell(office, office.open, text)).status == 200
        again = await tell(office, office.open, text)
        assert (again.status, again.problem, again.json["reason"]) == (400, "logout-refused", "logout-token-replayed")
        assert (again.json["error"], again.headers["cache-control"]) == ("invalid_request", "no-store")
        for wrong in ("", "x", "a.b.c", token(office)[:-8], f"{token(office)}&logout_token=x"):
            refused = await tell(office, office.open, wrong)
            assert refused.headers["cache-control"] == "no-store"
            assert (refused.status, refused.problem) == (400, "logout-refused"), wrong
        assert (await tell(office, office.open, token(office), form="application/json")).status == 415
        assert (await tell(office, "idp_x", token(office))).status == 404
        assert await is_in(office, alice)


async def test_S_63_of_a_directory_the_subject_is_what_it_calls_people_there(office: Office) -> None:
    """`directed` knows people by `oid`: a `sub` alone names nobody there, and the provider is told so."""
    refused = await tell(office, office.directed, token(office))
    assert (refused.status, refused.json["reason"]) == (400, "logout-token-subject")
    assert (await tell(office, office.directed, token(office, sid="s-1"))).status == 200


async def test_S_66_what_is_not_believed_counts_and_what_is_believed_does_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "LOGOUTS", 2)
    for _ in range(4):
        assert (await tell(office, office.open, token(office))).status == 200
    assert [(await tell(office, office.open, "x")).status for _ in range(3)] == [400, 400, 429]


async def test_S_63_what_was_told_before_a_death_ends_when_it_is_told_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with browser() as one:
        alice = await come_in(office, office.open, one)
        text = token(office)
        with monkeypatch.context() as death:
            death.setattr(logouts.Logouts, "_end", never_comes_to_it)
            assert (await tell(office, office.open, text)).status == 500
        assert await is_in(office, alice)
        again = await tell(office, office.open, text)
        assert (again.status, again.json["reason"]) == (400, "logout-token-replayed")
        assert not await is_in(office, alice)


async def never_comes_to_it(*_: object) -> None:
    raise SystemError


async def test_a_disabled_provider_is_not_heard(office: Office, app_database: Database) -> None:
    scope = Scope.partner(office.house.ids["north"])
    await change(app_database, scope, "UPDATE app.identity_provider SET status = 'disabled'")
    assert (await tell(office, office.open, token(office))).status == 404
