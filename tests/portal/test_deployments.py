"""What runs, what it was, and what is to run: a second person decides on a page (ADR 0106)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, expect

from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site
from tests.portal.test_people_look import answers

LONG = "returns-of-the-northern-associations-of-wholesale-partners"
DOCUMENT = """
document:
  dsl: 1.0.3
  namespace: tests
  name: %s
  version: 1.1.0
  metadata:
    parameters:
      type: object
      properties:
        most: { type: object, default: { amount: 500000, currency: USD } }
        remind_after_days: { type: integer, default: 3 }
schedule: { on: { one: { with: { type: return.requested } } } }
do: [{ rest: { wait: { hours: 1 } } }]
"""


async def ask(site: Site, path: str, body: Any) -> Any:
    """As harbor's own key, of its client."""
    key = (site.home / "secrets" / "partner-key").read_text(encoding="ascii").strip()
    at = f"/v1/clients/{site.harbor.client_slug}"
    answer = await site.request("POST", f"{at}{path}", body, key=key)
    assert answer.status in {200, 201}, answer.body
    return msgspec.json.decode(answer.body)


async def proposed(site: Site, name: str, times: int) -> str:
    """Deployed in test, and proposed for live with values of its own; the promotion's id."""
    given = {"most": {"amount": 250000 * times, "currency": "USD"}}
    if times == 1:
        workflow = await ask(site, "/test/workflows", {"document": DOCUMENT % name})
        await ask(site, "/test/deployments", {"name": name, "workflow": workflow["id"], "parameters": given})
    wanted = {"from": {"environment": "test", "deployment": name}, "parameters": given}
    made = await ask(site, "/live/promotions", {**wanted, "note": "Tried for a week, with the returns of two shops."})
    return str(made["id"])


@pytest.mark.parametrize(("size", "name"), [(DESK, "returns"), (PHONE, LONG)], ids=["desk", "phone"])
async def test_a_second_person_decides_and_rolls_back(
    browser: Browser, site: Site, size: tuple[int, int], name: str
) -> None:
    kind = "desk" if size == DESK else "phone"
    first, second = await proposed(site, name, 1), await proposed(site, name, 2)
    chief = await staff(site, f"chief-{kind}@harbor.example", name="Cora Chief", of_client=True)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("navigation").get_by_role("link", name="Deployments").click()
        await someone.heading("Deployments").wait_for()
        waiting = page.get_by_role("region", name="Waiting for a decision")
        await expect(waiting).to_contain_text(f"{name} 1.1.0, from test")
        await look(someone, f"deployments-{kind}")
        await someone.open(f"/promotions/{first}")
        await someone.heading(f"Run {name} here?").wait_for()
        await expect(page.get_by_text("Nothing of this name runs here yet.")).to_be_visible()
        await expect(page.get_by_text("Tried for a week")).to_be_visible()
        await look(someone, f"promotion-{kind}")
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_label("Reason").fill("As we said on Monday")
        await look(someone, f"promotion-approving-{kind}")
        await page.locator("form").get_by_role("button", name="Approve").click()
        await expect(page.get_by_text("Approved by")).to_be_visible()
        await look(someone, f"promotion-approved-{kind}")
        await someone.open(f"/promotions/{second}")
        await expect(page.get_by_text("runs here now, as revision 1")).to_be_visible()
        await expect(page.get_by_text("Now:")).to_be_visible()
        await look(someone, f"promotion-change-{kind}")
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_label("Reason").fill("Twice as much, as agreed")
        await page.locator("form").get_by_role("button", name="Approve").click()
        await page.get_by_role("link", name="Revision 2").click()
        await someone.heading(name).wait_for()
        await expect(page.get_by_text("$5,000.00")).to_be_visible()
        await look(someone, f"deployment-{kind}")
        await page.get_by_role("button", name="Roll back to revision 1").click()
        await look(someone, f"deployment-rolling-back-{kind}")
        await page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
        await expect(page.get_by_text("Revision 3").first).to_be_visible()
        await expect(page.get_by_text("$2,500.00")).to_be_visible()


async def test_a_proposal_is_refused_and_stays_to_be_read(browser: Browser, site: Site) -> None:
    promotion = await proposed(site, "claims", 1)
    chief = await staff(site, "claims@harbor.example", name="Clara Claims", of_client=True)
    async with person(browser, site, chief) as someone:
        page = someone.page
        await someone.sign_in(f"/promotions/{promotion}", heading="Run claims here?")
        await page.get_by_role("button", name="Refuse").click()
        await page.get_by_label("Reason").fill("Not before the year ends")
        await page.locator("form").get_by_role("button", name="Refuse").click()
        await expect(page.get_by_text("Refused by")).to_be_visible()
        await expect(page.get_by_text("Not before the year ends")).to_be_visible()
        await look(someone, "promotion-refused")
        await answers(someone, "**/v1/deployments?*", {"items": [], "next": None})
        await someone.open("/deployments")
        await page.get_by_role("heading", name="Nothing runs here yet").wait_for()
        await look(someone, "deployments-empty")
