"""The pages of people in both themes: at a desk under a calm brand, on a phone under a strong one with long names."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from playwright.async_api import Browser, Response, Route, expect

from services.cli.running import Portal
from tests.portal.camera import text_of
from tests.portal.device import device
from tests.portal.people import code_now, grow_old, look, staff
from tests.portal.person import DESK, PHONE, SCHEMES, Person, person
from tests.portal.site import Site

LONG = "Demonstration Operator with an Unusually Long Display Name"
WIDE = "Warehouse-tablet-by-the-second-loading-dock-with-a-cracked-glass"
AT = "2026-01-31T09:30:00.000000Z"
WAYS = {"items": [{"id": "idp_01h455vb4pex5vsknk084sn02q", "name": "Contoso Workforce Identity"}]}
CLIENTS = [
    f"Client {place} {'of the Northern Associations of Wholesalers ' * (place % 3)}".strip() for place in range(9)
]

screens = pytest.mark.parametrize(
    ("brand", "size"), [pytest.param("harbor", DESK, id="desk"), pytest.param("summit", PHONE, id="phone")]
)


async def boss_of(site: Site, brand: str, page: str) -> Portal:
    portal: Portal = getattr(site, brand)
    domain = portal.email.partition("@")[2]
    return await staff(site, f"{page}.{brand}@{domain}", portal, LONG if brand == "summit" else "Hana Boss")


async def answers(someone: Person, path: str, body: Any) -> None:
    """From now on the server is taken to say this, where the real one would need a hundred rows or another system."""
    text = msgspec.json.encode(body).decode()
    await someone.page.route(path, lambda route: route.fulfill(body=text, content_type="application/json"))


async def press(someone: Person, name: str) -> None:
    await someone.page.get_by_role("button", name=name, exact=True).click()


@screens
async def test_ways_in(browser: Browser, site: Site, brand: str, size: tuple[int, int]) -> None:
    kind = f"{brand}-{'desk' if size == DESK else 'phone'}"
    async with person(browser, site, getattr(site, brand), size=size) as someone:
        await answers(someone, "**/portal/providers?*", WAYS)
        await answers(someone, "**/portal/providers", WAYS)
        await someone.open("/sign-in?told=passkey-removed")
        await someone.page.get_by_role("button", name="Sign in with Contoso").wait_for()
        await look(someone, f"people-sign-in-{kind}")
        own = await device(someone.page)
        await own.knows_its_person(yes=False)
        await press(someone, "Use a passkey")
        await someone.page.get_by_role("alert").wait_for()
        await look(someone, f"people-sign-in-cancelled-{kind}")
        await someone.open("/sign-in?failed=provider-refused")
        await someone.page.get_by_role("alert").wait_for()
        await look(someone, f"people-sign-in-failed-{kind}")


@screens
async def test_passkeys(browser: Browser, site: Site, brand: str, size: tuple[int, int]) -> None:
    boss, kind = await boss_of(site, brand, "keys"), f"{brand}-{'desk' if size == DESK else 'phone'}"
    async with person(browser, site, boss, size=size) as someone:
        await device(someone.page)
        await answers(someone, "**/portal/providers?for=prove", WAYS)
        await someone.open("/account/passkeys")
        await someone.fill_in(boss.password)
        await someone.page.get_by_role("heading", name="No passkeys yet").wait_for()
        await look(someone, f"people-passkeys-empty-{kind}")
        await press(someone, "Add a passkey")
        await someone.page.get_by_role("textbox", name="Name").wait_for()
        await look(someone, f"people-passkey-name-{kind}")
        await press(someone, "Continue")
        await someone.page.get_by_role("listitem").wait_for()
        await look(someone, f"people-passkey-added-{kind}")
        await grow_old(someone)
        await press(someone, "Remove Chrome on Linux")
        await someone.page.get_by_role("dialog").get_by_role("button", name="Cancel").wait_for()
        await look(someone, f"people-passkey-remove-{kind}")
        await press(someone, "Remove passkey")
        await someone.page.get_by_role("region", name="Prove that it is you").wait_for()
        await someone.page.get_by_role("button", name="Prove it at Contoso").wait_for()
        await look(someone, f"people-passkey-proof-{kind}")
        items = [
            {"id": str(place), "name": name, "host": host, "created_at": AT, "used_at": used}
            for place, (name, host, used) in enumerate(
                [("Phone", boss.host, AT), (WIDE, boss.host, None), ("Tablet", "a" * 40 + ".portal.example", None)]
            )
        ]
        await answers(someone, "**/portal/passkeys", {"items": items})
        await someone.open("/account/passkeys")
        await expect(someone.page.get_by_role("listitem")).to_have_count(3)
        await look(someone, f"people-passkeys-{kind}")


async def seen_by_a_camera(someone: Person) -> str:
    """Key and account that a camera finds in the key's picture, as it stands on the screen."""
    picture = someone.page.get_by_role("img", name="The key as a picture")
    await picture.scroll_into_view_if_needed()
    address = urlsplit(text_of(await picture.screenshot()))
    (secret,) = parse_qs(address.query)["secret"]
    return f"{secret} {unquote(address.path).rpartition(':')[2]}"


