"""The page of holds: what keeps an order, who may let it go, and a run that goes on because somebody did (ADR 0104)."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from services.cli.running import Portal
from tests.marks import night
from tests.portal.people import grow_old, look
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_people_look import answers
from tests.stories.somebody import PASSWORD, hired
from tests.stories.town import Town

ROLES: Final = ("credit-manager", "compliance-officer")
MATRIX: Final = [
    {"name": "credit", "decision": "credit.release", "approver_role": "credit-manager"},
    {"name": "compliance", "decision": "compliance.release", "approver_role": "compliance-officer"},
]
LONG: Final = "SO-of-the-northern-associations-of-wholesale-partners-" * 2 + "1"
ONE: Final[dict[str, Any]] = {
    "id": "hld_01h455vb4pex5vsknk084sn02q", "on": "order", "order": LONG, "line": "10", "customer": "C-1001",
    "site": "north", "type": "credit", "reason": "limit-exceeded", "words": "They are over their limit " * 6,
    "role": "credit-manager-of-the-northern-associations", "due": "2026-01-02T12:00:00Z",
    "value": {"amount": 123456789, "currency": "USD"}, "status": "active", "run": None,
    "raised_by": "key:key_01h455vb4pex5vsknk084sn02q", "after_release": True,
    "raisers": ["key:key_01h455vb4pex5vsknk084sn02q", "key:key_01h455vb4pex5vsknk084sn02r"],
    "facts": {"margin_percent": "7.5", "requester": ["jo@example.com", "al@example.com"], "customer_class": "gold"},
    "raised_at": "2026-01-01T12:00:00Z", "agreed": ["account:acc_01h455vb4pex5vsknk084sn02q"],
    "cleared_by": None, "cleared_at": None, "why": None, "version": 3,
}  # fmt: skip
WHOLE: Final[dict[str, Any]] = {
    **ONE, "id": "hld_01h455vb4pex5vsknk084sn02r", "on": "customer", "order": None, "line": None,
    "type": "hazard-class", "role": "safety", "value": None, "due": None, "words": None,
    "after_release": False, "facts": None,
}  # fmt: skip


def portal_of(town: Town, role: str) -> Portal:
    """The way in of whoever has the role there."""
    return msgspec.structs.replace(town.site.harbor, email=town.people[role].email, password=PASSWORD)


async def held(site: Site, kind: str) -> tuple[Town, str]:
    """A client of its own whose order is kept by its value and by a regulated item; the run that raised both."""
    town = await Town.founded(site, f"sample-{kind}", ROLES, MATRIX)
    await town.connect("erp")
    most = {"amount": 10_000, "currency": "USD"}
    await town.deploy("order-release", "erp", regulated_items=["SKU-1"], max_order_value=most)
    line = {"item": "SKU-1", "quantity": 10, "unit_price": {"amount": 1299, "currency": "USD"}}
    order = {"number": f"SO-{kind}", "customer": "ACME-001", "currency": "USD", "lines": [line]}
    assert await town.send("order.captured", f"sent-{kind}", order, f"SO-{kind}") == 202
    run = await town.run("order-release", f"SO-{kind}")

    async def both() -> Any:
        items = (await town.get(f"/v1/holds?order=SO-{kind}"))["items"]
        return items if len(items) == len(ROLES) else None

    await town.until(both, "two holds are to stand")
    return town, run


async def open_holds(someone: Person) -> None:
    page = someone.page
    await page.get_by_role("navigation").get_by_role("link", name="Holds").click()
    await someone.heading("Holds").wait_for()


async def clear(page: Page, why: str, act: str = "Clear") -> None:
    """Without a reason it is not done."""
    await page.get_by_role("button", name=act, exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name=act, exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Say why.")
    await dialog.get_by_label("Why").fill(why)
    await dialog.get_by_role("button", name=act, exact=True).click()


async def clear_in_spanish(browser: Browser, town: Town, kind: str, size: tuple[int, int]) -> None:
    """The compliance officer reads Spanish, and goes from the hold to its run."""
    order, officer = f"SO-{kind}", portal_of(town, "compliance-officer")
    async with person(browser, town.site, officer, size=size, language="es-ES") as someone:
        page = someone.page
        await someone.open("/holds")
        await page.get_by_label("Correo electrónico").fill(someone.portal.email)
        await page.get_by_role("textbox", name="Contraseña").fill(someone.portal.password)
        await page.get_by_role("button", name="Iniciar sesión", exact=True).click()
        await someone.heading("Retenciones").wait_for()
        await page.get_by_role("link", name=f"Cumplimiento: {order}").click()
        await page.get_by_role("button", name="Levantar").click()
        dialog = page.get_by_role("dialog", name="Levantar esta retención")
        await dialog.get_by_label("Motivo").fill("Ya tienen licencia")
        await look(someone, f"hold-clearing-{kind}")
        await dialog.get_by_role("button", name="Levantar").click()
        await expect(page.get_by_text("Se levantó.")).to_be_visible()
        await page.get_by_role("link", name="Abrir la ejecución").click()
        await someone.heading(order).wait_for()


@pytest.mark.parametrize("size", [DESK, night(PHONE)], ids=["desk", "phone"])
async def test_whoever_may_clears_a_hold_of_order_release_and_its_run_goes_on(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind = f"holds-{'desk' if size == DESK else 'phone'}"
    town, run = await held(site, kind)
    order = f"SO-{kind}"
    async with person(browser, site, portal_of(town, "credit-manager"), size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await open_holds(someone)
        await expect(page.get_by_text("2 holds", exact=True)).to_be_visible()
        await look(someone, kind)
        await page.get_by_label("Looked after by").select_option(label="Credit manager")
        await expect(page.get_by_text("1 hold", exact=True)).to_be_visible()
        await page.get_by_role("link", name="Role: Credit manager. Remove this filter").click()
        await page.get_by_role("list", name="By type").get_by_role("link", name="Compliance").click()
        await expect(page.get_by_text("1 hold", exact=True)).to_be_visible()
        await page.get_by_role("link", name=f"Compliance: {order}").click()
        await someone.heading(f"Compliance: {order}").wait_for()
        await expect(page.get_by_text("The role compliance-officer decides this")).to_be_visible()
        await expect(page.get_by_role("button", name="Clear")).to_have_count(0)
        await look(someone, f"hold-not-yours-{kind}")
        await page.get_by_role("region", name="What else keeps it").get_by_role("link", name="Credit").click()
        await someone.heading(f"Credit: {order}").wait_for()
        await expect(page.get_by_text("above the highest order value")).to_be_visible()
        await look(someone, f"hold-{kind}")
        await clear(page, "They paid this morning")
        await expect(page.get_by_text("It was cleared.")).to_be_visible()
        done = page.get_by_role("region", name="What was done")
        await expect(done.get_by_role("listitem").last).to_contain_text("They paid this morning")
        await look(someone, f"hold-cleared-{kind}")
        await page.get_by_role("link", name="Open the run").click()
        await someone.heading(order).wait_for()
        await page.get_by_role("link", name="See what holds it").click()
        await expect(page.get_by_role("link", name=f"Order: {order}. Remove this filter")).to_be_visible()
        await expect(page.get_by_text("1 hold", exact=True)).to_be_visible()
    await clear_in_spanish(browser, town, kind, size)
    ended = await town.ended(run)
    assert ended["released"] is True, ended
    rows = await town.rows("SELECT type, why FROM app.hold WHERE tenant_id = $1 ORDER BY type")
    assert [(row["type"], row["why"]) for row in rows] == [
        ("compliance", "Ya tienen licencia"),
        ("credit", "They paid this morning"),
    ]


async def test_an_override_asks_who_one_is_once_more_and_a_refusal_says_why_in_both_languages(
    browser: Browser, site: Site
) -> None:
    town, run = await held(site, "holds-override")
    (chief,) = await hired(site, town.tenant, {"chief@sample-override.example": ["administrator", *ROLES]})
    told = msgspec.structs.replace(site.harbor, email=chief.email, password=PASSWORD)
    found = (await town.get("/v1/holds?order=SO-holds-override&type=compliance"))["items"][0]
    async with person(browser, site, portal_of(town, "credit-manager"), language="es-ES") as someone:
        page = someone.page
        await someone.open(f"/holds/{found['id']}")
        await page.get_by_label("Correo electrónico").fill(someone.portal.email)
        await page.get_by_role("textbox", name="Contraseña").fill(PASSWORD)
        await page.get_by_role("button", name="Iniciar sesión", exact=True).click()
        await someone.heading("Cumplimiento: SO-holds-override").wait_for()
        await expect(page.get_by_text("Esto lo decide el rol compliance-officer")).to_be_visible()
    async with person(browser, site, told) as someone:
        page = someone.page
        await someone.sign_in("/holds", heading="Holds")
        for type_ in ("Compliance", "Credit"):
            await someone.open("/holds")
            await page.get_by_role("link", name=f"{type_}: SO-holds-override").click()
            await page.get_by_role("button", name="Override").wait_for()
            await grow_old(someone)
            await clear(page, f"{type_}: the board wants it", act="Override")
            await page.get_by_role("region", name="Prove that it is you").wait_for()
            await look(someone, "hold-override-proof-desk")
            await page.get_by_role("dialog").get_by_role("textbox", name="Password").fill(PASSWORD)
            await page.get_by_role("dialog").get_by_role("button", name="Continue").click()
            await expect(page.get_by_text("It was overridden")).to_be_visible()
        await look(someone, "hold-overridden-desk")
    assert (await town.ended(run))["released"] is True


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_long_words_and_types_that_nobody_has_titled(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = "desk" if size == DESK else "phone"
    kinds = [
        {"type": name, "role": "credit-manager", "currency": currency, "count": 1234, "value": value,
         "oldest": "2026-01-01T12:00:00Z", "next_due": due}
        for name, currency, value, due in (
            ("credit", "USD", 98765432100, "2026-01-02T12:00:00Z"), ("credit", "EUR", 700, None),
            ("hazard-class-of-the-northern-associations", None, None, None),
            ("stock", "USD", 1, "2100-01-02T12:00:00Z"),
        )
    ]  # fmt: skip
    standing = {
        "order": LONG, "customer": "C-1001", "releasable": False, "released": False,
        "holds": [
            {"id": WHOLE["id"], "on": "customer", "line": None, "type": "hazard-class", "reason": "no-papers",
             "role": "safety"},
            {"id": "hld_01h455vb4pex5vsknk084sn02s", "on": "line", "line": "20", "type": "stock", "reason": "short",
             "role": "inventory-desk"},
        ],
    }  # fmt: skip
    judged = {"hold": ONE, "may": "more", "because": "2 more with the role credit-manager must agree"}
    verdict = {"count": 1, "covered": 1, "allowed": 1, "done": [], "token": "x", "holds": [judged]}
    async with person(browser, site, site.harbor, size=size) as someone:
        page = someone.page
        await someone.sign_in()
        await answers(someone, "**/v1/holds?*", {"items": [ONE, WHOLE], "next": "more"})
        await answers(someone, "**/v1/holds/summary*", {"count": 4936, "items": kinds})
        await answers(someone, "**/v1/holds/standing*", standing)
        await answers(someone, "**/v1/holds/act", verdict)
        await answers(someone, f"**/v1/holds/{ONE['id']}", ONE)
        await someone.open("/holds?customer=C-1001&site=north")
        await expect(page.get_by_role("link", name="Hazard class: C-1001")).to_be_visible()
        await expect(page.get_by_role("button", name="Show more")).to_be_visible()
        await look(someone, f"holds-many-{kind}")
        await someone.open(f"/holds/{ONE['id']}")
        await expect(page.get_by_text("2 more with the role credit-manager must agree")).to_be_visible()
        await expect(page.get_by_text("Call it back where it is on its way.")).to_be_visible()
        await expect(page.get_by_role("region", name="What else keeps it").get_by_role("listitem")).to_have_count(2)
        await look(someone, f"hold-long-{kind}")
        await someone.shoot(f"hold-long-whole-{kind}", whole=True)


async def test_an_address_of_no_hold_and_filters_that_find_none_say_so(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor, size=PHONE) as someone:
        page = someone.page
        await someone.sign_in("/holds?order=SO-nobody-has", heading="Holds")
        await expect(page.get_by_role("heading", name="None of these")).to_be_visible()
        await page.get_by_role("link", name="Order: SO-nobody-has. Remove this filter").click()
        await page.get_by_label("Look for").select_option(label="Customer")
        await page.get_by_label("Its number or name").fill("C-nobody")
        await page.get_by_role("button", name="Find").click()
        await expect(page.get_by_role("link", name="Customer: C-nobody. Remove this filter")).to_be_visible()
        await page.get_by_label("State").select_option(label="Overridden")
        await expect(page.get_by_role("heading", name="None of these")).to_be_visible()
        await look(someone, "holds-none-phone")
        await someone.open("/holds/hld_01h455vb4pex5vsknk084sn02q")
        await expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()
