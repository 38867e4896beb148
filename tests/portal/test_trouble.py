"""What a page shows when something is missing, refused, broken or away."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, Route, expect

from tests.faults.plant import end
from tests.portal.person import person
from tests.portal.site import Site


async def test_an_address_that_leads_nowhere_says_so(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.open("/nowhere")
        await someone.heading("Nothing is here").wait_for()
        await someone.shoot("not-found")
        assert not await someone.flaws()
        await someone.open("/runs/run_01h455vb4pex5vsknk084sn02q")
        await someone.heading("This run is not here").wait_for()
        await someone.page.get_by_role("link", name="Go to runs").click()
        await someone.heading().wait_for()


async def test_a_run_of_another_client_is_not_there(browser: Browser, site: Site) -> None:
    """S-12: the same answer as for a run that nobody has."""
    await site.send("of-harbor")
    rows = await site.query("SELECT app.show_id('run', run_id) AS id FROM app.run WHERE business_key = 'PO-of-harbor'")
    async with person(browser, site, site.summit) as someone:
        await someone.sign_in()
        await someone.open(f"/runs/{rows[0]['id']}")
        await someone.heading("This run is not here").wait_for()


async def test_a_missing_permission_is_named_with_who_can_grant_it(browser: Browser, site: Site) -> None:
    await site.query("UPDATE app.account SET permissions = array_remove(permissions, 'runs:read')")
    await site.query("UPDATE app.role SET status = 'disabled' WHERE slug = 'clerk'")  # by which they may, too
    try:
        async with person(browser, site, site.summit) as someone:
            await someone.open()
            await someone.fill_in(site.summit.password)
            await someone.heading("You may not see this").wait_for()
            await expect(someone.page.get_by_text("Your service provider can grant it.")).to_be_visible()
            await expect(someone.page.get_by_role("link", name=re.compile("@summit.example$"))).to_be_visible()
            assert not await someone.flaws()
    finally:
        await site.query("UPDATE app.account SET permissions = array_append(permissions, 'runs:read')")
        await site.query("UPDATE app.role SET status = 'active' WHERE slug = 'clerk'")


async def test_an_error_names_the_problem_and_can_be_tried_again(browser: Browser, site: Site) -> None:
    """The one answer that is made here: a defect of the server cannot be ordered from the real one."""

    async def break_it(route: Route) -> None:
        body = '{"type":"/problems/internal","title":"Internal error","status":500,"detail":"","request_id":"a1b2c3d4"}'
        await route.fulfill(status=500, body=body, content_type="application/problem+json")

    async with person(browser, site, site.harbor) as someone:
        await someone.page.route("**/v1/runs?*", break_it)
        await someone.open()
        await someone.fill_in(site.harbor.password)
        await someone.heading("This did not load").wait_for()
        await expect(someone.page.get_by_text("a1b2c3d4")).to_be_visible()
        assert not await someone.flaws()
        await someone.page.unroute("**/v1/runs?*")
        await someone.page.get_by_role("button", name="Try again").click()
        await expect(someone.page.get_by_role("heading", name="This did not load")).to_have_count(0)


async def test_a_list_that_takes_its_time_shows_its_layout_first(browser: Browser, site: Site) -> None:
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    async with person(browser, site, site.harbor) as someone:
        await someone.page.route("**/v1/runs?*", hold)
        await someone.open()
        await someone.fill_in(site.harbor.password)
        await someone.page.locator("[aria-busy=true]").wait_for()
        await someone.shoot("runs-loading")
        released.set()
        await someone.page.locator("[aria-busy=true]").wait_for(state="detached")


async def test_a_lost_server_leaves_the_page_with_its_age_and_it_comes_back(browser: Browser, site: Site) -> None:
    await site.send("before-the-loss")
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.see("PO-before-the-loss", "Completed")
        before = await someone.row("PO-before-the-loss").bounding_box()
        end(site.api)
        await someone.page.get_by_text("As of").wait_for()
        assert await someone.row("PO-before-the-loss").bounding_box() == before
        await expect(someone.row("PO-before-the-loss")).to_be_visible()
        await someone.shoot("runs-stale")
        assert not await someone.flaws()
        site.start_api()
        await site.answers(site.api_url + "/health/ready")
        await expect(someone.page.get_by_text("As of")).to_have_count(0)
        await site.send("after-the-loss")
        await someone.see("PO-after-the-loss", "Completed")
