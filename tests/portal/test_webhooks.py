"""Where events go and what became of them, on the pages: made, looked into, sent again (A18)."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, expect

from tests.patience import PATIENCE
from tests.portal.people import grow_old, look, staff
from tests.portal.person import PHONE, Person, person
from tests.portal.site import Site
from tests.services.webhooks.receiver import Receiver, receiving, verifies


async def make(someone: Person, url: str, name: str) -> str:
    """Add an endpoint; answers the secret that the page shows once."""
    page = someone.page
    await page.get_by_role("button", name="Add an endpoint").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Address").fill(url)
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Add an endpoint").click()
    await page.get_by_role("heading", name="Copy the secret now").wait_for()
    return (await dialog.get_by_text(re.compile("^whsec_")).inner_text()).strip()


async def sample(someone: Person) -> None:
    """An order whose run ends, which is an event."""
    await someone.page.get_by_role("link", name="Runs").click()
    await someone.heading().wait_for()
    await someone.page.get_by_role("button", name="Send sample order").first.click()
    # Whether it asks first depends on what this client's connections reach by then, and the page finds that out itself.
    confirm = someone.page.get_by_role("dialog")
    await confirm.or_(someone.page.get_by_role("region", name="Workflow")).first.wait_for()
    if await confirm.count():
        await confirm.get_by_role("button", name="Send sample order").click()


async def until(receiver: Receiver, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(receiver.got) < count:
            await asyncio.sleep(0.1)


async def test_A18_an_endpoint_is_added_and_its_deliveries_are_seen_and_sent_again(
    browser: Browser, site: Site
) -> None:
    boss = await staff(site, "wanda@acme.example", name="Wanda Hooks", of_client=True)
    async with receiving() as receiver, person(browser, site, boss) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("link", name="Webhooks").click()
        await someone.heading("Webhooks").wait_for()
        await expect(page.get_by_text("No endpoints yet")).to_be_visible()
        await look(someone, "webhooks-empty")
        await page.get_by_role("button", name="Add an endpoint").click()
        await page.get_by_label("Address").fill("https://169.254.169.254/")
        await page.get_by_role("dialog").get_by_role("button", name="Add an endpoint").click()
        await expect(page.get_by_role("alert")).to_contain_text("Nothing may be sent to this address")
        await look(someone, "webhooks-refused")
        await page.keyboard.press("Escape")
        receiver.says("500 Oh", body=b"the warehouse is being counted")
        secret = await make(someone, receiver.url, "Warehouse")
        await look(someone, "webhooks-secret")
        await page.get_by_role("button", name="I have copied it").click()
        assert secret not in await page.content()
        await sample(someone)
        await until(receiver, 2)
        assert verifies(receiver.got[0], secret) == 1
        await page.get_by_role("link", name="Webhooks").click()
        await expect(page.get_by_text("Failing")).to_be_visible()
        await look(someone, "webhooks")
        await page.get_by_role("link", name="Warehouse").click()
        await someone.heading("Warehouse").wait_for()
        row = page.get_by_role("row").filter(has_text="io.serverlessworkflow.workflow").first
        await expect(row).to_contain_text("Answered 500")
        await look(someone, "webhook")
        receiver.says("200 OK")
        await row.get_by_role("button").click()
        await expect(page.get_by_role("dialog")).to_contain_text("the warehouse is being counted")
        await look(someone, "webhook-delivery")
        sent = len(receiver.got)
        await page.get_by_role("button", name="Send again").click()
        await until(receiver, sent + 1)
        await expect(row).to_contain_text("Delivered")
        assert receiver.got[-1].id in {one.id for one in receiver.got[:sent]}
        await page.get_by_role("button", name="Disable").click()
        await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        await expect(page.get_by_text("Somebody disabled it")).to_be_visible()
        await look(someone, "webhook-disabled")
        await page.get_by_role("button", name="Remove").click()
        await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        await someone.heading("Webhooks").wait_for()
        await expect(page.get_by_text("No endpoints yet")).to_be_visible()


async def prove(someone: Person, password: str) -> None:
    proof = someone.page.get_by_role("region", name="Prove that it is you")
    await proof.get_by_role("textbox", name="Password").fill(password)
    await proof.get_by_role("button", name="Continue").click()


async def test_S_63_where_events_go_and_another_secret_take_a_fresh_proof(browser: Browser, site: Site) -> None:
    boss = await staff(site, "wera@acme.example", name="Wera Hooks", of_client=True)
    async with receiving() as receiver, person(browser, site, boss) as someone:
        page = someone.page
        await someone.sign_in("/webhooks", "Webhooks")
        await grow_old(someone)
        await page.get_by_role("button", name="Add an endpoint").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Address").fill(receiver.url)
        await dialog.get_by_label("Name").fill("Proved")
        await dialog.get_by_role("button", name="Add an endpoint").click()
        await look(someone, "webhooks-proof")
        await prove(someone, boss.password)
        await page.get_by_role("heading", name="Copy the secret now").wait_for()
        await page.get_by_role("button", name="I have copied it").click()
        await page.get_by_role("link", name="Proved").click()
        await someone.heading("Proved").wait_for()
        await page.get_by_role("button", name="Disable").click()
        await dialog.get_by_role("button", name="Disable").click()
        await grow_old(someone)
        await page.get_by_role("button", name="Enable").click()
        await look(someone, "webhook-proof")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(page.get_by_role("button", name="Enable")).to_be_visible()
        await page.get_by_role("button", name="Enable").click()
        await prove(someone, boss.password)
        await expect(page.get_by_role("button", name="Disable")).to_be_visible()
        await grow_old(someone)
        await page.get_by_role("button", name="Rotate secret").click()
        await dialog.get_by_role("button", name="Rotate secret").click()
        await prove(someone, boss.password)
        await page.get_by_role("heading", name="Copy the secret now").wait_for()


async def test_A18_on_a_phone_the_same_is_within_reach(browser: Browser, site: Site) -> None:
    boss = await staff(site, "wim@summit.example", site.summit, name="Wim Hooks", of_client=True)
    async with receiving() as receiver, person(browser, site, boss, size=PHONE) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("link", name="Webhooks").click()
        await someone.heading("Webhooks").wait_for()
        receiver.says("410 Gone")
        await make(someone, receiver.url, "The distribution centre with the very long name in the south")
        await page.get_by_role("button", name="I have copied it").click()
        await sample(someone)
        await until(receiver, 1)
        await page.get_by_role("link", name="Webhooks").click()
        await expect(page.get_by_text("Gone", exact=True)).to_be_visible()
        await look(someone, "webhooks-phone")
        await page.get_by_role("link", name=re.compile("^The distribution")).click()
        await expect(page.get_by_text("It answered that it wants nothing more")).to_be_visible()
        await expect(page.get_by_role("row").filter(has_text="Answered 410").first).to_be_visible()
        await look(someone, "webhook-phone")
