"""The partner's own log on its people's pages: searched, followed, exported, and verified, as a client's is (A17)."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from services.cli.running import Portal
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_audit import badge, record, seal

_REWRITE = """UPDATE app.organization_audit SET action = $3 WHERE action = $2
  AND partner_id = (SELECT p.partner_id FROM app.partner p WHERE p.slug = $1)"""


async def enter(someone: Person) -> None:
    await someone.open()
    await someone.fill_in(someone.portal.password)
    await someone.heading("Clients").wait_for()
    await someone.page.get_by_role("navigation").get_by_role("link", name="Audit").click()
    await someone.heading("Audit").wait_for()


@pytest.mark.parametrize(
    ("brand", "size"), [pytest.param("harbor", DESK, id="desk"), pytest.param("summit", PHONE, id="phone")]
)
async def test_A17_a_partners_people_read_search_export_and_verify_its_own_log(
    browser: Browser, site: Site, brand: str, size: tuple[int, int]
) -> None:
    portal: Portal = getattr(site, brand)
    kind = f"{brand}-{'desk' if size == DESK else 'phone'}"
    boss = await staff(site, f"ines@{brand}.example", portal)
    await seal(site)
    async with person(browser, site, boss, size=size) as someone:
        await enter(someone)
        await expect(badge(someone)).to_contain_text("records are as they were sealed")
        await expect(someone.page.get_by_text("What is done inside a client stands in its own log")).to_be_visible()
        await expect(record(someone, "client.created").first).to_be_visible()
        await expect(record(someone, "run.started")).to_have_count(0)
        await look(someone, f"partner-audit-{kind}")
        await someone.page.get_by_role("searchbox", name="Find by id").fill("client.created")
        await expect(record(someone, "account.created")).to_have_count(0)
        await someone.page.get_by_role("button", name="Details of client.created").first.click()
        await expect(someone.page.get_by_text("Sealed in batch")).to_be_visible()
        await look(someone, f"partner-audit-record-{kind}")
        await someone.page.get_by_role("link", name="Show the trail").first.click()
        await expect(someone.page.get_by_text("Trail of")).to_be_visible()
        await someone.page.get_by_role("button", name="Export", exact=True).click()
        async with someone.page.expect_download() as waiting:
            await someone.page.get_by_role("menuitem", name="With seals").click()
        lines = (await (await waiting.value).path()).read_text().splitlines()
        assert lines[0].startswith('{"kind": "log", "format": 1, "log": "ptr_')
        await someone.page.get_by_role("searchbox", name="Find by id").fill("nothing.happened")
        await expect(someone.page.get_by_role("heading", name="No record matches")).to_be_visible()
        await look(someone, f"partner-audit-none-{kind}")


async def test_S_81_the_badge_of_the_partners_log_says_which_record_was_changed(browser: Browser, site: Site) -> None:
    boss = await staff(site, "iris@harbor.example")
    await seal(site)
    await site.query(_REWRITE, site.harbor.partner_slug, "client.created", "client.forged")
    try:
        async with person(browser, site, boss) as someone:
            await enter(someone)
            await expect(badge(someone)).to_contain_text("This log is not as it was sealed")
            await expect(badge(someone)).to_contain_text("record aud_")
            await look(someone, "partner-audit-broken-harbor-desk")
    finally:
        await site.query(_REWRITE, site.harbor.partner_slug, "client.forged", "client.created")
