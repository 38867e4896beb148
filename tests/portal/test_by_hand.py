"""Work by hand: a workaround is noted in two presses and ended from its list, and what people do is counted."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.marks import night
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site
from tests.portal.test_exceptions import break_down
from tests.portal.test_people_look import answers

sizes = pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
AT = "2026-01-31T09:30:00Z"


def finding(what: str, count: int, minutes: float | None, owner: str | None) -> dict[str, Any]:
    return {
        "what": what, "kind": "sales-order", "step": "confirm-order", "field": "deliveryDate",
        "step_before": "complete-order" if what == "typed-twice" else None,
        "field_before": "wishedDate" if what == "typed-twice" else None, "count": count, "entities": count // 2,
        "example": "SO-10482", "minutes": minutes, "cause": "x", "owner": owner,
    }  # fmt: skip


FINDINGS = [
    finding("typed-twice", 48, 96.5, "role:sales-desk"),
    finding("edited-again", 12, None, None),
    finding("done-again", 6, 3.0, "role:data-steward"),
]
FIGURE: dict[str, Any] = {
    "kind": "sales-order", "key": None, "step": "approval.given", "touches": 1400, "people": 7, "entities": 700,
    "touches_per_entity": 2.0, "measured": 1000, "seconds_measured": 84_000, "estimated": 3, "seconds_estimated": 900,
}  # fmt: skip


@sizes
async def test_a_workaround_is_noted_in_two_presses_and_ended_from_the_list(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "desk" if size == DESK else "phone"
    chief = await staff(site, f"hand-{kind}@harbor.example", name="Hanna Hand", of_client=True)
    await site.query("DELETE FROM app.workaround")
    await break_down(site, f"hand-{kind}", 1)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await someone.open("/exceptions")
        await page.get_by_role("link", name=f"PO-hand-{kind}-0").click()
        await someone.heading(f"PO-hand-{kind}-0").wait_for()
        await page.get_by_role("button", name="Done beside the systems").click()
        await page.get_by_role("button", name="Spreadsheet").wait_for()
        await look(someone, f"by-hand-note-{kind}")
        await page.get_by_role("button", name="Spreadsheet").click()
        await expect(page.get_by_text("Spreadsheet noted: to end by")).to_be_visible()
        await page.get_by_role("link", name="All workarounds").click()
        await someone.heading("Work by hand").wait_for()
        await expect(page.get_by_text("Hanna Hand")).not_to_have_count(0)
        await look(someone, f"by-hand-{kind}")
        await page.get_by_role("button", name="Put off").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Put off")).to_be_disabled()
        await dialog.get_by_label("Reason").fill("The form of the warehouse comes in spring")
        await look(someone, f"by-hand-put-off-{kind}")
        await dialog.get_by_role("button", name="Put off").click()
        await expect(dialog).to_have_count(0)
        await expect(page.get_by_role("cell", name="The form of the warehouse comes in spring")).to_be_visible()
        await page.get_by_role("button", name="End:").click()
        await dialog.get_by_role("button", name="End", exact=True).click()
        await expect(page.get_by_text("Nothing is noted.")).to_be_visible()
        await page.get_by_role("link", name="Ended").click()
        await expect(page.get_by_text("1 workaround", exact=True)).to_be_visible()
    (row,) = await site.query("SELECT way, uses, retired_by, retired_at IS NOT NULL AS done FROM app.workaround")
    assert (row["way"], row["uses"], row["done"]) == ("spreadsheet", 1, True)
    assert row["retired_by"].startswith("account:acc_")


@sizes
async def test_what_is_done_by_hand_is_counted(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    """Steps with how long people were at them, and what they type again with its cause and owner."""
    kind = "desk" if size == DESK else "phone"
    chief = await staff(site, f"count-{kind}@harbor.example", name="Hanna Hand", of_client=True)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await answers(someone, "**/v1/touches/re-entry*", {"since": AT, "until": AT, "items": FINDINGS})
        figures = {"since": AT, "until": AT, "by": "step", "items": [FIGURE, {**FIGURE, "step": "re-keyed"}]}
        await answers(someone, "**/v1/touches/figures*", figures)
        await someone.open("/by-hand")
        await expect(page.get_by_text("the same was typed at Complete order before")).to_be_visible()
        await expect(page.get_by_text("96.5 min")).to_be_visible()
        await expect(page.get_by_text("Approval given")).to_be_visible()
        await expect(page.get_by_text("23 h 20 min")).not_to_have_count(0)
        await page.get_by_role("link", name="Last 7 days").click()
        await expect(page.get_by_role("link", name="Last 7 days")).to_have_attribute("data-chosen", "true")
        await someone.shoot(f"by-hand-counted-{kind}-whole", whole=True)
        await look(someone, f"by-hand-counted-{kind}")
