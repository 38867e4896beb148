"""A field of a task's form finds records while somebody types, by keys alone as well (ADR 0131)."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.marks import night
from tests.portal.people import look
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site
from tests.portal.test_inbox import DOCUMENT
from tests.portal.test_inbox_many import begin
from tests.portal.test_task_record import READS, known, make_role, tell

ASKING = DOCUMENT.replace(
    "days: { type: integer, minimum: 1, maximum: 90, title: Days to pay }",
    "instead: { type: string, maxLength: 60, title: Order that goes instead }",
).replace(
    "            required: [days]\n",
    "          fields: { instead: { look_up: { record: sales-order } } }\n",
)


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_a_record_is_found_and_chosen_by_keys(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = "look-desk" if size == DESK else "look-phone"
    assert "look_up" in ASKING
    somebody, role = await make_role(site, kind, READS)
    order = f"SO-{kind}"
    await begin(site, kind, ASKING.replace("role: clerk", f"role: {role}"), (order,))
    for other in (f"{order}-a", f"{order}-b"):
        await tell(site, kind, other)
        await known(site, other)
    language = "en-US" if size == DESK else "es-ES"
    async with person(browser, site, somebody, size=size, language=language) as someone:
        page = someone.page
        await someone.open("/inbox")
        words = (
            ("Email", "Password", "Sign in") if size == DESK else ("Correo electrónico", "Contraseña", "Iniciar sesión")
        )
        await page.get_by_label(words[0]).fill(somebody.email)
        await page.get_by_role("textbox", name=words[1]).fill(somebody.password)
        await page.get_by_role("button", name=words[2], exact=True).click()
        await page.get_by_role("link", name=f"Release order {order}", exact=True).click()
        box = page.get_by_role("combobox", name="Order that goes instead")
        await box.fill("nothing-of-this")
        await expect(
            page.get_by_text("Nothing is found by this." if size == DESK else "No se ha encontrado nada.")
        ).to_be_visible()
        await page.get_by_role("button", name="Release", exact=True).click()
        await expect(page.get_by_role("alert").first).to_contain_text(
            "No sales order is known by this number" if size == DESK else "No se conoce ningún registro con este número"
        )
        await look(someone, f"look-up-refused-{kind}")
        await box.fill(f"{order}-".lower())
        await expect(page.get_by_role("option")).to_have_count(2)
        await box.press("ArrowDown")
        await box.press("ArrowDown")
        await expect(page.get_by_role("option", selected=True)).to_have_text(f"{order}-b")
        await look(someone, f"look-up-open-{kind}")
        await expect(page.get_by_role("option", selected=True)).to_have_text(f"{order}-b")
        await box.press("Enter")
        await expect(box).to_have_value(f"{order}-b")
        await expect(page.get_by_role("listbox")).to_have_count(0)
        assert page.url.split("?")[0].rpartition("/")[2].startswith("tsk_"), "Enter chose, and decided nothing"
        task = page.url
        await page.get_by_role("button", name="Release", exact=True).click()
        await expect(page).not_to_have_url(task)
    rows = await site.query("SELECT answer::text AS answer FROM app.human_task WHERE entity_key = $1", order)
    assert [row["answer"] for row in rows] == [f'{{"instead":"{order}-b"}}']
