"""S-66: who guesses runs out of tries, by network, by address and by host; who is known here never does by others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import pytest
from sqlalchemy import text

from infra import settings
from infra.database import Database, Scope
from services.portal.app import Front, create_app
from services.portal.cookies import DEVICE
from tenants.identity import accounts, budgets
from tests.asgi import Answer, Caller, running
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import APPROVER, CLERK, NORTH, PASSWORD, House, Visitor, change, cookies_of

WRONG = "not the password"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, int]:
    """Budgets that a test can use up: of a network 4, of an address in it 2, of an address 6, of a host 9."""
    found = {"NETWORK": 4, "NETWORK_ADDRESS": 2, "DEVICE_ADDRESS": 2, "ADDRESS": 6, "HOST": 9}
    for name, limit in found.items():
        monkeypatch.setattr(budgets, name, limit)
    return found


async def statuses(visitor: Visitor, email: str, times: int) -> list[int]:
    return [(await visitor.sign_in(email, WRONG)).status for _ in range(times)]


def told(answer: Answer) -> tuple[int, dict[str, object]]:
    return answer.status, {name: value for name, value in answer.json.items() if name != "request_id"}


async def test_S_66_who_tries_many_addresses_from_one_network_is_stopped(house: House) -> None:
    sprayer = house.north.by("2001:db8:1:2::1")
    answers = await asyncio.gather(*(sprayer.sign_in(f"person{n}@acme.example", WRONG) for n in range(7)))
    assert sorted(one.status for one in answers) == [401] * 4 + [429] * 3
    # Another address of its network, an account that is there, the right password: all the same.
    refused = await house.north.by("2001:db8:1:2:3::9").sign_in(CLERK)
    assert (refused.status, refused.problem) == (429, "too-many-attempts")
    assert 800 < int(refused.headers["retry-after"]) <= 900
    assert (await house.north.by("2001:db8:1:3::1").sign_in(CLERK)).status == 201
    # A budget is of one host.
    assert (await house.south.by("2001:db8:1:2::1").sign_in(CLERK)).status == 201


async def test_S_66_a_header_buys_no_tries(house: House) -> None:
    for number in range(6):
        address = f"198.51.100.{number}"
        answer = await house.north.sign_in(
            f"person{number}@acme.example",
            WRONG,
            x_forwarded_for=address,
            forwarded=f"for={address}",
            x_real_ip=address,
        )
        assert answer.status == (401 if number < 4 else 429)


async def test_S_66_behind_a_trusted_proxy_each_client_has_its_own(
    house: House, portal_settings: settings.Settings
) -> None:
    del house
    proxies = settings.load({"WAYBILL_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies
    app = create_app(msgspec.structs.replace(portal_settings, trusted_proxies=proxies))
    async with running(app):
        proxy = Visitor(Caller(app, address="10.0.0.9"), NORTH)
        for number in range(5):
            sprayed = await proxy.sign_in(f"person{number}@acme.example", WRONG, x_forwarded_for="1.1.1.1, 203.0.113.5")
            assert sprayed.status == (401 if number < 4 else 429)
        assert (await proxy.sign_in(CLERK, x_forwarded_for="203.0.113.5, 203.0.113.6")).status == 201
        await app.portal.keeper.settled()


async def test_S_66_one_network_closes_an_address_for_itself_only(house: House) -> None:
    guesser, other = house.north.by("203.0.113.5"), house.north.by("203.0.113.6")
    assert await statuses(guesser, CLERK, 5) == [401, 401, 429, 429, 429]
    assert (await other.sign_in(CLERK)).status == 201
    # What is refused counts nowhere: neither the network's nor the address's budget went on falling.
    assert await statuses(guesser, APPROVER, 2) == [401, 401]


async def test_S_66_many_networks_together_close_an_address_but_not_for_who_is_known(
    house: House, front: Front, app_database: Database
) -> None:
    clerk = (await house.north.signed_in()).by("203.0.113.200")
    for number in range(3):
        assert await statuses(house.north.by(f"203.0.113.{number}"), CLERK, 2) == [401, 401]
    assert (await house.north.by("203.0.113.77").sign_in(CLERK)).status == 429
    assert (await house.north.by("203.0.113.77").sign_in(APPROVER)).status == 201
    assert (await clerk.sign_in()).status == 201
    # Signed out, and at another network: the browser is known all the same.
    assert (await clerk.having(None).by("198.51.100.1").sign_in()).status == 201
    # Another password makes strangers of all.
    stored = await front.portal.keeper.passwords.hash("another password of theirs")
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        found = await accounts.find(session, house.ids["north"], CLERK)
        await accounts.set_password(session, found, stored, actor="test")
        await session.commit()
    forget(front)
    assert (await clerk.sign_in(CLERK, "another password of theirs")).status == 429


async def test_S_66_a_whole_hosts_budget_closes_it_for_strangers_only(house: House) -> None:
    clerk = await house.north.signed_in()
    for number in range(3):
        sprayer = house.north.by(f"203.0.113.{number}")
        assert [await statuses(sprayer, f"p{number}{n}@acme.example", 1) for n in range(3)] == [[401]] * 3
    assert (await house.north.by("198.51.100.1").sign_in(APPROVER)).status == 429
    assert (await clerk.sign_in()).status == 201
    assert (await house.south.sign_in()).status == 201


async def test_S_66_a_known_browser_has_a_budget_for_its_own_account_and_no_other(house: House) -> None:
    clerk = await house.north.signed_in()
    assert await statuses(clerk, CLERK, 3) == [401, 401, 429]
    assert (await clerk.known_by(None).sign_in()).status == 201
    # With the cookie of one account nobody is known for another's.
    stranger = clerk.by("203.0.113.9")
    assert await statuses(stranger, APPROVER, 3) == [401, 401, 429]
    assert await statuses(stranger, "nobody@acme.example", 3) == [401, 401, 429]


async def test_S_66_a_success_returns_its_own_try_only(house: House) -> None:
    insider = house.north.by("203.0.113.5")
    for number in range(4):
        assert await statuses(insider, f"person{number}@acme.example", 1) == [401]
        if number < 3:
            assert (await insider.sign_in(APPROVER)).status == 201
    assert (await insider.sign_in(APPROVER)).status == 429


async def test_S_65_S_66_who_has_an_account_is_told_nothing_else_than_who_has_none(house: House) -> None:
    seen = []
    for number, email in enumerate((CLERK, "nobody@acme.example", "no address")):
        visitor = house.north.by(f"203.0.113.{number}").known_by("a" * 43)
        seen.append([told(await visitor.sign_in(email, WRONG)) for _ in range(3)])
    assert [status for status, _ in seen[0]] == [401, 401, 429]
    assert seen[0] == seen[1] == seen[2]


async def test_S_63_the_browsers_cookie_lets_nobody_in_and_stays_its_own(house: House, app_database: Database) -> None:
    clerk = await house.north.signed_in()
    assert clerk.device is not None
    nobody = house.north.known_by(clerk.device)
    assert (await nobody.get("/v1/runs")).status == 401
    assert (await nobody.having(clerk.device).get("/v1/runs")).status == 401
    assert (await nobody.sign_in(CLERK, WRONG)).status == 401
    # It is given once, and shared by those who share the browser; a text of somebody else's is replaced.
    assert DEVICE not in cookies_of(await clerk.sign_in())
    assert DEVICE not in cookies_of(await clerk.sign_in(APPROVER))
    assert cookies_of(await clerk.known_by("b" * 43).sign_in())[DEVICE] != "b" * 43
    assert DEVICE in cookies_of(await house.south.known_by(clerk.device).sign_in())
    # Not used for 90 days, it is nothing.
    partner = Scope.partner(house.ids["north"])
    await change(app_database, partner, "UPDATE app.known_device SET seen_at = seen_at - interval '91 days'")
    assert DEVICE in cookies_of(await clerk.sign_in(CLERK, PASSWORD))
    async with app_database.session(partner) as session:
        rows = (await session.execute(text("SELECT known_device::text FROM app.known_device"))).scalars().all()
    assert len(rows) == 1
    assert clerk.device not in rows[0]
