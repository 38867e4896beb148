"""The exception desk: what stands still by what is wrong, and what is done with one of them or with all."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, expect

from infra import ids
from tests.marks import night
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
    "breach_at": "2026-01-02T12:00:00Z", "probability": 1.0, "at_risk": {"amount": 1234567, "currency": "USD"},
    "kind": "erp-away", "kind_title": "The ERP does not answer", "warehouse": "north", "segment": "gold",
    "order_type": "rush", "channel": "shop",
    "stage": "create-sale", "next_step": "Read its error.",
    "actions": ["retry", "skip", "discard", "assign", "note"],
    "note": "Called them, they pay on Friday", "times": 3, "changes": 2, "opened_at": "2026-01-01T12:00:00Z",
    "last_at": "2026-01-01T13:00:00Z", "closed_at": None, "closed_by": None, "outcome": None, "reason": None,
}  # fmt: skip
HISTORY: list[dict[str, Any]] = [
    {"action": "opened", "at": "2026-01-01T12:00:00Z", "by": "engine", "owner": None, "words": None},
    {"action": "assigned", "at": "2026-01-01T12:10:00Z", "by": "account:acc_01h455vb4pex5vsknk084sn02q",
     "owner": "role:sales-desk", "words": None},
    {"action": "noted", "at": "2026-01-01T12:20:00Z", "by": "account:acc_01h455vb4pex5vsknk084sn02q",
     "owner": None, "words": "Called them, they pay on Friday"},
    {"action": "retried", "at": "2026-01-01T12:30:00Z", "by": "key:key_01h455vb4pex5vsknk084sn02q",
     "owner": None, "words": None},
]  # fmt: skip
OTHER: dict[str, Any] = {
    **ONE, "id": "exc_01h455vb4pex5vsknk084sn02r", "category": "outage", "title": "shop does not answer",
    "run": None, "run_state": None, "business_key": None, "value": None, "deadline": None, "owner": None,
    "note": None, "times": 1, "at_risk": None, "probability": 0.4218, "breach_at": "2100-01-02T12:00:00Z",
    "warehouse": None, "segment": None, "order_type": None, "channel": None, "actions": ["assign", "note"],
}  # fmt: skip


def group(name: str | None, count: int, currency: str | None, at_risk: int | None) -> dict[str, Any]:
    return {
        "group": name, "currency": currency, "count": count, "late": count // 3, "at_risk": at_risk,
        "value": at_risk and at_risk * 2, "oldest": "2026-01-01T12:00:00Z", "next_breach": "2026-01-02T12:00:00Z",
    }  # fmt: skip


GROUPS = [
    group("failed", 128, "USD", 98765432),
    group("failed", 3, "EUR", 7),
    group("dead-letter", 2, None, None),
    group("outage", 1, None, None),
]
WAREHOUSES = [group(f"north-{number}", 40 - number, "USD", 9_000_000 - number) for number in range(11)] + [
    group("of the northern associations of wholesale partners", 2, "USD", 70),
    group(None, 9, None, None),
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


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_what_stands_still_is_grouped_and_given_up_with_a_reason(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    """Two currencies in one order make its run fault: a real exception, discarded through the desk."""
    kind = "desk" if size == DESK else "phone"
    chief = await staff(site, f"desk-{kind}@harbor.example", name="Dana Desk", of_client=True)
    await break_down(site, kind, 2)
    await site.query(
        "UPDATE app.exception SET warehouse = CASE WHEN exception_id = (SELECT max(exception_id::text)::uuid "
        "FROM app.exception WHERE state = 'open') THEN 'north' ELSE 'south' END WHERE state = 'open'"
    )
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await page.get_by_role("navigation").get_by_role("link", name="Exceptions").click()
        await someone.heading("Exceptions").wait_for()
        await page.get_by_role("list", name="By what is wrong").get_by_role("link", name="Failed").click()
        await expect(page.get_by_role("link", name="What is wrong: Failed. Remove this filter")).to_be_visible()
        await page.get_by_label("Group by").select_option(label="By warehouse")
        await page.get_by_role("list", name="By warehouse").get_by_role("link", name="north").click()
        await expect(page.get_by_text("1 exception", exact=True)).to_be_visible()
        await expect(page.get_by_role("list", name="By warehouse").get_by_role("link", name="south")).to_be_visible()
        await page.get_by_role("link", name="Warehouse: north. Remove this filter").click()
        await expect(page.get_by_text("2 exceptions", exact=True)).to_be_visible()
        await look(someone, f"exceptions-{kind}")
        await page.get_by_role("link", name=f"PO-{kind}-1").click()
        await someone.heading(f"PO-{kind}-1").wait_for()
        await expect(page.get_by_text("Put right what it names, then retry")).to_be_visible()
        await expect(page.get_by_role("button", name="Resume")).to_have_count(0)
        await expect(page.get_by_role("button", name="Cancel the run")).to_have_count(0)
        await look(someone, f"exception-{kind}")
        await page.get_by_role("navigation", name="Back").get_by_role("link", name="Exceptions").click()
        await page.get_by_role("checkbox", name="Choose all that are shown").check()
        await page.get_by_role("button", name="Discard").click()
        await expect(page.get_by_text("These 2:")).to_be_visible()
        await expect(page.get_by_text("Will be given up.")).to_have_count(2)
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await expect(page.get_by_text("Say something.")).to_be_visible()
        await look(someone, f"exceptions-discarding-{kind}")
        await page.get_by_label("Reason").fill("Sent again with one currency")
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await expect(page.get_by_text("2 discarded")).to_be_visible()
        await expect(page.get_by_role("dialog").get_by_text("Given up")).to_have_count(2)
        await page.get_by_role("button", name="Close").last.click()
        await page.get_by_role("heading", name="Nothing stands still").wait_for()
        await look(someone, f"exceptions-none-{kind}")
    rows = await site.query("SELECT reason FROM app.exception WHERE state = 'discarded' AND reason <> 'x'")
    assert {row["reason"] for row in rows} == {"Sent again with one currency"}


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_a_desk_full_of_them(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    """Long names, many groups, and acts that some of those who are chosen do not take."""
    kind = "desk" if size == DESK else "phone"
    chief = await staff(site, f"full-{kind}@harbor.example", name="Dana Desk", of_client=True)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await answers(
            someone, "**/v1/exceptions/groups?by=category*", {"by": "category", "count": 134, "items": GROUPS}
        )
        await answers(
            someone, "**/v1/exceptions/groups?by=warehouse*", {"by": "warehouse", "count": 134, "items": WAREHOUSES}
        )
        await answers(someone, "**/v1/exceptions?*", {"items": [ONE, OTHER], "next": "more"})
        await answers(
            someone,
            "**/v1/exceptions/exc_*",
            {**ONE, "runbook": "# Away\n\n1. Call `them`.\n2. Wait.", "history": HISTORY},
        )
        lines = [
            {"id": ONE["id"], "category": "failed", "name": LONG, "is_of_entry": False, "at_risk": ONE["at_risk"],
             "outcome": "retried", "ends_run": False, "why": None},
            {"id": OTHER["id"], "category": "outage", "name": None, "is_of_entry": False, "at_risk": None,
             "outcome": None, "ends_run": False, "why": "It ends by itself"},
        ]  # fmt: skip
        seen = {"count": 1, "covered": 1, "refused": 1, "exceptions": [], "foreseen": lines, "done": [], "token": "x"}
        await answers(someone, "**/v1/exceptions/act", seen)
        await someone.open("/exceptions")
        await expect(page.get_by_text("$987,654.32 at risk")).to_be_visible()
        await look(someone, f"exceptions-many-{kind}")
        await page.get_by_label("Group by").select_option(label="By warehouse")
        await page.get_by_role("button", name="Show all 13").click()
        await expect(page.get_by_text("No warehouse")).to_be_visible()
        await look(someone, f"exceptions-groups-{kind}")
        await page.get_by_role("checkbox", name="Choose all that are shown").check()
        await expect(page.get_by_role("button", name="All that the filters find")).to_be_visible()
        await page.get_by_role("button", name="Retry").click()
        await expect(page.get_by_text("1 other does not take this.")).to_be_visible()
        await expect(page.get_by_text("Not this: it ends by itself")).to_be_visible()
        await look(someone, f"exceptions-preview-{kind}")
        await page.get_by_role("button", name="Cancel", exact=True).click()
        await answers(someone, "**/v1/exceptions/act", {**seen, "foreseen": [{**lines[0], "outcome": "skipped"}]})
        await page.get_by_role("checkbox", name="Choose all that are shown").check()
        await page.get_by_role("button", name="Skip", exact=True).click()
        await expect(page.get_by_text("Will go on without what failed.")).to_be_visible()
        await page.get_by_role("dialog").get_by_role("button", name="Skip", exact=True).click()
        await expect(page.get_by_role("alert").filter(has_text="Say something.")).to_be_visible()
        await look(someone, f"exceptions-skip-{kind}")
        await page.get_by_role("button", name="Cancel", exact=True).click()
        await page.get_by_role("link", name=LONG).click()
        await expect(page.get_by_text("Call them.")).to_be_visible()
        await expect(page.get_by_text("The ERP does not answer").first).to_be_visible()
        done = page.get_by_role("region", name="What was done")
        await expect(done.get_by_role("listitem")).to_have_count(4)
        await expect(done.get_by_text("Called them, they pay on Friday")).to_be_visible()
        await look(someone, f"exception-many-{kind}")


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_what_failed_is_given_another_input_and_goes_on(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "edit-desk" if size == DESK else "edit-phone"
    chief = await staff(site, f"{kind}@harbor.example", name="Dana Desk", of_client=True)
    await break_down(site, kind, 1)
    async with person(browser, site, chief, size=size) as someone:
        page = someone.page
        await someone.sign_in("/exceptions", heading="Exceptions")
        await page.get_by_role("link", name=f"PO-{kind}-0").click()
        await someone.heading(f"PO-{kind}-0").wait_for()
        await page.get_by_role("button", name="Edit and retry").click()
        dialog = page.get_by_role("dialog")
        # It was a `raise`: the page has no form for that. Where its workflow cannot be drawn, it asks the server.
        await expect(dialog.get_by_text("The workflow itself refuses here")).to_be_visible()
        await look(someone, f"exception-raised-{kind}")
        await dialog.get_by_role("button", name="Close").last.click()
        await answers(someone, "**/v1/runs/*/workflow", {"nodes": [], "edges": [], "is_whole": True})
        await page.reload()
        await page.get_by_role("button", name="Edit and retry").click()
        written = dialog.get_by_label("Input, as JSON")
        given = await written.input_value()
        assert "EUR" in given
        await written.fill(given[:-1])
        await dialog.get_by_role("button", name="Retry", exact=True).click()
        await expect(dialog.get_by_role("alert")).to_contain_text("This is not JSON")
        await look(someone, f"exception-edit-{kind}")
        await written.fill(given.replace("EUR", "USD"))
        await dialog.get_by_role("button", name="Retry", exact=True).click()
        await expect(dialog).to_have_count(0)
        await expect(page.get_by_text("It goes on")).to_be_visible()
        done = page.get_by_role("region", name="What was done")
        await expect(done.get_by_role("listitem").filter(has_text="Retried")).to_contain_text("Dana Desk")
    (row,) = await site.query("SELECT run_id FROM app.run WHERE business_key = $1", f"PO-{kind}-0")
    journal = await site.request("GET", f"/v1/runs/{ids.show('run', row['run_id'])}/journal?limit=200")
    (retried,) = [one for one in msgspec.json.decode(journal.body)["items"] if one["kind"] == "run.retried"]
    assert retried["data"]["input"] == msgspec.json.decode(given.replace("EUR", "USD"))
