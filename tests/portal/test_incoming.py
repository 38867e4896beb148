"""Addresses that other systems send to, on the pages: how they stand, what came, why it was refused, taken in again."""

from __future__ import annotations

import asyncio
import re
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import Browser, Locator, Route, expect

from infra.egress import Client, Guard, Request
from tests.marks import night
from tests.patience import PATIENCE
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.services.api.senders import EVENT, standard

"""Milliseconds until a page has looked again."""
_MAKE = """async ([name, event, verification]) => {
  const ask = async (path, body) => (await fetch(path, body && { method: "POST", body: JSON.stringify(body),
    headers: { "content-type": "application/json" } })).json();
  const connection = (await ask("/v1/connections")).items[0].id;
  return ask("/v1/inbound-webhooks", { name, connection, event, verification });
}"""
_ROLE = """async role => (await fetch("/v1/roles", { method: "POST", body: JSON.stringify(role),
  headers: { "content-type": "application/json" } })).status"""
WATCHES = {
    "slug": "watcher",
    "name": "Watcher",
    "permissions": ["connections:read", "webhooks:read", "events:read", "runs:read"],
}
_CLOSE = """async id => fetch(`/v1/inbound-webhooks/${id}/disable`, { method: "POST" })"""
_CHANGE = """async ([id, event]) => fetch(`/v1/inbound-webhooks/${id}`, { method: "PATCH",
  headers: { "content-type": "application/json" }, body: JSON.stringify({ event }) })"""


class Shop:
    """A system that was given an address and a secret."""

    def __init__(self, site: Site, made: dict[str, str]) -> None:
        self.id, self._secret = made["id"], made["secret"]
        self._url = site.api_url + made["path"]

    async def send(self, sent_id: str, body: object) -> int:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"content-type": "application/json", **standard(self._secret, sent_id, raw)}
        async with Client(Guard(allow_loopback=True)) as client:
            answer = await client.send(UUID(int=0), Request(method="POST", url=self._url, headers=headers, body=raw))
        return answer.status


async def shop(someone: Person, name: str, event: object = EVENT) -> Shop:
    made = await someone.page.evaluate(_MAKE, [name, event, {"style": "standard-webhooks"}])
    return Shop(someone.site, made)


async def go(someone: Person) -> None:
    await someone.page.get_by_role("link", name="Webhooks").click()
    await someone.page.get_by_role("link", name="Incoming").click()
    await someone.page.get_by_text("Other systems send their webhooks").wait_for()


async def take_again(dialog: Locator) -> None:
    """Until it is an event: a process may remember for two seconds how an address was declared."""
    async with asyncio.timeout(PATIENCE):
        while not await dialog.get_by_role("status").inner_text():
            await dialog.get_by_role("button", name="Take in again").click()
            await asyncio.sleep(0.5)
    await expect(dialog.get_by_role("status")).to_contain_text("It is an event now")


