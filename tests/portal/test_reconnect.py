"""The page on which somebody at a client authorises a connection, in a real browser (ADR 0086)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from playwright.async_api import Browser, Route, expect

from tests.portal.people import look
from tests.portal.person import PHONE, person
from tests.portal.site import Site

LINK = {
    "level": "not certified",
    "client": "Northern Association of Wholesale Distributors of Electrical Supplies",
    "system": "Enterprise Order Management and Finance",
    "connection": "books",
    "state": "open",
    "reason": None,
    "expires_at": "2036-01-31T09:30:00.000000Z",
}


def saying(shown: Any) -> Callable[[Route], Awaitable[None]]:
    """The server is taken to say this, where the real one would need a system that answers so."""
    text = msgspec.json.encode(shown).decode()
    return lambda route: route.fulfill(body=text, content_type="application/json")


async def test_the_page_on_a_phone_says_how_far_it_is_and_what_went_wrong(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.summit, size=PHONE) as someone:
        for shown, words in (
            (LINK, "For Northern"),
            ({**LINK, "state": "refused", "reason": "other-issuer"}, "another server"),
            ({**LINK, "state": "exchanging"}, "You are back"),
            ({**LINK, "state": "done"}, "goes on by itself"),
        ):
            await someone.page.unroute_all()
            await someone.page.route("**/portal/reconnect", saying(shown))
            await someone.open("/reconnect")
            await expect(someone.page.get_by_text(words)).to_be_visible()
            await look(someone, f"reconnect-phone-{shown['state']}")
