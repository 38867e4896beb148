"""The inbox: somebody finds what a run asks of their role, sees what it stands on, and decides (ADR 0098)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, expect

from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site

FORM = "application/cloudevents+json"
LONG = "of the northern associations of wholesale partners, " * 3
DOCUMENT = """
document: {dsl: 1.0.3, namespace: tests, name: %s, version: 1.0.0}
schedule: {on: {one: {with: {type: credit.asked.%s}}}}
do:
  - review:
      call: human-task:1.0.0@default
      with:
        task: credit-review
        title: ${ "Release order " + .[0].data.order }
        instructions: Look at what is overdue. Call the customer before you refuse.
        role: clerk
        about: { kind: sales-order, key: "${ .[0].data.order }" }
        shown:
          customer: ${ .[0].data.customer }
          exposure: { amount: 1250000, currency: USD }
          credit_limit: { amount: 1000000, currency: USD }
          overdue_invoices: 2
        value: { amount: 250000, currency: USD }
        outcomes: [release, keep-on-hold]
        refusals: [keep-on-hold]
        form:
          schema:
            type: object
            title: Terms
            properties:
              new_limit: { $ref: "urn:record-schema:parts:1#/$defs/money", title: New limit }
              days: { type: integer, minimum: 1, maximum: 90, title: Days to pay }
            required: [days]
"""


async def ask(site: Site, path: str, body: Any) -> Any:
    answer = await site.request("POST", path, body)
    assert answer.status in {200, 201, 202}, answer.body
    return msgspec.json.decode(answer.body)


async def asked(site: Site, kind: str) -> None:
    """Two orders wait for a clerk."""
    workflow = await ask(site, "/v1/workflows", {"document": DOCUMENT % (f"asking-{kind}", kind)})
    await ask(site, "/v1/deployments", {"name": f"asking-{kind}", "workflow": workflow["id"]})
    for number, order in enumerate((f"SO-{kind}-1", f"SO-{kind}-2 {LONG}")):
        event = {"specversion": "1.0", "id": f"{kind}-{number}", "source": "/tests", "type": f"credit.asked.{kind}"}
        data = {"order": order, "customer": "Example Parts"}
        sent = await site.request("POST", "/v1/events", {**event, "data": data}, headers={"content-type": FORM})
        assert sent.status == 202, sent.body


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_clerk_decides_what_a_run_asks(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = "desk" if size == DESK else "phone"
    clerk = await staff(site, f"inbox-{kind}@harbor.example", name="Ines Inbox", of_client=True, role="clerk")
    await asked(site, kind)
    async with person(browser, site, clerk, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("navigation").get_by_role("link", name="Inbox").click()
        await someone.heading("Inbox").wait_for()
        first = page.get_by_role("link", name=f"Release order SO-{kind}-1", exact=True)
        await first.wait_for()
        await look(someone, f"inbox-{kind}")
        await first.click()
        pane = page.get_by_role("article", name=f"Release order SO-{kind}-1")
        await expect(pane).to_contain_text("Call the customer before you refuse.")
        await expect(pane).to_contain_text("$12,500.00")
        await expect(pane).to_contain_text("$2,500.00 at stake")
        await look(someone, f"inbox-task-{kind}")
        await pane.get_by_role("button", name="Take it").click()
        await expect(pane.get_by_text("In hand").first).to_be_visible()
        await pane.get_by_role("button", name="Release").click()
        await expect(pane.get_by_role("alert").first).to_be_visible()
        await look(someone, f"inbox-refused-{kind}")
        await pane.get_by_label("Days to pay").fill("30")
        await pane.get_by_label("Why", exact=True).fill("They paid this morning")
        await pane.get_by_role("button", name="Release").click()
        # The next one is there already.
        await page.get_by_role("article", name=f"Release order SO-{kind}-2").wait_for()
        await look(someone, f"inbox-next-{kind}")
        await page.get_by_role("button", name="Keep on hold").click()
        await expect(page.get_by_role("alert").first).to_be_visible()
        await page.get_by_label("Days to pay").fill("10")
        await page.get_by_role("button", name="Keep on hold").click()
        await page.get_by_role("heading", name="Nothing to do").wait_for()
        await look(someone, f"inbox-empty-{kind}")
    rows = await site.query(
        "SELECT outcome, reason, answer::text AS answer FROM app.human_task WHERE entity_key LIKE $1 "
        "ORDER BY entity_key",
        f"SO-{kind}-%",
    )
    assert [(row["outcome"], row["reason"]) for row in rows] == [
        ("release", "They paid this morning"),
        ("keep-on-hold", None),
    ]
    assert msgspec.json.decode(rows[0]["answer"]) == {"days": 30}
