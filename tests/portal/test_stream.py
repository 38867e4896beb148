"""The stream of changes: what happens beside it is not missed."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, Route, expect

from tests.portal.person import person
from tests.portal.site import Site

CHANGES = "**/v1/runs/changes"


async def test_what_changes_before_the_stream_opens_is_read_when_it_does(browser: Browser, site: Site) -> None:
    opened = asyncio.Event()

    async def hold(route: Route) -> None:
        await opened.wait()
        await route.continue_()

    async with person(browser, site, site.harbor) as someone:
        await someone.page.route(CHANGES, hold)
        async with someone.page.expect_response("**/v1/runs?*"):
            await someone.sign_in()
        await site.send("before-the-stream")
        await expect(someone.row("PO-before-the-stream")).to_have_count(0)
        opened.set()
        await someone.see("PO-before-the-stream", "Completed")
