"""One run: its graph, its journal, its outcome, and why it waits."""

from __future__ import annotations

import re

import msgspec
from playwright.async_api import Browser, expect

from tests.portal.person import PHONE, Person, person
from tests.portal.site import Site


async def run_of(site: Site, number: str) -> str:
    answer = await site.send(number)
    run: str = msgspec.json.decode(answer.body)["runs"][0]
    return run


async def test_a_sample_order_is_sent_and_watched_to_its_end(browser: Browser, slow_erp: Site) -> None:
    async with person(browser, slow_erp, slow_erp.harbor, still=False) as someone:
        await someone.sign_in()
        await someone.page.get_by_role("button", name="Send sample order").click()
        await someone.page.wait_for_url(re.compile(r"/runs/run_"))
        graph = someone.page.get_by_role("region", name="Workflow")
        await expect(graph.locator("button[data-state=running]")).to_have_count(1)
        await someone.shoot("run-moving")
        await expect(someone.page.get_by_role("heading", name=re.compile(r"^Sale SO-\d+ created$"))).to_be_visible()
        await expect(graph.get_by_role("button", name="Create sale")).to_have_attribute("data-state", "completed")
        await expect(graph.get_by_role("button", name="Hold for a person")).to_have_attribute("data-state", "idle")


async def test_choosing_in_the_graph_chooses_in_the_journal_and_shows_the_data(browser: Browser, site: Site) -> None:
    run = await run_of(site, "choose")
    async with person(browser, site, site.harbor) as someone:
        await _arrive(someone, run, "PO-choose")
        graph = someone.page.get_by_role("region", name="Workflow")
        journal = someone.page.get_by_role("region", name="Journal")
        before = await graph.get_by_role("button", name="Check credit").bounding_box()
        await graph.get_by_role("button", name="Check credit").click()
        await expect(someone.page.get_by_role("complementary")).to_be_visible()
        after = await graph.get_by_role("button", name="Check credit").bounding_box()
        assert before
        assert after
        assert (before["y"], before["width"]) == (after["y"], after["width"])
        await expect(journal.get_by_role("button", name="Check credit")).to_have_attribute("aria-pressed", "true")
        await expect(someone.page).to_have_url(re.compile(r"task="))
        await journal.get_by_role("button", name="Create sale").click()
        await expect(graph.get_by_role("button", name="Create sale")).to_have_attribute("aria-pressed", "true")
        panel = someone.page.get_by_role("complementary")
        await expect(panel.get_by_role("heading", name="Output")).to_be_visible()
        await expect(panel).to_contain_text("SO-")
        await expect(panel).to_contain_text("One attempt, no retries")


async def test_personal_fields_are_hidden_with_the_reason(browser: Browser, site: Site) -> None:
    address = {"name": "Receiving Clerk", "street": "1 Any Street", "city": "Springfield"}
    answer = await site.send("masked", ship_to=address, notes="Call before delivery.")
    run = msgspec.json.decode(answer.body)["runs"][0]
    async with person(browser, site, site.harbor) as someone:
        await _arrive(someone, run, "PO-masked")
        journal = someone.page.get_by_role("region", name="Journal")
        await journal.get_by_role("button", name="Read order").click()
        panel = someone.page.get_by_role("complementary")
        await expect(panel.get_by_text("Hidden", exact=True).first).to_be_visible()
        await expect(panel).to_contain_text("can grant the permission")
        await expect(someone.page.locator("body")).not_to_contain_text("Any Street")
        await someone.shoot("run-masked")
        assert not await someone.flaws()


async def test_a_waiting_run_says_why_in_a_sentence(browser: Browser, site: Site) -> None:
    await site.faults(unavailable=1.0)
    try:
        run = await run_of(site, "waits")
        async with person(browser, site, site.harbor) as someone:
            await _arrive(someone, run, "PO-waits")
            await expect(someone.page.get_by_role("heading", name="Why is it waiting?")).to_be_visible()
            await expect(
                someone.page.get_by_text(re.compile(r"has not taken the call since \d\d:\d\d.* next at \d\d:\d\d:\d\d"))
            ).to_be_visible()
            await someone.shoot("run-waiting")
            assert not await someone.flaws()
            await someone.page.get_by_role("link", name="Runs").first.click()
            await someone.heading().wait_for()
            await expect(someone.row("PO-waits")).to_contain_text("Waiting for ERP since")
            await someone.shoot("runs-waiting")
            await site.faults()
            await someone.see("PO-waits", "Completed")
    finally:
        await site.faults()


