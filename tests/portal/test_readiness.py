"""The readiness board as a partner's staff see it of a client: what is bound, what lacks, what helps (ADR 0134)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_people_look import answers

ASKED = ["wms.orders.create", "wms.orders.get", "wms.shipments.watch"]
LONG = "warehouse-of-the-northern-associations-of-wholesale-partners"
GROUP: dict[str, Any] = {
    "kind": "group", "id": "grp_1", "name": LONG, "connector": None, "level": "simulated", "standing": "amber",
    "cause": "away", "connection": "wms-east", "lacks": [], "away_since": "2026-01-02T12:00:00Z", "why": "", "do": None,
    "deployments": ["shipping", "shipping-of-returns"],
}  # fmt: skip
HALF: dict[str, Any] = {
    **GROUP, "kind": "connection", "id": "con_1", "name": "wms-west", "connector": "warehouse-simulator",
    "level": "not certified",
    "standing": "red", "cause": "lacks", "connection": "wms-west", "lacks": ASKED[2:], "away_since": None,
    "deployments": [],
}  # fmt: skip
OLDER: dict[str, Any] = {
    **GROUP, "kind": "connection", "id": "con_3", "name": "erp", "connector": "tryton", "level": "certified before",
    "standing": "green", "cause": "older", "connection": "erp", "away_since": None, "deployments": ["shipping"],
}  # fmt: skip
NEEDS: list[dict[str, Any]] = [
    {
        "name": "erp", "title": "ERP", "operations": ["erp.items.availability"], "standing": "green", "cause": "older",
        "connection": "erp", "lacks": [], "why": "", "do": None, "offers": [OLDER], "connectors": [],
    },
    {
        "name": "wms", "title": "Warehouse", "operations": ASKED, "standing": "amber", "cause": "away",
        "connection": "wms-east", "lacks": [], "why": "", "do": None, "offers": [GROUP, HALF],
        "connectors": [{"name": "sample-warehouse", "title": "Sample warehouse", "level": "not certified"}],
    },
    {
        "name": "carrier", "title": "Carrier", "operations": ["carrier.labels.create"], "standing": "red",
        "cause": "missing", "connection": None, "lacks": ["carrier.labels.create"], "why": "", "do": None,
        "offers": [], "connectors": [],
    },
    {
        "name": "shop", "title": "Shop", "operations": ["shop.orders.list"], "standing": "red", "cause": "failing",
        "connection": "storefront", "lacks": [], "why": "", "do": None, "offers": [], "connectors": [],
    },
]  # fmt: skip
WELL: dict[str, Any] = {
    "id": "con_1", "name": "erp", "connector": "tryton", "title": "Tryton", "certification": "certified",
    "authorization": None, "state": "well", "operation": "erp.customers.credit", "checked_at": "2026-01-02T12:00:00Z",
    "next_check_at": None, "last_good_at": "2026-01-02T12:00:00Z", "milliseconds": 182, "failures": 0, "error": None,
    "detail": None, "quota": {"left": 812, "most": 1000, "until": None}, "ends_at": None, "ends": None,
    "renews": False, "excess_rights": [], "rights_known": False, "away": None,
}  # fmt: skip
HEALTH: list[dict[str, Any]] = [
    WELL,
    {
        **WELL, "id": "con_2", "name": LONG, "title": "Shopify", "certification": "not certified", "state": "failing",
        "error": "authentication", "failures": 4, "detail": "Its credentials are refused; look at the secret `token`",
        "excess_rights": ["write_products", "write_themes"], "rights_known": True, "quota": None,
        "ends_at": "2026-01-09T12:00:00Z", "ends": "the certificate in the setting `certificate`",
    },
    {
        **WELL, "id": "con_3", "name": "books", "title": "Example Books", "certification": "certified before",
        "authorization": "held", "ends_at": "2036-01-09T12:00:00Z", "renews": True, "ends": "the token",
    },
    {
        **WELL, "id": "con_4", "name": "ledger", "title": "Example Ledger", "certification": "simulated",
        "authorization": "ended", "state": "away", "milliseconds": None,
        "away": {"since": "2026-01-02T12:00:00Z", "reason": "its authorisation has ended", "next_try_at": None},
    },
]  # fmt: skip
MADE: dict[str, Any] = {
    "state": "open", "reason": None, "host": "portal.example", "made_by": "key_1", "created_at": "2026-01-02T12:00:00Z",
    "expires_at": "2026-01-03T12:00:00Z", "link": "https://portal.example/reconnect#0123456789.of-a-link",
}  # fmt: skip
SET: dict[str, Any] = {
    "name": "carriers", "title": "Carriers that may be chosen", "required": False, "standing": "green", "cause": "set",
    "level": None, "detail": None, "do": None,
}  # fmt: skip
PARAMETERS: list[dict[str, Any]] = [
    SET,
    {**SET, "name": "warehouse", "title": "Warehouse", "required": True, "standing": "red", "cause": "missing"},
    {**SET, "name": "days", "title": "Days of grace", "cause": "inherited", "level": "partner"},
    {
        **SET, "name": "dearest_" + LONG.replace("-", "_"), "title": "Dearest shipment", "standing": "red",
        "cause": "refused", "level": "client", "detail": "-1 is less than the minimum of 0",
    },
    {**SET, "name": "weight", "title": "Heaviest parcel", "cause": "default"},
    {**SET, "name": "note", "title": "Note on labels", "cause": "optional"},
]  # fmt: skip
STAFFED: dict[str, Any] = {
    "role": "shipping-lead", "title": "Head of shipping", "does": "Answers for what leaves, and for what does not.",
    "process_owner": True, "standing": "green", "cause": "staffed", "people": 2, "do": None,
}  # fmt: skip
NOBODY: dict[str, Any] = {
    **STAFFED, "role": "dock", "title": "Dock", "does": "Says what was loaded.", "process_owner": False,
    "standing": "red", "cause": "empty", "people": 0,
}  # fmt: skip
ROLES: list[dict[str, Any]] = [
    STAFFED,
    NOBODY,
    {**NOBODY, "role": "claims", "title": "Claims", "does": "Claims from carriers.", "cause": "disabled"},
    {**NOBODY, "role": LONG, "title": LONG, "does": "", "cause": "absent"},
    {**STAFFED, "role": "clerk", "title": "Clerk", "does": "Answers carriers.", "process_owner": False, "people": 1},
]  # fmt: skip
ENTRY: dict[str, Any] = {
    "template": "shipping", "version": "1.0.0", "title": "Shipping of orders", "standing": "red",
    "deployments": ["shipping"], "needs": NEEDS, "parameters": PARAMETERS, "roles": ROLES,
}  # fmt: skip


@pytest.mark.parametrize(
    ("brand", "size"), [pytest.param("harbor", DESK, id="desk"), pytest.param("summit", PHONE, id="phone")]
)
async def test_staff_of_the_partner_see_what_a_client_lacks(
    browser: Browser, site: Site, brand: str, size: tuple[int, int]
) -> None:
    kind = f"{brand}-{'desk' if size == DESK else 'phone'}"
    boss = await staff(site, f"rita@{brand}.example", getattr(site, brand), name="Rita Ready")
    async with person(browser, site, boss, size=size) as someone:
        page = someone.page
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        await page.get_by_role("button", name=re.compile("^Act as .+demo")).first.click()
        await page.get_by_label("Reason").fill("What they need before they go live")
        await page.locator("form").get_by_role("button", name="Act as").click()
        await someone.heading().wait_for()
        await page.get_by_role("navigation").get_by_role("link", name="Readiness").click()
        await someone.heading("Readiness").wait_for()
        newest = page.get_by_role("region", name=f"Order release {'1.1.0' if brand == 'harbor' else '1.2.0'}")
        if brand == "harbor":
            await expect(newest).to_contain_text("its connector is proven against a simulator alone")
            await expect(newest.get_by_text("3 parameters are in order")).to_be_visible()
            await expect(newest.get_by_role("list", name="Connections")).to_contain_text("Bound by order-release")
        else:
            # The connection of its client is in another environment.
            await expect(newest).to_contain_text(re.compile("Connect one of these: .*Tryton 8.2"))
            first = newest.get_by_role("list", name="Roles").get_by_role("listitem").first
            await expect(first).to_contain_text("There is no role order-manager. Make it, and give it to somebody.")
            await expect(first).to_contain_text("Nobody has it")
        await look(someone, f"readiness-{kind}")
        await answers(someone, "**/v1/readiness", {"items": [ENTRY]})
        await someone.open("/readiness")
        shipping = page.get_by_role("region", name="Shipping of orders 1.0.0")
        await expect(shipping).to_contain_text("No connection offers carrier.labels.create.")
        await expect(shipping).to_contain_text("The system behind wms-east is away.")
        await expect(shipping).to_contain_text("The last check of storefront failed. Its health says what to change.")
        await expect(shipping).to_contain_text("Bound by shipping, shipping-of-returns")
        await look(someone, f"readiness-red-{kind}")
        await expect(shipping).to_contain_text("Not yet certified")
        await expect(shipping).to_contain_text("Proven against a simulator")
        await expect(shipping).to_contain_text("its connector is certified for an older version of its code or tests")
        await expect(shipping).to_contain_text("Certified for an older version")
        await parameters(someone, shipping, kind)
        await roles(someone, shipping, kind)
        await answers(someone, "**/v1/readiness", {"items": []})
        await someone.open("/readiness")
        await page.get_by_role("heading", name="No templates").wait_for()
        await look(someone, f"readiness-empty-{kind}")
        await connections(someone, kind)


async def parameters(someone: Person, shipping: Locator, kind: str) -> None:
    """What has to be looked after stands open, the rest is folded with its count."""
    part = shipping.get_by_role("list", name="Parameters")
    missing = part.get_by_role("listitem").filter(has=someone.page.get_by_role("heading", name="Warehouse"))
    await expect(missing).to_contain_text("It has no value, and nothing gives it one. Set it for the company")
    await expect(missing).to_contain_text("Not ready")
    await expect(missing).to_contain_text("Has to be set")
    refused = part.get_by_role("listitem").filter(has=someone.page.get_by_role("heading", name="Dearest shipment"))
    await expect(refused).to_contain_text("From the company comes a value that it does not take. Change it there")
    await expect(refused).to_contain_text("-1 is less than the minimum of 0")
    await expect(part.get_by_role("heading")).to_have_count(2)
    await expect(shipping.get_by_text("Days of grace")).to_be_hidden()
    await part.scroll_into_view_if_needed()
    await look(someone, f"readiness-parameters-{kind}")
    await shipping.get_by_text("4 parameters are in order").click()
    fine = shipping.get_by_role("group").get_by_role("listitem")
    await expect(fine).to_have_text(
        [
            "Carriers that may be chosenSet for this deployment",
            "Days of graceFrom the provider",
            "Heaviest parcelDefault",
            "Note on labelsNot set, and not needed",
        ]
    )
    await part.scroll_into_view_if_needed()
    await look(someone, f"readiness-parameters-open-{kind}")


async def roles(someone: Person, shipping: Locator, kind: str) -> None:
    """Who is there for each, and what helps where nobody is."""
    part = shipping.get_by_role("list", name="Roles")
    first = part.get_by_role("listitem").first
    for words in ("Head of shipping", "2 people have it", "Answers for the whole", "Ready"):
        await expect(first).to_contain_text(words)
    for title, words in (
        ("Dock", "Give it to somebody: what goes to nobody stands still."),
        ("Claims", "The role claims is disabled. Enable it, and give it to somebody."),
        (LONG, f"There is no role {LONG}. Make it, and give it to somebody."),
        ("Clerk", "1 person has it"),
    ):
        row = part.get_by_role("listitem").filter(has=someone.page.get_by_role("heading", name=title, exact=True))
        await expect(row).to_contain_text(words)
    await part.scroll_into_view_if_needed()
    await look(someone, f"readiness-roles-{kind}")
    await someone.shoot(f"readiness-whole-{kind}", whole=True)


async def connections(someone: Person, kind: str) -> None:
    """How each one is, and the link by which somebody at the client allows one."""
    page = someone.page
    await page.get_by_role("link", name="Connections", exact=True).click()
    there, none = page.get_by_role("list", name="Connections"), page.get_by_role("heading", name="No connections")
    await there.or_(none).wait_for()
    await answers(someone, "**/v1/connection-health*", {"items": HEALTH, "next": None})
    await someone.open("/readiness/connections")
    shop = page.get_by_role("listitem", name=LONG)
    for words in (
        "Not yet certified",
        "Its credentials are refused",
        "Renew it before",
        "write_products, write_themes",
    ):
        await expect(shop).to_contain_text(words)
    await expect(page.get_by_role("listitem", name="erp", exact=True)).to_contain_text("812 of 1,000")
    await expect(page.get_by_role("listitem", name="erp", exact=True)).to_contain_text("Cannot be told")
    await expect(page.get_by_role("listitem", name="ledger")).to_contain_text("Breaker open since")
    await look(someone, f"connections-{kind}")
    await answers(someone, "**/authorization-link", MADE)
    await page.get_by_role("listitem", name="ledger").get_by_role("button", name="Make a link to authorise").click()
    await expect(page.get_by_role("dialog")).to_contain_text(MADE["link"])
    await look(someone, f"connections-link-{kind}")
    await page.get_by_role("button", name="I have copied it").click()
    await answers(someone, "**/authorization/remove", {"state": "ended", "reason": "withdrawn"})
    books = page.get_by_role("listitem", name="books")
    await books.get_by_role("button", name="Remove authorisation").click()
    await expect(page.get_by_role("dialog")).to_contain_text("The system is not told")
    await look(someone, f"connections-remove-{kind}")
    await page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
