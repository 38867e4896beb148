"""Signing in, being somebody, and ceasing to be (attacks B5)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity import accounts
from tenants.identity.permissions import ACCOUNT, Permission
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.asgi import Caller
from tests.services.portal.visitors import BUYER, CLERK, NORTH, PASSWORD, SOUTH, House, change, token_of


def forget(front: Front) -> None:
    """As after the two seconds for which a process remembers."""
    front.portal.keeper.sessions.forget()
    front.portal.brands.forget()
    front.api.app.state.resources.keyring.forget()  # type: ignore[attr-defined]
    front.api.app.state.directory.forget()  # type: ignore[attr-defined]


async def test_a_session_says_who_for_whom_and_until_when(house: House) -> None:
    made = await house.north.sign_in(" Clerk@ACME.example ")
    assert made.status == 201
    clerk = house.north.having(token_of(made))
    seen = await clerk.get("/portal/session")
    assert seen.json == made.json
    assert seen.json["account"]["email"] == CLERK
    assert seen.json["client"] == {"name": "Acme", "slug": "acme"}
    assert seen.json["environment"] == "live"
    assert "payloads:masked" in seen.json["permissions"]
    assert "payloads:read" not in seen.json["permissions"]
    assert (await clerk.get("/v1/runs")).json == {"items": [], "next": None}
    me = (await clerk.get("/v1/me")).json
    assert (me["key"], me["account"], me["scope"]) == (None, seen.json["account"]["id"], "client")


async def test_S_63_the_cookie_is_bound_to_host_and_tls_and_hidden_from_scripts(house: House) -> None:
    headers = (await house.north.sign_in()).headers["set-cookie"].split("\n")
    lives = {"__Host-session": 43_200, "__Host-device": 7_776_000}
    assert len(headers) == len(lives)
    for header in headers:
        pair, *attributes = (part.strip() for part in header.split(";"))
        name, _, value = pair.partition("=")
        assert len(value) == 43  # 256 bits
        assert set(attributes) == {"Path=/", "Secure", "HttpOnly", "SameSite=lax", f"Max-Age={lives.pop(name)}"}


async def test_S_65_the_cookie_is_stored_as_a_hash_only(house: House, app_database: Database) -> None:
    token = token_of(await house.north.sign_in())
    async with app_database.session(Scope.partner(house.ids["north"])) as session:
        rows = (await session.execute(text("SELECT portal_session::text, token_hash FROM app.portal_session"))).all()
    assert len(rows) == 1
    assert token not in rows[0][0]
    assert token.encode() not in rows[0][1]


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "'; DROP TABLE app.account; --", "A" * 5000, "é" * 43])
async def test_S_65_no_other_text_is_a_session(house: House, token: str) -> None:
    answer = await house.north.having(token).get("/portal/session")
    assert (answer.status, answer.problem) == (401, "not-signed-in")
    assert (await house.north.having(token).get("/v1/runs")).status == 401


async def test_S_63_a_cookie_that_is_there_twice_is_none(house: House) -> None:
    clerk = await house.north.signed_in()
    tossed = f"__Host-session={clerk.token}; __Host-session={'b' * 43}"
    assert (await clerk.get("/v1/runs", cookie=tossed)).status == 401


async def test_S_07_a_session_counts_on_its_own_host_only(house: House, app_database: Database) -> None:
    clerk = await house.north.signed_in()
    assert (await clerk.at(SOUTH).get("/v1/runs")).status == 401
    assert (await clerk.at(SOUTH).get("/portal/session")).status == 401
    # A second host of the same partner is another host all the same.
    await change(
        app_database,
        Scope.operator(),
        "INSERT INTO app.portal_host (host, partner_id) VALUES ('two.localhost', :p)",
        p=house.ids["north"],
    )
    assert (await clerk.at("two.localhost").get("/v1/runs")).status == 401
    assert (await clerk.at("NORTH.localhost").get("/v1/runs")).status == 200


async def test_S_58_one_address_at_two_partners_is_two_people(house: House) -> None:
    north, south = await house.north.signed_in(CLERK), await house.south.signed_in(CLERK)
    ids = {(await one.get("/portal/session")).json["account"]["id"] for one in (north, south)}
    assert len(ids) == 2
    assert (await house.north.sign_in(BUYER)).problem == "sign-in-failed"


async def test_the_typed_address_is_kept_nowhere(house: House, app_database: Database) -> None:
    await house.north.sign_in("hunter2-my-password", "x")
    async with app_database.session(Scope.partner(house.ids["north"])) as session:
        rows = (await session.execute(text("SELECT sign_in_attempt::text FROM app.sign_in_attempt"))).scalars().all()
    assert len(rows) == 4
    assert "hunter2" not in repr(rows)


async def test_S_63_signing_in_again_makes_another_session_and_ends_the_first(house: House) -> None:
    first = await house.north.signed_in()
    second = await first.signed_in()
    assert second.token != first.token
    assert (await first.get("/v1/runs")).status == 401
    assert (await second.get("/v1/runs")).status == 200


async def test_S_63_signing_out_ends_it_here_and_in_the_browser(house: House) -> None:
    clerk = await house.north.signed_in()
    assert (await clerk.get("/v1/runs")).status == 200
    gone = await clerk.send("DELETE", "/portal/session")
    assert (gone.status, gone.body) == (204, b"")
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert (await clerk.get("/v1/runs")).status == 401
    assert (await clerk.send("DELETE", "/portal/session")).status == 204


@pytest.mark.parametrize(
    ("scope", "statement"),
    [
        ("north", "UPDATE app.account SET status = 'disabled'"),
        ("north", "UPDATE app.client SET status = 'disabled'"),
        ("north", "UPDATE app.portal_session SET expires_at = clock_timestamp()"),
        ("north", "UPDATE app.portal_session SET seen_at = seen_at - interval '61 minutes'"),
        ("north", "DELETE FROM app.portal_session"),
    ],
    ids=["account", "client", "life", "rest", "ended"],
)
async def test_S_63_a_session_ends_within_seconds(
    house: House, front: Front, app_database: Database, scope: str, statement: str
) -> None:
    clerk = await house.north.signed_in()
    assert (await clerk.get("/v1/runs")).status == 200
    await change(app_database, Scope.partner(house.ids[scope]), statement)
    forget(front)
    assert (await clerk.get("/v1/runs")).status == 401
    assert (await clerk.get("/portal/session")).status == 401


async def test_S_06_a_disabled_partners_host_is_nobodys(house: House, front: Front) -> None:
    clerk = await house.north.signed_in()
    await house.operator.post("/v1/partners/north/disable")
    forget(front)
    assert (await clerk.get("/v1/runs")).problem == "not-found"
    assert (await clerk.get("/")).problem == "not-found"
    await house.operator.post("/v1/partners/north/enable")
    forget(front)
    assert (await clerk.get("/v1/runs")).status == 200


async def test_rest_begins_anew_with_each_request_and_not_with_a_look(
    house: House, front: Front, app_database: Database
) -> None:
    clerk = await house.north.signed_in()
    place = Scope.partner(house.ids["north"])
    earlier = "UPDATE app.portal_session SET seen_at = clock_timestamp() - interval '50 minutes'"
    brand = await front.portal.brands.find(NORTH)
    assert brand is not None
    for path, minutes in (("/v1/runs", 0), ("/portal/session", 0), (None, 50)):
        await change(app_database, place, earlier)
        forget(front)
        if path is None:
            # As an open stream of changes does every few seconds.
            assert await front.portal.keeper.session(brand, clerk.token, passing=True) is not None
        else:
            assert (await clerk.get(path)).status == 200
        async with app_database.session(place) as session:
            age = await session.scalar(
                text("SELECT extract(epoch FROM clock_timestamp() - seen_at)::integer / 60 FROM app.portal_session")
            )
        assert age == minutes


async def test_a_request_right_after_a_look_is_activity_all_the_same(
    house: House, front: Front, app_database: Database
) -> None:
    clerk = await house.north.signed_in()
    place = Scope.partner(house.ids["north"])
    earlier = "UPDATE app.portal_session SET seen_at = clock_timestamp() - interval '50 minutes'"
    await change(app_database, place, earlier)
    forget(front)
    brand = await front.portal.brands.find(NORTH)
    assert brand is not None
    assert await front.portal.keeper.session(brand, clerk.token, passing=True) is not None
    assert (await clerk.get("/v1/runs")).status == 200
    async with app_database.session(place) as session:
        query = text("SELECT clock_timestamp() - seen_at < interval '10 minutes' FROM app.portal_session")
        assert await session.scalar(query)


async def test_S_63_a_host_that_comes_back_has_no_sessions_of_before(
    house: House, front: Front, app_database: Database
) -> None:
    clerk = await house.north.signed_in()
    async with app_database.session(Scope.operator()) as session:
        await branding.remove_host(session, NORTH, actor="test")
        await session.commit()
    forget(front)
    assert (await clerk.get("/v1/runs")).problem == "not-found"
    async with app_database.session(Scope.partner(house.ids["north"])) as session:
        for table in ("portal_session", "known_device"):
            query = text(f"SELECT count(*) FROM app.{table}")  # noqa: S608 (names of ours)
            assert await session.scalar(query) == 0
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "north")
        await branding.add_host(session, partner, NORTH, actor="test")
        await session.commit()
    forget(front)
    assert (await clerk.get("/v1/runs")).status == 401
    again = await house.north.signed_in()
    forget(front)
    assert (await again.get("/v1/runs")).status == 200


async def test_S_63_a_new_password_ends_every_session(house: House, front: Front, app_database: Database) -> None:
    clerk = await house.north.signed_in()
    passwords = front.portal.keeper.passwords
    stored = await passwords.hash("another password of theirs")
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        found = await accounts.find(session, house.ids["north"], CLERK)
        await accounts.set_password(session, found, stored, actor="test")
        await session.commit()
    forget(front)
    assert (await clerk.get("/v1/runs")).status == 401
    assert (await house.north.sign_in(CLERK)).status == 401
    assert (await house.north.sign_in(CLERK, "another password of theirs")).status == 201


async def test_S_63_other_permissions_end_every_session_and_count_in_the_next(
    house: House, front: Front, app_database: Database
) -> None:
    clerk = await house.north.signed_in()
    fewer = ACCOUNT - {Permission.RUNS_READ}
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        found = await accounts.find(session, house.ids["north"], CLERK)
        await accounts.set_permissions(session, found, fewer, grantable=frozenset(), actor="test")
        await session.commit()
    forget(front)
    assert (await clerk.get("/v1/runs")).status == 401
    again = await clerk.signed_in()
    assert (await again.get("/portal/session")).json["permissions"] == sorted(one.value for one in fewer)
    assert (await again.get("/v1/runs")).status == 403


async def test_S_64_S_65_no_key_counts_here_and_no_cookie_on_the_api(house: House, front: Front) -> None:
    clerk = await house.north.signed_in()
    bearer = f"Bearer {house.keys['acme']}"
    assert (await house.north.get("/v1/runs", authorization=bearer)).status == 401
    assert (await clerk.get("/v1/runs", authorization=bearer)).json == {"items": [], "next": None}
    api = Caller(front)
    cookie = {"cookie": f"__Host-session={clerk.token}"}
    assert (await api.get("/v1/runs", headers=cookie)).status == 401
    assert (await api.get("/portal/session", headers=cookie)).status == 404
    assert (await api.having(house.keys["acme"]).get("/v1/runs", headers=cookie)).status == 200


async def test_S_01_an_account_reaches_its_own_tenant_and_no_other(house: House) -> None:
    clerk = await house.north.signed_in()
    assert (await clerk.get("/v1/clients/acme/live/runs")).status == 200
    for path in ("/v1/clients/acme/test/runs", "/v1/clients/foreign/live/runs", "/v1/clients/nobody/live/runs"):
        assert (await clerk.get(path)).problem == "not-found"
    for path in ("/v1/partners", "/v1/clients", "/v1/keys", "/v1/audit", "/v1/usage", "/v1/workflows"):
        assert (await clerk.get(path)).status == 403, path


async def test_S_87_what_accounts_do_is_audited_in_their_tenant(house: House, front: Front) -> None:
    clerk = await house.north.signed_in()
    await house.north.sign_in(CLERK, "wrong password")
    await front.portal.keeper.settled()
    await clerk.get("/v1/keys")
    acme = Caller(front, house.keys["acme"])
    log = {one["action"]: one for one in (await acme.get("/v1/audit")).json["items"]}
    me = (await clerk.get("/portal/session")).json["account"]["id"]
    assert (log["session.started"]["actor"], log["session.started"]["after"]) == (f"account:{me}", {"host": NORTH})
    assert (log["session.refused"]["actor"], log["session.refused"]["target"]) == ("nobody", me)
    assert (log["access.denied"]["actor"], log["access.denied"]["target"]) == (f"account:{me}", "GET /v1/keys")
    assert log["account.created"]["actor"] == "test"


async def test_a_body_of_another_form_is_refused(house: House) -> None:
    for body in ({}, {"email": CLERK}, {"email": CLERK, "password": PASSWORD, "remember": True}, {"email": 1}):
        assert (await house.north.send("POST", "/portal/session", body)).status == 422
    plain = await house.north.send("POST", "/portal/session", {"email": CLERK}, content_type="text/plain")
    assert plain.status == 415
