"""Signing in at a real OpenID provider, and everything that must not (S-58 to S-60)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from yarl import URL

from infra.database import Database, Scope
from services.portal.cookies import FLOW, INVITATION
from tenants.identity.openid import flow
from tests.asgi import Answer
from tests.counterparts.oidc_provider.conftest import Office
from tests.counterparts.oidc_provider.person import sign_in
from tests.services.portal.staff import chief
from tests.services.portal.test_invitations import link, opened
from tests.services.portal.visitors import CLERK, SOUTH, Visitor, change, cookies_of, token_of


async def leave(office: Office, provider: str, visitor: Visitor | None = None, **body: object) -> tuple[str, str]:
    """Where to go, and the cookie that goes along."""
    answer = await (visitor or office.house.north).send("POST", f"/portal/providers/{provider}/leave", body)
    assert answer.status == 201, answer.body
    return answer.json["location"], cookies_of(answer)[FLOW]


async def come_back(office: Office, target: URL, cookie: str, visitor: Visitor | None = None, **headers: str) -> Answer:
    sent = f"{FLOW}={cookie}" if cookie else ""
    if visitor is not None and visitor.token is not None:
        sent += f"; __Host-session={visitor.token}"
    given = {"cookie": sent, "sec_fetch_site": "cross-site", "origin": "", **headers}
    return await (visitor or office.house.north).send("GET", target.raw_path_qs, **given)


async def entered(office: Office, provider: str, login: str, to: str = "/") -> Answer:
    location, cookie = await leave(office, provider, to=to)
    return await come_back(office, await sign_in(location, login, office.returns_to(provider)), cookie)


async def test_a_newcomer_gets_the_role_of_the_provider_and_is_the_same_person_next_time(office: Office) -> None:
    answer = await entered(office, office.open, "alice", to="/runs?state=held")
    assert (answer.status, answer.headers["location"]) == (303, "/runs?state=held")
    alice = office.house.north.having(token_of(answer))
    session = (await alice.get("/portal/session")).json
    assert (session["account"]["name"], session["client"]["slug"]) == ("Alice Acme", "acme")
    assert "runs:write" in session["permissions"]
    assert "people:write" not in session["permissions"]
    again = office.house.north.having(token_of(await entered(office, office.open, "alice")))
    assert (await again.get("/portal/session")).json["account"] == session["account"]


async def test_S_58_an_address_joins_nobody(office: Office) -> None:
    """The provider says that bob has the clerk's address, verified: bob is somebody else all the same."""
    bob = office.house.north.having(token_of(await entered(office, office.open, "bob")))
    clerk = await office.house.north.signed_in(CLERK)
    seen = [(await one.get("/portal/session")).json["account"] for one in (bob, clerk)]
    assert seen[0]["email"] == seen[1]["email"] == CLERK
    assert seen[0]["id"] != seen[1]["id"]


async def test_S_58_who_has_another_address_by_now_is_the_same_person(office: Office, app_database: Database) -> None:
    """What she was called is somebody else's since: neither finds the other's account."""
    first = office.house.north.having(token_of(await entered(office, office.open, "alice")))
    alice = (await first.get("/portal/session")).json["account"]
    scope = Scope.tenant(office.house.ids["acme"])
    await change(app_database, scope, "UPDATE app.account SET email = 'before@acme.example' WHERE name = 'Alice Acme'")
    await change(
        app_database, scope, "UPDATE app.account SET email = :now WHERE email = :was", now=alice["email"], was=CLERK
    )
    again = office.house.north.having(token_of(await entered(office, office.open, "alice")))
    assert (await again.get("/portal/session")).json["account"]["id"] == alice["id"]
    clerk = await office.house.north.signed_in(alice["email"])
    assert (await clerk.get("/portal/session")).json["account"]["id"] != alice["id"]


async def test_S_58_whom_nobody_let_in_stays_outside(office: Office) -> None:
    refused = await entered(office, office.invited, "alice")
    assert (refused.status, refused.problem) == (403, "nobody-here")
    location, cookie = await leave(office, office.invited)
    target = await sign_in(location, "alice", office.returns_to(office.invited))
    page = await come_back(office, target, cookie, accept="text/html,*/*")
    assert (page.status, page.headers["location"]) == (303, "/sign-in?failed=nobody-here")
    assert "__Host-session" not in page.headers["set-cookie"]


