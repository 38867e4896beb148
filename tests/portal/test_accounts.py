"""One browser, two people: nothing of the first is left for the second."""

from __future__ import annotations

import msgspec
from playwright.async_api import Browser

from tests.portal.person import person
from tests.portal.site import Site


async def test_another_account_at_another_tab_reloads_this_one(browser: Browser, site: Site) -> None:
    """The other account is made here: a partner's demo has one person to sign in as."""
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        session = await someone.page.evaluate("fetch('/portal/session').then(answer => answer.json())")
        session["account"]["id"] = "acc_01h455vb4pex5vsknk084sn02q"
        body = msgspec.json.encode(session)
        await someone.page.route(
            "**/portal/session", lambda route: route.fulfill(body=body, content_type="application/json")
        )
        async with someone.page.expect_event("load"):
            # Again and again, as people look: a page that is still busy with its first look does not begin another.
            await someone.page.evaluate("setInterval(() => dispatchEvent(new Event('visibilitychange')), 500)")
        await someone.heading().wait_for()
