"""What a failed run did is undone from the desk, and its page and that of the other lead to each other (ADR 0138)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
import pytest
from playwright.async_api import Browser, expect

from infra import ids
from tests.marks import night
from tests.patience import PATIENCE
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site

FORM: Final = "application/cloudevents+json"
HEAD: Final = "document: {dsl: 1.0.3, namespace: tests, name: %s, version: 1.0.0, title: %s%s}\n"
UNDOES: Final = """
do:
  - give-back: {set: {released: '${ .completed.reserve.reserved }', order: '${ .input[0].data.order }'}}
"""
FAILS: Final = """
schedule: {on: {one: {with: {type: booked.%s}}}}
do:
  - reserve: {set: {reserved: 5}}
  - book:
      raise: {error: {type: 'https://own.example/no-truck', status: 409, title: No truck is free for this order}}
"""


async def ask(site: Site, path: str, body: Any) -> Any:
    answer = await site.request("POST", path, body)
    assert answer.status in {200, 201, 202}, answer.body
    return msgspec.json.decode(answer.body)


async def fails(site: Site, kind: str) -> None:
    """An order with five reserved pieces stands on the desk, alone."""
    await site.query(
        "UPDATE app.exception SET state = 'discarded', reason = 'x', outcome = 'discarded', closed_by = 'x', "
        "closed_at = clock_timestamp() WHERE state = 'open'"
    )
    await ask(site, "/v1/workflows", {"document": HEAD % (f"unbooked-{kind}", "Take a booking back", "") + UNDOES})
    declared = f", metadata: {{compensation: {{workflow: {{name: unbooked-{kind}}}}}}}"
    document = HEAD % (f"booked-{kind}", "Book an order", declared) + FAILS % kind
    workflow = await ask(site, "/v1/workflows", {"document": document})
    await ask(site, "/v1/deployments", {"name": f"booked-{kind}", "workflow": workflow["id"]})
    event = {"specversion": "1.0", "id": kind, "source": "/tests", "type": f"booked.{kind}", "subject": f"SO-{kind}"}
    body = {**event, "data": {"order": f"SO-{kind}"}}
    sent = await site.request("POST", "/v1/events", body, headers={"content-type": FORM})
    assert sent.status == 202, sent.body
    async with asyncio.timeout(PATIENCE):
        while not await site.query("SELECT 1 FROM app.exception WHERE state = 'open'"):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_what_a_failed_run_did_is_undone_from_its_exception(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "undone-desk" if size == DESK else "undone-phone"
    chief = await staff(site, f"{kind}@harbor.example", name="Dana Desk", of_client=True)
    await fails(site, kind)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in("/exceptions", heading="Exceptions")
        await page.get_by_role("link", name=f"SO-{kind}").click()
        await someone.heading(f"SO-{kind}").wait_for()
        await page.get_by_role("button", name="Undo what was done").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("What it did will be undone.")).to_be_visible()
        await dialog.get_by_role("button", name="Undo what was done").click()
        await expect(dialog.get_by_text("Say something.")).to_be_visible()
        await look(someone, f"exception-undo-{kind}")
        await dialog.get_by_label("Reason").fill("The customer has called it off")
        await dialog.get_by_role("button", name="Undo what was done").click()
        await expect(dialog.get_by_text("Being undone", exact=True)).to_be_visible()
        await dialog.get_by_role("button", name="Close").last.click()
        done = page.get_by_role("region", name="What was done")
        line = done.get_by_role("listitem").filter(has_text="Undone")
        await expect(line).to_have_count(1)
        await expect(line).to_contain_text("Dana Desk")
        await expect(line).to_contain_text("The customer has called it off")
        await expect(page.get_by_role("button", name="Undo what was done")).to_have_count(0)
        await look(someone, f"exception-after-{kind}")
        of_it = "SELECT run_id FROM app.run WHERE business_key = $1 AND compensates IS NULL"
        (failed,) = await site.query(of_it, f"SO-{kind}")
        await someone.open(f"/runs/{ids.show('run', failed['run_id'])}")
        await expect(page.get_by_text("Another run undoes what was done", exact=True)).to_be_visible()
        graph = page.get_by_role("region", name="Workflow")
        await expect(graph.get_by_role("button", name="Reserve")).to_be_visible()
        await look(someone, f"run-undone-{kind}")
        await page.locator("dt", has_text="Undone by").locator("xpath=..").get_by_role("link").click()
        await expect(page.get_by_text("Run it undoes", exact=True)).to_be_visible()
        await expect(page.get_by_text("Give back").first).to_be_visible()
        await look(someone, f"run-undoing-{kind}")
        await page.locator("dt", has_text="Run it undoes").locator("xpath=..").get_by_role("link").click()
        await expect(page.get_by_text("Undone by", exact=True)).to_be_visible()
    by_it = "SELECT state, output::text AS output FROM app.run WHERE compensates = $1"
    (by,) = await site.query(by_it, failed["run_id"])
    assert by["state"] == "completed"
    assert msgspec.json.decode(by["output"]) == {"released": 5, "order": f"SO-{kind}"}
