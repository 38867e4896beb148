"""What can be connected, how far each is proven, and connecting it: the pages of connectors (ADR 0125)."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.async_api import Browser, expect

from tests.portal.people import grow_old, look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_people_look import answers

WELL: Final[dict[str, Any]] = {
    "state": "well", "operation": "erp.items.availability", "checked_at": "2026-01-02T12:00:00Z", "next_check_at": None,
    "last_good_at": "2026-01-02T12:00:00Z", "milliseconds": 182, "failures": 0, "error": None, "detail": None,
    "quota": None, "ends_at": None, "ends": None, "renews": False, "excess_rights": [], "rights_known": False,
    "away": None, "id": "con_1", "name": "ledger", "connector": "erp-simulator", "title": "ERP simulator",
    "certification": "simulated", "authorization": None,
}  # fmt: skip
"""As a worker would have found it: none of this installation checks connections within seconds."""
FAILING: Final[dict[str, Any]] = {
    **WELL, "state": "failing", "error": "authentication", "failures": 1, "milliseconds": None,
    "detail": "It answered with status 401. Its credentials are refused; look at the secret `token`",
}  # fmt: skip
HARBOR_DESK = pytest.param("harbor", DESK, id="desk")
SUMMIT_PHONE = pytest.param("summit", PHONE, id="phone")


async def seen(someone: Person, name: str) -> None:
    await look(someone, name)
    await someone.shoot(f"{name}-whole", whole=True)


@pytest.mark.parametrize(("brand", "size"), [HARBOR_DESK, SUMMIT_PHONE])
async def test_staff_of_the_partner_read_what_can_be_connected(
    browser: Browser, site: Site, brand: str, size: tuple[int, int]
) -> None:
    kind = "desk" if size == DESK else "phone"
    boss = await staff(site, f"carla@{brand}.example", getattr(site, brand), name="Carla Connector")
    async with person(browser, site, boss, size=size, language="en-US" if kind == "desk" else "es-ES") as someone:
        page = someone.page
        await someone.open()
        if kind == "desk":
            await someone.fill_in(boss.password)
            await page.get_by_role("navigation").get_by_role("link", name="Connectors").click()
            await found_by_words(someone)
            await page.get_by_role("link", name="Shopify").click()
            await someone.heading("Shopify").wait_for()
            for words in ("Not yet certified", "No contract tests count", "None ran", "Follows", "shop.orders.list"):
                await expect(page.get_by_role("main")).to_contain_text(words)
            await expect(page.get_by_role("region", name="Simulator")).to_contain_text("Shop simulator")
            await expect(page.get_by_role("region", name="Connections")).to_have_count(0)
        else:
            await page.get_by_label("Correo").fill(boss.email)
            await page.get_by_role("textbox", name="Contraseña").fill(boss.password)
            await page.get_by_role("button", name="Iniciar sesión", exact=True).click()
            await someone.heading("Clientes").wait_for()
            await someone.open("/connectors?offers=erp.sales-orders.create")
            await page.get_by_role("link", name="Tryton 8.2").wait_for()
            await seen(someone, f"connectors-{kind}")
            await page.get_by_role("link", name="Tryton 8.2").click()
            await someone.heading("Tryton 8.2").wait_for()
            await expect(page.get_by_role("region", name="Ajustes")).to_contain_text("se sella al guardarlo")
        await seen(someone, f"connector-{kind}")


async def found_by_words(someone: Person) -> None:
    page = someone.page
    there = page.get_by_role("list", name="Connectors")
    await expect(there).to_contain_text("Not yet certified")
    await seen(someone, "connectors-desk")
    await page.get_by_label("Level").select_option("not certified")
    await expect(there.get_by_role("listitem").filter(has_not_text="Not yet certified")).to_have_count(0)
    await page.get_by_label("Capability").select_option("shop")
    await page.get_by_label("Find by name or operation").fill("shopi")
    await expect(there.get_by_role("listitem")).to_have_count(1)
    path: str = await page.evaluate("location.pathname + location.search")
    await someone.open(path)
    await expect(page.get_by_label("Find by name or operation")).to_have_value("shopi")
    await expect(there.get_by_role("listitem")).to_have_count(1)


async def test_an_administrator_of_the_client_sees_which_connections_use_it(browser: Browser, site: Site) -> None:
    chief = await staff(site, "cleo@harbor.example", name="Cleo Client", of_client=True)
    async with person(browser, site, chief) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("navigation").get_by_role("link", name="Connections").click()
        await page.get_by_role("link", name="ERP simulator").first.click()
        await someone.heading("ERP simulator").wait_for()
        users = page.get_by_role("region", name="Connections")
        await expect(users).to_contain_text("erp")
        await expect(page.get_by_role("region", name="Simulator")).to_contain_text("Nothing that is done there is real")
        await look(someone, "connector-client-desk")


async def test_S_70_a_connection_is_made_by_its_form_and_no_secret_comes_back(browser: Browser, site: Site) -> None:
    """What the server refuses and what the check finds stand at the field; who changes it proves who they are."""
    boss = await staff(site, "carlo@harbor.example", name="Carlo Connector")
    token = (site.home / "secrets" / "erp-token").read_text(encoding="ascii").strip()
    async with person(browser, site, boss) as someone:
        page = someone.page
        await someone.open("/connectors/erp-simulator/connect")
        await someone.fill_in(boss.password)
        await someone.heading("Connect ERP simulator").wait_for()
        await page.get_by_label("Client", exact=True).select_option(site.harbor.client_slug)
        await expect(page.get_by_label("Environment", exact=True)).to_have_value("test")
        await refused(someone)
        await page.get_by_label("Base URL").fill(site.erp_url)
        await page.get_by_label("Allow plain http").check()
        await answers(someone, "**/connections/*/health", FAILING)
        await page.get_by_role("button", name="Make a connection").click()
        saved = page.get_by_role("status", name="ledger is saved")
        await expect(saved).to_contain_text("Failing")
        await expect(page.get_by_label("API token")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_label("API token")).to_have_value("")
        await both(someone, "connect-failing")
        await answers(someone, "**/connections/*/health", WELL)
        await grow_old(someone)
        await page.get_by_label("API token").fill(token)
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("dialog").get_by_role("textbox", name="Password").fill(boss.password)
        await page.get_by_role("dialog").get_by_role("button", name="Continue").click()
        await expect(page.get_by_label("API token")).to_have_value("")
        await expect(saved).to_contain_text("It answered well")
        assert token not in await page.content()
        await saved.get_by_role("link", name="Go to connections").click()
        await changed(someone)
        assert token not in await page.content()
        await someone.open(f"/clients/{site.harbor.client_slug}/test/connectors/erp-simulator")
        await expect(page.get_by_role("region", name="Connections")).to_contain_text("ledger")


async def refused(someone: Person) -> None:
    page = someone.page
    await page.get_by_label("Name").fill("ledger")
    await page.get_by_label("Base URL").fill("soon")
    await page.get_by_role("button", name="Make a connection").click()
    await expect(page.get_by_label("API token")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("API token").fill("not-the-token")
    await page.get_by_role("button", name="Make a connection").click()
    await expect(page.get_by_label("Base URL")).to_have_attribute("aria-invalid", "true")
    await both(someone, "connect-refused")


async def changed(someone: Person) -> None:
    page = someone.page
    await page.get_by_role("listitem", name="ledger").wait_for()
    await page.get_by_role("link", name="Change ledger").click()
    await someone.heading("ledger").wait_for()
    await expect(page.get_by_role("main")).to_contain_text("Left empty it stays.")
    await expect(page.get_by_label("Base URL")).to_have_value(someone.site.erp_url)
    await both(someone, "connect-change")


async def both(someone: Person, name: str) -> None:
    """At a desk and on a phone, without leaving what is filled in."""
    for size, kind in ((PHONE, "phone"), (DESK, "desk")):
        await someone.page.set_viewport_size({"width": size[0], "height": size[1]})
        await look(someone, f"{name}-{kind}")
        await someone.shoot(f"{name}-{kind}-whole", whole=True)
