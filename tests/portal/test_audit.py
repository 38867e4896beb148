"""The audit's page: searched, a run's and a person's trail, and a badge that says whether it is as it was sealed."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Browser, Locator, expect

from infra.database import Database
from infra.encryption.signing_key import SigningKey
from services.cli.running import Portal
from tenants.audit import sealer
from tests.portal.people import look
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site

screens = pytest.mark.parametrize(
    ("brand", "size"), [pytest.param("harbor", DESK, id="desk"), pytest.param("summit", PHONE, id="phone")]
)
HOSTILE = "=1+1 \u202etxt.exe \x1b[31m <img src=x onerror=alert(1)>"
"""What somebody may have named something (S-83)."""
_ADD = """INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after)
  SELECT a.tenant_id, app.new_id(), 'account:' || app.show_id('acc', a.account_id), $2, $3, $4
  FROM app.account a WHERE a.email = $1"""
_REWRITE = """UPDATE app.audit SET action = $3 WHERE action = $2
  AND tenant_id = (SELECT a.tenant_id FROM app.account a WHERE a.email = $1)"""


async def add(site: Site, portal: Portal, action: str, target: str = "con_1", after: object = None) -> None:
    """A record of the portal's own person."""
    await site.query(_ADD, portal.email, action, target, json.dumps(after))


async def seal(site: Site) -> None:
    """Now, as a worker does within half a minute."""
    database = await Database(site.stack.endpoints.worker_database_url, pool_size=1).open()
    try:
        await sealer.seal(database, SigningKey(site.home / "secrets" / "audit-key"))
    finally:
        await database.close()


async def rewrite(site: Site, portal: Portal, was: str, new: str) -> None:
    """Whoever owns the database gives a record another action."""
    await site.query(_REWRITE, portal.email, was, new)


def badge(someone: Person) -> Locator:
    return someone.page.get_by_role("status", name="Seal")


def record(someone: Person, action: str) -> Locator:
    return someone.page.get_by_role("row").filter(has=someone.page.get_by_role("button", name=f"Details of {action}"))


async def enter(someone: Person, path: str = "/audit") -> None:
    await someone.open(path)
    await someone.fill_in(someone.portal.password)
    await someone.heading("Audit").wait_for()


@screens
async def test_A17_the_log_is_searched_and_its_badge_verifies_it(
    browser: Browser, site: Site, brand: str, size: tuple[int, int]
) -> None:
    portal: Portal = getattr(site, brand)
    kind = f"{brand}-{'desk' if size == DESK else 'phone'}"
    if brand == "harbor":
        await site.send(f"audit-{brand}")
    await add(site, portal, "connection.changed", after={"name": "Warehouse", "limits": {"rate": 5}, "by": None})
    async with person(browser, site, portal, size=size) as someone:
        await enter(someone)
        # The plant's own worker seals, too: where it came between, once more.
        for _ in range(2):
            await seal(site)
            await add(site, portal, "thing.fresh")
            await someone.page.reload()
            await expect(badge(someone)).to_contain_text("records are as they were sealed")
            if "Soon" in await record(someone, "thing.fresh").first.inner_text():
                break
        await expect(record(someone, "thing.fresh").first).to_contain_text("Soon")
        await look(someone, f"audit-{kind}")
        await someone.page.get_by_role("searchbox", name="Find by id").fill("connection.changed")
        await expect(someone.page.get_by_role("button", name="Details of thing.fresh")).to_have_count(0)
        await someone.page.get_by_role("button", name="Details of connection.changed").first.click()
        await expect(someone.page.get_by_text("Sealed in batch")).to_be_visible()
        await expect(someone.page.get_by_text("Warehouse")).to_be_visible()
        await look(someone, f"audit-record-{kind}")
        await someone.page.get_by_role("link", name="Show the trail").first.click()
        await expect(someone.page.get_by_text("Trail of")).to_be_visible()
        await expect(record(someone, "thing.fresh").first).to_be_visible()
        await look(someone, f"audit-trail-{kind}")
        await someone.page.get_by_role("searchbox", name="Find by id").fill("nothing.happened")
        await expect(someone.page.get_by_role("heading", name="No record matches")).to_be_visible()
        await look(someone, f"audit-none-{kind}")
        assert someone.complaints == []


@screens
async def test_S_81_the_badge_says_which_record_is_not_as_it_was_sealed(
    browser: Browser, site: Site, brand: str, size: tuple[int, int]
) -> None:
    portal: Portal = getattr(site, brand)
    await add(site, portal, "price.approved")
    await seal(site)
    await rewrite(site, portal, "price.approved", "price.refused")
    try:
        async with person(browser, site, portal, size=size) as someone:
            await enter(someone)
            await expect(badge(someone)).to_contain_text("This log is not as it was sealed")
            await expect(badge(someone)).to_contain_text("record aud_")
            await look(someone, f"audit-broken-{brand}-{'desk' if size == DESK else 'phone'}")
            await rewrite(site, portal, "price.refused", "price.approved")
            await badge(someone).get_by_role("button", name="Verify").click()
            await expect(badge(someone)).to_contain_text("records are as they were sealed")
    finally:
        await rewrite(site, portal, "price.refused", "price.approved")


async def test_S_83_a_hostile_name_is_shown_as_it_is_written(browser: Browser, site: Site) -> None:
    await add(site, site.harbor, "thing.named", target=HOSTILE, after={"name": HOSTILE})
    async with person(browser, site, site.harbor) as someone:
        await enter(someone, "/audit?find=thing.named")
        await someone.page.get_by_role("button", name="Details of thing.named").first.click()
        shown = someone.page.get_by_text("\\u202etxt.exe \\u001b[31m <img src=x")
        await expect(shown.first).to_be_visible()
        assert await someone.page.locator("img[src=x]").count() == 0
        assert "\u202e" not in await someone.page.locator("main").inner_text()
        await look(someone, "audit-hostile-harbor-desk")


async def test_a_runs_page_leads_to_its_trail(browser: Browser, site: Site) -> None:
    await site.send("trail-1")
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.see("PO-trail-1", "Completed")
        await someone.page.get_by_role("link", name="PO-trail-1", exact=True).click()
        await someone.page.get_by_role("link", name="Audit trail").click()
        await someone.heading("Audit").wait_for()
        await expect(someone.page.get_by_role("button", name="Details of run.started")).to_have_count(1)
        await expect(someone.page.get_by_role("button", name="Details of run.completed")).to_have_count(1)


async def test_the_export_is_a_file_of_what_is_shown(browser: Browser, site: Site) -> None:
    await add(site, site.harbor, "thing.exported")
    async with person(browser, site, site.harbor) as someone:
        await enter(someone, "/audit?find=thing.exported")
        await someone.page.get_by_role("button", name="Export", exact=True).click()
        async with someone.page.expect_download() as waiting:
            await someone.page.get_by_role("menuitem", name="For a spreadsheet").click()
        file = await (await waiting.value).path()
        text = file.read_text()
        assert text.startswith('"id","at","actor","action"')
        assert "thing.exported" in text
        assert "run.started" not in text
