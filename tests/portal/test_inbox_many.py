"""The inbox: many tasks are decided alike after a look, one is given to a colleague, and the keys do it (ADR 0098)."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from services.cli.running import Portal
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_inbox import DOCUMENT, FORM, ask

PLAIN = DOCUMENT.partition("        form:")[0]
ORDERS = ("SO-many-1", "SO-many-2", "SO-many-3")


async def begin(site: Site, kind: str, document: str, orders: tuple[str, ...]) -> None:
    workflow = await ask(site, "/v1/workflows", {"document": document % (f"asking-{kind}", kind)})
    await ask(site, "/v1/deployments", {"name": f"asking-{kind}", "workflow": workflow["id"]})
    for order in orders:
        event = {"specversion": "1.0", "id": order, "source": "/tests", "type": f"credit.asked.{kind}"}
        body = {**event, "data": {"order": order, "customer": "Example Parts"}}
        sent = await site.request("POST", "/v1/events", body, headers={"content-type": FORM})
        assert sent.status == 202, sent.body


async def outcomes(site: Site) -> list[str | None]:
    rows = await site.query("SELECT outcome FROM app.human_task WHERE entity_key LIKE 'SO-many-%' ORDER BY entity_key")
    return [row["outcome"] for row in rows]


async def decide_two(page: Page) -> None:
    """Of three one has a form that asks for something, and is decided by itself."""
    dialog = page.get_by_role("dialog", name="Decide 3 tasks")
    await dialog.get_by_label("How").select_option("release")
    await dialog.get_by_label("Why").fill("The week's")
    await dialog.get_by_role("button", name="See what would happen").click()
    await expect(dialog.get_by_role("status")).to_contain_text("2 of 3 can be decided so")


async def test_many_are_decided_after_a_look(browser: Browser, site: Site) -> None:
    clerk = await staff(site, "many@harbor.example", name="Mara Many", of_client=True, role="clerk")
    other = await staff(site, "help@harbor.example", name="Helga Help", of_client=True, role="clerk")
    await begin(site, "many", PLAIN, ORDERS[:2])
    await begin(site, "one", DOCUMENT, ORDERS[2:])
    async with person(browser, site, clerk, size=DESK) as someone:
        page = someone.page
        await someone.sign_in("/inbox", heading="Inbox")
        for order in ORDERS:
            await page.get_by_role("link", name=f"Release order {order}", exact=True).wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("x")
        await expect(page.get_by_label("1 chosen")).to_be_visible()
        await page.get_by_label("1 chosen").click()
        await expect(page.get_by_label("3 chosen")).to_be_checked()
        await look(someone, "inbox-chosen-desk")
        await page.get_by_role("button", name="Decide together").click()
        await decide_two(page)
        await look(someone, "inbox-many-desk")
        await page.get_by_role("button", name="Release: 2").click()
        await expect(page.get_by_role("status")).to_contain_text("2 of 3 decided.")
        await look(someone, "inbox-many-done-desk")
        assert await outcomes(site) == ["release", "release", None]
        await page.get_by_role("button", name="Close").last.click()
        await give(someone)
    await decide_the_last(browser, site, other)


async def give(someone: Person) -> None:
    """The one that is left goes to a colleague, by a key and a dialog."""
    page = someone.page
    await page.get_by_role("link", name=f"Release order {ORDERS[2]}", exact=True).click()
    await page.get_by_role("article").get_by_role("button", name="Take it").wait_for()
    await page.keyboard.press("g")
    dialog = page.get_by_role("dialog", name="Give it to a colleague")
    helper = dialog.get_by_role("option").filter(has_text="Helga Help")
    await dialog.get_by_label("To whom").select_option(value=await helper.get_attribute("value"))
    await dialog.get_by_label("A word about it").fill("You know them")
    await look(someone, "inbox-give-desk")
    await dialog.get_by_role("button", name="Give to a colleague").click()
    await expect(page.get_by_text("In the hands of Helga Help")).to_be_visible()
    await look(someone, "inbox-given-desk")


async def decide_the_last(browser: Browser, site: Site, other: Portal) -> None:
    """Whom it was given to, on a phone: together with nothing else it cannot be decided, by itself it is."""
    async with person(browser, site, other, size=PHONE) as someone:
        page = someone.page
        await someone.sign_in("/inbox?view=mine", heading="Inbox")
        await page.get_by_label("Choose all shown").check()
        await look(someone, "inbox-chosen-phone")
        await page.get_by_role("button", name="Decide together").click()
        dialog = page.get_by_role("dialog", name="Decide 1 task")
        await dialog.get_by_label("How").select_option("keep-on-hold")
        await dialog.get_by_role("button", name="See what would happen").click()
        await expect(dialog.get_by_role("status")).to_contain_text("0 of 1 can be decided so")
        await look(someone, "inbox-many-phone")
        await dialog.get_by_role("button", name="Back").click()
        await dialog.get_by_role("button", name="Cancel").click()
        await page.get_by_role("link", name=f"Release order {ORDERS[2]}", exact=True).click()
        await page.get_by_role("button", name="Take it").click()
        await expect(page.get_by_role("article").get_by_text("In hand")).to_be_visible()
        await page.get_by_label("Days to pay").fill("30")
        await page.get_by_role("button", name="Release", exact=True).click()
        await page.get_by_role("heading", name="Nothing to do").wait_for()
    assert await outcomes(site) == ["release"] * 3