async def test_an_order_on_hold_says_its_reason(browser: Browser, site: Site) -> None:
    answer = await site.send("held", customer="NOBODY-404")
    run = msgspec.json.decode(answer.body)["runs"][0]
    async with person(browser, site, site.harbor) as someone:
        await _arrive(someone, run, "PO-held")
        await expect(someone.page.get_by_role("heading", name="Order held")).to_be_visible()
        await expect(someone.page.get_by_text("The customer is not known in the ERP.")).to_be_visible()
        await expect(someone.page.get_by_role("main").get_by_text("Held", exact=True)).to_be_visible()
        await expect(someone.page.get_by_text("Completed", exact=True)).to_have_count(0)
        await someone.shoot("run-held")
        assert not await someone.flaws()
        await someone.page.get_by_role("link", name="Runs").first.click()
        await someone.see("PO-held", "Held")
        await expect(someone.row("PO-held")).to_contain_text("Unknown in the ERP")
        await expect(someone.row("PO-held")).not_to_contain_text("Completed")
        await someone.shoot("runs-held")
        assert not await someone.flaws()


async def test_a_faulted_run_says_what_was_wrong(browser: Browser, site: Site) -> None:
    answer = await site.send("faulted", currency="EUR")
    run = msgspec.json.decode(answer.body)["runs"][0]
    async with person(browser, site, site.harbor) as someone:
        await _arrive(someone, run, "PO-faulted")
        await expect(someone.page.get_by_role("heading", name="The order is not valid")).to_be_visible()
        graph = someone.page.get_by_role("region", name="Workflow")
        await expect(graph.get_by_role("button", name="Refuse second currency")).to_have_attribute(
            "data-state", "faulted"
        )
        await expect(someone.page.get_by_role("main")).to_contain_text("at Refuse second currency")
        await someone.shoot("run-faulted")
        assert not await someone.flaws()


async def test_an_order_that_does_not_fit_is_told_with_the_place_and_without_the_value(
    browser: Browser, site: Site
) -> None:
    lines = [{"item": "SKU-1", "quantity": 1, "unit_price": 129977}]
    run = msgspec.json.decode((await site.send("unfit", lines=lines)).body)["runs"][0]
    async with person(browser, site, site.harbor, size=PHONE) as someone:
        await _arrive(someone, run, "PO-unfit")
        main = someone.page.get_by_role("main")
        await expect(main).to_contain_text("The order does not fit what the workflow takes")
        await expect(main).to_contain_text("It is wrong at lines/0/unit_price.")
        await expect(main).not_to_contain_text("129977")
        await expect(main.locator("[data-state=faulted]", has_text="Order received")).to_be_visible()
        await someone.shoot("run-unfit-phone")
        assert not await someone.flaws()
        await someone.open("/runs?state=faulted")
        await expect(someone.row("PO-unfit")).to_contain_text("at Order received")
        chosen = someone.page.get_by_role("navigation", name="State").get_by_role("link", name="Faulted")
        await expect(chosen).to_be_in_viewport(ratio=1)
        await expect(someone.page.get_by_role("navigation", name="Main").get_by_text("Orders")).to_be_in_viewport(
            ratio=1
        )


async def test_on_a_phone_nothing_moves_the_graph_and_its_words_are_readable(browser: Browser, slow_erp: Site) -> None:
    async with person(browser, slow_erp, slow_erp.harbor, size=PHONE) as someone:
        await someone.sign_in()
        await someone.page.get_by_role("button", name="Send sample order").click()
        graph = someone.page.get_by_role("region", name="Workflow")
        await expect(graph.locator("button[data-state=running]")).to_have_count(1)
        before = await graph.bounding_box()
        journal = await someone.page.get_by_role("region", name="Journal").bounding_box()
        assert before
        assert journal
        assert before["y"] < journal["y"]
        await someone.page.get_by_role("heading", name=re.compile("created$")).wait_for()
        assert await graph.bounding_box() == before
        assert await graph.evaluate(_SMALLEST) >= 12
        assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# The size of the smallest words as they are on the screen, after any zoom.
_SMALLEST = """graph => Math.min(...[...graph.querySelectorAll("span, text, div")]
  .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(one => parseFloat(getComputedStyle(one).fontSize) *
    new DOMMatrix(getComputedStyle(one.closest(".react-flow__viewport") ?? one).transform).a))"""


async def _arrive(someone: Person, run: str, order: str) -> None:
    await someone.open(f"/runs/{run}")
    await someone.fill_in(someone.portal.password)
    await someone.heading(order).wait_for()
