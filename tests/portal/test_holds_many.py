"""Many holds are cleared after a look, and the page of an order leads to what holds it (ADR 0104)."""

from __future__ import annotations

import msgspec
import pytest
from playwright.async_api import Browser, expect

from tests.marks import night
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site
from tests.portal.test_holds import MATRIX, ROLES, clear, portal_of
from tests.portal.test_task_record import known, tell
from tests.stories.somebody import PASSWORD, hired
from tests.stories.town import Town

_TOUCHES = "SELECT key, step, seconds_active FROM app.touch WHERE tenant_id = $1 ORDER BY touch_id"


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_several_are_cleared_after_a_look_and_what_somebody_else_decides_is_left(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "desk" if size == DESK else "phone"
    town = await Town.founded(site, f"sample-many-{kind}", ROLES, MATRIX)
    for number, type_ in enumerate(("incomplete", "stock", "compliance")):
        told = {"order": f"SO-{number}", "customer": "C-many", "type": type_, "reason": "short"}
        await town.post("/v1/holds", told)
    await town.post("/v1/holds", {"order": "SO-9", "customer": "C-other", "type": "stock", "reason": "short"})
    async with person(browser, site, portal_of(town, "credit-manager"), size=size) as someone:
        page = someone.page
        await someone.sign_in("/holds", heading="Holds")
        await expect(page.get_by_text("4 holds", exact=True)).to_be_visible()
        await page.get_by_role("link", name="Only customer C-many").first.click()
        await expect(page.get_by_text("3 holds", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Clear several").click()
        dialog = page.get_by_role("dialog", name="Clear several holds")
        await dialog.get_by_role("button", name="See what would happen").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Say why.")
        await dialog.get_by_label("Why").fill("The truck came")
        await dialog.get_by_role("button", name="See what would happen").click()
        await expect(dialog.get_by_role("status")).to_contain_text("2 of 3 can be cleared by you.")
        left = dialog.get_by_role("listitem").filter(has_text="Compliance: SO-2")
        await expect(left).to_contain_text("Left alone: The role compliance-officer decides this")
        await look(someone, f"holds-clearing-many-{kind}")
        await dialog.get_by_role("button", name="Clear 2").click()
        await expect(dialog.get_by_role("status")).to_contain_text("Cleared: 2")
        await expect(dialog.get_by_role("status")).to_contain_text("Refused: open it to see why: 1")
        await look(someone, f"holds-cleared-many-{kind}")
        await dialog.get_by_role("button", name="Close").last.click()
        await expect(page.get_by_text("1 hold", exact=True)).to_be_visible()
    rows = await town.rows("SELECT key, status FROM app.hold WHERE tenant_id = $1 ORDER BY key")
    assert [(row["key"], row["status"]) for row in rows] == [
        ("SO-0", "cleared"),
        ("SO-1", "cleared"),
        ("SO-2", "active"),
        ("SO-9", "active"),
    ]
    touches = await town.rows(_TOUCHES)
    assert [(row["key"], row["step"]) for row in touches] == [("SO-0", "hold.cleared"), ("SO-1", "hold.cleared")]
    assert None not in {row["seconds_active"] for row in touches}, "the page measured what both took together"


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_the_page_of_an_order_leads_to_what_holds_it(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = f"kept-{'desk' if size == DESK else 'phone'}"
    order = f"SO-{kind}"
    await tell(site, kind, order)
    entity = await known(site, order)
    for subject in ({"order": order, "customer": f"C-{kind}"}, {"customer": f"C-{kind}"}):
        told = {**subject, "type": "credit" if "order" in subject else "stock", "reason": "limit-exceeded"}
        assert (await site.request("POST", "/v1/holds", told)).status == 200
    chief = await staff(site, f"{kind}@harbor.example", name="Kit Keeper", of_client=True)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in(f"/orders/{entity}", heading=order)
        kept = page.get_by_role("region", name="Held")
        await expect(kept.get_by_role("listitem")).to_have_count(2)
        await expect(kept.get_by_role("listitem").last).to_contain_text("On its customer")
        await page.get_by_role("link", name="Open the hold").first.wait_for()
        await look(someone, f"order-{kind}")
        await kept.get_by_role("link", name="Credit").click()
        await someone.heading(f"Credit: {order}").wait_for()
        await page.get_by_role("link", name=order, exact=True).click()
        await someone.heading(order).wait_for()


async def test_two_have_to_agree_and_who_only_reads_is_told_whose_it_is(browser: Browser, site: Site) -> None:
    """The first agrees and the hold stays; the second one clears it."""
    rows = [{"name": "credit", "decision": "credit.release", "approver_role": "credit-manager", "approvals": 2}]
    town = await Town.founded(site, "sample-agreed", ROLES, rows)
    reader = {"slug": "reader", "name": "Reader", "level": "client", "permissions": ["runs:read", "records:read"]}
    await town.post("/v1/roles", reader)
    people = {"second@sample-agreed.example": ["credit-manager"], "reads@sample-agreed.example": ["reader"]}
    second, reads = await hired(site, town.tenant, people)
    told = {"order": "SO-agreed", "customer": "C-1", "type": "credit", "reason": "limit-exceeded"}
    hold = (await town.post("/v1/holds", told))["hold"]["id"]
    first, other, looks = (
        msgspec.structs.replace(site.harbor, email=one.email, password=PASSWORD)
        for one in (town.people["credit-manager"], second, reads)
    )
    async with person(browser, site, looks, size=PHONE) as someone:
        await someone.sign_in(f"/holds/{hold}", heading="Credit: SO-agreed")
        await expect(someone.page.get_by_text("The role Credit manager looks after this one.")).to_be_visible()
        await expect(someone.page.get_by_role("button", name="Clear")).to_have_count(0)
        await look(someone, "hold-read-phone")
    async with person(browser, site, first) as someone:
        page = someone.page
        await someone.sign_in(f"/holds/{hold}", heading="Credit: SO-agreed")
        await expect(page.get_by_text("1 more with the role credit-manager must agree")).to_be_visible()
        await clear(page, "They paid half")
        await expect(page.get_by_text("You have agreed to this already.")).to_be_visible()
        await expect(page.get_by_text("Active", exact=True)).to_be_visible()
        await look(someone, "hold-agreed-desk")
    async with person(browser, site, other) as someone:
        page = someone.page
        await someone.sign_in(f"/holds/{hold}", heading="Credit: SO-agreed")
        await clear(page, "And the rest")
        await expect(page.get_by_text("It was cleared.")).to_be_visible()
        await expect(page.get_by_role("region", name="What was done").get_by_role("listitem")).to_have_count(3)
    touches = await town.rows(_TOUCHES)
    assert [row["step"] for row in touches] == ["hold.agreed", "hold.cleared"]
    assert None not in {row["seconds_active"] for row in touches}
