"""The sample order: asked about where it would be real, and one order even when its answer is lost."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Route, expect

from tests.portal.person import person
from tests.portal.site import Site

_REAL = "UPDATE app.connection SET connector = 'tryton' WHERE connector = 'erp-simulator'"
_SIMULATED = "UPDATE app.connection SET connector = 'erp-simulator' WHERE connector = 'tryton'"
_EVENTS = "SELECT count(*) AS n FROM app.run"


async def test_an_order_to_live_systems_is_asked_about_first(browser: Browser, site: Site) -> None:
    before = await site.query(_EVENTS)
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await site.query(_REAL)
        try:
            await someone.page.get_by_role("button", name="Send sample order").click()
            dialog = someone.page.get_by_role("dialog")
            await expect(dialog).to_contain_text("Send a sample order to your live systems?")
            await expect(dialog).to_contain_text("It creates a real order there.")
            await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
            await someone.shoot("sample-confirm")
            assert not await someone.flaws()
            await dialog.get_by_role("button", name="Cancel").click()
            await expect(dialog).to_have_count(0)
            assert await site.query(_EVENTS) == before
        finally:
            await site.query(_SIMULATED)
        await someone.page.get_by_role("button", name="Send sample order").click()
        await someone.page.wait_for_url(re.compile(r"/runs/run_"))


async def test_a_sample_that_was_not_read_is_asked_for_again(browser: Browser, site: Site) -> None:
    """It is not said that there is none."""
    async with person(browser, site, site.harbor) as someone:
        await someone.page.route("**/v1/deployments?*", lambda route: route.abort())
        await someone.sign_in()
        button = someone.page.get_by_role("button", name="Send sample order")
        await expect(button).to_have_attribute("aria-disabled", "false")
        await button.hover()
        await expect(someone.page.get_by_text("could not be read")).to_be_visible()
        await someone.page.unroute_all()
        await button.click()
        await expect(someone.page.get_by_text("could not be read")).to_have_count(0)
        await button.click()
        await someone.page.wait_for_url(re.compile(r"/runs/run_"))


async def test_an_order_whose_answer_was_lost_is_sent_again_under_its_id(browser: Browser, site: Site) -> None:
    sent: list[str | None] = []

    async def lose(route: Route) -> None:
        sent.append(route.request.post_data)
        await (route.abort() if len(sent) == 1 else route.continue_())

    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.page.route("**/v1/events", lose)
        button = someone.page.get_by_role("button", name="Send sample order")
        await button.click()
        await expect(someone.page.get_by_text("it stays one order")).to_be_visible()
        await button.click()
        await someone.page.wait_for_url(re.compile(r"/runs/run_"))
        assert sent[0] == sent[1]
        await someone.page.get_by_role("link", name="Runs").first.click()
        await button.click()
        await someone.page.wait_for_url(re.compile(r"/runs/run_"))
        assert sent[2] != sent[1]
