"""Signing in and out, as a person at a browser does it."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Route, expect

from tests.portal.person import SCHEMES, person
from tests.portal.site import Site


async def test_a_person_signs_in_and_out(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await expect(someone.page.get_by_text("Acme Wholesale (demo)")).to_be_visible()
        await someone.page.get_by_role("button", name="Account").click()
        await someone.page.get_by_role("button", name="Sign out").click()
        await expect(someone.page.get_by_role("button", name="Sign in")).to_be_visible()
        await someone.open("/runs")
        await expect(someone.page).to_have_url(re.compile(r"/sign-in\?to="))


async def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.open()
        await someone.fill_in("not the password")
        await expect(someone.page.get_by_role("alert")).to_contain_text("do not match")
        for field in ("Email", "Password"):
            await expect(someone.page.get_by_role("textbox", name=field)).to_have_accessible_description(
                re.compile("do not match")
            )
        for scheme in SCHEMES:
            await someone.turn(scheme)
            await someone.shoot(f"sign-in-wrong-{scheme}")
            assert not await someone.flaws()


async def test_what_is_not_filled_in_is_named_at_its_field(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.open()
        await someone.page.get_by_label("Email").fill(site.harbor.email)
        await someone.page.get_by_role("button", name="Sign in").click()
        await expect(someone.page.get_by_role("alert")).to_have_text("Enter your password.")
        field = someone.page.get_by_role("textbox", name="Password")
        await expect(field).to_be_focused()
        await expect(field).to_have_accessible_description("Enter your password.")
        await expect(someone.page.get_by_label("Email")).not_to_have_attribute("aria-invalid", "true")


async def test_the_password_is_shown_by_keyboard(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.open()
        field = someone.page.get_by_role("textbox", name="Password")
        await field.fill("not the password")
        await someone.page.keyboard.press("Tab")
        eye = someone.page.get_by_role("button", name="Show password")
        await expect(eye).to_be_focused()
        await someone.page.keyboard.press("Enter")
        await expect(field).to_have_attribute("type", "text")
        await expect(eye).to_have_attribute("aria-pressed", "true")


async def test_a_link_leads_on_after_signing_in_and_never_to_another_host(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.open("/runs?state=faulted")
        await someone.fill_in(site.harbor.password)
        await expect(someone.page).to_have_url(re.compile(r"/runs\?state=faulted$"))
    async with person(browser, site, site.harbor) as someone:
        await someone.open("/sign-in?to=//example.org/")
        await someone.fill_in(site.harbor.password)
        await expect(someone.page).to_have_url(site.url(site.harbor, "/runs"))


async def test_the_way_in_does_not_lead_back_to_itself(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.open("/sign-in?to=/sign-in")
        await someone.fill_in(site.harbor.password)
        await expect(someone.page).to_have_url(site.url(site.harbor, "/runs"))


async def test_a_browser_that_keeps_no_cookie_is_told_so(browser: Browser, site: Site) -> None:
    """Some refuse a `Secure` cookie of an address without TLS, be it the machine's own."""

    async def lose(route: Route) -> None:
        """The sign-in is good; what is read after it carries no cookie."""
        if route.request.method == "POST":
            await route.continue_()
        else:
            await route.fulfill(status=401, body="{}", content_type="application/json")

    async with person(browser, site, site.harbor) as someone:
        await someone.open()
        await someone.page.route("**/portal/session", lose)
        await someone.fill_in(site.harbor.password)
        await expect(someone.page.get_by_role("alert")).to_contain_text("did not keep you signed in")


async def test_a_session_that_ends_asks_again_by_itself_and_returns(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in("/runs?state=waiting")
        await site.query("DELETE FROM app.portal_session")
        await expect(someone.page.get_by_text("Your session has ended")).to_be_visible()
        await someone.fill_in(site.harbor.password)
        await expect(someone.page).to_have_url(re.compile(r"/runs\?state=waiting$"))


async def test_the_page_speaks_the_browsers_language(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.summit, language="es-MX") as someone:
        await someone.open()
        await expect(someone.page.get_by_role("button", name="Iniciar sesión")).to_be_visible()
        await someone.page.get_by_role("button", name="English").click()
        await expect(someone.page.get_by_role("button", name="Sign in")).to_be_visible()
