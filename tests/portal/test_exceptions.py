"""The exception desk: what stands still by what is wrong, and what is done with one of them or with all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.patience import PATIENCE
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site
from tests.portal.test_people_look import answers

LONG = "PO-" + "of-the-northern-associations-of-wholesale-partners-" * 3 + "1"
ONE: dict[str, Any] = {
    "id": "exc_01h455vb4pex5vsknk084sn02q", "category": "failed", "state": "open",
    "cause": "https://serverlessworkflow.io/spec/1.0.0/errors/communication",
    "title": "The ERP refused the order: the customer ACME is blocked since its invoices of last quarter are not paid",
    "run": "run_01h455vb4pex5vsknk084sn02q", "run_state": "faulted", "entry": None, "business_key": LONG,
    "deployment": "dep_01h455vb4pex5vsknk084sn02q", "deployment_name": "orders", "workflow": "order-release",
    "template": "order-release@1.1.0", "reference": "/do/8/create-sale", "connection": None, "entity": None,
    "value": {"amount": 1234567, "currency": "USD"}, "deadline": "2026-01-02T12:00:00Z", "owner": "role:sales-desk",
    "note": "Called them, they pay on Friday", "times": 3, "changes": 2, "opened_at": "2026-01-01T12:00:00Z",
    "last_at": "2026-01-01T13:00:00Z", "closed_at": None, "closed_by": None, "outcome": None, "reason": None,
}  # fmt: skip
OTHER: dict[str, Any] = {
    **ONE, "id": "exc_01h455vb4pex5vsknk084sn02r", "category": "outage", "title": "shop does not answer",
    "run": None, "run_state": None, "business_key": None, "value": None, "deadline": None, "owner": None,
    "note": None, "times": 1,
}  # fmt: skip


def line(category: str, count: int, currency: str | None, value: int | None) -> dict[str, Any]:
    return {
        "category": category, "connection": None, "currency": currency, "count": count, "value": value,
        "oldest": "2026-01-01T12:00:00Z", "next_deadline": "2026-01-02T12:00:00Z" if value else None,
    }  # fmt: skip


LINES = [
    line("failed", 128, "USD", 98765432),
    line("failed", 3, "EUR", 7),
    line("outage", 1, None, None),
    line("dead-letter", 2, None, None),
]


async def break_down(site: Site, kind: str, orders: int) -> None:
    """Orders in one currency with lines in another: their runs fail, and nothing else of the client's does."""
    await site.query(
        "UPDATE app.exception SET state = 'discarded', reason = 'x', outcome = 'discarded', closed_by = 'x', "
        "closed_at = clock_timestamp() WHERE state = 'open'"
    )
    for number in range(orders):
        assert (await site.send(f"{kind}-{number}", currency="EUR")).status == 202
    async with asyncio.timeout(PATIENCE):
        while len(await site.query("SELECT 1 FROM app.exception WHERE state = 'open'")) < orders:
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_what_stands_still_is_grouped_and_given_up_with_a_reason(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    """Two currencies in one order make its run fault: a real exception, discarded through the desk."""
    kind = "desk" if size == DESK else "phone"
    chief = await staff(site, f"desk-{kind}@harbor.example", name="Dana Desk", of_client=True)
    await break_down(site, kind, 2)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("navigation").get_by_role("link", name="Exceptions").click()
        await someone.heading("Exceptions").wait_for()
        await page.get_by_role("list", name="By what is wrong").get_by_role("link", name="Failed").click()
        await expect(page.get_by_text("All 2 shown:")).to_be_visible()
        await look(someone, f"exceptions-{kind}")
        await page.get_by_role("button", name=f"PO-{kind}-1").click()
        await expect(page.get_by_text("Put right what it names, then retry")).to_be_visible()
        await look(someone, f"exceptions-open-{kind}")
        await page.get_by_role("button", name=f"PO-{kind}-1").click()
        await page.get_by_role("button", name="Discard").first.click()
        await expect(page.get_by_text("These 2:")).to_be_visible()
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await expect(page.get_by_text("Say why they are given up.")).to_be_visible()
        await look(someone, f"exceptions-discarding-{kind}")
        await page.get_by_label("Reason").fill("Sent again with one currency")
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await expect(page.get_by_text("2 discarded")).to_be_visible()
        await page.get_by_role("button", name="Close").last.click()
        await page.get_by_role("heading", name="Nothing stands still").wait_for()
        await look(someone, f"exceptions-none-{kind}")
        await answers(someone, "**/v1/exceptions/summary", {"count": 134, "items": LINES})
        await answers(someone, "**/v1/exceptions?*", {"items": [ONE, OTHER], "next": "more"})
        await someone.open("/exceptions")
        await expect(page.get_by_text("$12,345.67")).to_be_visible()
        await look(someone, f"exceptions-many-{kind}")
    rows = await site.query("SELECT count(*)::int AS n FROM app.exception WHERE state = 'open' AND category = 'failed'")
    assert rows[0]["n"] == 0