async def hear_that_it_ended(someone: Person) -> None:
    """The page comes to the front, asks whose session it is, and is told twice that there is none."""
    told = count(1)

    def is_second(response: Response) -> bool:
        return response.url.endswith("/portal/session") and response.status == 401 and next(told) == 2

    async with someone.page.expect_response(is_second):
        await someone.page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")


@screens
async def test_second_factors(browser: Browser, site: Site, brand: str, size: tuple[int, int]) -> None:
    boss, kind = await boss_of(site, brand, "factor"), f"{brand}-{'desk' if size == DESK else 'phone'}"
    async with person(browser, site, boss, size=size) as someone:
        await someone.open("/account/second-factor")
        await someone.fill_in(boss.password)
        await someone.page.get_by_role("button", name="Set up").wait_for()
        await look(someone, f"people-factor-none-{kind}")
        await press(someone, "Set up")
        secret = (await someone.page.locator("form code").inner_text()).replace(" ", "")
        for scheme in SCHEMES:
            await someone.turn(scheme)
            assert await seen_by_a_camera(someone) == f"{secret} {boss.email}", scheme
        await someone.page.get_by_label("Code").fill("000000")
        await press(someone, "Confirm")
        await someone.page.get_by_role("alert").wait_for()
        await look(someone, f"people-factor-wrong-{kind}")
        await someone.page.get_by_label("Code").fill(code_now(secret, 0))
        await press(someone, "Confirm")
        await expect(someone.page.get_by_role("listitem")).to_have_count(10)
        await hear_that_it_ended(someone)
        await look(someone, f"people-factor-recovery-{kind}")
        await expect(someone.page.get_by_role("listitem")).to_have_count(10)
        await press(someone, "Sign in")
        await someone.fill_in(boss.password)
        await someone.page.get_by_label("Code").fill("000000")
        await press(someone, "Sign in")
        await expect(someone.page.get_by_role("alert")).to_contain_text("That code is wrong")
        await look(someone, f"people-sign-in-code-{kind}")
        await someone.page.get_by_label("Code").fill(code_now(secret, 1))
        await press(someone, "Sign in")
        await someone.heading("Clients").wait_for()
        await someone.open("/account/second-factor")
        await someone.page.get_by_role("button", name="Remove second factor").wait_for()
        await look(someone, f"people-factor-set-{kind}")


