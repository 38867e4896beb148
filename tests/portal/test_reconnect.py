"""Somebody at a client opens a link and authorises a connection at its system, in a real browser (S-61, ADR 0086)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from playwright.async_api import Browser, Route, expect

from tests.portal.people import look, staff
from tests.portal.person import PHONE, Person, person
from tests.portal.site import Site
from tests.services.connectors.authorizing.system import CLIENT, System
from tests.services.connectors.declared.other import SECRET

LINK = {
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


async def ask(someone: Person, path: str, body: Any) -> Any:
    """What the API answers to the page's own session."""
    script = """async ([path, body]) => {
      const answer = await fetch(path, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
      });
      return await answer.json();
    }"""
    return await someone.page.evaluate(script, [path, body])


async def test_S_61_somebody_at_a_client_connects_its_system_by_a_link(browser: Browser, site: Site) -> None:
    boss = await staff(site, "rita@acme.example", name="Rita Books", of_client=True)
    async with System().running() as system:
        assert isinstance(system, System)
        async with person(browser, site, boss) as someone:
            await someone.sign_in()
            settings = {"base_url": f"{system.url}/api", "allow_http": True, "client_id": CLIENT}
            new = {"name": "books", "connector": "sample", "settings": settings, "secrets": {"client_secret": SECRET}}
            connection = (await ask(someone, "/v1/connections", new))["id"]
            made = await ask(someone, f"/v1/connections/{connection}/authorization-link", {"host": boss.host})
        # The server of these tests has another port than its settings say.
        link = f"/reconnect#{made['link'].partition('#')[2]}"
        async with person(browser, site, boss) as other:
            page = other.page
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            await other.open(link)
            await expect(page.get_by_role("button", name="Continue")).to_be_visible()
            assert not [one for one in asked if "/portal/reconnect" in one], "looking at it opens nothing"
            await look(other, "reconnect-asked")
            await page.get_by_role("button", name="Continue").click()
            await expect(page.get_by_role("heading", name="Connect Example Books")).to_be_visible()
            assert "#" not in page.url, "the link's text is not left in the browser's history"
            await look(other, "reconnect-open")
            await page.get_by_role("button", name="Go to Example Books").click()
            await expect(page.get_by_role("heading", name="Example Books is connected")).to_be_visible()
            assert dict(parse_qsl(urlsplit(page.url).query)) == {}
            await look(other, "reconnect-done")
            await other.open(link)
            await page.get_by_role("button", name="Continue").click()
            await expect(page.get_by_role("alert")).to_contain_text("This link is over")
            await look(other, "reconnect-over")


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
