"""Each screen in both themes, at a desk and on a phone, under two brands: no flaw for axe, and a picture to look at."""

from __future__ import annotations

import msgspec
import pytest
from playwright.async_api import Browser, expect

from tests.portal.person import DESK, PHONE, SCHEMES, Person, person
from tests.portal.site import Site

NAMES = {DESK: "desk", PHONE: "phone"}


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("brand", ["harbor", "summit"])
async def test_every_screen_stands_up_to_axe(browser: Browser, site: Site, brand: str, size: tuple[int, int]) -> None:
    """In both themes: one visit, and the theme turned at each screen."""
    portal = getattr(site, brand)
    kind = f"{brand}-{NAMES[size]}"
    async with person(browser, site, portal, size=size) as someone:
        await someone.open()
        await someone.page.get_by_role("button", name="Sign in").wait_for()
        await _check(someone, f"sign-in-{kind}")
        await someone.fill_in(portal.password)
        await someone.heading().wait_for()
        await someone.page.get_by_role("button", name="Send sample order").click()
        await someone.page.get_by_role("heading", name="created").wait_for()
        await _check(someone, f"run-{kind}", whole=size == PHONE)
        await someone.page.get_by_role("region", name="Journal").get_by_role("button", name="Check stock").click()
        await expect(someone.page.get_by_role("complementary")).to_be_visible()
        await _check(someone, f"task-{kind}")
        await someone.page.keyboard.press("Escape")
        await expect(someone.page.get_by_role("complementary")).to_have_count(0)
        await someone.page.keyboard.press("Escape")
        await someone.page.get_by_role("row").nth(1).wait_for()
        await _check(someone, f"runs-{kind}")
        await someone.page.get_by_role("button", name="Account").click()
        await someone.page.get_by_role("button", name="Sign out").wait_for()
        await _check(someone, f"account-{kind}")
        await _answer(someone, 200, '{"items":[],"next":null}')
        await someone.open("/runs")
        await someone.page.get_by_role("heading", name="No runs yet").wait_for()
        await _check(someone, f"empty-{kind}")
        await _answer(someone, 403, '{"type":"/problems/forbidden","title":"Forbidden","status":403}')
        await someone.page.get_by_role("link", name="Waiting").click()
        await someone.heading("You may not see this").wait_for()
        await _check(someone, f"no-permission-{kind}")
        await _answer(someone, 409, '{"type":"/problems/conflict","title":"Conflict","request_id":"a1b2c3d4"}')
        await someone.page.get_by_role("link", name="Faulted").click()
        await someone.heading("This did not load").wait_for()
        await _check(someone, f"error-{kind}")


async def test_long_names_other_scripts_and_extreme_orders_keep_the_layout(browser: Browser, site: Site) -> None:
    run = ""
    keys = ["PO-" + "9" * 197, "طلب-١٠٠٤٥", "Überführung/№ 7 <b>", "PO 1"]
    for place, key in enumerate(keys):
        event = {"specversion": "1.0", "id": f"long-{place}", "source": "/tests", "type": "order.captured"}
        data = {"number": f"L-{place}", "customer": "ACME-001", "currency": "JPY"}
        lines = [{"item": "SKU-1", "quantity": 1, "unit_price": {"amount": 1299, "currency": "JPY"}}]
        body = event | {"subject": key, "data": data | {"lines": lines}}
        form = {"content-type": "application/cloudevents+json"}
        answer = await site.request("POST", "/v1/events", body, headers=form)
        run = msgspec.json.decode(answer.body)["runs"][0]
    for size in (DESK, PHONE):
        async with person(browser, site, site.harbor, size=size) as someone:
            await someone.sign_in()
            await someone.row(keys[0]).wait_for()
            await someone.shoot(f"runs-long-{NAMES[size]}")
            assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await someone.row(keys[0]).get_by_role("link").click()
            await someone.heading(keys[0]).wait_for()
            graph = someone.page.get_by_role("region", name="Workflow")
            await graph.get_by_role("button", name="Release or hold?").wait_for()
            await someone.shoot(f"run-long-{NAMES[size]}")
            assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await someone.open(f"/runs/{run}")
            await someone.heading("PO 1").wait_for()


async def test_the_theme_is_chosen_and_stays(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor, scheme="light") as someone:
        await someone.sign_in()
        root = someone.page.locator("html")
        await expect(root).to_have_attribute("data-mantine-color-scheme", "light")
        await someone.page.get_by_role("button", name="Account").click()
        await someone.page.get_by_role("button", name="Dark").click()
        await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        await someone.page.reload()
        await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        await someone.page.get_by_role("button", name="Account").click()
        await someone.page.get_by_role("button", name="System").click()
        await expect(root).to_have_attribute("data-mantine-color-scheme", "light")


async def test_each_host_wears_its_own_brand_and_nobody_ours(browser: Browser, site: Site) -> None:
    accents = set()
    for portal in (site.harbor, site.summit):
        async with person(browser, site, portal) as someone:
            await someone.sign_in()
            text = await someone.page.content()
            assert "waybill" not in text.lower()
            other = site.summit if portal is site.harbor else site.harbor
            assert other.partner.split()[0] not in text
            assert portal.partner.split()[0] in await someone.page.title()
            style = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
            accents.add(await someone.page.evaluate(style))
    assert len(accents) == 2


async def _check(someone: Person, name: str, *, whole: bool = False) -> None:
    for scheme in SCHEMES:
        await someone.turn(scheme)
        await someone.shoot(f"{name}-{scheme}", whole=whole)
        assert not await someone.flaws(), f"{name}-{scheme}"
    assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


async def _answer(someone: Person, status: int, body: str) -> None:
    """The list's next reads as if the server said this; what it says by itself is tried in the other tests."""
    await someone.page.unroute_all()
    await someone.page.route(
        "**/v1/runs?*", lambda route: route.fulfill(status=status, body=body, content_type="application/json")
    )