async def test_S_59_each_provider_has_its_own_way_back(office: Office) -> None:
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    other = target.with_path(target.path.replace(office.open, office.invited)).with_query(target.query)
    assert (await come_back(office, other, cookie)).problem == "sign-in-stale"


@pytest.mark.parametrize("iss", [None, "http://127.0.0.1:1", "", "{issuer}/"])
async def test_S_59_an_answer_names_exactly_its_issuer(office: Office, iss: str | None) -> None:
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    assert target.query["iss"] == office.issuer
    query = {name: value for name, value in target.query.items() if name != "iss"}
    if iss is not None:
        query["iss"] = iss.format(issuer=office.issuer)
    answer = await come_back(office, target.with_query(query), cookie)
    assert (answer.status, answer.problem) == (401, "provider-refused")


async def test_S_60_another_browser_cannot_finish_what_this_one_began(office: Office) -> None:
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    _, others = await leave(office, office.open)
    for wrong in ("", "x", others, "a" * 43):
        answer = await come_back(office, target, wrong)
        assert (answer.status, answer.problem) == (400, "sign-in-stale")
    # None of these used it up: it is still the one browser's.
    assert (await come_back(office, target, cookie)).status == 303


async def test_S_60_a_return_counts_once_on_its_host_and_for_ten_minutes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    elsewhere = office.house.north.at(SOUTH)
    assert (await come_back(office, target, cookie, elsewhere)).problem == "sign-in-stale"
    assert (await come_back(office, target, cookie)).status == 303
    assert (await come_back(office, target, cookie)).problem == "sign-in-stale"
    monkeypatch.setattr(flow, "LIFE", timedelta(seconds=-1))
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    assert (await come_back(office, target, cookie)).problem == "sign-in-stale"


async def test_S_60_a_code_of_another_sign_in_is_refused_by_its_verifier(office: Office) -> None:
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    second, others = await leave(office, office.open)
    stolen = (await sign_in(second, "bob", office.returns_to(office.open))).query["code"]
    answer = await come_back(office, target.update_query(code=stolen), cookie)
    assert (answer.status, answer.problem) == (401, "provider-refused")
    assert others != cookie


async def test_S_60_what_is_asked_of_the_provider(office: Office) -> None:
    location, cookie = await leave(office, office.open)
    query = URL(location).query
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == office.returns_to(office.open)
    assert len(query["state"]) == len(query["nonce"]) == len(query["code_challenge"]) == 43
    assert cookie not in location


async def test_S_100_only_a_path_of_this_host_is_led_to(office: Office) -> None:
    for to in ("//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/a\r\nb", "/\x00"):
        answer = await office.house.north.send("POST", f"/portal/providers/{office.open}/leave", {"to": to})
        assert answer.status in {400, 422}, (to, answer.body)


async def test_a_provider_that_is_disabled_lets_nobody_in(office: Office, app_database: Database) -> None:
    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    scope = Scope.partner(office.house.ids["north"])
    await change(app_database, scope, "UPDATE app.identity_provider SET status = 'disabled'")
    assert (await come_back(office, target, cookie)).problem == "not-found"
    assert (await office.house.north.get("/portal/providers")).json == {"items": []}


async def test_a_proof_at_the_provider_is_of_the_same_person_and_makes_another_session(office: Office) -> None:
    alice = office.house.north.having(token_of(await entered(office, office.open, "alice")))
    location, cookie = await leave(office, office.open, alice, prove=True)
    assert URL(location).query["prompt"] == "login"
    target = await sign_in(location, "bob", office.returns_to(office.open))
    assert (await come_back(office, target, cookie, alice)).problem == "provider-refused"
    location, cookie = await leave(office, office.open, alice, prove=True)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    answer = await come_back(office, target, cookie, alice)
    assert answer.status == 303
    assert token_of(answer) != alice.token
    assert (await alice.get("/portal/session")).status == 401