@screens
async def test_invitations(browser: Browser, site: Site, brand: str, size: tuple[int, int]) -> None:
    boss, kind = await boss_of(site, brand, "asks"), f"{brand}-{'desk' if size == DESK else 'phone'}"
    async with person(browser, site, boss) as someone:
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        link = await someone.page.evaluate(
            """async () => {
              const roles = (await (await fetch("/v1/roles")).json()).items;
              const role = roles.find(one => one.slug === "viewer" && one.level === "partner").id;
              const email = `new.${location.hostname}.of-the-northern-associations@wholesale-partners.example`;
              const body = JSON.stringify({ email, name: "Ana María Fernández-Wolański de la Torre", roles: [role] });
              const headers = { "content-type": "application/json" };
              return (await (await fetch("/v1/invitations", { method: "POST", headers, body })).json()).link;
            }"""
        )
    async with person(browser, site, getattr(site, brand), size=size) as guest:
        await guest.open("/invitation#nothing-like-one")
        await press(guest, "Continue")
        await guest.page.get_by_role("alert").wait_for()
        await look(guest, f"people-invitation-over-{kind}")
        await answers(guest, "**/portal/providers?for=accept", WAYS)
        await guest.page.goto("about:blank")
        await guest.open(f"/invitation#{link.partition('#')[2]}")
        await guest.page.get_by_role("button", name="Continue").wait_for()
        await look(guest, f"people-invitation-{kind}")
        await press(guest, "Continue")
        await guest.page.get_by_role("textbox", name="Choose a password").fill("password1234")
        await look(guest, f"people-invitation-open-{kind}")
        await press(guest, "Create account")
        await expect(guest.page.get_by_role("alert")).to_contain_text("Many people use that password")
        await look(guest, f"people-invitation-weak-{kind}")


@screens
async def test_clients_and_acting(browser: Browser, site: Site, brand: str, size: tuple[int, int]) -> None:
    boss, kind = await boss_of(site, brand, "acts"), f"{brand}-{'desk' if size == DESK else 'phone'}"
    async with person(browser, site, boss, size=size) as someone:
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        await someone.page.get_by_role("button", name="Act as").first.click()
        await press(someone, "Act as client")
        await someone.page.get_by_role("alert").wait_for()
        await look(someone, f"people-acting-reason-{kind}")
        await someone.page.get_by_label("Reason").fill("Ticket 4711: since the move of their warehouse the orders wait")
        await press(someone, "Act as client")
        await someone.heading().wait_for()
        await someone.page.get_by_role("complementary").wait_for()
        await look(someone, f"people-acting-{kind}")
        await press(someone, "Stop acting")
        await someone.heading("Clients").wait_for()
        many = [{"id": str(place), "name": name, "slug": name} for place, name in enumerate(CLIENTS)]
        await answers(someone, "**/v1/clients?*", {"items": many, "next": None})
        await someone.open("/clients")
        await expect(someone.page.get_by_role("listitem")).to_have_count(len(many))
        await look(someone, f"people-clients-{kind}")
        await answers(someone, "**/v1/clients?*", {"items": [], "next": None})
        await someone.open("/clients")
        await someone.page.get_by_role("heading", name="No clients yet").wait_for()
        await look(someone, f"people-clients-empty-{kind}")


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("/account/passkeys", "**/portal/passkeys"),
        ("/account/second-factor", "**/portal/second-factor"),
        ("/clients", "**/v1/clients?*"),
    ],
)
async def test_what_is_slow_shows_its_layout_and_what_fails_says_so(
    browser: Browser, site: Site, path: str, read: str
) -> None:
    """The answer that is broken is made here: a defect of the server cannot be ordered from the real one."""
    released = asyncio.Event()
    broken = '{"type":"/problems/conflict","title":"Conflict","status":409,"request_id":"a1b2c3d4"}'

    async def hold(route: Route) -> None:
        await released.wait()
        await route.fulfill(status=409, body=broken, content_type="application/problem+json")

    boss = await staff(site, f"slow{path.replace('/', '-')}@harbor.example")
    async with person(browser, site, boss, size=PHONE) as someone:
        await someone.page.route(read, hold)
        await someone.open(path)
        await someone.fill_in(boss.password)
        await someone.page.locator("[aria-busy=true]").wait_for()
        await look(someone, f"people-loading{path.replace('/', '-')}")
        released.set()
        await someone.heading("This did not load").wait_for()
        await expect(someone.page.get_by_text("a1b2c3d4")).to_be_visible()
        await look(someone, f"people-failed{path.replace('/', '-')}")
        await someone.page.unroute_all()
        await someone.page.get_by_role("button", name="Try again").click()
        await expect(someone.page.get_by_role("heading", name="This did not load")).to_have_count(0)
