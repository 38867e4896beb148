"""What a mailed link opens: a clerk decides from a mail, somebody outside answers on a phone (ADR 0112)."""

from __future__ import annotations

import asyncio
import re
import time

from playwright.async_api import Browser, expect

from tests.faults.warm import WarmStarter
from tests.patience import PATIENCE
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site
from tests.portal.test_inbox import DOCUMENT, FORM, LONG, ask

SUPPLIER = "orders@northern-association-of-parts.example"
OUTSIDE = """
document: {dsl: 1.0.3, namespace: tests, name: outside, version: 1.0.0}
schedule: {on: {one: {with: {type: outside.asked}}}}
do:
  - ask:
      call: human-task:1.0.0@default
      with:
        task: delivery-date
        title: When does order SO-77 arrive?
        instructions: Say in how many days the rest arrives. Add the confirmation where you have one.
        outside: { email: %s, name: Northern Association of Electrical Parts }
        shown: { order: SO-77, item: Cable 3x1.5, pieces: 60, value: { amount: 125000, currency: USD } }
        outcomes: [confirm, cannot-deliver]
        form:
          schema:
            type: object
            properties: { days: { type: integer, minimum: 1, maximum: 90, title: Days } }
            required: [days]
"""


async def link_of(site: Site, recipient: str) -> str:
    """The path that the newest mail to somebody leads to, once a worker has written it."""
    until = time.monotonic() + PATIENCE
    query = (
        "SELECT app.show_id('mail', mail_id) AS id FROM app.mail WHERE recipient = $1 AND state = 'kept' "
        "ORDER BY mail_id DESC LIMIT 1"
    )
    while not (found := await site.query(query, recipient)):
        assert time.monotonic() < until, "no mail was written"
        await asyncio.sleep(0.2)
    command = ["services.cli.main", "mail", "show", found[0]["id"]]
    done = await asyncio.to_thread(WarmStarter.get().run, command, site.environment())
    assert done.returncode == 0, done.stderr
    match = re.search(r"https?://[^/\s]+(/answer#\S+)", done.stdout)
    assert match is not None, done.stdout
    return match[1]


async def one_waits(site: Site) -> None:
    """One order waits for a clerk, and none is left when it is decided: others look for an empty inbox."""
    workflow = await ask(site, "/v1/workflows", {"document": DOCUMENT % ("asking-mail", "mail")})
    await ask(site, "/v1/deployments", {"name": "asking-mail", "workflow": workflow["id"]})
    event = {"specversion": "1.0", "id": "mail-1", "source": "/tests", "type": "credit.asked.mail"}
    data = {"order": f"SO-mail-1 {LONG}", "customer": "Example Parts"}
    sent = await site.request("POST", "/v1/events", {**event, "data": data}, headers={"content-type": FORM})
    assert sent.status == 202, sent.body


async def test_a_clerk_decides_from_a_mail_without_signing_in(browser: Browser, site: Site) -> None:
    clerk = await staff(site, "mail@harbor.example", name="Mia Mail", of_client=True, role="clerk")
    async with person(browser, site, clerk, size=DESK) as someone:
        await someone.sign_in()
        await someone.page.get_by_role("navigation").get_by_role("link", name="Inbox").click()
        each = someone.page.get_by_role("button", name="Each task, with a link")
        await each.click()
        await expect(each).to_have_attribute("aria-pressed", "true")
        await look(someone, "inbox-mail-choice")
    await one_waits(site)
    path = await link_of(site, "mail@harbor.example")
    async with person(browser, site, clerk, size=DESK) as someone:
        await someone.open(path)
        await expect(someone.page.get_by_text("For Mia Mail")).to_be_visible()
        assert "#" not in someone.page.url, "the text is not for the browser's history"
        await look(someone, "answer-desk")
    async with person(browser, site, clerk, size=PHONE) as someone:
        page = someone.page
        await someone.open(path)
        await expect(page.get_by_text("Call the customer before you refuse.")).to_be_visible()
        await look(someone, "answer-phone")
        await page.get_by_label("Days to pay").fill("30")
        await page.get_by_role("button", name="Release").click()
        await expect(page.get_by_role("status")).to_contain_text("Decided: Release")
        await look(someone, "answer-decided-phone")
        await someone.page.reload()
        await expect(page.get_by_role("status")).to_contain_text("Decided: Release")
    rows = await site.query("SELECT count(*) AS n FROM app.touch WHERE source = 'mail'")
    assert rows[0]["n"] == 1


async def test_somebody_outside_answers_and_sends_a_file_on_a_phone(browser: Browser, site: Site) -> None:
    workflow = await ask(site, "/v1/workflows", {"document": OUTSIDE % SUPPLIER})
    await ask(site, "/v1/deployments", {"name": "outside", "workflow": workflow["id"]})
    event = {"specversion": "1.0", "id": "outside-1", "source": "/tests", "type": "outside.asked", "data": {}}
    assert (await site.request("POST", "/v1/events", event, headers={"content-type": FORM})).status == 202
    path = await link_of(site, SUPPLIER)
    async with person(browser, site, site.harbor, size=PHONE) as someone:
        page = someone.page
        await someone.open(path)
        await expect(page.get_by_role("heading", name="When does order SO-77 arrive?")).to_be_visible()
        await page.locator("input[type=file]").set_input_files(
            {"name": "confirmation.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}
        )
        await expect(page.get_by_text("confirmation.pdf")).to_be_visible()
        await look(someone, "outside-phone")
        await page.get_by_label("Days").fill("4")
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.get_by_role("status")).to_contain_text("Answered: Confirm")
    async with person(browser, site, site.harbor, size=DESK) as someone:
        await someone.open("/answer#0123")
        await expect(someone.page.get_by_text("This link is over")).to_be_visible()
        await look(someone, "answer-over-desk")
