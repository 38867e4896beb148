"""The stream of changes: what happens beside it is not missed."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from playwright.async_api import Browser, Route, expect

from tests.patience import PATIENCE
from tests.portal.person import person
from tests.portal.site import Site

_ENDED = "SELECT business_key FROM app.run WHERE state = 'completed'"
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
        # To its end: nothing of it comes by the stream, so only what is read at its opening can tell.
        await _ended(site, "PO-before-the-stream")
        await expect(someone.row("PO-before-the-stream")).to_have_count(0)
        opened.set()
        await someone.see("PO-before-the-stream", "Completed")


async def _ended(site: Site, order: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(row["business_key"] == order for row in await site.query(_ENDED)):
            await asyncio.sleep(0.05)


async def test_what_is_read_by_itself_is_no_sign_that_somebody_is_there(browser: Browser, site: Site) -> None:
    """Or a screen that nobody is at would stay signed in for as long as its connection stumbles."""
    marks: dict[str, set[str | None]] = {}

    async def note(route: Route) -> None:
        path = urlsplit(route.request.url).path
        marks.setdefault(path, set()).add(route.request.headers.get("x-background"))
        await route.continue_()

    async with person(browser, site, site.harbor) as someone:
        async with someone.page.expect_request(CHANGES):
            await someone.sign_in()
        await expect(someone.page.get_by_text("Up to date")).to_be_visible()
        await someone.page.route("**/v1/runs?*", note)
        await someone.page.route("**/portal/session", note)
        async with (
            someone.page.expect_response("**/v1/runs?*"),
            someone.page.expect_response("**/portal/session"),
        ):
            await someone.page.evaluate("dispatchEvent(new Event('online'))")
        assert marks == {"/v1/runs": {"1"}, "/portal/session": {"1"}}
        async with someone.page.expect_request("**/v1/runs?*state=suspended*") as chosen:
            await someone.page.get_by_role("link", name="Suspended").click()
        assert "x-background" not in (await chosen.value).headers
