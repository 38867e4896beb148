"""The page of one connection: how it is, whose it is, what it is held to, and that everything through it is stopped."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.marks import night
from tests.portal.people import grow_old, look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_connectors import WELL
from tests.portal.test_people_look import answers

FULL = {
    **WELL,
    "state": "failing",
    "error": "authorization",
    "detail": "A right is missing: look at the scopes of the secret `token`",
    "quota": {"left": 812, "most": 1000, "until": None},
    "ends_at": "2026-01-09T12:00:00Z",
    "ends": "the secret `token`",
    "excess_rights": ["write_products", "write_themes"],
    "rights_known": True,
}


async def seen(someone: Person, name: str) -> None:
    for size, kind in ((PHONE, "phone"), (DESK, "desk")):
        await someone.page.set_viewport_size({"width": size[0], "height": size[1]})
        await look(someone, f"{name}-{kind}")
        await someone.shoot(f"{name}-{kind}-whole", whole=True)


async def proved(someone: Person) -> None:
    dialog = someone.page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Password").fill(someone.portal.password)
    await dialog.get_by_role("button", name="Continue").click()
    await expect(dialog).to_have_count(0)


async def test_a_connection_is_stopped_and_let_go_again_from_its_page(browser: Browser, site: Site) -> None:
    """Who disables it reads first what stops; to let requests out again takes a proof of who somebody is."""
    boss = await staff(site, "dora@harbor.example", name="Dora Disabler", of_client=True)
    async with person(browser, site, boss) as someone:
        page = someone.page
        await someone.sign_in("/readiness/connections", heading="Readiness")
        await page.get_by_role("link", name="erp", exact=True).click()
        await someone.heading("erp").wait_for()
        health = page.get_by_role("region", name="How it is")
        await health.get_by_role("button", name="Disable erp").click()
        dialog = page.get_by_role("dialog", name="Disable erp?")
        await expect(dialog).to_contain_text("Try it again there once the connection is enabled")
        await expect(dialog).to_contain_text("active deployment uses it: order-release.")
        await look(someone, "connection-disable-desk")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(health.get_by_role("button", name="Check now")).to_be_visible()
        await health.get_by_role("button", name="Disable erp").click()
        await dialog.get_by_role("button", name="Disable", exact=True).click()
        await expect(health).to_contain_text("It is disabled: nothing calls it.")
        await expect(health.get_by_role("button", name="Check now")).to_have_count(0)
        await expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
        await seen(someone, "connection-disabled")
        assert "disabled" in await standing(site)
        await grow_old(someone)
        await health.get_by_role("button", name="Enable erp").click()
        await proved(someone)
        await expect(health.get_by_role("button", name="Disable erp")).to_be_visible()
        assert await standing(site) == {"active"}
        acts = await site.query("SELECT action FROM app.audit WHERE action LIKE 'connection.%abled'")
        assert {one["action"] for one in acts} == {"connection.disabled", "connection.enabled"}


async def standing(site: Site) -> set[str]:
    """Of the connections of this name, of every client."""
    return {one["status"] for one in await site.query("SELECT status FROM app.connection WHERE name = 'erp'")}


async def test_a_connection_is_given_an_owner_and_limits_of_its_own(browser: Browser, site: Site) -> None:
    """What the connector says stands beside it; what the form cannot be is said at its field."""
    boss = await staff(site, "olga@harbor.example", name="Olga Owner", of_client=True)
    async with person(browser, site, boss) as someone:
        page = someone.page
        await answers(someone, "**/connections/*/health", FULL | {"name": "erp"})
        await someone.sign_in("/readiness/connections", heading="Readiness")
        await page.get_by_role("link", name="erp", exact=True).click()
        health = page.get_by_role("region", name="How it is")
        for words in (
            "812 of 1,000",
            "182 ms",
            "write_products, write_themes",
            "Renew it before",
            "A right is missing",
        ):
            await expect(health).to_contain_text(words)
        care = page.get_by_role("region", name="Owner, limits and fallback")
        await expect(care).to_contain_text("The connector says: 10 calls at once")
        await care.get_by_label("Owner").fill("warehouse-it@harbor.example")
        await care.get_by_label("Calls at once").fill("3")
        await care.get_by_label("Seconds of the period").fill("60")
        await care.get_by_role("button", name="Save owner and limits").click()
        calls = care.get_by_label("Calls that may begin in a period")
        await expect(calls).to_have_attribute("aria-invalid", "true")
        await calls.fill("6000")
        await seen(someone, "connection-care")
        await grow_old(someone)
        await care.get_by_role("button", name="Save owner and limits").click()
        await proved(someone)
        await expect(care.get_by_role("status")).to_have_text("Owner, limits and fallback are saved.")
        await page.reload()
        await expect(care.get_by_label("Owner")).to_have_value("warehouse-it@harbor.example")
        await expect(calls).to_have_value("6000")
        (row,) = await site.query(
            "SELECT owner, limits FROM app.connection WHERE owner = 'warehouse-it@harbor.example'"
        )
        assert '"at_once": 3' in str(row["limits"])


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_who_may_not_change_it_reads_whose_it_is(browser: Browser, site: Site, size: tuple[int, int]) -> None:
    kind = "desk" if size == DESK else "phone"
    reader = await staff(site, f"rod-{kind}@harbor.example", name="Rod Reader", of_client=True, role="clerk")
    async with person(browser, site, reader, size=size) as someone:
        page = someone.page
        await someone.sign_in("/readiness/connections", heading="Readiness")
        await page.get_by_role("link", name="erp", exact=True).click()
        care = page.get_by_role("region", name="Owner, limits and fallback")
        await expect(care).to_contain_text("at once")
        await expect(care).to_contain_text("None: calls wait until it is back")
        await expect(page.get_by_role("button", name="Disable erp")).to_have_count(0)
        await expect(page.get_by_role("button", name="Save")).to_have_count(0)
        await look(someone, f"connection-read-{kind}")
