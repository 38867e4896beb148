"""Somebody says when they are away and who acts for them, after saying once more who they are (ADR 0097)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.marks import night
from tests.portal.people import grow_old, look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_somebody_is_away_and_comes_back(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = "desk" if size == DESK else "phone"
    away = await staff(site, f"away-{kind}@harbor.example", name=f"Anna Away {kind}", of_client=True, role="clerk")
    await staff(site, f"acts-{kind}@harbor.example", name=f"Aldo Acts {kind}", of_client=True, role="clerk")
    first, last = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (3, 9))
    async with person(browser, site, away, size=size) as someone:
        page = someone.page
        await someone.sign_in("/account/absence", heading="When you are away")
        await page.get_by_label("First day away").fill(last)
        await page.get_by_label("Last day away").fill(first)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("The last day is before the first.")).to_be_visible()
        await look(someone, f"absence-wrong-{kind}")
        await page.get_by_label("First day away").fill(first)
        await page.get_by_label("Last day away").fill(last)
        await page.get_by_label("Who acts for you").select_option(label=f"Aldo Acts {kind}")
        await grow_old(someone)
        await page.get_by_role("button", name="Save").click()
        proof = page.get_by_role("region", name="Prove that it is you")
        await proof.get_by_role("textbox", name="Password").fill(away.password)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Saved.")
        await look(someone, f"absence-{kind}")
        await page.get_by_role("button", name="I am back").click()
        await expect(page.get_by_role("status")).to_contain_text("You are back")
    query = "SELECT count(*) AS n FROM app.audit WHERE action IN ('absence.set', 'absence.ended') AND actor LIKE $1"
    (account,) = await site.query(
        "SELECT app.show_id('acc', account_id) AS id FROM app.account WHERE email = $1", away.email
    )
    assert (await site.query(query, f"account:{account['id']}"))[0]["n"] == 2