async def fill(seller: Shop) -> None:
    """One that is taken, one whose event is not where it was declared, and one that is no text."""
    assert await seller.send("msg_1", {"type": "shop.noted", "order": {"number": "SO-1"}}) == 202
    assert await seller.send("msg_2", {"kind": "shop.noted", "order": {"number": "SO-2"}, "text": "ñ" * 300}) == 422
    assert await seller.send("msg_3", b"\xff\xfe") == 400


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_what_came_is_seen_with_its_reason_and_taken_in_again(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "phone" if size == PHONE else "desk"
    portal = site.summit if size == PHONE else site.harbor
    email = f"ines-{kind}@{portal.partner_slug}.example"
    boss = await staff(site, email, portal, name="Ines Hooks", of_client=True)
    async with person(browser, site, boss, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await go(someone)
        await expect(page.get_by_text("No addresses yet")).to_be_visible()
        await look(someone, f"incoming-empty-{kind}")
        seller = await shop(someone, "shop")
        quiet = await shop(someone, "the-carrier-with-a-very-long-name-that-has-sent-nothing-so-far")
        await page.evaluate(_CLOSE, quiet.id)
        await expect(page.get_by_text("No message yet")).to_have_count(2)
        await fill(seller)
        await expect(page.get_by_text("Last refused")).to_be_visible()
        await expect(page.get_by_text("Closed")).to_be_visible()
        await look(someone, f"incoming-{kind}")
        await page.get_by_role("link", name="shop", exact=True).click()
        await someone.heading("shop").wait_for()
        refused = page.get_by_role("row").filter(has_text="What the event is read from is not in it")
        await expect(refused).to_contain_text("Refused")
        await look(someone, f"incoming-address-{kind}")
        await page.get_by_role("link", name="Ignored").click()
        await expect(page.get_by_text("No message is “Ignored”")).to_be_visible()
        await look(someone, f"incoming-no-match-{kind}")
        await page.get_by_role("link", name="Refused").click()
        await page.get_by_role("row").filter(has_text="is no JSON").get_by_role("button").click()
        await expect(page.get_by_text("//4=")).to_be_visible()
        await look(someone, f"incoming-binary-{kind}")
        await page.keyboard.press("Escape")
        await refused.get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text('"order":{"number":"SO-2"}')).to_be_visible()
        await expect(dialog.get_by_text("webhook-id: msg_2")).to_be_visible()
        await look(someone, f"incoming-refused-{kind}")
        await dialog.get_by_role("button", name="Take in again").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("It is refused again")
        await page.evaluate(_CHANGE, [seller.id, {"type": {"pointer": "/kind"}}])
        await take_again(dialog)
        await expect(dialog.get_by_text("Taken", exact=True)).to_be_visible()
        await look(someone, f"incoming-taken-again-{kind}")
        await page.keyboard.press("Escape")
        await page.get_by_role("link", name="Taken").click()
        await expect(page.get_by_role("row").filter(has_text="taken in again once")).to_be_visible()
        await page.evaluate(_CLOSE, seller.id)
        await expect(page.get_by_text("Somebody closed it")).to_be_visible()
        await look(someone, f"incoming-closed-{kind}")


async def test_S_05_who_acts_as_a_client_sees_that_something_came_and_not_what(browser: Browser, site: Site) -> None:
    boss = await staff(site, "ivan@harbor.example", name="Ivan Boss")
    own = await staff(site, "inge@harbor.example", site.harbor, name="Inge Hooks", of_client=True)
    async with person(browser, site, own) as someone:
        await someone.sign_in()
        seller = await shop(someone, "seen-from-above")
        await seller.send("msg_1", {"type": "shop.noted", "order": {"number": "SO-9"}, "text": "canary-of-a-client"})
        assert await someone.page.evaluate(_ROLE, WATCHES) == 201
    watcher = await staff(site, "ilse@harbor.example", site.harbor, name="Ilse", of_client=True, role="watcher")
    async with person(browser, site, watcher) as someone:
        page = someone.page
        await someone.sign_in()
        await go(someone)
        await page.get_by_role("link", name="seen-from-above").click()
        await page.get_by_role("row").filter(has_text="shop.noted").get_by_role("button").click()
        await expect(page.get_by_text("may see that something came, and not what")).to_be_visible()
        assert "canary-of-a-client" not in await page.content()
        await look(someone, "incoming-hidden")
    async with person(browser, site, boss) as someone:
        page = someone.page
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        await page.get_by_role("button", name=re.compile("^Act as Acme Wholesale")).first.click()
        await page.get_by_label("Reason").fill("They ask what their shop sends")
        await page.locator("form").get_by_role("button", name=re.compile("^Act as")).click()
        await someone.heading().wait_for()
        await go(someone)
        await page.get_by_role("link", name="seen-from-above").click()
        await page.get_by_role("row").filter(has_text="shop.noted").get_by_role("button").click()
        await expect(page.get_by_text("Your account may not read what came")).to_be_visible()
        await expect(page.get_by_role("button", name="Take in again")).to_have_count(0)
        assert "canary-of-a-client" not in await page.content()
        await look(someone, "incoming-not-allowed")


async def test_a_log_that_takes_its_time_or_fails_says_so(browser: Browser, site: Site) -> None:
    """The failure is made here: a defect of the server cannot be ordered from the real one."""
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        body = '{"type":"/problems/internal","title":"Internal error","status":500,"detail":"","request_id":"a1b2c3d4"}'
        await route.fulfill(status=500, body=body, content_type="application/problem+json")

    boss = await staff(site, "iris@summit.example", site.summit, name="Iris Hooks", of_client=True)
    async with person(browser, site, boss) as someone:
        page = someone.page
        await someone.sign_in()
        await page.route(re.compile("/v1/inbound-webhooks"), hold)
        await go(someone)
        await page.locator("[class*=skeleton], [class*=Skeleton]").first.wait_for()
        await look(someone, "incoming-loading")
        released.set()
        await someone.heading("This did not load").wait_for()
        await expect(page.get_by_text("a1b2c3d4")).to_be_visible()
        await look(someone, "incoming-error")
        await page.unroute(re.compile("/v1/inbound-webhooks"))
        await page.get_by_role("button", name="Try again").click()
        await someone.page.get_by_text("Other systems send their webhooks").wait_for()
