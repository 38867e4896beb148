"""The page of a task: its files, what its template says of its kind, and who else may do it (ADR 0098)."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.marks import night
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_inbox import DOCUMENT
from tests.portal.test_inbox_many import begin

DECLARED = """metadata: {exceptions: {no-proof: {title: No proof came, category: failed, owner: clerk, within: PT4H,
    runbook: "# No proof came\\n\\n1. Ask the carrier for it.\\n2. Decide without it when there is none."}}}}"""
"""A task's kind names the runbook that its document declares."""
KIND = DOCUMENT.replace("task: credit-review", "task: no-proof").replace("1.0.0}\n", f"1.0.0, {DECLARED}\n", 1)


async def put_files(someone: Person) -> None:
    """One that is taken, one of a kind that is not, and the first away again."""
    page = someone.page
    files = page.get_by_role("region", name="Documents")
    chooser = files.locator("input[type=file]")
    await page.get_by_label("Days to pay").fill("21")
    await chooser.set_input_files({"name": "signed.pdf", "mimeType": "x", "buffer": b"%PDF-1.7\n%%EOF\n"})
    await expect(files.get_by_role("listitem")).to_contain_text("PDF")
    await chooser.set_input_files({"name": "setup.exe", "mimeType": "x", "buffer": b"MZ\x90\x00\x03"})
    await expect(files.get_by_role("alert")).to_contain_text("Files of this kind are not taken")
    await expect(page.get_by_label("Days to pay")).to_have_value("21")


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_a_task_has_its_files_its_runbook_and_who_else_may_do_it(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = "desk" if size == DESK else "phone"
    clerk = await staff(site, f"task-{kind}@harbor.example", name="Tara Task", of_client=True, role="clerk")
    await staff(site, f"other-{kind}@harbor.example", name=f"Abe Beside {kind}", of_client=True, role="clerk")
    order = f"SO-page-{kind}"
    await begin(site, f"page-{kind}", KIND, (order,))
    async with person(browser, site, clerk, size=size) as someone:
        page = someone.page
        await someone.sign_in("/inbox", heading="Inbox")
        await page.get_by_role("link", name=f"Release order {order}", exact=True).click()
        pane = page.get_by_role("article")
        await expect(pane.get_by_text(f"Abe Beside {kind}")).to_be_visible()
        await put_files(someone)
        await pane.get_by_text("What to do about this").click()
        await look(someone, f"task-page-{kind}")
        await someone.shoot(f"task-page-whole-{kind}", whole=True)
        await pane.get_by_role("button", name="Remove").click()
        await page.get_by_label("Reason").fill("The wrong one")
        await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        await expect(pane.get_by_role("region", name="Documents").get_by_role("listitem")).to_have_count(0)
        task = page.url
        await page.get_by_role("button", name="Release", exact=True).click()
        await expect(page).not_to_have_url(task)
    rows = await site.query("SELECT outcome FROM app.human_task WHERE entity_key = $1", order)
    assert [row["outcome"] for row in rows] == ["release"]