async def test_S_63_a_proof_that_fails_comes_back_to_the_page_and_proves_nothing(office: Office) -> None:
    alice = office.house.north.having(token_of(await entered(office, office.open, "alice")))
    for to, back in (
        ("/account/passkeys?resume=1", "/account/passkeys?resume=1&failed=provider-refused"),
        ("/clients#acme", "/clients?failed=provider-refused#acme"),
    ):
        location, cookie = await leave(office, office.open, alice, prove=True, to=to)
        target = await sign_in(location, "bob", office.returns_to(office.open))
        answer = await come_back(office, target, cookie, alice, accept="text/html,*/*")
        assert (answer.status, answer.headers["location"]) == (303, back)
        assert list(cookies_of(answer)) == [FLOW], "the session is what it was"
        assert (await alice.get("/portal/session")).status == 200
        again = await come_back(office, target, cookie, alice, accept="text/html,*/*")
        assert again.headers["location"] == "/sign-in?failed=sign-in-stale", "what was used up leads to no page"


async def choices(visitor: Visitor, query: str = "", **headers: str) -> list[str]:
    answer = await visitor.get(f"/portal/providers{query}", **headers)
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.json["items"]]


async def test_S_69_whoever_a_client_invites_is_offered_its_provider_and_enters_there(
    office: Office, app_database: Database
) -> None:
    boss = await chief(office.house, app_database)
    seen = await opened(office.house.north, await link(boss))
    cookie = cookies_of(seen)[INVITATION]
    sent = f"{INVITATION}={cookie}"
    acmes = [office.invited, office.open, office.directed]
    assert await choices(office.house.north, "?for=accept", cookie=sent) == [*acmes, office.staff]
    assert await choices(office.house.north) == [office.staff], "a list would name the clients to everybody"
    stranger = await office.house.north.get("/portal/providers?for=accept")
    assert (stranger.status, stranger.problem) == (404, "invitation-over")
    body = {"accept": True}
    left = await office.house.north.send("POST", f"/portal/providers/{office.invited}/leave", body, cookie=sent)
    target = await sign_in(left.json["location"], "alice", office.returns_to(office.invited))
    entered_by = await come_back(office, target, f"{cookies_of(left)[FLOW]}; {sent}")
    assert (entered_by.status, entered_by.headers["location"]) == (303, "/")
    nina = office.house.north.having(token_of(entered_by))
    session = (await nina.get("/portal/session")).json
    assert (session["account"]["name"], session["client"]["slug"]) == ("Nina", "acme")
    assert await choices(nina, "?for=prove") == [office.invited]


async def test_a_proof_is_offered_where_the_account_is_known_and_nowhere_else(office: Office) -> None:
    alice = office.house.north.having(token_of(await entered(office, office.open, "alice")))
    assert await choices(alice, "?for=prove") == [office.open]
    clerk = await office.house.north.signed_in(CLERK)
    assert await choices(clerk, "?for=prove") == []
    refused = await office.house.north.get("/portal/providers?for=prove")
    assert (refused.status, refused.problem) == (401, "not-signed-in")
    assert (await office.house.north.get("/portal/providers?for=anything")).status == 400


async def test_S_65_the_secret_is_sealed_and_flows_hold_none(office: Office, app_database: Database) -> None:
    _, cookie = await leave(office, office.open)
    async with app_database.session(Scope.partner(office.house.ids["north"])) as session:
        rows = (await session.execute(text("SELECT p::text FROM app.identity_provider p"))).scalars().all()
        flows = (await session.execute(text("SELECT f::text FROM app.sign_in_flow f"))).scalars().all()
    assert rows
    assert flows
    secret = b"of-these-tests-and-nothing-else"
    assert not any(secret.hex() in one or secret.decode() in one for one in rows)
    assert not any(cookie in one for one in flows)


async def test_S_63_whoever_comes_back_while_the_provider_is_disabled_is_not_let_in(
    office: Office, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It vouched for her, and then, before her session is there, somebody disables it."""
    acme = Scope.tenant(office.house.ids["acme"])
    sessions = office.front.portal.keeper.sessions
    start = sessions.start

    async def late(*given: object, **more: object) -> object:
        await change(app_database, acme, "UPDATE app.identity_provider SET status = 'disabled'")
        return await start(*given, **more)  # type: ignore[arg-type]

    location, cookie = await leave(office, office.open)
    target = await sign_in(location, "alice", office.returns_to(office.open))
    monkeypatch.setattr(sessions, "start", late)
    refused = await come_back(office, target, cookie)
    assert (refused.status, "__Host-session" in refused.headers.get("set-cookie", "")) == (404, False)
    async with app_database.session(Scope.partner(office.house.ids["north"])) as session:
        left = await session.execute(text("SELECT count(*) FROM app.portal_session"))
        assert left.scalar_one() == 0
